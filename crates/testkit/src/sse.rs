//! Server-sent events as a browser reads them (WHATWG HTML, section 9.2.6).

use serde_json::Value;

/// One dispatched event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The `id` field of this very frame, if it had one.
    pub id: Option<String>,
    /// The `event` field; `message` when there was none.
    pub event: String,
    /// The `data` fields, joined by line feeds.
    pub data: String,
}

impl Frame {
    /// The data as JSON; `null` when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or(Value::Null)
    }

    /// Whether this is the text that ends `OpenAI`'s streams.
    pub fn is_done_marker(&self) -> bool {
        self.data == "[DONE]"
    }
}

/// The text an answer shows: every `response.output_text.delta` of `frames`, joined.
pub fn text_of(frames: &[Frame]) -> String {
    frames.iter().filter_map(text_delta).collect()
}

/// The text a frame adds to the answer, if it adds any.
pub fn text_delta(frame: &Frame) -> Option<String> {
    (frame.event == "response.output_text.delta")
        .then(|| frame.json().get("delta").and_then(Value::as_str).map(str::to_owned))
        .flatten()
}

/// Reads a stream in pieces of any size.
#[derive(Debug, Default)]
pub struct SseParser {
    line: Vec<u8>,
    /// The last byte ended a line with a carriage return; a line feed right after belongs to it.
    after_return: bool,
    /// The first line may begin with a byte order mark.
    begun: bool,
    id: Option<String>,
    event: String,
    data: Option<String>,
    comments: usize,
}

impl SseParser {
    /// A parser at the beginning of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// The events that `bytes` complete. What the end of the stream leaves incomplete is never
    /// dispatched.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Frame> {
        let mut frames = Vec::new();
        for &byte in bytes {
            let belongs_to_last = std::mem::take(&mut self.after_return) && byte == b'\n';
            match byte {
                b'\n' if belongs_to_last => {}
                b'\n' | b'\r' => {
                    self.after_return = byte == b'\r';
                    frames.extend(self.end_line());
                }
                other => self.line.push(other),
            }
        }
        frames
    }

    /// How many comment lines (heartbeats) there were.
    pub fn comments(&self) -> usize {
        self.comments
    }

    fn end_line(&mut self) -> Option<Frame> {
        // No byte of a multi-byte character is a line end, so decoding by line loses nothing.
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        let line = if std::mem::replace(&mut self.begun, true) {
            &line
        } else {
            line.strip_prefix('\u{feff}').unwrap_or(&line)
        };
        if line.is_empty() {
            return self.dispatch();
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" => self.comments += 1,
            "event" => value.clone_into(&mut self.event),
            "data" => {
                let data = self.data.get_or_insert_default();
                data.push_str(value);
                data.push('\n');
            }
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()),
            _ => {}
        }
        None
    }

    fn dispatch(&mut self) -> Option<Frame> {
        let event = std::mem::take(&mut self.event);
        let id = self.id.take();
        let mut data = self.data.take()?;
        data.pop();
        let event = if event.is_empty() { "message".to_owned() } else { event };
        Some(Frame { id, event, data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(id: Option<&str>, event: &str, data: &str) -> Frame {
        Frame { id: id.map(str::to_owned), event: event.to_owned(), data: data.to_owned() }
    }

    #[test]
    fn every_split_gives_the_same_frames() {
        let stream = "\u{feff}: hello\r\n\r\nid: 7\r\nevent: a\rdata: x\ndata:  y\r\n\r\n\
                      data\n\nevent: lost\n\nretry: 5\ndata:ä\n\nid: 8\ndata: unfinished\n";
        let expected = [
            frame(Some("7"), "a", "x\n y"),
            frame(None, "message", ""),
            frame(None, "message", "ä"),
        ];
        let bytes = stream.as_bytes();
        for cut in 0..=bytes.len() {
            let mut parser = SseParser::new();
            let (head, tail) = bytes.split_at(cut);
            let mut frames = parser.push(head);
            frames.extend(parser.push(tail));
            assert_eq!(frames, expected, "cut at {cut}");
            assert_eq!(parser.comments(), 1);
        }
    }

    #[test]
    fn the_text_is_what_the_deltas_say() {
        let delta = |text: &str| {
            frame(None, "response.output_text.delta", &format!(r#"{{"delta":"{text}"}}"#))
        };
        let frames = [delta("Hel"), frame(None, "response.created", "{}"), delta("lo")];
        assert_eq!(text_of(&frames), "Hello");
    }
}
