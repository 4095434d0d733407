//! An incremental decoder for server-sent events (WHATWG HTML, section 9.2).
//!
//! Bytes go in as they arrive, split anywhere; whole events come out.
//! Line ends may be LF, CRLF or CR; comments and the fields `id` and `retry` are ignored, as are
//! unknown ones. Beyond the standard, a line that is a JSON object or `[DONE]`, and the field
//! `error`, are events of their own; a byte order mark, white space and a record separator (RFC
//! 7464) before a field are skipped, and its case does not matter; and data that begin as JSON go on
//! over lines that are no fields, as servers write them that put lines into JSON as they are. What
//! stands at the end of the stream without its line end and blank line comes out of
//! [`Decoder::end`]; whether it was cut off is for the caller to see.
//!
//! **Invalid UTF-8** becomes U+FFFD, one for each maximal invalid sequence. Decoding happens when
//! an event is whole, so where the bytes were split makes no difference.
//!
//! The decoder holds at most one event and one line. Once those exceed the limit the stream is
//! refused for good, whatever comes later.

#[cfg(test)]
mod tests;

use serde::de::IgnoredAny;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

const FIELDS: [&[u8]; 5] = [b"data", b"event", b"id", b"retry", b"error"];

/// A whole event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    /// The `event` field; empty when there was none.
    pub name: String,
    /// The `data` lines, joined by line feeds.
    pub data: String,
}

/// An event was larger than the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a server-sent event is larger than {limit} bytes")]
pub struct EventTooLarge {
    /// The limit, in bytes.
    pub limit: usize,
}

/// Turns bytes into events.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, in any combination")]
pub struct Decoder {
    /// The beginning of a line whose end has not arrived.
    line: Vec<u8>,
    /// The `data` lines of the current event, each followed by a line feed.
    data: Vec<u8>,
    /// The `event` field of the current event.
    name: Vec<u8>,
    /// A line came that is no line of an event stream.
    foreign: bool,
    /// Whether the data was whole JSON when the first line came that is nothing known.
    whole: Option<bool>,
    /// The last byte was CR, so that a following LF belongs to the same line end.
    after_cr: bool,
    /// No line has ended yet.
    first_line: bool,
    /// The stream went over the limit.
    refused: bool,
    limit: usize,
}

impl Decoder {
    /// A decoder that accepts events of at most `limit` bytes, names and line ends included.
    pub fn new(limit: usize) -> Self {
        Self {
            line: Vec::new(),
            data: Vec::new(),
            name: Vec::new(),
            foreign: false,
            whole: None,
            after_cr: false,
            first_line: true,
            refused: false,
            limit,
        }
    }

    /// Takes more bytes and appends the events they complete to `events`.
    ///
    /// Events completed before the limit was passed are appended even when this fails.
    pub fn push(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), EventTooLarge> {
        let mut rest = bytes;
        if self.after_cr && !rest.is_empty() {
            self.after_cr = false;
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
        while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            let (line, tail) = rest.split_at(end);
            self.check(line.len())?;
            if self.line.is_empty() {
                self.end_line(line, events);
            } else {
                let mut whole = std::mem::take(&mut self.line);
                whole.extend_from_slice(line);
                self.end_line(&whole, events);
                whole.clear();
                self.line = whole;
            }
            rest = match tail {
                [b'\r', b'\n', tail @ ..] | [_, tail @ ..] => {
                    self.after_cr = tail.is_empty() && bytes.ends_with(b"\r");
                    tail
                }
                [] => tail,
            };
        }
        self.check(rest.len())?;
        self.line.extend_from_slice(rest);
        Ok(())
    }

    /// The event that the end of the stream left without its line end or blank line, if there is
    /// one. It may have been cut off.
    pub fn end(&mut self, events: &mut Vec<Event>) {
        if self.refused {
            return;
        }
        let line = std::mem::take(&mut self.line);
        if !line.is_empty() {
            self.end_line(&line, events);
        }
        self.end_event(events);
    }

