//! Takes the reasoning out of an answer that holds it between tags such as `<think>` and
//! `</think>`.
//!
//! A block counts at the beginning of the answer, behind one short word there, and later on where
//! it begins a line; never inside code. White space around reasoning is dropped, since it only
//! separates. Nothing else is: tags that turn out to be none are the answer's own text. What comes
//! out does not depend on how the answer was cut into pieces.

mod lines;
#[cfg(test)]
mod tests;

use self::lines::{Found, Lines};
use crate::ReasoningTags;
use crate::options::TagPair;

/// How far a closing tag is looked for before something is taken for reasoning, in bytes.
const LOOK_AHEAD: usize = 4 * 1024;
/// The longest word before the first tag, in characters.
const LONGEST_WORD: usize = 12;

/// A piece taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Pieces {
    pub(crate) reasoning: String,
    pub(crate) text: String,
}

/// Reads an answer piece by piece. Every character is looked at a bounded number of times, however
/// the pieces are cut.
#[derive(Debug)]
pub(crate) struct Splitter {
    tags: ReasoningTags,
    state: State,
    /// Read, but not yet known to be what.
    held: String,
    /// How far it was looked at, and where in a line and in which code that is.
    lines: Lines,
    /// Where the code ends that the last tag was in.
    code_end: usize,
    /// How far the text behind a tag was looked at to tell whether it is in code.
    code: Option<Lines>,
    /// How far the text behind an opening tag was looked at for the closing one.
    block: Option<Lines>,
    /// How much of `held` is followed by more than white space and a closing tag.
    sure: usize,
    /// The place and the length of a closing tag that seems to be in code. If no other one comes,
    /// it was the end: code that was never closed must not swallow the answer.
    doubt: Option<(usize, usize)>,
    /// The first line of the answer, as long as it may be a word before a tag.
    word: Option<String>,
    /// There was reasoning before this block.
    reasoned: bool,
    /// There was some of this block.
    begun: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The answer is passed on as it comes.
    Off,
    /// Nothing but white space and perhaps a part of an opening tag, at the beginning or behind
    /// reasoning.
    Before { closed: bool },
    /// Behind an opening tag, in white space. The number is the pair's; none means any.
    Opened(Option<usize>),
    /// In the reasoning; white space and what may be a closing tag is held back.
    Inside(Option<usize>),
    /// In the answer.
    Answer,
}

impl Splitter {
    pub(crate) fn new(tags: ReasoningTags) -> Self {
        let state = match tags {
            ReasoningTags::Off => State::Off,
            ReasoningTags::Leading | ReasoningTags::Pairs(_) => State::Before { closed: false },
            ReasoningTags::Implied => State::Opened(None),
        };
        Self {
            tags,
            state,
            held: String::new(),
            lines: Lines::default(),
            code_end: 0,
            code: None,
            block: None,
            sure: 0,
            doubt: None,
            word: Some(String::new()),
            reasoned: false,
            begun: false,
        }
    }

    /// What can be passed on after this piece.
    pub(crate) fn push(&mut self, piece: String) -> Pieces {
        if self.state == State::Off {
            return Pieces { text: piece, ..Pieces::default() };
        }
        if self.state == State::Answer
            && self.held.is_empty()
            && self.word.is_none()
            && self.lines.pass(&piece, &self.tags)
        {
            return Pieces { text: piece, ..Pieces::default() };
        }
        let mut held = std::mem::take(&mut self.held);
        held.push_str(&piece);
        let mut out = Pieces::default();
        let mut rest = held.as_str();
        while self.step(&mut rest, false, &mut out) {}
        let passed = held.len() - rest.len();
        held.drain(..passed);
        self.held = held;
        out
    }

    /// The rest, when nothing more comes.
    pub(crate) fn end(&mut self) -> Pieces {
        let mut out = Pieces::default();
        let held = std::mem::take(&mut self.held);
        let mut rest = held.as_str();
        while self.step(&mut rest, true, &mut out) {}
        match self.state {
            State::Off | State::Before { closed: false } | State::Answer => out.text.push_str(rest),
            State::Before { closed: true } | State::Opened(_) => {}
            State::Inside(_) => match self.doubt.take() {
                Some((at, length)) => {
                    self.reason(&mut rest, at, &mut out);
                    out.text.push_str(rest.get(length..).unwrap_or_default().trim_start());
                }
                None => self.reason(&mut rest, usize::MAX, &mut out),
            },
        }
        out
    }

