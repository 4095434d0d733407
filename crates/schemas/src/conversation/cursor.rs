//! Where pages of a list of conversations begin: cursors that stay when a conversation moves.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

use crate::{ConversationId, Time};

/// Where the next page begins, as of the page before it: behind the conversation `id`, whose time
/// in the order of the list was `time`.
///
/// On the wire it is opaque: `page_` and 48 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageCursor {
    /// The time the list is ordered by.
    pub time: Time,
    /// Orders conversations of the same time.
    pub id: ConversationId,
}

const PREFIX: &str = "page_";
/// Digits of the time: microseconds since 1970.
const TIME_DIGITS: usize = 16;
/// The last microsecond of the year 9999. Databases have no names for later times.
const LAST_MICROS: i64 = 253_402_300_799_999_999;

impl fmt::Display for PageCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{:016x}{}", self.time.timestamp_micros(), self.id.0.simple())
    }
}

/// Where a page of conversations begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// Behind this conversation, wherever it is now.
    Conversation(ConversationId),
    /// Behind an earlier page.
    Cursor(PageCursor),
}

/// A text that is neither a conversation's id nor a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected the next_cursor of a page, or the id of a conversation")]
pub struct ParseAfterError;

impl FromStr for After {
    type Err = ParseAfterError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix(PREFIX) {
            Some(digits) => cursor(digits).map(Self::Cursor).ok_or(ParseAfterError),
            None => text.parse().map(Self::Conversation).map_err(|_| ParseAfterError),
        }
    }
}

fn cursor(digits: &str) -> Option<PageCursor> {
    let is_digit = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    let (time, id) = digits.split_at_checked(TIME_DIGITS)?;
    if !digits.bytes().all(is_digit) {
        return None;
    }
    let micros = i64::try_from(u64::from_str_radix(time, 16).ok()?).ok()?;
    let micros = Some(micros).filter(|micros| *micros <= LAST_MICROS)?;
    let time = Time::from_timestamp_micros(micros)?;
    Some(PageCursor { time, id: format!("conv_{id}").parse().ok()? })
}

impl<'de> Deserialize<'de> for After {
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
        fn a_cursor_reads_back_what_it_writes(micros in 0..4_000_000_000_000_000_i64, id: u128) {
            let time = Time::from_timestamp_micros(micros).unwrap();
            let id = format!("conv_{id:032x}").parse().unwrap();
            let cursor = PageCursor { time, id };
            prop_assert_eq!(cursor.to_string().parse(), Ok(After::Cursor(cursor)));
        }

        #[test]
        fn no_text_panics_the_parser(text in "(page_)?.*") {
            let _ = text.parse::<After>();
        }
    }

    #[test]
    fn fuzz_a_cursor_of_a_year_that_no_database_stores_is_none() {
        let id = "0".repeat(32);
        let read = |micros: u64| format!("page_{micros:016x}{id}").parse::<After>();
        // The last microsecond of the year 9999.
        assert!(read(253_402_300_799_999_999).is_ok());
        for later in [253_402_300_800_000_000, 8_000_000_000_000_000_000] {
            assert_eq!(read(later), Err(ParseAfterError), "{later}");
        }
    }

    #[test]
    fn only_the_canonical_form_is_read() {
        let time = Time::from_timestamp_micros(0xabc).unwrap();
        let id = "conv_00000000000000000000000000000def".parse().unwrap();
        let text = PageCursor { time, id }.to_string();
        assert!(text.parse::<After>().is_ok());
        let changed = [
            text.to_uppercase(),
            format!("{text}0"),
            text.replace("page_0", "page_+"),
            text.replace("page_0", "page_f"),
            text.replace("page_", ""),
            text.chars().skip(1).collect(),
            text.chars().take(52).collect(),
        ];
        for text in changed {
            assert_eq!(text.parse::<After>(), Err(ParseAfterError), "{text}");
        }
    }
}
