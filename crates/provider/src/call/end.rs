//! How an answer ends: the one place that decides whether it is whole.
//!
//! What came of an answer goes in, in its order; what an end of the stream means comes out. The
//! rules are the table in `docs/PROVIDERS.md` ("How an answer ends"). Neither bytes nor clocks are
//! known here, so a property test can hold it to a plain model.

#[cfg(test)]
mod tests;

use crate::wire::failure::Failure;
use crate::wire::reason::{Meaning, Reason};
use crate::{Finish, ProviderError, TokenUsage};

/// How the stream came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// `[DONE]`.
    Done,
    /// The body is over, as it should be.
    Eof,
    /// The connection broke.
    Broken,
    /// Nothing more came in time; only after a reason.
    Silence,
}

/// How long to wait for more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// As long as a first token may take.
    FirstToken,
    /// As long as a pause within an answer may be.
    Idle,
    /// A moment: everything may be there.
    Moment,
}

/// What is known of how an answer ends.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, in any combination")]
pub(crate) struct End {
    /// Anything came, reasoning too.
    begun: bool,
    /// Words or calls came.
    said: bool,
    /// The last one.
    reason: Option<Reason>,
    /// More came after a reason, so reasons are no proof of the end here.
    went_on: bool,
    usage: Option<TokenUsage>,
    /// The counts came after everything else.
    counted_last: bool,
    /// It came in one piece.
    whole: bool,
    /// Something could not be read.
    unread: bool,
    /// Something had nothing to do with an answer.
    foreign: bool,
}

impl End {
    /// More of the answer came. `says` is false for reasoning and blank text.
    pub(crate) fn content(&mut self, says: bool) {
        self.begun = true;
        self.said |= says;
        self.counted_last = false;
        let waits = |reason: &Reason| reason.meaning != Meaning::Calls;
        self.went_on |= self.reason.as_ref().is_some_and(waits);
    }

    /// Words or calls were among what was held back.
    pub(crate) fn says(&mut self) {
        self.said = true;
    }

    /// The provider says how the answer ends; the last one counts.
    pub(crate) fn reason(&mut self, reason: Reason) {
        self.reason = Some(reason);
    }

    /// The provider reports that it withholds the answer.
    pub(crate) fn withheld(&mut self) {
        let word = "content_filter".to_owned();
        self.reason = Some(Reason { word, meaning: Meaning::Filtered });
    }

    /// The provider counts. Counts of zero say nothing and never replace others. `beside_content`
    /// says that they came in one piece with more of the answer: services that count with every
    /// piece do not tell the last one so.
    pub(crate) fn usage(&mut self, counts: TokenUsage, beside_content: bool) {
        let known = self.usage.unwrap_or_default();
        let newer = |known, count| if count == 0 { known } else { count };
        let merged = TokenUsage {
            input: newer(known.input, counts.input),
            output: newer(known.output, counts.output),
            cached: newer(known.cached, counts.cached),
            reasoning: newer(known.reasoning, counts.reasoning),
        };
        if counts != TokenUsage::default() {
            self.usage = Some(merged);
            self.counted_last = !beside_content;
        }
    }

    /// The answer is a document of its own, which cannot break off.
    pub(crate) fn whole(&mut self) {
        self.whole = true;
    }

    /// It was one, and broke off.
    pub(crate) fn broken_off(&mut self) {
        self.whole = false;
    }

    /// Whether it is such a document.
    pub(crate) fn is_whole(&self) -> bool {
        self.whole
    }

    /// Something came that cannot be read; whether it is the first.
    pub(crate) fn unread(&mut self) -> bool {
        !std::mem::replace(&mut self.unread, true)
    }

    /// Something came that has nothing to do with an answer; whether it is the first, and nothing
    /// of an answer is there.
    pub(crate) fn foreign(&mut self) -> bool {
        !std::mem::replace(&mut self.foreign, true) && !self.begun
    }

    /// How long to wait for what may come next.
    pub(crate) fn patience(&self) -> Patience {
        match &self.reason {
            // The service may be running the tool.
            Some(reason) if reason.meaning == Meaning::Calls => Patience::Idle,
            Some(_) => Patience::Moment,
            None if self.begun => Patience::Idle,
            None => Patience::FirstToken,
        }
    }

    /// Whether silence may be its end.
    pub(crate) fn may_end(&self) -> bool {
        self.reason.is_some()
    }

    /// What the end of the stream means.
    pub(crate) fn close(&self, sign: Sign) -> Result<Finish, Failure> {
        let proven = match sign {
            Sign::Done => self.reason.is_some() || self.usage.is_some(),
            Sign::Eof => self.reason.is_some() || self.counted_last,
            Sign::Broken => self.reason.is_some() && !self.went_on,
            Sign::Silence => self.reason.is_some(),
        };
        let not_understood = self.unread || (self.foreign && !self.begun);
        let is_whole = self.whole && (self.begun || !not_understood);
        if !proven && !is_whole {
            if not_understood && sign != Sign::Broken {
                return Err(Failure::last(ProviderError::Protocol));
            }
            // Before the first token this is most likely a server that failed on its way, unless
            // it says itself that this is all.
            let retry = sign != Sign::Done;
            return Err(Failure { retry, ..Failure::last(ProviderError::Truncated) });
        }
        match self.reason.as_ref().map(|reason| reason.meaning) {
            Some(Meaning::Length) => Ok(Finish::Length),
            Some(Meaning::Filtered) => Ok(Finish::ContentFilter),
            Some(Meaning::Failed) => {
                let failure = Failure::passing(ProviderError::Failed);
                Err(if self.whole { failure.in_answer() } else { failure })
            }
            Some(Meaning::Unknown) if !self.said => Err(Failure::last(ProviderError::Failed)),
            _ if !self.said => Err(Failure::last(ProviderError::EmptyAnswer)),
            _ => Ok(Finish::Stop),
        }
    }

    /// Whether it ends without a word of the provider on how.
    pub(crate) fn is_unexplained(&self) -> bool {
        self.reason.is_none()
    }

    /// The provider's last word, once.
    pub(crate) fn take_word(&mut self) -> Option<String> {
        self.reason.take().map(|reason| reason.word)
    }

    /// The counts, once.
    pub(crate) fn take_usage(&mut self) -> Option<TokenUsage> {
        self.usage.take()
    }
}
