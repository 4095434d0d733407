//! Reads the beginning of a JSON text that was cut off.

/// The deepest nesting that is completed; deeper JSON is not read at all.
const DEEPEST: usize = 128;

/// The text as far as it is whole, with a string that was cut off and all brackets closed; none
/// where nothing is left of it.
pub(crate) fn complete(text: &str) -> Option<String> {
    let mut scan = Scan::default();
    for (at, byte) in text.bytes().enumerate() {
        scan.byte(at, byte)?;
    }
    let (mut whole, open) = match scan.string {
        // Half of an escape is no character.
        Some(StringRole::Value) => {
            let end = scan.escape.unwrap_or(text.len());
            (format!("{}\"", text.get(..end)?), scan.open)
        }
        _ => (text.get(..scan.safe)?.to_owned(), scan.safe_open),
    };
    whole.extend(open.iter().rev().map(|bracket| if *bracket == b'{' { '}' } else { ']' }));
    (!whole.is_empty()).then_some(whole)
}

/// What a string is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StringRole {
    Name,
    Value,
}

#[derive(Default)]
struct Scan {
    /// The brackets that are open.
    open: Vec<u8>,
    /// The string that is open.
    string: Option<StringRole>,
    /// Where an escape began in it that may not be over.
    escape: Option<usize>,
    /// The next string is a name.
    names: bool,
    /// How far the text is whole, and the brackets that are open there.
    safe: usize,
    safe_open: Vec<u8>,
}

impl Scan {
    fn byte(&mut self, at: usize, byte: u8) -> Option<()> {
        if let Some(place) = self.string {
            match self.escape {
                // `\n` has two bytes, `\u00e9` six.
                Some(from) => {
                    let is_over = match at - from {
                        1 => byte != b'u',
                        length => length >= 5,
                    };
                    if is_over {
                        self.escape = None;
                    }
                }
                None if byte == b'\\' => self.escape = Some(at),
                None if byte == b'"' => {
                    self.string = None;
                    if place == StringRole::Value {
                        self.is_safe(at + 1);
                    }
                }
                None => {}
            }
            return Some(());
        }
        match byte {
            b'"' => {
                self.string = Some(if self.names { StringRole::Name } else { StringRole::Value });
            }
            b'{' | b'[' => {
                if self.open.len() >= DEEPEST {
                    return None;
                }
                self.open.push(byte);
                self.names = byte == b'{';
                self.is_safe(at + 1);
            }
            b'}' | b']' => {
                self.open.pop()?;
                self.names = false;
                self.is_safe(at + 1);
            }
            b':' => self.names = false,
            b',' => {
                // A number before it is over.
                self.is_safe(at);
                self.names = self.open.last() == Some(&b'{');
            }
            _ => {}
        }
        Some(())
    }

    fn is_safe(&mut self, at: usize) {
        self.safe = at;
        self.safe_open.clone_from(&self.open);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_beginning_of_json_is_read_as_far_as_it_came() {
        let text =
            r#"{"error":{"message":"too \"l\u00e9ng\"","code":17,"more":[1,{"a":null}]},"x":"y"}"#;
        for cut in 1..=text.len() {
            let whole = complete(&text[..cut]).unwrap();
            let value: Value =
                serde_json::from_str(&whole).unwrap_or_else(|error| panic!("{whole}: {error}"));
            let message = value.pointer("/error/message").and_then(Value::as_str);
            let expected = "too \"léng\"";
            assert!(expected.starts_with(message.unwrap_or_default()), "{whole}");
            assert_eq!(message.is_some(), cut > r#"{"error":{"message":"#.len(), "{whole}");
            if cut > text.find("\"more\"").unwrap() {
                assert_eq!(value["error"]["code"], json!(17), "{whole}");
            }
        }
        for none in ["", "words", "]", &"[".repeat(200)] {
            assert_eq!(complete(none), None, "{none}");
        }
    }
}
