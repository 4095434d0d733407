//! Takes the reasoning out of an answer that holds it between `<think>` and `</think>`.
//!
//! Only reasoning that precedes the answer is taken out; tags further on are the answer's own
//! text. White space around either is dropped, since it only separates the two. What comes out
//! does not depend on how the answer was cut into pieces.

#[cfg(test)]
mod tests;

use crate::ReasoningTags;

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// A piece taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Pieces {
    pub(crate) reasoning: String,
    pub(crate) text: String,
}

/// Reads an answer piece by piece.
#[derive(Debug)]
pub(crate) struct Splitter {
    state: State,
    /// Read, but not yet known to be what.
    held: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing but white space and perhaps a part of the opening tag.
    Before,
    /// Behind the opening tag, in white space.
    Opened,
    /// In the reasoning; white space and what may be the closing tag is held back.
    Inside,
    /// Behind the closing tag, in white space.
    Closed,
    /// In the answer.
    Answer,
}

impl Splitter {
    pub(crate) fn new(tags: ReasoningTags) -> Self {
        let state = match tags {
            ReasoningTags::Off => State::Answer,
            ReasoningTags::Leading => State::Before,
            ReasoningTags::Implied => State::Opened,
        };
        Self { state, held: String::new() }
    }

    /// What can be passed on after this piece.
    pub(crate) fn push(&mut self, piece: String) -> Pieces {
        if self.state == State::Answer {
            return Pieces { text: piece, ..Pieces::default() };
        }
        self.held.push_str(&piece);
        let mut out = Pieces::default();
        while self.step(&mut out) {}
        out
    }

    /// The rest, when nothing more comes.
    pub(crate) fn end(&mut self) -> Pieces {
        let held = std::mem::take(&mut self.held);
        match self.state {
            State::Before | State::Answer => Pieces { text: held, ..Pieces::default() },
            State::Inside => Pieces { reasoning: held.trim_end().to_owned(), ..Pieces::default() },
            State::Opened => Pieces { reasoning: held.trim().to_owned(), ..Pieces::default() },
            State::Closed => Pieces::default(),
        }
    }

    /// Goes as far as the state does; whether it changed.
    fn step(&mut self, out: &mut Pieces) -> bool {
        let trimmed = self.held.trim_start();
        let next = match self.state {
            State::Answer => {
                out.text.push_str(&std::mem::take(&mut self.held));
                return false;
            }
            State::Before => match trimmed.strip_prefix(OPEN) {
                Some(rest) => (rest.to_owned(), State::Opened),
                None if OPEN.starts_with(trimmed) => return false,
                None => (std::mem::take(&mut self.held), State::Answer),
            },
            State::Opened | State::Closed if trimmed.is_empty() => return false,
            State::Opened => (trimmed.to_owned(), State::Inside),
            State::Closed => (trimmed.to_owned(), State::Answer),
            State::Inside => {
                if let Some((reasoning, rest)) = self.held.split_once(CLOSE) {
                    out.reasoning.push_str(reasoning.trim_end());
                    (rest.to_owned(), State::Closed)
                } else {
                    let safe = sure(&self.held);
                    out.reasoning.extend(self.held.drain(..safe));
                    return false;
                }
            }
        };
        (self.held, self.state) = next;
        true
    }
}

/// How many bytes of reasoning are certain to be followed by more than white space and a closing
/// tag.
fn sure(held: &str) -> usize {
    let tag = (1..CLOSE.len()).rev().find(|n| {
        // The tag is ASCII, so every length is a boundary.
        CLOSE.get(..*n).is_some_and(|beginning| held.ends_with(beginning))
    });
    let before = held.len() - tag.unwrap_or(0);
    held.get(..before).map_or(0, |text| text.trim_end().len())
}
