//! Cuts a stream of bytes into JSON values without holding more than one.
//!
//! The values are the elements of one array, or values one after the other (JSON Lines). Only the
//! brackets and strings are looked at here; whether a value is valid JSON is for its parser to say.

/// One value of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Its bytes.
    Value(Vec<u8>),
    /// It was longer than the limit; its bytes are gone.
    TooLarge,
    /// Its brackets are nested deeper than the limit; its bytes are gone.
    TooDeep,
}

/// What the next byte belongs to, brackets apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    Nothing,
    /// A text; whether the byte before was a backslash that counts.
    Text {
        is_escaped: bool,
    },
    /// A number or a word that is a value of its own.
    Scalar,
}

/// The state between two chunks.
#[derive(Debug)]
pub(crate) struct Splitter {
    max_bytes: usize,
    max_depth: usize,
    buffer: Vec<u8>,
    /// Whether the stream is one array, whose elements are the values. Known after its first byte.
    in_array: Option<bool>,
    /// Whether the array has ended.
    ended: bool,
    depth: usize,
    inside: Inside,
    /// Why the bytes of the open value are not kept.
    dropped: Option<Piece>,
}

impl Splitter {
    /// Values of at most `max_bytes` bytes and `max_depth` nested brackets.
    pub(crate) fn new(max_bytes: usize, max_depth: usize) -> Self {
        Self {
            max_bytes,
            max_depth,
            buffer: Vec::new(),
            in_array: None,
            ended: false,
            depth: 0,
            inside: Inside::Nothing,
            dropped: None,
        }
    }

    /// How many bytes of the open value are kept.
    pub(crate) fn held(&self) -> usize {
        self.buffer.len()
    }

    /// Takes more bytes, and gives every value that they end.
    pub(crate) fn push(&mut self, chunk: &[u8], found: &mut Vec<Piece>) {
        for byte in chunk {
            self.take(*byte, found);
        }
    }

    /// The end of the stream: `false` if a value or the array is still open.
    pub(crate) fn finish(&mut self, found: &mut Vec<Piece>) -> bool {
        self.end_scalar(found);
        let is_open = self.depth > 0 || self.inside != Inside::Nothing;
        let is_array_open = self.in_array == Some(true) && !self.ended;
        !is_open && !is_array_open
    }

    fn take(&mut self, byte: u8, found: &mut Vec<Piece>) {
        if let Inside::Text { is_escaped } = self.inside {
            self.keep(byte);
            self.inside = match byte {
                b'"' if !is_escaped => Inside::Nothing,
                _ => Inside::Text { is_escaped: byte == b'\\' && !is_escaped },
            };
            if self.inside == Inside::Nothing && self.depth == 0 {
                self.close(found);
            }
            return;
        }
        match byte {
            b'[' if self.in_array.is_none() => self.in_array = Some(true),
            b']' if self.depth == 0 => {
                self.end_scalar(found);
                self.ended = true;
            }
            b'{' | b'[' => {
                self.in_array.get_or_insert(false);
                self.keep(byte);
                self.depth += 1;
                if self.depth > self.max_depth {
                    self.drop_open(Piece::TooDeep);
                }
            }
            b'}' | b']' => {
                self.keep(byte);
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    self.close(found);
                }
            }
            b'"' => {
                self.in_array.get_or_insert(false);
                self.keep(byte);
                self.inside = Inside::Text { is_escaped: false };
            }
            b',' | b' ' | b'\t' | b'\r' | b'\n' | 0x1E if self.depth == 0 => self.end_scalar(found),
            // The mark that some editors put at the beginning of a file.
            0xEF | 0xBB | 0xBF if self.in_array.is_none() => {}
            _ => {
                self.in_array.get_or_insert(false);
                if self.depth == 0 {
                    self.inside = Inside::Scalar;
                }
                self.keep(byte);
            }
        }
    }

    fn keep(&mut self, byte: u8) {
        if self.dropped.is_some() {
            return;
        }
        if self.buffer.len() == self.max_bytes {
            self.drop_open(Piece::TooLarge);
        } else {
            self.buffer.push(byte);
        }
    }

    fn drop_open(&mut self, reason: Piece) {
        self.buffer = Vec::new();
        self.dropped.get_or_insert(reason);
    }

    fn end_scalar(&mut self, found: &mut Vec<Piece>) {
        if self.inside == Inside::Scalar {
            self.close(found);
        }
    }

    fn close(&mut self, found: &mut Vec<Piece>) {
        self.inside = Inside::Nothing;
        let value = std::mem::take(&mut self.buffer);
        found.push(self.dropped.take().unwrap_or(Piece::Value(value)));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(text: &[u8], chunk: usize) -> (Vec<String>, bool) {
        let mut splitter = Splitter::new(64, 8);
        let mut found = Vec::new();
        for part in text.chunks(chunk.max(1)) {
            splitter.push(part, &mut found);
        }
        let is_whole = splitter.finish(&mut found);
        let text = |piece| match piece {
            Piece::Value(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Piece::TooLarge => "too large".to_owned(),
            Piece::TooDeep => "too deep".to_owned(),
        };
        (found.into_iter().map(text).collect(), is_whole)
    }

    #[test]
    fn elements_of_an_array_and_lines_are_values() {
        let (found, is_whole) = split(b"\xEF\xBB\xBF [ {\"a\": [1, 2]} , \"x,]\\\"y\", 3 ]\n", 3);
        assert_eq!(found, [r#"{"a": [1, 2]}"#, r#""x,]\"y""#, "3"]);
        assert!(is_whole);
        let (found, is_whole) = split(b"{\"a\":1}\n\n{\"b\":\"}\"}\r\ntrue", 1);
        assert_eq!(found, [r#"{"a":1}"#, r#"{"b":"}"}"#, "true"]);
        assert!(is_whole);
    }

    #[test]
    fn a_cut_stream_is_not_whole_and_keeps_what_came_before() {
        let (found, is_whole) = split(b"[{\"a\":1}, {\"b\":", 4);
        assert_eq!(found, [r#"{"a":1}"#]);
        assert!(!is_whole);
        assert!(!split(b"[{\"a\":1}", 4).1);
        assert!(!split(b"\"abc", 4).1);
        assert!(split(b"", 4).1);
    }

    #[test]
    fn a_value_beyond_a_limit_takes_no_other_with_it() {
        let text = format!("[1,\"{}\",[[[[[[[[[[]]]]]]]]]],{{\"z\":2}}]", "x".repeat(100));
        let (found, is_whole) = split(text.as_bytes(), 7);
        assert_eq!(found, ["1", "too large", "too deep", r#"{"z":2}"#]);
        assert!(is_whole);
    }

    proptest! {
        /// Any bytes, cut anywhere, give the same values.
        #[test]
        fn chunks_make_no_difference(
            text in prop::collection::vec(prop::sample::select(&b"[]{},:\"\\ \n1a\xEF\xBB"[..]), 0..80),
            chunk in 1usize..9,
        ) {
            prop_assert_eq!(split(&text, chunk), split(&text, usize::MAX));
        }

        /// The elements of any array come out as they went in.
        #[test]
        fn every_element_comes_out(values in prop::collection::vec("[a-z\\[\\]{}\",]{0,6}", 0..8)) {
            let array = serde_json::to_vec_pretty(&values).unwrap();
            let (found, is_whole) = split(&array, 5);
            let parsed: Vec<String> =
                found.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
            prop_assert_eq!(parsed, values);
            prop_assert!(is_whole);
        }
    }
}
