//! The arguments of a call as every provider can parse them: a JSON object.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::content::says_nothing;

/// Arguments as they are if they are an object, else one that holds them: as JSON if they are
/// that, else as a text.
pub(super) fn as_object(text: &str) -> Cow<'_, str> {
    if says_nothing(text) {
        return Cow::Borrowed("{}");
    }
    if text.trim_start().starts_with('{') && serde_json::from_str::<IgnoredAny>(text).is_ok() {
        return Cow::Borrowed(text);
    }
    let value = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
    Cow::Owned(match value {
        // As some servers say that there are none.
        Value::Null => "{}".to_owned(),
        value => json!({ "arguments": value }).to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_always_an_object_and_no_text_is_lost() {
        for (text, expected) in [
            ("", "{}"),
            (" \n", "{}"),
            ("null", "{}"),
            ("{\"a\": 1 }", "{\"a\": 1 }"),
            ("{\"\\u0061\": [1e400]}", "{\"\\u0061\": [1e400]}"),
            ("[1]", "{\"arguments\":[1]}"),
            ("\"tides\"", "{\"arguments\":\"tides\"}"),
            ("ls -l", "{\"arguments\":\"ls -l\"}"),
            ("{\"a\":", "{\"arguments\":\"{\\\"a\\\":\"}"),
        ] {
            assert_eq!(as_object(text), expected, "{text}");
        }
    }
}
