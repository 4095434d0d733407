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

/// Reads an answer piece by piece.
#[derive(Debug)]
pub(crate) struct Splitter {
    tags: ReasoningTags,
    state: State,
    /// Read, but not yet known to be what.
    held: String,
    /// Where in a line, and in which code, the beginning of `held` is.
    lines: Lines,
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
        self.held.push_str(&piece);
        let mut out = Pieces::default();
        while self.step(false, &mut out) {}
        out
    }

    /// The rest, when nothing more comes.
    pub(crate) fn end(&mut self) -> Pieces {
        let mut out = Pieces::default();
        while self.step(true, &mut out) {}
        match self.state {
            State::Off | State::Before { closed: false } | State::Answer => {
                out.text.push_str(&std::mem::take(&mut self.held));
            }
            State::Before { closed: true } | State::Opened(_) => {}
            State::Inside(_) => self.reason(self.held.len(), &mut out),
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

    /// Goes as far as the state does; whether it changed.
    fn step(&mut self, at_end: bool, out: &mut Pieces) -> bool {
        match self.state {
            State::Off => false,
            State::Before { closed } => self.before(closed, at_end),
            State::Opened(number) => {
                let blank = self.held.len() - self.held.trim_start().len();
                if blank == self.held.len() {
                    return false;
                }
                self.held.drain(..blank);
                self.reasoned |= self.begun;
                self.begun = false;
                self.lines = Lines::default();
                self.state = State::Inside(number);
                true
            }
            State::Inside(number) => self.inside(number, at_end, out),
            State::Answer => self.answer(at_end, out),
        }
    }

    fn before(&mut self, closed: bool, at_end: bool) -> bool {
        let blank = self.held.len() - self.held.trim_start().len();
        let rest = self.held.get(blank..).unwrap_or_default();
        if rest.is_empty() {
            return false;
        }
        match self.opening(rest) {
            Found::Yes((number, length)) => {
                self.held.drain(..blank + length);
                self.state = State::Opened(Some(number));
            }
            Found::Perhaps if !at_end => return false,
            _ => {
                if closed {
                    self.held.drain(..blank);
                }
                self.lines = Lines::default();
                self.state = State::Answer;
            }
        }
        true
    }

    fn inside(&mut self, number: Option<usize>, at_end: bool, out: &mut Pieces) -> bool {
        let mut lines = self.lines;
        // What is certain to be followed by more than white space and a closing tag.
        let mut sure = (0, lines);
        let closed = loop {
            let at = lines.at;
            let rest = self.held.get(at..).unwrap_or_default();
            if rest.is_empty() {
                break None;
            }
            match self.closing(number, rest) {
                Found::Yes(length) => match lines.is_code(&self.held, length, at_end) {
                    Found::No => break Some((at, length)),
                    Found::Perhaps => break None,
                    Found::Yes(()) => {}
                },
                Found::Perhaps if !at_end => break None,
                _ => {}
            }
            let is_blank = rest.starts_with(char::is_whitespace);
            if !lines.step(&self.held, at_end) {
                break None;
            }
            if !is_blank {
                sure = (lines.at, lines);
            }
        };
        if let Some((at, length)) = closed {
            self.reason(at, out);
            self.held.drain(..length);
            self.state = State::Before { closed: true };
            // A word before the first tag is one; behind it there is none.
            self.word = None;
            return true;
        }
        let (length, mut lines) = sure;
        self.reason(length, out);
        lines.at = 0;
        self.lines = lines;
        false
    }

    /// Passes on so many bytes of reasoning, without white space at their end.
    fn reason(&mut self, length: usize, out: &mut Pieces) {
        let text: String = self.held.drain(..length).collect();
        let text = text.trim_end();
        if !text.is_empty() {
            if self.reasoned && !self.begun {
                out.reasoning.push_str("\n\n");
            }
            self.begun = true;
            out.reasoning.push_str(text);
        }
    }

    fn answer(&mut self, at_end: bool, out: &mut Pieces) -> bool {
        let mut lines = self.lines;
        let opened = loop {
            let at = lines.at;
            let rest = self.held.get(at..).unwrap_or_default();
            if rest.is_empty() {
                break None;
            }
            if lines.may_open() || self.word.as_deref().is_some_and(is_word) {
                match self.opening(rest) {
                    Found::Yes((number, length)) => {
                        match self.is_block(number, rest.get(length..).unwrap_or_default(), at_end)
                        {
                            Found::Yes(()) => break Some((at, length, number)),
                            Found::Perhaps => break None,
                            Found::No => {}
                        }
                    }
                    Found::Perhaps if !at_end => break None,
                    _ => {}
                }
            }
            if !lines.step(&self.held, at_end) {
                break None;
            }
            let passed = self.held.get(at..lines.at).unwrap_or_default();
            if let Some(word) = &mut self.word {
                word.push_str(passed);
                if word.len() > 4 * LONGEST_WORD || word.contains('\n') {
                    self.word = None;
                }
            }
        };
        let (at, rest) = opened
            .map_or((lines.at, None), |(at, length, number)| (at, Some((at + length, number))));
        out.text.push_str(self.held.get(..at).unwrap_or_default());
        if let Some((behind, number)) = rest {
            self.held.drain(..behind);
            self.state = State::Opened(Some(number));
            return true;
        }
        self.held.drain(..at);
        lines.at = 0;
        self.lines = lines;
        false
    }

    /// Whether what follows an opening tag further on makes it one of reasoning: the tag ends its
    /// line, or is closed before long.
    fn is_block(&self, number: usize, rest: &str, at_end: bool) -> Found<()> {
        if rest.starts_with(['\n', '\r']) {
            return Found::Yes(());
        }
        let mut lines = Lines::default();
        while lines.at <= LOOK_AHEAD {
            let Some(here) = rest.get(lines.at..).filter(|here| !here.is_empty()) else {
                return if at_end { Found::No } else { Found::Perhaps };
            };
            match self.closing(Some(number), here) {
                Found::Yes(length) => match lines.is_code(rest, length, at_end) {
                    Found::No => return Found::Yes(()),
                    Found::Perhaps => return Found::Perhaps,
                    Found::Yes(()) => {}
                },
                Found::Perhaps if !at_end => return Found::Perhaps,
                _ => {}
            }
            if !lines.step(rest, at_end) {
                return Found::Perhaps;
            }
        }
        Found::No
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
