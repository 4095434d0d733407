//! Makes JSON of what is nearly JSON, so that a detail that we do not even read cannot spoil an
//! answer.
//!
//! Halves of surrogate pairs are kept: an emoji may be cut between two pieces of an answer. A
//! `char` cannot be one, so each is carried as a private character until [`Halves`] joins them.

mod cut;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use serde_json::Value;

pub(crate) use self::cut::complete;

/// Where the 2,048 private characters begin that stand for U+D800 and those after it.
const FIRST_HALF: u32 = 0x0010_F000;
const SURROGATES: u32 = 0xD800;
const LOW: u32 = 0xDC00;
const COUNT: u32 = 0x800;

/// Reads JSON, mended if need be; whether there may be halves of characters in it.
pub(crate) fn read(text: &str) -> Option<(Value, bool)> {
    if let Ok(value) = serde_json::from_str(text) {
        return Some((value, false));
    }
    let (mended, halves) = mend(text);
    let value: Value = serde_json::from_str(&mended).ok()?;
    // A single word is no JSON that was mistaken.
    (!value.is_null()).then_some((value, halves))
}

/// The same text with the usual mistakes mended: halves of characters, control characters and
/// unknown escapes in strings, numbers and words that JSON does not have, commas before a bracket,
/// and strings in single quotes, as Python prints them.
pub(super) fn mend(text: &str) -> (String, bool) {
    let mut mender = Mender { out: String::with_capacity(text.len() + 16), halves: false };
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_');
        let length = if is_word(c) {
            rest.find(|c| !is_word(c)).unwrap_or(rest.len())
        } else {
            c.len_utf8()
        };
        let (token, tail) = rest.split_at(length);
        rest = tail;
        match c {
            '"' | '\'' => {
                mender.out.push('"');
                rest = mender.string(rest, c);
            }
            ',' if rest.trim_start().starts_with(['}', ']']) => {}
            c if is_word(c) => mender.out.push_str(word(token)),
            _ => mender.out.push_str(token),
        }
    }
    (mender.out, mender.halves)
}

/// A number or a name as JSON has it, else `null`.
fn word(token: &str) -> &str {
    match token {
        "True" => "true",
        "False" => "false",
        token if serde_json::from_str::<Value>(token).is_ok() => token,
        _ => "null",
    }
}

struct Mender {
    out: String,
    halves: bool,
}

impl Mender {
    /// Mends a string whose opening quote was read; what follows it.
    fn string<'a>(&mut self, mut rest: &'a str, quote: char) -> &'a str {
        while let Some(at) = rest.find(|c| matches!(c, '"' | '\\') || c == quote || c < ' ') {
            let (plain, tail) = rest.split_at(at);
            self.out.push_str(plain);
            let mut chars = tail.chars();
            match chars.next() {
                Some(c) if c == quote => {
                    self.out.push('"');
                    return chars.as_str();
                }
                Some('"') => {
                    self.out.push_str("\\\"");
                    rest = chars.as_str();
                }
                Some('\\') => rest = self.escape(chars.as_str()),
                Some(control) => {
                    self.unit(u32::from(control));
                    rest = chars.as_str();
                }
                None => rest = "",
            }
        }
        self.out.push_str(rest);
        ""
    }

    /// Mends an escape whose backslash was read; what follows it.
    fn escape<'a>(&mut self, rest: &'a str) -> &'a str {
        let mut chars = rest.chars();
        match chars.next() {
            Some(c @ ('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't')) => {
                self.out.push('\\');
                self.out.push(c);
                chars.as_str()
            }
            Some('u') => match hex(chars.as_str()) {
                Some((unit, tail)) => self.escaped_unit(unit, tail),
                None => self.backslash(rest),
            },
            Some('\'') => {
                self.out.push('\'');
                chars.as_str()
            }
            _ => self.backslash(rest),
        }
    }

    /// The backslash was one of the text's own.
    fn backslash<'a>(&mut self, rest: &'a str) -> &'a str {
        self.out.push_str("\\\\");
        rest
    }

    fn escaped_unit<'a>(&mut self, unit: u32, tail: &'a str) -> &'a str {
        if (SURROGATES..LOW).contains(&unit)
            && let Some((low, after)) = tail.strip_prefix("\\u").and_then(hex)
            && is_low(low)
        {
            self.unit(unit);
            self.unit(low);
            return after;
        }
        if (SURROGATES..SURROGATES + COUNT).contains(&unit) {
            self.halves = true;
            self.out.extend(char::from_u32(unit - SURROGATES + FIRST_HALF));
        } else {
            self.unit(unit);
        }
        tail
    }

    fn unit(&mut self, unit: u32) {
        // A string takes whatever it is given.
        let _: std::fmt::Result = write!(self.out, "\\u{unit:04x}");
    }
}

fn is_low(unit: u32) -> bool {
    (LOW..SURROGATES + COUNT).contains(&unit)
}

fn hex(text: &str) -> Option<(u32, &str)> {
    let (digits, tail) = text.split_at_checked(4)?;
    let all = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let unit = u32::from_str_radix(digits, 16).ok().filter(|_| all)?;
    Some((unit, tail))
}

/// Joins halves of characters that came in different pieces of a text.
#[derive(Debug, Default)]
pub(crate) struct Halves {
    /// A first half whose second may follow.
    high: Option<u32>,
}

impl Halves {
    /// The piece with whole characters only: a first half at its end waits for the next piece,
    /// any other half becomes U+FFFD. `may_have` is false for pieces that have no halves.
    pub(crate) fn join(&mut self, piece: String, may_have: bool) -> String {
        if piece.is_empty() || (self.high.is_none() && !may_have) {
            return piece;
        }
        let mut out = String::with_capacity(piece.len() + 4);
        for c in piece.chars() {
            let unit = u32::from(c).wrapping_sub(FIRST_HALF);
            let half = (may_have && unit < COUNT).then_some(unit + SURROGATES);
            match (self.high.take(), half) {
                (Some(high), Some(low)) if is_low(low) => {
                    let code = 0x1_0000 + ((high - SURROGATES) << 10) + (low - LOW);
                    out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                    continue;
                }
                (Some(_), _) => out.push(char::REPLACEMENT_CHARACTER),
                (None, _) => {}
            }
            match half {
                Some(unit) if is_low(unit) => out.push(char::REPLACEMENT_CHARACTER),
                Some(unit) => self.high = Some(unit),
                None => out.push(c),
            }
        }
        out
    }

    /// What stands for a first half that no second follows.
    pub(crate) fn end(&mut self) -> Option<char> {
        self.high.take().map(|_| char::REPLACEMENT_CHARACTER)
    }

    /// A text that comes in one piece.
    pub(crate) fn whole(text: String) -> String {
        let mut halves = Self::default();
        let mut text = halves.join(text, true);
        text.extend(halves.end());
        text
    }
}
