//! A piece of an answer, or a whole one.

use super::reason::Reason;
use crate::calls::Fragment;
use crate::{Citation, TokenUsage};

/// What a piece adds to the answer.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Chunk {
    /// More reasoning; empty when there is none.
    pub reasoning: String,
    /// More text; empty when there is none.
    pub text: String,
    /// More of its calls of tools.
    pub calls: Vec<Fragment>,
    /// Token counts so far; the last ones count.
    pub usage: Option<TokenUsage>,
    /// How the answer ends, in the provider's word; the last one counts.
    pub reason: Option<Reason>,
    /// It is a message of its own, not a piece of one.
    pub whole: bool,
    /// All sources that it names, old ones too.
    pub citations: Vec<Citation>,
    /// What it has that cannot be shown.
    pub omitted: Vec<Omitted>,
    /// Its texts may have halves of characters; see [`Halves`](super::repair::Halves).
    pub halves: bool,
    /// The number of the choice that it is a piece of.
    pub choice: u64,
}

/// A part of an answer that cannot be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Omitted {
    Image,
    /// Sound; what is said in it may come as text.
    Sound,
    Video,
    File,
    Other,
}

impl Chunk {
    /// How many bytes of the answer it is.
    pub(crate) fn bytes(&self) -> usize {
        let calls = self.calls.iter().map(Fragment::len);
        calls.fold(self.reasoning.len().saturating_add(self.text.len()), usize::saturating_add)
    }
}
