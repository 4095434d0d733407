use proptest::prelude::*;
use serde_json::json;

use super::*;

fn mended(text: &str) -> Value {
    read(text).unwrap().0
}

#[test]
fn p11_details_that_are_no_json() {
    assert_eq!(mended(r#"{"a":NaN,"b":-Infinity,"c":1e999,"d":"x"}"#)["d"], "x");
    assert_eq!(
        mended(r#"{"a":True,"b":None,"c":[1,2,],}"#),
        json!({"a": true, "b": null, "c": [1, 2]})
    );
    assert_eq!(mended("{\"a\":\"x\ny\tz\"}")["a"], "x\ny\tz");
    assert_eq!(mended(r#"{"a":"it\'s \d \u12 \\d \u00e9"}"#)["a"], r"it's \d \u12 \d é");
    assert_eq!(mended(r#"{"a":"NaN, \"NaN\"}","b":NaN}"#)["a"], "NaN, \"NaN\"}");
    assert_eq!(
        mended(r#"{'a': 'x "y" z', 'b': None, "c": "it's", 'd': 'it\'s'}"#),
        json!({"a": "x \"y\" z", "b": null, "c": "it's", "d": "it's"})
    );
    for no_json in
        ["", "ping", "{", "{\"a\":", "{\"a\":\"x", "<html>", "{\"choices\": [ this is not JSON"]
    {
        assert!(read(no_json).is_none_or(|(value, _)| !value.is_object()), "{no_json}");
    }
}

fn pieces(pieces: &[&str]) -> String {
    let mut halves = Halves::default();
    let mut text = String::new();
    for piece in pieces {
        let (value, may_have) = read(&format!("\"{piece}\"")).unwrap();
        text.push_str(&halves.join(value.as_str().unwrap().to_owned(), may_have));
    }
    text.extend(halves.end());
    text
}

#[test]
fn f2_halves_of_characters_are_joined() {
    assert_eq!(pieces(&[r"hi \ud83d", r"\ude00 bye"]), "hi 😀 bye");
    assert_eq!(pieces(&[r"hi \ud83d", "", r"\ude00"]), "hi 😀");
    assert_eq!(pieces(&[r"\ud83d\ude00\ud83d", r"\ude00"]), "😀😀");
    assert_eq!(pieces(&[r"a\ud83d", "b"]), "a\u{FFFD}b");
    assert_eq!(pieces(&[r"a\ude00b"]), "a\u{FFFD}b");
    assert_eq!(pieces(&[r"\ud83d\ud83d\ude00"]), "\u{FFFD}😀");
    assert_eq!(pieces(&["a", r"\ud83d"]), "a\u{FFFD}");
}

proptest! {
    #[test]
    fn any_text_cut_into_utf16_pieces_is_the_same_again(
        text in "[a\u{e9}\u{1F600}\"\\\\\n]{0,12}",
        cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..4),
    ) {
        let units: Vec<u16> = text.encode_utf16().collect();
        let escaped = |units: &[u16]| {
            let escapes: Vec<_> = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
            escapes.concat()
        };
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(units.len() + 1)).collect();
        cuts.sort_unstable();
        let (mut parts, mut from) = (Vec::new(), 0);
        for cut in cuts.into_iter().chain([units.len()]) {
            parts.push(escaped(&units[from..cut]));
            from = cut;
        }
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        prop_assert_eq!(pieces(&parts), text);
    }

    #[test]
    fn json_is_left_as_it_is(text in "\\PC{0,20}", number in any::<f64>()) {
        let json = json!({"a": [text, number, null, true], "b": {}}).to_string();
        let (mended, halves) = mend(&json);
        prop_assert_eq!(mended, json);
        prop_assert!(!halves);
    }
}