    /// Whether a line came that is no line of an event stream.
    pub fn is_foreign(&self) -> bool {
        self.foreign
    }

    /// Refuses the stream when `more` bytes of the current line would not fit.
    fn check(&mut self, more: usize) -> Result<(), EventTooLarge> {
        let size = self.line.len() + self.data.len() + self.name.len() + more;
        self.refused |= size > self.limit;
        if self.refused { Err(EventTooLarge { limit: self.limit }) } else { Ok(()) }
    }

    fn end_line(&mut self, line: &[u8], events: &mut Vec<Event>) {
        let line = if std::mem::take(&mut self.first_line) { bare(line) } else { line };
        if line.is_empty() {
            self.end_event(events);
        } else if !self.take_field(line, events) {
            let bare = bare(line);
            // An object on a line of its own may be a part of one that is open.
            let is_part = self.is_json() && bare.starts_with(b"{");
            if bare.len() == line.len() || is_part || !self.take_field(bare, events) {
                self.take_other(line);
            }
        }
    }

    /// Whether the data begin as JSON.
    fn is_json(&self) -> bool {
        matches!(self.data.first(), Some(b'{' | b'['))
    }

    /// Takes a line that is a field, a comment or an event of its own; whether it is one.
    fn take_field(&mut self, line: &[u8], events: &mut Vec<Event>) -> bool {
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (field, value) = line.split_at(colon);
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => {
                self.data.extend_from_slice(value);
                self.data.push(b'\n');
            }
            b"event" => {
                self.name.clear();
                self.name.extend_from_slice(value);
            }
            // Some servers report a failure so.
            b"error" => events.push(Event {
                name: "error".to_owned(),
                data: String::from_utf8_lossy(value).into_owned(),
            }),
            // A comment, and what means nothing here.
            b"" | b"id" | b"retry" => {}
            _ => {
                let name = field.trim_ascii_end().to_ascii_lowercase();
                let is_field = name != field && FIELDS.contains(&name.as_slice());
                if is_field && let Some(value) = line.get(colon..) {
                    return self.take_field(&[&name, value].concat(), events);
                }
                // Data without a field, as some servers send it.
                if !(line.starts_with(b"{") || line.starts_with(b"[DONE]")) {
                    return false;
                }
                events.push(Event {
                    name: String::new(),
                    data: String::from_utf8_lossy(line).into_owned(),
                });
            }
        }
        true
    }

    /// Takes a line that is nothing known: more of JSON that goes on over it, or a field that may
    /// be cut off or unknown.
    fn take_other(&mut self, line: &[u8]) {
        if self.is_json() && !self.is_whole() {
            self.data.extend_from_slice(line);
            self.data.push(b'\n');
            return;
        }
        let field = line.split(|byte| *byte == b':').next().unwrap_or_default();
        self.foreign |= !FIELDS.iter().any(|name| name.starts_with(field));
    }

    /// Whether nothing can belong to the data any more. Asked once an event: it reads all of it.
    fn is_whole(&mut self) -> bool {
        let data = &self.data;
        *self.whole.get_or_insert_with(|| serde_json::from_slice::<IgnoredAny>(data).is_ok())
    }

    fn end_event(&mut self, events: &mut Vec<Event>) {
        if let Some((_, data)) = self.data.split_last() {
            events.push(Event {
                name: String::from_utf8_lossy(&self.name).into_owned(),
                data: String::from_utf8_lossy(data).into_owned(),
            });
        }
        self.data.clear();
        self.name.clear();
        self.whole = None;
    }
}

/// A line without what may stand before it: marks, white space, record separators.
fn bare(mut line: &[u8]) -> &[u8] {
    loop {
        let rest = line.trim_ascii_start();
        let rest = rest.strip_prefix(BYTE_ORDER_MARK).unwrap_or(rest);
        let rest = rest.strip_prefix(b"\x1e").unwrap_or(rest);
        if rest.len() == line.len() {
            return line;
        }
        line = rest;
    }
}
