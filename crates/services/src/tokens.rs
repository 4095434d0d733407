//! An estimate of how many tokens a text is.
//!
//! Four bytes of UTF-8 count as one token: about right for English, a little low for code, and
//! three quarters of a token for a Chinese character. The provider's own numbers, where it gives
//! any, are what is stored.

/// What a message costs beside its text: its role and the marks around it.
const PER_MESSAGE: u32 = 4;

/// Tokens of a text.
pub(crate) fn of_text(text: &str) -> u32 {
    u32::try_from(text.len().div_ceil(4)).unwrap_or(u32::MAX)
}

/// Tokens of a message with this text.
pub(crate) fn of_message(text: &str) -> u32 {
    of_text(text).saturating_add(PER_MESSAGE)
}
