//! Checks a text of JSON and notes where its values are.

use super::{Fault, Node};

/// What one text may have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Values, keys included.
    pub(crate) values: usize,
    /// Nested brackets.
    pub(crate) depth: usize,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Value,
    /// A value, or the end of the array that was just opened.
    FirstItem,
    Key,
    /// A key, or the end of the object that was just opened.
    FirstKey,
    /// A comma, or the end of what is open.
    Rest,
}

struct Parser<'t> {
    text: &'t [u8],
    at: usize,
    limits: Limits,
    nodes: Vec<Node>,
    /// The open brackets: their nodes.
    open: Vec<usize>,
}

/// The places of all values of `text`, which is one value.
pub(super) fn nodes(text: &str, limits: Limits) -> Result<Vec<Node>, Fault> {
    if u32::try_from(text.len()).is_err() {
        return Err(Fault::TooMany);
    }
    let mut parser =
        Parser { text: text.as_bytes(), at: 0, limits, nodes: Vec::new(), open: Vec::new() };
    let mut expected = Expected::Value;
    loop {
        parser.skip_space();
        expected = parser.step(expected)?;
        if parser.open.is_empty() {
            break;
        }
    }
    parser.skip_space();
    if parser.at < parser.text.len() {
        return Err(parser.fault("something behind the value"));
    }
    Ok(parser.nodes)
}

impl Parser<'_> {
    fn fault(&self, what: &'static str) -> Fault {
        Fault::Syntax(what, self.at)
    }

    fn peek(&self) -> u8 {
        // No byte of JSON is 0.
        self.text.get(self.at).copied().unwrap_or_default()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\r' | b'\n') {
            self.at += 1;
        }
    }

    fn step(&mut self, expected: Expected) -> Result<Expected, Fault> {
        match (expected, self.peek()) {
            (Expected::FirstItem, b']') | (Expected::FirstKey, b'}') => self.close(),
            (Expected::Value | Expected::FirstItem, byte) => self.value(byte),
            (Expected::Key | Expected::FirstKey, b'"') => {
                self.string()?;
                self.skip_space();
                if self.peek() != b':' {
                    return Err(self.fault("no colon behind a key"));
                }
                self.at += 1;
                Ok(Expected::Value)
            }
            (Expected::Key | Expected::FirstKey, _) => Err(self.fault("no key")),
            (Expected::Rest, b',') => {
                self.at += 1;
                Ok(if self.is_in_object() { Expected::Key } else { Expected::Value })
            }
            (Expected::Rest, b']') if !self.is_in_object() => self.close(),
            (Expected::Rest, b'}') if self.is_in_object() => self.close(),
            (Expected::Rest, _) => Err(self.fault("neither a comma nor the end")),
        }
    }

    fn is_in_object(&self) -> bool {
        let node = self.open.last().and_then(|open| self.nodes.get(*open));
        node.and_then(|node| self.text.get(node.start as usize)) == Some(&b'{')
    }

    fn value(&mut self, byte: u8) -> Result<Expected, Fault> {
        match byte {
            b'{' | b'[' => {
                if self.open.len() == self.limits.depth {
                    return Err(Fault::TooDeep);
                }
                self.open.push(self.nodes.len());
                self.push(self.at, self.at + 1)?;
                return Ok(if byte == b'{' { Expected::FirstKey } else { Expected::FirstItem });
            }
            b'"' => self.string()?,
            b'-' | b'0'..=b'9' => self.number()?,
            b't' => self.word("true")?,
            b'f' => self.word("false")?,
            b'n' => self.word("null")?,
            _ => return Err(self.fault("no value")),
        }
        Ok(Expected::Rest)
    }

    fn push(&mut self, start: usize, end: usize) -> Result<(), Fault> {
        if self.nodes.len() >= self.limits.values {
            return Err(Fault::TooMany);
        }
        // The text has fewer than 2^32 bytes, and so has it values.
        let number = |size: usize| u32::try_from(size).map_err(|_| Fault::TooMany);
        let next = number(self.nodes.len() + 1)?;
        self.nodes.push(Node { start: number(start)?, end: number(end)?, next });
        self.at = end;
        Ok(())
    }

    fn close(&mut self) -> Result<Expected, Fault> {
        self.at += 1;
        let number = |size: usize| u32::try_from(size).map_err(|_| Fault::TooMany);
        let (end, next) = (number(self.at)?, number(self.nodes.len())?);
        if let Some(node) = self.open.pop().and_then(|open| self.nodes.get_mut(open)) {
            (node.end, node.next) = (end, next);
        }
        Ok(Expected::Rest)
    }

    fn word(&mut self, word: &str) -> Result<(), Fault> {
        let end = self.at + word.len();
        if self.text.get(self.at..end) != Some(word.as_bytes()) {
            return Err(self.fault("no value"));
        }
        self.push(self.at, end)
    }

    fn string(&mut self) -> Result<(), Fault> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                b'"' => return self.push(start, self.at + 1),
                b'\\' => {
                    self.at += 1;
                    match self.peek() {
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                        b'u' => {
                            let digits = self.text.get(self.at + 1..self.at + 5);
                            if !digits.is_some_and(|all| all.iter().all(u8::is_ascii_hexdigit)) {
                                return Err(self.fault("an escape without its four digits"));
                            }
                            self.at += 4;
                        }
                        _ => return Err(self.fault("an unknown escape")),
                    }
                }
                0 if self.at >= self.text.len() => return Err(self.fault("a text without end")),
                0..0x20 => return Err(self.fault("a control character in a text")),
                _ => {}
            }
            self.at += 1;
        }
    }

    fn digits(&mut self) -> Result<(), Fault> {
        if !self.peek().is_ascii_digit() {
            return Err(self.fault("a digit is missing"));
        }
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), Fault> {
        let start = self.at;
        if self.peek() == b'-' {
            self.at += 1;
        }
        if self.peek() == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), b'e' | b'E') {
            self.at += 1;
            if matches!(self.peek(), b'+' | b'-') {
                self.at += 1;
            }
            self.digits()?;
        }
        self.push(start, self.at)
    }
}

/// The text between two quotation marks, which was checked, without its escapes. Half of a
/// surrogate pair, which no text can hold, becomes U+FFFD.
pub(super) fn decoded(inner: &str) -> String {
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((plain, after)) = rest.split_once('\\') {
        text.push_str(plain);
        let (escape, behind) = split(after, 1);
        rest = behind;
        text.push(match escape {
            "b" => '\u{8}',
            "f" => '\u{c}',
            "n" => '\n',
            "r" => '\r',
            "t" => '\t',
            "u" => {
                let (character, behind) = unicode(behind);
                rest = behind;
                character
            }
            // A quotation mark or a slash of either kind stands for itself.
            other => other.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER),
        });
    }
    text.push_str(rest);
    text
}

/// The character whose four digits `after` begins with, and what is behind it.
fn unicode(after: &str) -> (char, &str) {
    let (digits, behind) = split(after, 4);
    let high = unit(digits);
    if (0xD800..0xDC00).contains(&high)
        && let (digits, beyond) = split(behind.strip_prefix("\\u").unwrap_or_default(), 4)
        && let low = unit(digits)
        && (0xDC00..0xE000).contains(&low)
    {
        let code = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
        return (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), beyond);
    }
    (char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER), behind)
}

fn unit(digits: &str) -> u32 {
    u32::from_str_radix(digits, 16).unwrap_or_default()
}

fn split(text: &str, at: usize) -> (&str, &str) {
    text.split_at_checked(at).unwrap_or((text, ""))
}
