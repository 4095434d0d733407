//! Search: what is found, and where a page of it ends.

use std::fmt;
use std::str::FromStr;

use models::message::Role;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::{ConversationId, MessageId, Time};

/// A page of what was found, the best first: titles, then messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SearchPage {
    /// Always `list`.
    #[schema(example = "list")]
    pub object: &'static str,
    /// What was found.
    pub data: Vec<SearchResult>,
    /// Whether there may be more. A page may hold fewer results than asked for, even none, and be
    /// followed by another.
    pub has_more: bool,
    /// Where the next page begins, for `cursor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// Whether messages from before an update of the server are still being made searchable, so
    /// that some may be missing.
    pub indexing: bool,
}

/// A title or a message that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SearchResult {
    /// What was found.
    #[serde(rename = "type")]
    pub kind: SearchKind,
    /// The conversation.
    #[schema(value_type = String, example = "conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
    pub conversation_id: ConversationId,
    /// Its title.
    pub conversation_title: String,
    /// The message; `null` for a title. `PATCH /api/conversations/{id}` with this as `head_id`
    /// selects the branch it is on.
    #[schema(value_type = Option<String>)]
    pub message_id: Option<MessageId>,
    /// Who said it; `null` for a title.
    #[schema(value_type = Option<String>, example = "assistant")]
    pub role: Option<Role>,
    /// The part of the text around the best match, as plain text: white space is made narrow, and
    /// `…` stands where something is left out. Of a title the whole.
    #[schema(example = "…because blue light is scattered more than red.")]
    pub snippet: String,
    /// What was looked for in the snippet, in order, without overlaps.
    pub highlights: Vec<Highlight>,
    /// When the message was stored; of a title when the conversation was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
}

/// What a result is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SearchKind {
    /// The title of a conversation.
    Title,
    /// A message.
    Message,
}

/// A part of a snippet, counted in UTF-16 code units as JavaScript and Java do:
/// `snippet.slice(start, end)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Highlight {
    /// Where it begins.
    pub start: usize,
    /// Where it ends: behind its last unit.
    pub end: usize,
}

/// A place in what a query finds, as of the page it was read from.
///
/// On the wire it is opaque: `found_` and 66 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchPlace {
    /// Whether it is among titles.
    pub is_title: bool,
    /// The newest number of those that are put in order together.
    pub newest: i64,
    /// The oldest of them; what comes next has lower ones.
    pub oldest: i64,
    /// The last of them that was shown; without it all were.
    pub shown: Option<Standing>,
}

/// Where a result stands among others: in reverse, since the greatest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Standing {
    /// How well it fits.
    pub level: u8,
    /// When it was stored, in microseconds since 1970.
    pub micros: i64,
    /// Its number.
    pub doc: i64,
}

const PREFIX: &str = "found_";

impl fmt::Display for SearchPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { is_title, newest, oldest, shown } = *self;
        // The level 15 stands for "all were shown".
        let Standing { level, micros, doc } =
            shown.unwrap_or(Standing { level: 15, micros: 0, doc: 0 });
        let kind = u8::from(is_title);
        write!(f, "{PREFIX}{kind:x}{level:x}{newest:016x}{oldest:016x}{micros:016x}{doc:016x}")
    }
}

/// A text that is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected the next_cursor of a page")]
pub struct ParsePlaceError;

impl FromStr for SearchPlace {
    type Err = ParsePlaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        read(text).filter(|place| place.to_string() == text).ok_or(ParsePlaceError)
    }
}

fn read(text: &str) -> Option<SearchPlace> {
    let digits = text.strip_prefix(PREFIX)?;
    let (kind, digits) = digits.split_at_checked(1)?;
    let (level, mut digits) = digits.split_at_checked(1)?;
    let mut number = || {
        let (number, rest) = digits.split_at_checked(16)?;
        digits = rest;
        i64::try_from(u64::from_str_radix(number, 16).ok()?).ok()
    };
    let (newest, oldest, micros, doc) = (number()?, number()?, number()?, number()?);
    let level = u8::from_str_radix(level, 16).ok()?;
    let shown = (level != 15).then_some(Standing { level, micros, doc });
    Some(SearchPlace { is_title: kind == "1", newest, oldest, shown })
}

impl<'de> Deserialize<'de> for SearchPlace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::validate::parsed(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_place_reads_back_what_it_writes(
            is_title: bool,
            numbers in proptest::array::uniform4(0..=i64::MAX),
            level in proptest::option::of(0..4_u8),
        ) {
            let [newest, oldest, micros, doc] = numbers;
            let shown = level.map(|level| Standing { level, micros, doc });
            let place = SearchPlace { is_title, newest, oldest, shown };
            prop_assert_eq!(place.to_string().parse(), Ok(place));
        }

        #[test]
        fn no_text_panics_the_parser(text in "(found_)?.*") {
            let _ = text.parse::<SearchPlace>();
        }
    }

    #[test]
    fn only_the_canonical_form_is_read() {
        let shown = Some(Standing { level: 2, micros: 0xabc, doc: 9 });
        let text = SearchPlace { is_title: false, newest: 10, oldest: 9, shown }.to_string();
        assert!(text.parse::<SearchPlace>().is_ok());
        let changed = [
            text.to_uppercase(),
            format!("{text}0"),
            text.replace("found_02", "found_2"),
            text.replace("found_02", "found_22"),
            text.replace("found_020", "found_02+"),
            text.replace("found_020", "found_02f"),
            text.replace("found_", ""),
            text.chars().take(60).collect(),
        ];
        for text in changed {
            assert_eq!(text.parse::<SearchPlace>(), Err(ParsePlaceError), "{text}");
        }
    }
}
