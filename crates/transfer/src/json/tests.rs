use proptest::prelude::*;
use serde_json::json;

use super::*;

const LIMITS: Limits = Limits { values: 1_000, depth: 100 };

fn read(text: &str) -> Result<Document, Fault> {
    Document::read(text.as_bytes().to_vec(), LIMITS)
}

/// What a document says, as the usual parser would.
fn plain(value: Value<'_>) -> serde_json::Value {
    if let Some(object) = value.as_object() {
        let mut map = serde_json::Map::new();
        for (key, value) in object.entries() {
            map.insert(key.into_owned(), plain(value));
        }
        return map.into();
    }
    if let Some(text) = value.as_str() {
        return text.into();
    }
    if value.is_array() {
        return value.items().map(plain).collect();
    }
    serde_json::from_str(value.raw()).unwrap()
}

#[test]
fn values_are_found_by_their_keys() {
    let document =
        read(r#" {"a": [1, {"b": null}, []], "a\u0062c" : "x\"\ud83e\udd80\u00fc", "a": true} "#);
    let document = document.unwrap();
    let object = document.root().as_object().unwrap();
    assert!(object.get("a").unwrap().is_true(), "the last of two");
    assert_eq!(object.get("abc").unwrap().as_str().unwrap(), "x\"🦀ü");
    assert!(object.get("b").is_none(), "keys of values are not keys of the object");
    assert_eq!(object.entries().count(), 3);
    assert!(Object::default().is_empty() && Object::default().get("a").is_none());
}

#[test]
fn half_of_a_surrogate_pair_costs_no_text() {
    let document = read(r#""a\ud83eb\udd80\ud83e\u0041\ud83e""#).unwrap();
    assert_eq!(document.root().as_str().unwrap(), "a\u{FFFD}b\u{FFFD}\u{FFFD}A\u{FFFD}");
}

#[test]
fn limits_hold_and_depth_needs_no_stack() {
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(read(&deep(101)).unwrap_err(), Fault::TooDeep);
    let limits = Limits { values: 1_000_000, depth: 500_000 };
    let document = Document::read(deep(500_000).into_bytes(), limits).unwrap();
    assert_eq!(document.count(), 500_000);
    let wide = format!("[{}0]", "0,".repeat(1_000));
    assert_eq!(read(&wide).unwrap_err(), Fault::TooMany);
    assert_eq!(read("[1, 2x]").unwrap_err(), Fault::Syntax("neither a comma nor the end", 5));
    assert!(Document::read(vec![b'"', 0xFF, b'"'], LIMITS).is_err());
}

proptest! {
    /// Any text is JSON here exactly when the usual parser says so, and means the same.
    #[test]
    fn it_agrees_with_the_usual_parser(
        pieces in prop::collection::vec(prop::sample::select(&[
            "{", "}", "[", "]", ",", ":", "\"", "\"a\"", "\"\\n\"", "\"\\u00e9\"", "\\", "\\u12",
            "0", "12", "-", "-0.5e+3", ".", "e1", "01", "true", "fals", "null", " ", "\n", "\u{1}", "é",
            "{\"a\":", "[1,", "\"b\":2",
        ][..]), 0..12),
    ) {
        let text = pieces.concat();
        let usual = serde_json::from_str::<serde_json::Value>(&text);
        match (read(&text), usual) {
            (Ok(document), Ok(value)) => prop_assert_eq!(plain(document.root()), value),
            (Err(_), Err(_)) => {}
            // The usual parser reads a number at once, and not every number is one of its.
            (Ok(_), Err(error)) if error.to_string().contains("out of range") => {}
            (ours, usual) => prop_assert!(false, "{:?}: {:?} {:?}", text, ours, usual),
        }
    }

    /// What the usual writer writes is read as it was.
    #[test]
    fn what_was_written_is_read(texts in prop::collection::vec(any::<String>(), 0..6), number: i64) {
        let value = json!({"texts": texts, "number": number, "in": [{"a": [[], {}]}, null]});
        let document = read(&serde_json::to_string_pretty(&value).unwrap()).unwrap();
        prop_assert_eq!(plain(document.root()), value);
    }
}
