//! The bytes of a body to its events, whatever it is declared to be: the first bytes decide.

use serde_json::Value;

use crate::sse::{Decoder, Event};
use crate::wire::failure::Failure;
use crate::wire::repair;
use crate::{Limit, ProviderError};

/// How much of the beginning of a body is kept to be logged.
const HEAD: usize = 600;
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A body being taken apart.
pub(crate) struct Frames {
    form: Form,
    max_event: usize,
    max_document: usize,
    /// The beginning of the body.
    head: Vec<u8>,
    /// How many events came.
    count: usize,
}

enum Form {
    /// Nothing but white space and perhaps a part of a byte order mark.
    Unknown(Vec<u8>),
    /// Server-sent events, or lines of JSON.
    Events(Decoder),
    /// One JSON document, as far as can be seen.
    Document(Document),
    /// A page.
    Page,
}

#[derive(Default)]
struct Document {
    bytes: Vec<u8>,
    first_line: FirstLine,
}

/// The first line of a document.
#[derive(Default)]
enum FirstLine {
    /// Its end has not come.
    #[default]
    Open,
    /// It is an object by itself. Nothing but white space is known between there and this place.
    Whole(usize),
    /// The document goes on behind it.
    Part,
}

impl Document {
    /// Takes more bytes; whether they show that each line is an event of its own.
    fn push(&mut self, bytes: &[u8]) -> bool {
        let before = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        if let FirstLine::Open = self.first_line {
            let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else { return false };
            let line = self.bytes.get(..before + end).unwrap_or_default();
            self.first_line = match first_line(line) {
                Line::Piece => return true,
                Line::Object => FirstLine::Whole(line.len()),
                Line::Other => FirstLine::Part,
            };
        }
        let FirstLine::Whole(seen) = &mut self.first_line else { return false };
        let behind = self.bytes.get(*seen..).unwrap_or_default();
        let next = behind.trim_ascii_start();
        *seen = self.bytes.len() - next.len();
        // Another object, a field of an event, a comment, `[DONE]`.
        matches!(next.first(), Some(b'{' | b'[' | b':' | b'd' | b'e' | b'i' | b'r'))
    }
}

/// What the first line of a body is by itself.
enum Line {
    /// A piece of an answer, behind which others come.
    Piece,
    /// Another object, which may be all there is.
    Object,
    Other,
}

fn first_line(line: &[u8]) -> Line {
    let Some((value, _)) = std::str::from_utf8(line).ok().and_then(repair::read) else {
        return Line::Other;
    };
    let is_piece = value.pointer("/choices/0/delta").is_some_and(Value::is_object);
    match value {
        Value::Object(_) if is_piece => Line::Piece,
        Value::Object(_) => Line::Object,
        _ => Line::Other,
    }
}

impl Frames {
    /// With limits in bytes on one event and on a whole document.
    pub(crate) fn new(max_event: usize, max_document: usize) -> Self {
        Self {
            form: Form::Unknown(Vec::new()),
            max_event,
            max_document,
            head: Vec::new(),
            count: 0,
        }
    }

    /// Appends the events that `bytes` complete. Those before a limit was passed are appended even
    /// when it fails.
    pub(crate) fn push(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), Failure> {
        if self.head.len() < HEAD {
            self.head.extend(bytes.iter().take(HEAD - self.head.len()));
        }
        let before = events.len();
        let pushed = self.frame(bytes, events);
        self.count += events.len() - before;
        pushed
    }

    fn frame(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), Failure> {
        match &mut self.form {
            Form::Page => Ok(()),
            Form::Events(decoder) => decoder
                .push(bytes, events)
                .map_err(|_| Failure::last(ProviderError::TooLarge(Limit::Event))),
            Form::Document(document) => {
                let has_lines = document.push(bytes);
                if document.bytes.len() > self.max_document {
                    return Err(Failure::last(ProviderError::TooLarge(Limit::Answer)));
                }
                if has_lines {
                    let bytes = std::mem::take(&mut document.bytes);
                    self.form = Form::Events(Decoder::new(self.max_document));
                    return self.frame(&bytes, events);
                }
                Ok(())
            }
            Form::Unknown(held) => {
                held.extend_from_slice(bytes);
                let mut rest = held.trim_ascii_start();
                rest = rest.strip_prefix(BYTE_ORDER_MARK).unwrap_or(rest).trim_ascii_start();
                if BYTE_ORDER_MARK.starts_with(rest) || rest == b"[" {
                    *held = rest.to_vec();
                    return Ok(());
                }
                let bytes = rest.to_vec();
                self.form = match bytes.first() {
                    Some(b'<') => Form::Page,
                    Some(b'{') => Form::Document(Document::default()),
                    Some(b'[') if !bytes.starts_with(b"[D") => Form::Document(Document::default()),
                    _ => Form::Events(Decoder::new(self.max_event)),
                };
                self.frame(&bytes, events)
            }
        }
    }

    /// Appends what stands at the end without a line end: an event, a document, or, when nothing
    /// could be read at all, the beginning of the body. An event may be cut off.
    pub(crate) fn end(&mut self, events: &mut Vec<Event>) -> Rest {
        match std::mem::replace(&mut self.form, Form::Page) {
            Form::Events(mut decoder) => {
                let before = events.len();
                decoder.end(events);
                self.count += events.len() - before;
                if decoder.is_foreign() && self.count == 0 {
                    events.push(self.beginning());
                    return Rest::Foreign;
                }
                Rest::Event
            }
            Form::Document(document) => {
                let data = String::from_utf8_lossy(&document.bytes).into_owned();
                events.push(Event { name: String::new(), data });
                Rest::Document
            }
            Form::Unknown(_) | Form::Page => Rest::Event,
        }
    }

    /// Whether it is a page for people.
    pub(crate) fn is_page(&self) -> bool {
        matches!(self.form, Form::Page)
    }

    /// The beginning of the body.
    pub(crate) fn beginning(&self) -> Event {
        Event { name: String::new(), data: String::from_utf8_lossy(&self.head).into_owned() }
    }
}

/// What stood at the end of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Nothing, or an event that may be cut off.
    Event,
    /// A document, which may be cut off if the connection broke.
    Document,
    /// Something else.
    Foreign,
}
