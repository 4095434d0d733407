//! Conversations without meaning, the same at every run, whose words are as unevenly frequent as
//! those of a language.

use std::fmt::Write as _;
use std::ops::Range;

use serde_json::json;

/// How many messages a conversation has.
pub(crate) const CONVERSATION: u32 = 100;
const WORDS: u32 = 20_000;
const WORDS_OF_A_MESSAGE: u32 = 40;
const TIME: &str = "2026-01-01T00:00:00Z";

/// Kinds of questions, by what makes them easy or hard.
#[derive(Clone, Copy, Debug)]
pub(crate) enum QuestionKind {
    Rare,
    Middling,
    Common,
    Several,
    TwoLetters,
    Cjk,
    Missing,
}

impl QuestionKind {
    pub(crate) const ALL: [Self; 7] = [
        Self::Rare,
        Self::Middling,
        Self::Common,
        Self::Several,
        Self::TwoLetters,
        Self::Cjk,
        Self::Missing,
    ];

    /// What it is called in the report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rare => "a word of one conversation",
            Self::Middling => "a word of one message in 100",
            Self::Common => "a word of every message",
            Self::Several => "three words, one of them rare",
            Self::TwoLetters => "two letters, in one of 50",
            Self::Cjk => "two CJK characters, in one of 50",
            Self::Missing => "a word that is nowhere",
        }
    }

    /// What is searched.
    pub(crate) fn query(self) -> String {
        match self {
            Self::Rare => own_word(3),
            Self::Middling => "hundredth".to_owned(),
            Self::Common => "everywhere".to_owned(),
            Self::Several => format!("everywhere hundredth {}", own_word(3)),
            Self::TwoLetters => "qx".to_owned(),
            Self::Cjk => "東京".to_owned(),
            Self::Missing => "nowhereatall".to_owned(),
        }
    }

    /// Whether there is anything to find.
    pub(crate) fn is_found(self) -> bool {
        !matches!(self, Self::Missing)
    }
}

/// The word that only the conversation of this place has.
pub(crate) fn own_word(place: u32) -> String {
    format!("own{place:07}")
}

/// The messages of these numbers, in whole conversations, as an export of ours.
pub(crate) fn export(messages: Range<u32>) -> String {
    let mut lines = json!({"type": "export", "format": "chatapp", "version": 1}).to_string();
    let mut conversations = 0_u32;
    let mut first = messages.start;
    while first < messages.end {
        let until = messages.end.min(first + CONVERSATION);
        let _ = write!(lines, "\n{}", conversation(first..until));
        (first, conversations) = (until, conversations + 1);
    }
    let end = json!({
        "type": "end", "conversations": conversations, "messages": messages.end - messages.start,
    });
    let _ = write!(lines, "\n{end}");
    lines
}

fn conversation(messages: Range<u32>) -> serde_json::Value {
    let place = messages.start / CONVERSATION;
    let first = messages.start;
    let message = |n: u32| {
        let parent = (n > first).then(|| format!("msg_{:032x}", n - 1));
        json!({
            "id": format!("msg_{n:032x}"), "parent_id": parent,
            "role": if n.is_multiple_of(2) { "user" } else { "assistant" },
            "status": "completed", "content": content(n), "created_at": TIME, "updated_at": TIME,
        })
    };
    json!({
        "type": "conversation", "id": format!("conv_{place:032x}"),
        "title": format!("Conversation {place}"), "title_source": "user", "pinned": false,
        "metadata": {}, "created_at": TIME, "updated_at": TIME,
        "messages": messages.map(message).collect::<Vec<_>>(),
    })
}

fn content(n: u32) -> String {
    let mut text = "everywhere".to_owned();
    if n.is_multiple_of(CONVERSATION) {
        let _ = write!(text, " {}", own_word(n / CONVERSATION));
    }
    let seldom = [(CONVERSATION, 0, "hundredth"), (50, 7, "qx"), (50, 13, "去年東京に行きました")];
    for (_, _, word) in seldom.iter().filter(|(every, place, _)| n % every == *place) {
        let _ = write!(text, " {word}");
    }
    for place in 0..WORDS_OF_A_MESSAGE {
        let _ = write!(text, " {}", word(n.wrapping_mul(WORDS_OF_A_MESSAGE).wrapping_add(place)));
    }
    text
}

/// A word drawn for a place: of each doubling of ranks one is as likely as of any other.
fn word(place: u32) -> String {
    let drawn = mix(place);
    let (octave, within) = (drawn % WORDS.ilog2(), drawn >> 8);
    let rank = (1 << octave) + within % (1 << octave);
    let mut word = String::new();
    let mut rest = rank;
    while rest > 0 {
        let (consonant, vowel) = (rest % 17, (rest / 17) % 5);
        word.extend("bcdfghjklmnprstvz".chars().nth(usize::try_from(consonant).unwrap_or(0)));
        word.extend("aeiou".chars().nth(usize::try_from(vowel).unwrap_or(0)));
        rest /= 85;
    }
    word
}

/// An integer hash.
fn mix(n: u32) -> u32 {
    let n = (n ^ (n >> 16)).wrapping_mul(0x7feb_352d);
    let n = (n ^ (n >> 15)).wrapping_mul(0x846c_a68b);
    n ^ (n >> 16)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_words_of_the_questions_are_as_frequent_as_they_say() {
        let texts: Vec<String> = (0..2_000).map(content).collect();
        let with = |word: &str| texts.iter().filter(|text| text.contains(word)).count();
        assert_eq!(with("everywhere"), 2_000);
        assert_eq!(with(&own_word(3)), 1);
        assert_eq!(with(" qx "), 40);
        assert_eq!(with("東京"), 40);
        assert_eq!(with("hundredth"), 20);
        assert_eq!(with("nowhereatall"), 0);
        let words: BTreeSet<&str> = texts.iter().flat_map(|text| text.split(' ')).collect();
        assert!(words.len() > 5_000, "{}", words.len());
    }

    #[test]
    fn an_export_has_whole_conversations() {
        let lines = export(100..300);
        let count = |kind: &str| lines.matches(&format!("\"type\":\"{kind}\"")).count();
        assert_eq!((count("conversation"), count("end")), (2, 1));
        assert!(lines.contains("\"messages\":200") || lines.contains("\"messages\": 200"));
    }
}