    fn pairs(&self) -> impl Iterator<Item = &TagPair> {
        self.tags.pairs()
    }

    /// The pair whose opening tag is at the beginning of `text`, and the tag's length.
    fn opening(&self, text: &str) -> Found<(usize, usize)> {
        let mut found = Found::No;
        for (number, pair) in self.pairs().enumerate() {
            match lines::tag(&pair.open, text) {
                Found::Yes(length) => return Found::Yes((number, length)),
                Found::Perhaps => found = Found::Perhaps,
                Found::No => {}
            }
        }
        found
    }

    /// The length of the tag at the beginning of `text` that closes pair `number`, or any.
    fn closing(&self, number: Option<usize>, text: &str) -> Found<usize> {
        let mut found = Found::No;
        for (at, pair) in self.pairs().enumerate() {
            if number.is_some_and(|number| number != at) {
                continue;
            }
            match lines::tag(&pair.close, text) {
                Found::Yes(length) => return Found::Yes(length),
                Found::Perhaps => found = Found::Perhaps,
                Found::No => {}
            }
        }
        found
    }

    /// Goes as far in `text` as the state does; whether it changed.
    fn step(&mut self, text: &mut &str, at_end: bool, out: &mut Pieces) -> bool {
        match self.state {
            State::Off => false,
            State::Before { closed } => self.before(text, closed, at_end),
            State::Opened(number) => {
                *text = text.get(lines::blank(text)..).unwrap_or_default();
                if text.is_empty() {
                    return false;
                }
                self.reasoned |= self.begun;
                self.begun = false;
                self.go_on(State::Inside(number));
                true
            }
            State::Inside(number) => self.inside(text, number, at_end, out),
            State::Answer => self.answer(text, at_end, out),
        }
    }

    /// Takes on a state at the beginning of what is held.
    fn go_on(&mut self, state: State) {
        self.state = state;
        self.lines = Lines::default();
        self.code_end = 0;
        self.sure = 0;
        self.doubt = None;
        self.code = None;
        self.block = None;
    }

    fn before(&mut self, text: &mut &str, closed: bool, at_end: bool) -> bool {
        if closed {
            *text = text.get(lines::blank(text)..).unwrap_or_default();
        } else {
            // If it is no reasoning, white space is the answer's own.
            self.lines.at += lines::blank(text.get(self.lines.at..).unwrap_or_default());
        }
        let blank = self.lines.at;
        let rest = text.get(blank..).unwrap_or_default();
        if rest.is_empty() {
            return false;
        }
        match self.opening(rest) {
            Found::Yes((number, length)) => {
                *text = rest.get(length..).unwrap_or_default();
                self.go_on(State::Opened(Some(number)));
            }
            Found::Perhaps if !at_end => return false,
            _ => self.go_on(State::Answer),
        }
        true
    }

    fn inside(
        &mut self,
        text: &mut &str,
        number: Option<usize>,
        at_end: bool,
        out: &mut Pieces,
    ) -> bool {
        loop {
            let at = self.lines.at;
            let rest = text.get(at..).unwrap_or_default();
            if rest.is_empty() {
                break;
            }
            match self.closing(number, rest) {
                Found::Yes(length) => match self.is_code(rest, length, at_end) {
                    Found::No => {
                        self.reason(text, at, out);
                        *text = text.get(length..).unwrap_or_default();
                        self.go_on(State::Before { closed: true });
                        // A word before the first tag is one; behind it there is none.
                        self.word = None;
                        return true;
                    }
                    Found::Perhaps => break,
                    Found::Yes(()) => {
                        let is_quoted = self.lines.is_behind_backticks()
                            && rest.get(length..).is_some_and(|behind| behind.starts_with('`'));
                        if !is_quoted && self.doubt.is_none() {
                            self.doubt = Some((at, length));
                        }
                    }
                },
                Found::Perhaps if !at_end => break,
                _ => {}
            }
            let is_blank = rest.starts_with(char::is_whitespace);
            if !self.lines.step(text, at_end) {
                break;
            }
            if !is_blank && self.doubt.is_none() {
                self.sure = self.lines.at;
            }
        }
        self.reason(text, self.sure, out);
        false
    }

