//! How parts are stored: the plain text in `content`, what it is made of under `parts` in `data`.
//!
//! A text among the parts is stored as its length, so no text is stored twice, and a search reads
//! nothing but text.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{BETWEEN, Content, Part};

/// The field of a row's `data`.
const FIELD: &str = "parts";

/// A part as it is stored.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Stored {
    /// So many bytes of the plain text; the next text comes behind a blank line.
    Text { bytes: usize },
    Image {
        url: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
    File {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        filename: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<String>,
    },
}

/// What is read of a row's `data`.
#[derive(Default, Deserialize)]
struct Data {
    #[serde(default)]
    parts: Vec<Stored>,
}

impl Content {
    /// Reads what a row holds: its plain text, and the parts that its `data` tells. Where a person
    /// broke them by hand, all of the text comes first.
    pub fn read(text: String, data: Option<&str>) -> Self {
        // Few rows have parts, and this asks each.
        let data = data.filter(|data| data.contains(FIELD));
        let data: Data = data.and_then(|data| serde_json::from_str(data).ok()).unwrap_or_default();
        if data.parts.is_empty() {
            return text.into();
        }
        let is_text = |part: &Stored| matches!(part, Stored::Text { .. });
        let Some(texts) = texts_of(&text, &data.parts) else {
            let others = data.parts.into_iter().filter(|part| !is_text(part));
            let others = others.map(|part| part.into_part(String::new()));
            return std::iter::once(Part::Text(text)).chain(others).collect();
        };
        let mut texts = texts.into_iter();
        let part = |part: Stored| {
            let text =
                if is_text(&part) { texts.next().unwrap_or_default() } else { String::new() };
            part.into_part(text)
        };
        data.parts.into_iter().map(part).collect()
    }

    /// What a row's `data` holds of it, as JSON; none where the plain text is all.
    pub fn stored_parts(&self) -> Option<String> {
        let mut data = Map::new();
        self.put_parts(&mut data);
        (!data.is_empty()).then(|| Value::from(data).to_string())
    }

    /// Puts its parts into a row's `data`; nothing where the plain text is all.
    pub fn put_parts(&self, data: &mut Map<String, Value>) {
        if self.is_plain() {
            return;
        }
        let parts = self.0.iter().cloned().map(|part| match part {
            Part::Text(text) => Stored::Text { bytes: text.len() },
            Part::Image { url, detail } => Stored::Image { url, detail },
            Part::File { filename, data, url } => Stored::File { filename, data, url },
        });
        if let Ok(parts) = serde_json::to_value(parts.collect::<Vec<_>>()) {
            data.insert(FIELD.to_owned(), parts);
        }
    }

    /// Whether it is text only.
    pub fn is_plain(&self) -> bool {
        self.0.iter().all(|part| matches!(part, Part::Text(_)))
    }
}

impl Stored {
    fn into_part(self, text: String) -> Part {
        match self {
            Self::Text { .. } => Part::Text(text),
            Self::Image { url, detail } => Part::Image { url, detail },
            Self::File { filename, data, url } => Part::File { filename, data, url },
        }
    }
}

/// The texts of the parts, if together they are the plain text.
fn texts_of(text: &str, parts: &[Stored]) -> Option<Vec<String>> {
    let (mut rest, mut texts) = (text, Vec::new());
    for part in parts {
        let Stored::Text { bytes } = part else { continue };
        if !texts.is_empty() {
            rest = rest.strip_prefix(BETWEEN)?;
        }
        let (this, behind) = rest.split_at_checked(*bytes)?;
        texts.push(this.to_owned());
        rest = behind;
    }
    rest.is_empty().then_some(texts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part() -> impl Strategy<Value = Part> {
        let word = || prop::option::of("[a-z]{0,3}");
        prop_oneof![
            "\\PC{0,5}|\n\n| ".prop_map(Part::Text),
            ("[a-z]{0,9}", word()).prop_map(|(url, detail)| Part::Image { url, detail }),
            (word(), word(), word()).prop_map(|(filename, data, url)| Part::File {
                filename,
                data,
                url
            }),
        ]
    }

    proptest! {
        #[test]
        fn what_is_stored_in_parts_comes_back_as_the_same_content(
            parts in prop::collection::vec(part(), 0..6),
            call_id in prop::option::of("[a-z]{1,4}"),
        ) {
            let content: Content = parts.into_iter().collect();
            let mut data: Map<_, _> =
                call_id.map(|id| ("call_id".to_owned(), id.into())).into_iter().collect();
            content.put_parts(&mut data);
            prop_assert_eq!(data.contains_key("parts"), !content.is_plain());
            let data = (!data.is_empty()).then(|| Value::from(data).to_string());
            let text = content.text().into_owned();
            prop_assert_eq!(Content::read(text, data.as_deref()), content);
        }

        #[test]
        fn whatever_stands_in_data_no_text_is_lost(
            text in "\\PC{1,9}",
            lengths in prop::collection::vec(0..9_usize, 0..4),
        ) {
            let text_part = |bytes| serde_json::json!({ "type": "text", "bytes": bytes });
            let parts: Vec<Value> = lengths.into_iter().map(text_part).collect();
            let data = serde_json::json!({ "parts": parts }).to_string();
            prop_assert_eq!(Content::read(text.clone(), Some(&data)).into_text(), text);
        }
    }

    #[test]
    fn what_is_broken_is_plain_text() {
        for data in ["", "parts", "{\"parts\":1}", "{\"parts\":[{\"type\":\"hologram\"}]}"] {
            assert_eq!(Content::read("x".to_owned(), Some(data)), "x".to_owned().into(), "{data}");
        }
    }
}
