//! What can be said of bytes that were not understood without what people and models wrote.

use serde_json::{Map, Value};

use crate::wire::repair;
use crate::wire::words::Words;

/// The names under which services write words of their own.
const OWN: [&str; 14] = [
    "type",
    "object",
    "event",
    "kind",
    "status",
    "code",
    "model",
    "role",
    "finish_reason",
    "finishReason",
    "stop_reason",
    "done_reason",
    "error_type",
    "error_code",
];
/// The longest word of a service, in bytes.
const LONGEST_OWN: usize = 48;
/// The longest notice, in bytes.
const LONGEST_NOTICE: usize = 300;
/// What those say who stand before a provider.
const NOTICES: &[&str] = &[
    "upstream connect*",
    "upstream … error",
    "no healthy upstream",
    "connect error",
    "connection refused",
    "connection reset",
    "connection closed",
    "timed out",
    "request timeout",
    "gateway timeout",
    "bad gateway",
    "service unavailable",
    "service temporarily unavailable",
    "internal server error",
    "bad request",
    "not found",
    "not allowed",
    "too many requests",
    "unauthorized",
    "access denied",
    "forbidden",
];

/// The shape of `text`: of JSON its names, numbers and the words of the service; of a short notice
/// the words; of anything else nothing but its length.
pub(crate) fn shape(text: &str) -> String {
    let text = text.trim();
    if text.starts_with(['{', '[']) {
        return match repair::read(text) {
            Some((value, _)) => blank(&value, "").to_string(),
            None => outline(text),
        };
    }
    if text.len() <= LONGEST_NOTICE && !text.contains('"') && Words::of(text).say_any(NOTICES) {
        return text.to_owned();
    }
    length(text)
}

fn length(text: &str) -> String {
    format!("[{} characters]", text.chars().count())
}

/// The same JSON without words that may be somebody's.
fn blank(value: &Value, name: &str) -> Value {
    match value {
        Value::String(text) if OWN.contains(&name) && is_own(text) => value.clone(),
        Value::String(text) => Value::String(length(text)),
        Value::Array(items) => items.iter().map(|item| blank(item, name)).collect(),
        Value::Object(fields) => {
            let blank = fields.iter().map(|(name, value)| {
                let shown = if is_own(name) { name.clone() } else { length(name) };
                (shown, blank(value, name))
            });
            Value::Object(blank.collect::<Map<_, _>>())
        }
        value => value.clone(),
    }
}

/// Whether it is a word as services have them: no sentence, nothing long.
fn is_own(text: &str) -> bool {
    text.len() <= LONGEST_OWN
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':'))
}

/// The names and brackets of what is nearly JSON.
fn outline(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['"', '{', '}', '[', ']', ',']) {
        let (_, tail) = rest.split_at(at);
        let mut chars = tail.chars();
        match chars.next() {
            Some('"') => {
                let (word, behind) = string(chars.as_str());
                let is_name = behind.trim_start().starts_with(':');
                if is_name && is_own(word) {
                    out.extend(["\"", word, "\":"]);
                } else {
                    out.push_str("\"…\"");
                }
                rest = behind;
            }
            mark => {
                out.extend(mark);
                rest = chars.as_str();
            }
        }
    }
    format!("{out} {}", length(text))
}

/// A string whose opening quote was read, and what follows it.
fn string(text: &str) -> (&str, &str) {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => {
                let (word, behind) = text.split_at(at);
                return (word, behind.strip_prefix('"').unwrap_or(behind));
            }
            _ => {}
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_somebody_wrote_is_in_a_shape() {
        for (text, expected) in [
            (r#"{"type":"ping","n":3}"#, r#"{"type":"ping","n":3}"#),
            (
                r#"{"type":"delta","delta":"canary","text":["canary"],"a canary":true}"#,
                r#"{"type":"delta","delta":"[6 characters]","text":["[6 characters]"],"[8 characters]":true}"#,
            ),
            (r#"{"type":"a canary"}"#, r#"{"type":"[8 characters]"}"#),
            (
                r#"{"choices":[{"delta":{"content":"the canary"#,
                r#"{"choices":[{"delta":{"content":"…" [43 characters]"#,
            ),
            (r#"{"a":"\"canary\":", canary}"#, r#"{"a":"…",} [27 characters]"#),
            ("a canary", "[8 characters]"),
            ("\"a canary\"", "[10 characters]"),
            (
                "upstream connect error or disconnect/reset before headers",
                "upstream connect error or disconnect/reset before headers",
            ),
            ("", "[0 characters]"),
        ] {
            assert_eq!(shape(text), expected, "{text}");
        }
    }
}
