//! An answer as far as it came: what is handed out, and what is still held back.

use std::collections::VecDeque;

use super::end::{End, Sign};
use crate::calls::{Collector, Excess};
use crate::options::ReasoningTags;
use crate::think::{Pieces, Splitter};
use crate::wire::chunk::Chunk;
use crate::wire::failure::Failure;
use crate::{Delta, Finish, ProviderError};

/// What is known of an answer.
pub(crate) struct Answer {
    pub(crate) end: End,
    bytes: usize,
    /// Something of it was handed out, so there is no way back.
    begun: bool,
    /// Takes reasoning out of the text.
    splitter: Splitter,
    calls: Collector,
}

impl Answer {
    pub(crate) fn new(tags: ReasoningTags) -> Self {
        Self {
            end: End::default(),
            bytes: 0,
            begun: false,
            splitter: Splitter::new(tags),
            calls: Collector::default(),
        }
    }

    /// Whether anything of it was handed out.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Takes in a piece, and hands out what is certain. Whether it had anything of the answer in
    /// it, other than its end and its counts.
    pub(crate) fn add(
        &mut self,
        chunk: Chunk,
        limit: usize,
        ready: &mut VecDeque<Delta>,
    ) -> Result<bool, Failure> {
        self.bytes = self.bytes.saturating_add(chunk.bytes());
        if self.bytes > limit {
            return Err(Failure::last(ProviderError::TooLarge));
        }
        let Chunk { reasoning, text, calls, usage, reason, whole } = chunk;
        let calls_something = calls.iter().any(|call| call.len() > 0);
        let has_content = !reasoning.is_empty() || !text.is_empty() || calls_something;
        if has_content {
            self.begun = true;
            self.end.content(calls_something);
        }
        self.say(reasoning, text, ready);
        for fragment in calls {
            let pushed = self.calls.push(fragment, ready);
            pushed.map_err(|Excess| Failure::last(ProviderError::TooLarge))?;
        }
        if let Some(usage) = usage {
            self.end.usage(usage);
        }
        if let Some(reason) = reason {
            self.end.reason(reason);
        }
        if whole {
            self.end.whole();
        }
        Ok(has_content)
    }

    /// Hands out words.
    fn say(&mut self, reasoning: String, text: String, ready: &mut VecDeque<Delta>) {
        if !reasoning.is_empty() || !text.is_empty() {
            self.calls.end(ready);
        }
        self.hand_out(Pieces { reasoning, text: String::new() }, ready);
        if !text.is_empty() {
            let pieces = self.splitter.push(text);
            self.hand_out(pieces, ready);
        }
    }

    fn hand_out(&mut self, Pieces { reasoning, text }: Pieces, ready: &mut VecDeque<Delta>) {
        if !reasoning.is_empty() {
            ready.push_back(Delta::Reasoning(reasoning));
        }
        if !text.is_empty() {
            if !text.trim_start().is_empty() {
                self.end.says();
            }
            ready.push_back(Delta::Text(text));
        }
    }

    /// Hands out what was held back, since nothing more comes.
    fn say_rest(&mut self, ready: &mut VecDeque<Delta>) {
        let rest = self.splitter.end();
        self.hand_out(rest, ready);
        self.calls.end(ready);
    }

    /// Hands out everything that is left; how the answer ended, after a `sign` of its end.
    pub(crate) fn close(
        &mut self,
        sign: Sign,
        ready: &mut VecDeque<Delta>,
    ) -> Result<Finish, Failure> {
        // What is held back may be all that was said.
        self.say_rest(ready);
        self.end.close(sign)
    }

    /// Hands out what precedes the end or the error: the provider's word for it, and its counts.
    pub(crate) fn say_last(&mut self, ready: &mut VecDeque<Delta>) {
        self.say_rest(ready);
        ready.extend(self.end.take_word().map(Delta::FinishReason));
        ready.extend(self.end.take_usage().map(Delta::Usage));
    }
}
