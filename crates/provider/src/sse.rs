//! An incremental decoder for server-sent events (WHATWG HTML, section 9.2).
//!
//! Bytes go in as they arrive, split anywhere; whole events come out.
//! Line ends may be LF, CRLF or CR; a byte order mark at the start is skipped; comments and the
//! fields `id` and `retry` are ignored, as are unknown ones. Beyond the standard, a line that is a
//! JSON object or `[DONE]`, and the field `error`, are events of their own. What stands at the end of the stream
//! without its line end and blank line comes out of [`Decoder::end`]; whether it was cut off is for
//! the caller to see.
//!
//! **Invalid UTF-8** becomes U+FFFD, one for each maximal invalid sequence. Decoding happens when
//! an event is whole, so where the bytes were split makes no difference.
//!
//! The decoder holds at most one event and one line. Once those exceed the limit the stream is
//! refused for good, whatever comes later.

#[cfg(test)]
mod tests;

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
    /// The last byte was CR, so that a following LF belongs to the same line end.
    after_cr: bool,
    /// No line has ended yet; only the first one may begin with a byte order mark.
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
        let line = if std::mem::take(&mut self.first_line) {
            line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line)
        } else {
            line
        };
        if line.is_empty() {
            self.end_event(events);
            return;
        }
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
            // Data without a field, as some servers send it.
            _ if line.starts_with(b"{") || line.starts_with(b"[DONE]") => events.push(Event {
                name: String::new(),
                data: String::from_utf8_lossy(line).into_owned(),
            }),
            // A comment has an empty field name; `id` and `retry` mean nothing here. Any of them
            // may be cut off.
            _ => self.foreign |= !FIELDS.iter().any(|name| name.starts_with(field)),
        }
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
    }
}