    /// Whether the tag of `length` bytes at the beginning of `rest`, where the lines are, is in
    /// code.
    fn is_code(&mut self, rest: &str, length: usize, at_end: bool) -> Found<()> {
        if self.lines.at < self.code_end {
            return Found::Yes(());
        }
        match self.lines.is_code(rest, length, at_end, &mut self.code) {
            Found::Yes(end) => {
                self.code_end = self.lines.at + end;
                Found::Yes(())
            }
            Found::Perhaps => Found::Perhaps,
            Found::No => Found::No,
        }
    }

    /// Passes on so many bytes of reasoning, without white space at their end.
    fn reason(&mut self, text: &mut &str, length: usize, out: &mut Pieces) {
        let (reasoning, rest) = text.split_at_checked(length).unwrap_or((text, ""));
        *text = rest;
        self.lines.at = self.lines.at.saturating_sub(length);
        self.code_end = self.code_end.saturating_sub(length);
        self.sure = self.sure.saturating_sub(length);
        if let Some((at, _)) = &mut self.doubt {
            *at = at.saturating_sub(length);
        }
        let reasoning = reasoning.trim_end();
        if !reasoning.is_empty() {
            if self.reasoned && !self.begun {
                out.reasoning.push_str("\n\n");
            }
            self.begun = true;
            out.reasoning.push_str(reasoning);
        }
    }

    fn answer(&mut self, text: &mut &str, at_end: bool, out: &mut Pieces) -> bool {
        let opened = loop {
            let at = self.lines.at;
            let rest = text.get(at..).unwrap_or_default();
            if rest.is_empty() {
                break None;
            }
            if self.lines.may_open() || self.word.as_deref().is_some_and(is_word) {
                match self.opening(rest) {
                    Found::Yes((number, length)) => {
                        let behind = rest.get(length..).unwrap_or_default();
                        match self.is_block(number, behind, at_end) {
                            Found::Yes(()) => break Some((number, length)),
                            Found::Perhaps => break None,
                            Found::No => {}
                        }
                    }
                    Found::Perhaps if !at_end => break None,
                    _ => {}
                }
            }
            if !self.lines.step(text, at_end) {
                break None;
            }
            let passed = text.get(at..self.lines.at).unwrap_or_default();
            if let Some(word) = &mut self.word {
                word.push_str(passed);
                if word.len() > 4 * LONGEST_WORD || word.contains('\n') {
                    self.word = None;
                }
            }
        };
        let (passed, rest) = text.split_at_checked(self.lines.at).unwrap_or((text, ""));
        out.text.push_str(passed);
        *text = rest;
        self.lines.at = 0;
        if let Some((number, length)) = opened {
            *text = rest.get(length..).unwrap_or_default();
            self.go_on(State::Opened(Some(number)));
        }
        opened.is_some()
    }

    /// Whether what follows an opening tag further on makes it one of reasoning: the tag ends its
    /// line, or is closed before long.
    fn is_block(&mut self, number: usize, rest: &str, at_end: bool) -> Found<()> {
        if rest.starts_with(['\n', '\r']) {
            return Found::Yes(());
        }
        let mut lines = self.block.take().unwrap_or_default();
        let mut code_end = 0;
        let found = loop {
            if lines.at > LOOK_AHEAD {
                break Found::No;
            }
            let Some(here) = rest.get(lines.at..).filter(|here| !here.is_empty()) else {
                break if at_end { Found::No } else { Found::Perhaps };
            };
            match self.closing(Some(number), here) {
                Found::Yes(_) if lines.at < code_end => {}
                Found::Yes(length) => match lines.is_code(here, length, at_end, &mut self.code) {
                    Found::No => break Found::Yes(()),
                    Found::Perhaps => break Found::Perhaps,
                    Found::Yes(end) => code_end = lines.at + end,
                },
                Found::Perhaps if !at_end => break Found::Perhaps,
                _ => {}
            }
            if !lines.step(rest, at_end) {
                break Found::Perhaps;
            }
        };
        if found == Found::Perhaps {
            self.block = Some(lines);
        }
        found
    }
}

/// Whether the beginning of an answer is one short word, perhaps with a mark that lets go on.
fn is_word(text: &str) -> bool {
    let word = text.trim();
    let word = word.strip_suffix([',', ':', '!', '…']).unwrap_or(word);
    !word.is_empty()
        && word.chars().count() <= LONGEST_WORD
        && word.chars().all(char::is_alphabetic)
}
