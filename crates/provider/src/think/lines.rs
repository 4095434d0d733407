//! Where in a text one is: at the beginning of a line or in it, in code or not.

use crate::ReasoningTags;

/// How far the end of a block of code is looked for, in bytes.
const LOOK_AHEAD: usize = 4 * 1024;
/// The longest row of backticks or tildes, and of blanks behind one, that counts as one.
const LONGEST_ROW: usize = 256;

#[cfg(test)]
thread_local! {
    /// How much was looked at: tags compared, and characters and rows passed.
    pub(super) static WORK: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Counts work, for the tests.
fn work(amount: usize) {
    #[cfg(test)]
    WORK.with(|work| work.set(work.get() + amount));
    #[cfg(not(test))]
    let _ = amount;
}

/// How many bytes of white space `text` begins with.
pub(super) fn blank(text: &str) -> usize {
    let blank = text.len() - text.trim_start().len();
    work(blank);
    blank
}

/// What is found in a text whose rest may not be there yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found<T> {
    Yes(T),
    /// That depends on what comes.
    Perhaps,
    No,
}

/// A place in a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Lines {
    /// Its number of bytes.
    pub(super) at: usize,
    /// Whether the line has more than white space before it.
    pub(super) line_has_text: bool,
    /// The number of backticks that began code in this line.
    span: Option<usize>,
    /// These backticks stand right before it.
    behind_backticks: bool,
    /// The mark and the length of the fence that began a block of code.
    fence: Option<(u8, usize)>,
}

/// Whether `text` begins with `tag`, and the tag's length. Upper and lower case are the same, but
/// not in brackets, since links begin like tags there.
pub(super) fn tag(tag: &str, text: &str) -> Found<usize> {
    work(1);
    let (tag, text) = (tag.as_bytes(), text.as_bytes());
    let common = tag.len().min(text.len());
    let is_exact = tag.starts_with(b"[");
    match (tag.get(..common), text.get(..common)) {
        (Some(a), Some(b)) if a == b || (!is_exact && a.eq_ignore_ascii_case(b)) => {
            if common == tag.len() { Found::Yes(common) } else { Found::Perhaps }
        }
        _ => Found::No,
    }
}

impl Lines {
    /// Whether a block of reasoning may begin here: at the beginning of a line, in no code.
    pub(super) fn may_open(&self) -> bool {
        !self.line_has_text && self.fence.is_none() && self.span.is_none()
    }

    /// Whether the backticks that began code stand right before it.
    pub(super) fn is_behind_backticks(&self) -> bool {
        self.span.is_some() && self.behind_backticks
    }

    /// Goes over a piece in which nothing matters but whether it has text; whether it could.
    pub(super) fn pass(&mut self, piece: &str, tags: &ReasoningTags) -> bool {
        let begins_tag = |byte: u8| {
            let mut firsts = tags.pairs().filter_map(|pair| pair.open.as_bytes().first());
            firsts.any(|first| first.eq_ignore_ascii_case(&byte))
        };
        let matters = |byte: u8| {
            matches!(byte, b'\n' | b'`' | b'~') || (!self.line_has_text && begins_tag(byte))
        };
        if piece.bytes().any(matters) {
            return false;
        }
        self.line_has_text |= !piece.trim_start().is_empty();
        true
    }

    /// Goes over one character, or a row of backticks or tildes; false if the rest of `text` has
    /// to come first.
    pub(super) fn step(&mut self, text: &str, at_end: bool) -> bool {
        let rest = text.get(self.at..).unwrap_or_default();
        let Some(c) = rest.chars().next() else { return false };
        work(1);
        let mark = match c {
            '\n' => {
                *self = Self { at: self.at + 1, fence: self.fence, ..Self::default() };
                return true;
            }
            '`' => b'`',
            '~' => b'~',
            c => {
                self.line_has_text |= !c.is_whitespace();
                self.behind_backticks = false;
                self.at += c.len_utf8();
                return true;
            }
        };
        let row = row(rest, mark);
        work(row);
        let behind = rest.get(row..).unwrap_or_default();
        if behind.is_empty() && row < LONGEST_ROW && !at_end {
            return false;
        }
        let is_fence = !self.line_has_text && row >= 3;
        match self.fence {
            Some((open, length)) if is_fence && open == mark && row >= length => {
                match is_blank_to_the_end(behind, at_end) {
                    Found::Perhaps => return false,
                    Found::Yes(()) => self.fence = None,
                    Found::No => {}
                }
            }
            None if is_fence => self.fence = Some((mark, row)),
            None if mark == b'`' => {
                self.span = match self.span {
                    None => Some(row),
                    Some(open) => Some(open).filter(|open| *open != row),
                };
            }
            Some(_) | None => {}
        }
        self.line_has_text = true;
        self.behind_backticks = mark == b'`';
        self.at += row;
        true
    }

    /// Whether the tag of `length` bytes here, where `text` begins, is in code: between backticks of
    /// one line, or in a block that is closed further on; where that code ends. `seen` is how far
    /// was looked before.
    pub(super) fn is_code(
        &self,
        text: &str,
        length: usize,
        at_end: bool,
        seen: &mut Option<Self>,
    ) -> Found<usize> {
        let (span, fence) = (self.span, self.fence);
        if span.is_none() && fence.is_none() {
            return Found::No;
        }
        let here = Self { at: length, line_has_text: true, ..*self };
        let mut lines = seen.take().unwrap_or(here);
        while lines.at <= length + LOOK_AHEAD {
            let rest = text.get(lines.at..).unwrap_or_default();
            if rest.is_empty() && at_end {
                return Found::No;
            }
            if span.is_some() && rest.starts_with('\n') {
                return Found::No;
            }
            let is_fence = !lines.line_has_text
                && fence.is_some_and(|(mark, length)| row(rest, mark) >= length);
            if !lines.step(text, at_end) {
                *seen = Some(lines);
                return Found::Perhaps;
            }
            if span.is_some() && lines.span.is_none() || fence.is_some() && lines.fence.is_none() {
                return Found::Yes(lines.at);
            }
            if is_fence {
                // Another block begins: this one was never closed.
                return Found::No;
            }
        }
        Found::No
    }
}

/// How many of these marks `text` begins with, of a row that counts as one.
fn row(text: &str, mark: u8) -> usize {
    text.bytes().take(LONGEST_ROW).take_while(|byte| *byte == mark).count()
}

/// Whether nothing but blanks comes before the end of the line.
fn is_blank_to_the_end(text: &str, at_end: bool) -> Found<()> {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r');
    let blanks = text.bytes().take(LONGEST_ROW).take_while(is_blank).count();
    work(blanks);
    match text.as_bytes().get(blanks) {
        _ if blanks == LONGEST_ROW => Found::No,
        Some(b'\n') => Found::Yes(()),
        Some(_) => Found::No,
        None if at_end => Found::Yes(()),
        None => Found::Perhaps,
    }
}
