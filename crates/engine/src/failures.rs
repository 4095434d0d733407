//! Why responses fail: the code of each failure, and its words for people.

use models::ending::FailureCode;
use models::word::Words as _;
use provider::ProviderError;
use schemas::event::Failure;

/// The provider failed. Its own crate has logged what happened, within the span of the response.
pub(super) fn of_provider(error: &ProviderError) -> Failure {
    Failure::new(code_of(error), error.public_message())
}

/// The code of a provider's failure, which is called the same there.
pub fn code_of(error: &ProviderError) -> FailureCode {
    let code = FailureCode::ALL.iter().find(|code| code.as_str() == error.code());
    // There is one, as a test shows.
    code.copied().unwrap_or(FailureCode::UpstreamFailed)
}

/// The model that began the answer is not configured any more.
pub(super) fn no_model() -> Failure {
    let message = "The model that began the answer is not there any more.";
    Failure::new(FailureCode::ModelNotFound, message)
}

/// The server failed while it was answering.
pub(super) fn internal() -> Failure {
    let message = "The server failed while it was answering. Try again.";
    Failure::new(FailureCode::Internal, message)
}

/// What the model should have been given could not be read.
pub(super) fn context_unreadable() -> Failure {
    let message = "The conversation could not be read from the database. Try again.";
    Failure::new(FailureCode::StorageUnavailable, message)
}

/// The conversation is gone.
pub(super) fn conversation_deleted() -> Failure {
    let message = "The conversation was deleted while it was being answered.";
    Failure::new(FailureCode::ConversationDeleted, message)
}

/// The message, or one above it, is gone.
pub(super) fn message_deleted() -> Failure {
    let message = "The message was deleted while it was being answered.";
    Failure::new(FailureCode::MessageDeleted, message)
}

/// What people are told whose answer's end could not be stored.
pub(super) fn not_stored() -> Failure {
    let message = "The end of the answer could not be stored as it was; what fits of it was kept. \
                   An administrator finds the reason in the server's log.";
    Failure::new(FailureCode::AnswerNotStored, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_a_provider_is_one_of_an_answer() {
        let codes: Vec<_> = FailureCode::ALL.iter().map(|code| code.as_str()).collect();
        for code in ProviderError::CODES {
            assert!(codes.contains(code), "{code}");
        }
    }
}
