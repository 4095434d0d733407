//! The form of API keys.

use crate::OpaqueToken;

/// What every key begins with: the form that tools for OpenAI-compatible services expect.
pub const KEY_PREFIX: &str = "sk-";
/// How many characters a key has: the prefix and 256 bits in base64url.
const LENGTH: usize = 46;
/// How many of them are stored and shown, so that its owner can tell it from others. The rest
/// still holds 208 random bits.
const VISIBLE: usize = 11;

/// A new key.
pub fn new_api_key() -> OpaqueToken {
    OpaqueToken::generate(KEY_PREFIX)
}

/// Whether a bearer token has the form of a key. One that has not is never looked up.
pub fn is_api_key(text: &str) -> bool {
    text.len() == LENGTH
        && text.strip_prefix(KEY_PREFIX).is_some_and(|random| {
            random.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        })
}

/// The first characters of a key, for lists.
pub fn visible_prefix(key: &OpaqueToken) -> String {
    key.reveal().chars().take(VISIBLE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_has_the_form_of_one() {
        let key = new_api_key();
        assert!(is_api_key(key.reveal()));
        let prefix = visible_prefix(&key);
        assert!(prefix.len() == 11 && key.reveal().starts_with(&prefix));
    }

    #[test]
    fn what_is_no_key_is_seen_without_a_look_up() {
        let key = new_api_key().reveal().to_owned();
        let (short, long) = (&key[..45], format!("{key}A"));
        let spaced = format!("{} ", &key[..45]);
        let upper = format!("SK-{}", &key[3..]);
        for text in ["", "sk-", short, &long, &spaced, &upper, "sk-é", &key[3..]] {
            assert!(!is_api_key(text), "{text:?}");
        }
    }
}
