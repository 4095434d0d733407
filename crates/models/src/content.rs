//! What a message or a tool's result says: parts in their order.
//!
//! A row holds the plain text in `content`, which is what people read and a search finds. Parts of
//! other kinds stand in the row's `data` (`stored`).

mod stored;

use std::borrow::Cow;

/// What stands between two texts that become one.
const BETWEEN: &str = "\n\n";

/// Parts in their order. Texts that follow each other are one text, a blank line between them, and
/// no part is empty: what is stored and read again is the same content.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Content(Vec<Part>);

/// A part of a content.
#[derive(Clone, PartialEq, Eq)]
pub enum Part {
    /// Plain text.
    Text(String),
    /// An image.
    Image {
        /// Its address, `http` or `https`, or the image itself as a data URL.
        url: String,
        /// How closely it is looked at: `low`, `high` or `auto`.
        detail: Option<String>,
    },
    /// A file; it has data or an address.
    File {
        /// What it is called.
        filename: Option<String>,
        /// The file itself as a data URL.
        data: Option<String>,
        /// Its address, `http` or `https`.
        url: Option<String>,
    },
}

impl Part {
    /// How many bytes it takes.
    fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Image { url, detail } => url.len() + detail.as_ref().map_or(0, String::len),
            Self::File { filename, data, url } => {
                [filename, data, url].into_iter().flatten().map(String::len).sum()
            }
        }
    }
}

impl Content {
    /// The parts, in their order.
    pub fn parts(&self) -> &[Part] {
        &self.0
    }

    /// The same without a copy.
    pub fn into_parts(self) -> Vec<Part> {
        self.0
    }

    /// The plain text: what people read and a search finds.
    pub fn text(&self) -> Cow<'_, str> {
        let mut whole = Cow::Borrowed("");
        for part in &self.0 {
            match part {
                Part::Text(text) if whole.is_empty() => whole = Cow::Borrowed(text),
                Part::Text(text) => {
                    let whole = whole.to_mut();
                    whole.push_str(BETWEEN);
                    whole.push_str(text);
                }
                Part::Image { .. } | Part::File { .. } => {}
            }
        }
        whole
    }

    /// The same without a copy where it is one text.
    pub fn into_text(mut self) -> String {
        match (self.0.pop(), self.0.is_empty()) {
            (None, _) => String::new(),
            (Some(Part::Text(text)), true) => text,
            (Some(last), _) => {
                self.0.push(last);
                self.text().into_owned()
            }
        }
    }

    /// How many bytes its parts take.
    pub fn bytes(&self) -> usize {
        self.0.iter().map(Part::bytes).sum()
    }

    fn push(&mut self, part: Part) {
        match (part, self.0.last_mut()) {
            (Part::Text(text), _) if text.is_empty() => {}
            (Part::Text(text), Some(Part::Text(last))) => {
                last.push_str(BETWEEN);
                last.push_str(&text);
            }
            (part, _) => self.0.push(part),
        }
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        if text.is_empty() { Self::default() } else { Self(vec![Part::Text(text)]) }
    }
}

impl FromIterator<Part> for Content {
    fn from_iter<I: IntoIterator<Item = Part>>(parts: I) -> Self {
        let mut content = Self::default();
        for part in parts {
            content.push(part);
        }
        content
    }
}

// Content belongs to a person and stays out of logs.
impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Content({} bytes)", self.bytes())
    }
}

impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(_) => write!(f, "Text({} bytes)", self.bytes()),
            Self::Image { .. } => write!(f, "Image({} bytes)", self.bytes()),
            Self::File { .. } => write!(f, "File({} bytes)", self.bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_stored_as_text_comes_back_as_the_same_content(
            texts in prop::collection::vec("\\PC{0,5}|\n| ", 0..5),
        ) {
            let content: Content = texts.iter().cloned().map(Part::Text).collect();
            let said: Vec<&str> =
                texts.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
            prop_assert_eq!(content.text(), said.join("\n\n"), "no text is lost or moved");
            prop_assert_eq!(content.bytes(), content.text().len());
            let stored = content.clone().into_text();
            prop_assert_eq!(&stored, &content.text());
            prop_assert_eq!(Content::from(stored), content);
        }
    }

    #[test]
    fn one_text_is_never_copied() {
        let text = "Why is the sky blue?".to_owned();
        let at = text.as_ptr();
        let content = Content::from(text);
        assert!(matches!(content.text(), Cow::Borrowed(_)));
        let text = content.into_text();
        assert_eq!(text.as_ptr(), at);
        assert!(Content::from(String::new()).parts().is_empty());
    }

    #[test]
    fn content_stays_out_of_logs() {
        let content = Content::from("secret".to_owned());
        let shown = format!("{content:?} {:?}", content.parts());
        assert_eq!(shown, "Content(6 bytes) [Text(6 bytes)]");
    }
}
