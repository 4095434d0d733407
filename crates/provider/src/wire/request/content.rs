//! What a message says: a text, or parts where something other than text is among them.

use std::borrow::Cow;

use serde::Serialize;

use super::Dialect;
use crate::Part;
use crate::types::join;

#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(super) enum Content<'a> {
    Text(Cow<'a, str>),
    Parts(Vec<Piece<'a>>),
}

#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Piece<'a> {
    Text { text: Cow<'a, str> },
    ImageUrl { image_url: ImageBody<'a> },
    File { file: FileBody<'a> },
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct ImageBody<'a> {
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct FileBody<'a> {
    filename: Cow<'a, str>,
    file_data: &'a str,
}

impl Default for Content<'_> {
    fn default() -> Self {
        Self::Text(Cow::Borrowed(""))
    }
}

impl<'a> Content<'a> {
    /// What a user says.
    pub(super) fn of(parts: &'a [Part], dialect: Dialect<'_>) -> Self {
        let mut content = Self::default();
        for part in parts {
            content.push(part, dialect);
        }
        content
    }

    /// Whether it says nothing.
    pub(super) fn is_blank(&self) -> bool {
        match self {
            Self::Text(text) => says_nothing(text),
            Self::Parts(pieces) => pieces.is_empty(),
        }
    }

    fn push(&mut self, part: &'a Part, dialect: Dialect<'_>) {
        match write(part, dialect) {
            Written::Words(words) => self.push_text(words),
            Written::Piece(piece) => self.push_piece(piece),
        }
    }

    /// Adds a text, a blank line between it and a text before it.
    pub(super) fn push_text(&mut self, more: Cow<'a, str>) {
        if says_nothing(&more) {
            return;
        }
        match self {
            Self::Text(text) => join(text, more),
            Self::Parts(pieces) => match pieces.last_mut() {
                Some(Piece::Text { text }) => join(text, more),
                _ => pieces.push(Piece::Text { text: more }),
            },
        }
    }

    fn push_piece(&mut self, piece: Piece<'a>) {
        match self {
            Self::Parts(pieces) => pieces.push(piece),
            Self::Text(text) => {
                let text = std::mem::take(text);
                let before = (!says_nothing(&text)).then_some(Piece::Text { text });
                *self = Self::Parts(before.into_iter().chain([piece]).collect());
            }
        }
    }

    /// Adds what is said behind it.
    pub(super) fn append(&mut self, more: Self) {
        match more {
            Self::Text(text) => self.push_text(text),
            Self::Parts(pieces) => {
                for piece in pieces {
                    match piece {
                        Piece::Text { text } => self.push_text(text),
                        piece => self.push_piece(piece),
                    }
                }
            }
        }
    }
}

enum Written<'a> {
    Words(Cow<'a, str>),
    Piece(Piece<'a>),
}

/// A part as a user's message takes it: chat completions have no place for the address of a file.
fn write<'a>(part: &'a Part, dialect: Dialect<'_>) -> Written<'a> {
    match part {
        Part::Image { url, detail } if !dialect.no_images => Written::Piece(Piece::ImageUrl {
            image_url: ImageBody { url, detail: detail.as_deref() },
        }),
        Part::File { filename, data: Some(data), .. } if !dialect.no_files => {
            let filename = filename.as_deref().map_or_else(|| usual_name(data), Cow::Borrowed);
            Written::Piece(Piece::File { file: FileBody { filename, file_data: data } })
        }
        part => Written::Words(words(part)),
    }
}

/// What a file without a name is called: providers want one, and look at its ending.
fn usual_name<'a>(data: &str) -> Cow<'a, str> {
    let is_pdf = data.starts_with("data:application/pdf");
    Cow::Borrowed(if is_pdf { "file.pdf" } else { "file" })
}

/// The words that stand for a part that is not text.
fn words(part: &Part) -> Cow<'_, str> {
    let is_address = |url: &&str| !url.starts_with("data:");
    match part {
        Part::Text(text) => Cow::Borrowed(text),
        Part::Image { url, .. } => match Some(url.as_str()).filter(is_address) {
            Some(url) => format!("(An image that you cannot see: {url})").into(),
            None => Cow::Borrowed("(An image that you cannot see.)"),
        },
        Part::File { filename, data, url } => {
            let name = filename.as_deref().filter(|name| !says_nothing(name));
            let name = name.map(|name| format!(" “{name}”")).unwrap_or_default();
            match url.as_deref().filter(is_address) {
                Some(url) => format!("(A file{name} at {url})").into(),
                None if data.is_none() => format!("(A file{name}.)").into(),
                None => format!("(A file{name} that you cannot see.)").into(),
            }
        }
    }
}

/// What parts say where only text can stand.
pub(super) fn text_of(parts: &[Part]) -> Cow<'_, str> {
    let mut text = Cow::Borrowed("");
    for part in parts {
        let words = words(part);
        if !says_nothing(&words) {
            join(&mut text, words);
        }
    }
    text
}

/// What a tool returned, where only text can stand, and what has to follow it elsewhere.
pub(super) fn split<'a>(
    parts: &'a [Part],
    dialect: Dialect<'_>,
) -> (Cow<'a, str>, Option<Content<'a>>) {
    let (mut text, mut rest) = (Cow::Borrowed(""), Content::default());
    for part in parts {
        let words = match write(part, dialect) {
            Written::Words(words) => words,
            Written::Piece(piece) => {
                let what = if matches!(piece, Piece::File { .. }) { "A file" } else { "An image" };
                rest.push_piece(piece);
                format!("({what} follows below.)").into()
            }
        };
        if !says_nothing(&words) {
            join(&mut text, words);
        }
    }
    (text, (!rest.is_blank()).then_some(rest))
}

/// Whether a text has nothing but white space and invisible characters.
pub(crate) fn says_nothing(text: &str) -> bool {
    text.chars().all(|c| {
        c.is_whitespace()
            || matches!(c,
                '\0' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    })
}
