//! An answer as far as it came: what is handed out, and what is still held back.

use std::collections::{HashSet, VecDeque};

use super::end::{End, Sign};
use crate::calls::{Collector, Excess, Fragment};
use crate::options::ReasoningTags;
use crate::think::{Pieces, Splitter};
use crate::wire::chunk::{Chunk, Omitted};
use crate::wire::failure::Failure;
use crate::wire::repair::Halves;
use crate::wire::request::says_nothing;
use crate::{Citation, Delta, Finish, Limit, ProviderError};

/// The most sources of one answer.
const MAX_CITATIONS: usize = 256;
/// How often it is said that something cannot be shown.
const MAX_OMISSIONS: u32 = 4;

/// What is known of an answer.
pub(crate) struct Answer {
    pub(crate) end: End,
    bytes: usize,
    /// The number of the choice that it is, once that is known. Others are somebody else's.
    choice: Option<u64>,
    /// Something of it was handed out, so there is no way back.
    begun: bool,
    text: Sum,
    reasoning: Sum,
    halves: AllHalves,
    /// Takes reasoning out of the text.
    splitter: Splitter,
    calls: Collector,
    /// Sources that were handed out.
    cited: HashSet<(String, Option<(u32, u32)>)>,
    omissions: Omissions,
}

/// Halves of characters that wait for the other half.
#[derive(Debug, Default)]
struct AllHalves {
    text: Halves,
    reasoning: Halves,
    arguments: Halves,
    /// The call that `arguments` belongs to.
    call: Option<u64>,
}

/// What could not be shown.
#[derive(Debug, Default)]
struct Omissions {
    told: u32,
    /// There is sound.
    sound: bool,
    /// There is text.
    text: bool,
    /// The last thing said was an omission, which stands in a paragraph of its own.
    is_last: bool,
}

/// A text as far as it came: its beginning and its length.
#[derive(Debug, Default)]
struct Sum {
    beginning: String,
    bytes: usize,
}

/// How much of the beginning of a text is kept, in bytes.
const BEGINNING: usize = 64;

impl Sum {
    fn add(&mut self, piece: &str) {
        self.bytes = self.bytes.saturating_add(piece.len());
        if self.beginning.len() < BEGINNING {
            let room = piece.ceil_char_boundary(BEGINNING - self.beginning.len());
            self.beginning.push_str(piece.get(..room).unwrap_or(piece));
        }
    }

    /// Takes from a whole text what came of it before, if it begins so.
    fn without(&self, text: &mut String) {
        if self.bytes > 0 && text.starts_with(&self.beginning) {
            let known = text.floor_char_boundary(self.bytes);
            text.drain(..known);
        }
    }
}

impl Answer {
    pub(crate) fn new(tags: ReasoningTags) -> Self {
        Self {
            end: End::default(),
            bytes: 0,
            choice: None,
            begun: false,
            text: Sum::default(),
            reasoning: Sum::default(),
            halves: AllHalves::default(),
            splitter: Splitter::new(tags),
            calls: Collector::default(),
            cited: HashSet::new(),
            omissions: Omissions::default(),
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
        mut chunk: Chunk,
        limit: usize,
        ready: &mut VecDeque<Delta>,
    ) -> Result<bool, Failure> {
        if self.choice.is_some_and(|choice| choice != chunk.choice) {
            let Chunk { usage, citations, .. } = chunk;
            chunk = Chunk { usage, citations, ..Chunk::default() };
        }
        self.count(chunk.bytes(), limit)?;
        let Chunk {
            mut reasoning,
            mut text,
            mut calls,
            usage,
            reason,
            whole,
            citations,
            omitted,
            halves,
            choice,
        } = chunk;
        if whole && self.begun {
            // The last event of some streams repeats the whole message (MiniMax).
            self.text.without(&mut text);
            self.reasoning.without(&mut reasoning);
            calls.retain(|_| self.calls.is_empty());
        }
        self.text.add(&text);
        self.reasoning.add(&reasoning);
        let calls_something = calls.iter().any(|call| call.len() > 0);
        let has_content =
            !reasoning.is_empty() || !text.is_empty() || calls_something || !omitted.is_empty();
        if has_content || reason.is_some() {
            self.choice.get_or_insert(choice);
        }
        if has_content {
            self.begun = true;
            self.end.content(calls_something);
        }
        let reasoning = self.halves.reasoning.join(reasoning, halves);
        let text = self.halves.text.join(text, halves);
        self.say(reasoning, text, ready);
        for fragment in calls {
            self.call(fragment, halves, ready)?;
        }
        for part in omitted {
            self.omit(part, ready);
        }
        for citation in citations {
            self.cite(citation, limit, ready)?;
        }
        if let Some(usage) = usage {
            self.end.usage(usage, has_content);
        }
        if let Some(reason) = reason {
            self.end.reason(reason);
        }
        if whole {
            self.end.whole();
        }
        Ok(has_content)
    }

    fn count(&mut self, bytes: usize, limit: usize) -> Result<(), Failure> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > limit {
            return Err(Failure::last(ProviderError::TooLarge(Limit::Answer)));
        }
        Ok(())
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
        if text.is_empty() {
            return;
        }
        if std::mem::take(&mut self.omissions.is_last) && !text.starts_with('\n') {
            ready.push_back(Delta::Text("\n\n".to_owned()));
        }
        self.omissions.text = true;
        if !says_nothing(&text) {
            self.end.says();
        }
        ready.push_back(Delta::Text(text));
    }

