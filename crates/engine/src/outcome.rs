//! How asking the model ended, and as what that is stored.

use models::Time;
use models::ending::EndReason;
use models::response::ResponseStatus;
use models::word::OrUnknown;
use provider::{Finish, TokenUsage};
use schemas::event::{Ending, Failure, Tokens};
use schemas::response::ContextReport;

use super::failures;
use super::generation::Stop;

/// How asking the model ended, and what it cost.
pub(super) struct Outcome {
    pub(super) end: End,
    /// The provider's own word for it.
    pub(super) finish_reason: Option<String>,
    pub(super) usage: Option<TokenUsage>,
    pub(super) context: Option<ContextReport>,
}

pub(super) enum End {
    Finished(Finish),
    Failed(Failure),
    Stopped(Stop),
    /// It was interrupted before, and going on with it would cost too much.
    Interrupted,
}

impl Outcome {
    /// An end before anything was asked.
    pub(super) fn of(end: End) -> Self {
        Self { end, finish_reason: None, usage: None, context: None }
    }

    /// The same as it is stored: with what it cost, ended `at`.
    pub(super) fn ending(self, usage: Option<Tokens>, at: Time) -> Ending {
        let (status, reason, error) = match self.end {
            End::Finished(Finish::Stop) => (ResponseStatus::Completed, None, None),
            End::Finished(Finish::Length) => {
                (ResponseStatus::Incomplete, Some(EndReason::MaxOutputTokens), None)
            }
            End::Finished(Finish::ContentFilter) => {
                (ResponseStatus::Incomplete, Some(EndReason::ContentFilter), None)
            }
            End::Failed(failure) => (ResponseStatus::Failed, None, Some(failure)),
            End::Stopped(Stop::Cancelled) => {
                (ResponseStatus::Cancelled, Some(EndReason::Cancelled), None)
            }
            // Of one that is lost this is stored only if its row is there after all.
            End::Stopped(Stop::Shutdown | Stop::Lost) | End::Interrupted => {
                (ResponseStatus::Incomplete, Some(EndReason::Interrupted), None)
            }
            End::Stopped(Stop::Deleted) => {
                (ResponseStatus::Failed, None, Some(failures::conversation_deleted()))
            }
        };
        Ending {
            status,
            reason: reason.map(OrUnknown::Known),
            finish_reason: self.finish_reason,
            error,
            usage,
            context: self.context,
            at,
        }
    }
}

#[cfg(test)]
mod tests {
    use provider::ProviderError;

    use super::*;

    #[test]
    fn every_end_has_its_status_and_either_a_reason_or_a_failure() {
        use ResponseStatus::{Cancelled, Completed, Failed, Incomplete};
        let truncated = failures::of_provider(&ProviderError::Truncated);
        for (end, status, reason, error) in [
            (End::Finished(Finish::Stop), Completed, None, None),
            (End::Finished(Finish::Length), Incomplete, Some(EndReason::MaxOutputTokens), None),
            (
                End::Finished(Finish::ContentFilter),
                Incomplete,
                Some(EndReason::ContentFilter),
                None,
            ),
            (End::Failed(truncated.clone()), Failed, None, Some(truncated)),
            (End::Stopped(Stop::Cancelled), Cancelled, Some(EndReason::Cancelled), None),
            (End::Stopped(Stop::Shutdown), Incomplete, Some(EndReason::Interrupted), None),
            (End::Stopped(Stop::Lost), Incomplete, Some(EndReason::Interrupted), None),
            (End::Interrupted, Incomplete, Some(EndReason::Interrupted), None),
            (End::Stopped(Stop::Deleted), Failed, None, Some(failures::conversation_deleted())),
        ] {
            let usage = Some(Tokens { input: 3, ..Tokens::default() });
            let context = Some(ContextReport { messages_sent: 1, messages_omitted: 2 });
            let outcome =
                Outcome { finish_reason: Some("word".to_owned()), context, ..Outcome::of(end) };
            let expected = Ending {
                status,
                reason: reason.map(OrUnknown::Known),
                finish_reason: Some("word".to_owned()),
                error,
                usage,
                context,
                at: Time::UNIX_EPOCH,
            };
            assert_eq!(outcome.ending(usage, Time::UNIX_EPOCH), expected);
        }
    }
}
