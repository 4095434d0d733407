//! Bounds on what a client may send, each with the message that names it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

/// The longest text of one message, in bytes of UTF-8.
pub const MAX_CONTENT_BYTES: usize = 512 * 1024;
/// The longest instructions of a conversation, in bytes of UTF-8.
pub const MAX_INSTRUCTIONS_BYTES: usize = 64 * 1024;
/// The longest title, in characters.
pub const MAX_TITLE_CHARS: usize = 255;
/// The most pairs of a conversation's metadata.
pub const MAX_METADATA_PAIRS: usize = 16;
/// The longest key of a pair, in characters.
pub const MAX_METADATA_KEY_CHARS: usize = 64;
/// The longest value of a pair, in characters.
pub const MAX_METADATA_VALUE_CHARS: usize = 512;
/// The longest display name, in characters.
pub const MAX_NAME_CHARS: usize = 128;
/// The longest model name, in bytes.
pub const MAX_MODEL_BYTES: usize = 255;
/// The shortest password, in characters.
pub const MIN_PASSWORD_CHARS: usize = 8;
/// The longest password, in bytes.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// A value that breaks a rule: which field, and the rule in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Invalid {
    /// The field as the client wrote it.
    pub field: String,
    /// What the rule asks, fit to be shown to the client.
    pub message: String,
    /// What kind of rule it is.
    pub rule: Rule,
}

/// What kind of rule a value breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The value is none that its field can have.
    Value,
    /// The field has to be there.
    Required,
    /// The standard has it, and this server does not.
    Unsupported,
    /// It excludes another field that is there.
    Exclusive,
}

impl Invalid {
    /// A value of `field` that it cannot have.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into(), rule: Rule::Value }
    }

    /// The same for a rule of this kind.
    #[must_use]
    pub fn of(self, rule: Rule) -> Self {
        Self { rule, ..self }
    }

    /// The same rule of a body that stands in the field `outer` of another.
    #[must_use]
    pub fn within(self, outer: &str) -> Self {
        Self { field: format!("{outer}.{}", self.field), ..self }
    }
}

/// Refuses the one character that not every engine can store.
fn no_nul(field: &str, text: &str) -> Result<(), Invalid> {
    if text.contains('\0') {
        return Err(Invalid::new(field, format!("{field} must not contain the character U+0000")));
    }
    Ok(())
}

/// A text of at most `max` bytes without U+0000.
pub fn bytes_at_most(field: &str, text: &str, max: usize) -> Result<(), Invalid> {
    no_nul(field, text)?;
    if text.len() > max {
        let message = format!("{field} must be at most {max} bytes long, got {}", text.len());
        return Err(Invalid::new(field, message));
    }
    Ok(())
}

/// A text of at most `max` characters without U+0000.
pub fn chars_at_most(field: &str, text: &str, max: usize) -> Result<(), Invalid> {
    no_nul(field, text)?;
    let count = text.chars().count();
    if count > max {
        let message = format!("{field} must be at most {max} characters long, got {count}");
        return Err(Invalid::new(field, message));
    }
    Ok(())
}

/// Whether a text says nothing to anybody: it has no characters but white space and invisible ones
/// (a byte order mark, zero-width spaces and joiners, marks of direction, soft hyphens).
pub fn says_nothing(text: &str) -> bool {
    text.chars().all(|c| {
        c.is_whitespace()
            || matches!(c,
                '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    })
}

/// A text with U+FFFD in the place of U+0000, which not every engine can store. People who type it
/// are refused instead; a model cannot be.
pub fn without_nul(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

/// A text that [says something](says_nothing).
pub fn not_blank(field: &str, text: &str) -> Result<(), Invalid> {
    if says_nothing(text) {
        return Err(Invalid::new(field, format!("{field} must not be empty")));
    }
    Ok(())
}

/// A model name: printable, without spaces.
pub fn model_name(field: &str, text: &str) -> Result<(), Invalid> {
    not_blank(field, text)?;
    bytes_at_most(field, text, MAX_MODEL_BYTES)?;
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        let message = format!("{field} must not contain spaces or control characters");
        return Err(Invalid::new(field, message));
    }
    Ok(())
}

/// Pairs of texts, in the bounds of the `OpenAI` API.
pub fn metadata(field: &str, pairs: &BTreeMap<String, String>) -> Result<(), Invalid> {
    if pairs.len() > MAX_METADATA_PAIRS {
        let (max, got) = (MAX_METADATA_PAIRS, pairs.len());
        let message = format!("{field} must have at most {max} pairs, got {got}");
        return Err(Invalid::new(field, message));
    }
    for (key, value) in pairs {
        // The key is the client's own text and is not repeated.
        let renamed = |invalid: Invalid| Invalid::new(field, invalid.message);
        chars_at_most(&format!("a key of {field}"), key, MAX_METADATA_KEY_CHARS)
            .map_err(renamed)?;
        chars_at_most(&format!("a value of {field}"), value, MAX_METADATA_VALUE_CHARS)
            .map_err(renamed)?;
    }
    Ok(())
}

/// A field of a patch: absent, `null` (cleared), or a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// The field was not sent: leave it.
    #[default]
    Absent,
    /// `null` was sent: clear it.
    Null,
    /// A new value.
    Value(T),
}

impl<T> Patch<T> {
    /// The change as SQL sees it: none, or set to this.
    pub fn into_change(self) -> Option<Option<T>> {
        match self {
            Self::Absent => None,
            Self::Null => Some(None),
            Self::Value(value) => Some(Some(value)),
        }
    }

    /// The new value, if one was sent.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            _ => None,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}

/// A value that is text on the wire.
pub(crate) fn parsed<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromStr<Err: fmt::Display>,
    D: Deserializer<'de>,
{
    let text = Cow::<'de, str>::deserialize(deserializer)?;
    text.parse().map_err(serde::de::Error::custom)
}