    /// Hands out a piece of a call.
    fn call(
        &mut self,
        mut fragment: Fragment,
        halves: bool,
        ready: &mut VecDeque<Delta>,
    ) -> Result<(), Failure> {
        if self.halves.call != fragment.index {
            self.end_arguments(ready);
            self.halves.call = fragment.index;
        }
        fragment.arguments = self.halves.arguments.join(fragment.arguments, halves);
        if halves {
            fragment.id = Halves::whole(fragment.id);
            fragment.name = Halves::whole(fragment.name);
        }
        let pushed = self.calls.push(fragment, ready);
        pushed.map_err(|Excess| Failure::last(ProviderError::TooLarge(Limit::Calls)))
    }

    /// The arguments of a call do not go on.
    fn end_arguments(&mut self, ready: &mut VecDeque<Delta>) {
        if let Some(half) = self.halves.arguments.end() {
            let index = self.halves.call;
            let fragment = Fragment { index, arguments: half.to_string(), ..Fragment::default() };
            // It only adds to a call that is there.
            drop(self.calls.push(fragment, ready));
        }
    }

    /// Hands out a source, unless it was already.
    fn cite(
        &mut self,
        citation: Citation,
        limit: usize,
        ready: &mut VecDeque<Delta>,
    ) -> Result<(), Failure> {
        if self.cited.len() >= MAX_CITATIONS {
            return Ok(());
        }
        let Citation { url, title, range, .. } = &citation;
        if self.cited.insert((url.clone(), *range)) {
            self.count(url.len() + title.as_ref().map_or(0, String::len), limit)?;
            self.begun = true;
            ready.push_back(Delta::Citation(citation));
        }
        Ok(())
    }

    /// Says that something cannot be shown.
    fn omit(&mut self, part: Omitted, ready: &mut VecDeque<Delta>) {
        let what = match part {
            // What is said in it mostly comes as text; whether it does is known at the end.
            Omitted::Sound => {
                self.omissions.sound = true;
                return;
            }
            Omitted::Image => "An image",
            Omitted::Video => "A video",
            Omitted::File => "A file",
            Omitted::Other => "A part of the answer",
        };
        self.say_omission(what, ready);
    }

    fn say_omission(&mut self, what: &str, ready: &mut VecDeque<Delta>) {
        self.omissions.told = self.omissions.told.saturating_add(1);
        let sentence = match self.omissions.told {
            ..=MAX_OMISSIONS => format!("[{what} is left out here: it cannot be shown yet.]"),
            n if n == MAX_OMISSIONS + 1 => "[More is left out here.]".to_owned(),
            _ => return,
        };
        let gap = if self.omissions.text { "\n\n" } else { "" };
        self.omissions.is_last = false;
        self.calls.end(ready);
        let text = format!("{gap}{sentence}");
        self.hand_out(Pieces { reasoning: String::new(), text }, ready);
        self.omissions.is_last = true;
    }

    /// Hands out what was held back, since nothing more comes.
    fn say_rest(&mut self, ready: &mut VecDeque<Delta>) {
        let half = |half: Option<char>| half.map(String::from).unwrap_or_default();
        let reasoning = half(self.halves.reasoning.end());
        let text = half(self.halves.text.end());
        self.end_arguments(ready);
        self.say(reasoning, text, ready);
        let rest = self.splitter.end();
        self.hand_out(rest, ready);
        if std::mem::take(&mut self.omissions.sound) && !self.omissions.text {
            self.say_omission("Sound", ready);
        }
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
