//! What the use cases report, in the words and numbers of HTTP.

use std::sync::Arc;
use std::time::Duration;

use schemas::event::{Failure, FailureCode, Words as _};
use schemas::validate::Rule;
use services::{Error, Uncontinuable};

use super::{ApiError, Blame, Challenge, Code, Retry};

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let mut rendered = describe(&error);
        if rendered.0.blame != Blame::Client {
            rendered.0.source = Some(Arc::new(error));
        }
        rendered
    }
}

impl From<&Failure> for ApiError {
    /// An answer that failed is a request that failed, where the answer is the reply to it.
    fn from(failure: &Failure) -> Self {
        let code = failure.code.as_str();
        match FailureCode::ALL.iter().find(|known| known.as_str() == code) {
            Some(FailureCode::ContextTooLong) => {
                Self::new(Code::ContextTooLong, failure.message.as_str())
            }
            Some(FailureCode::ModelNotFound) => {
                Self::new(Code::ModelNotFound, failure.message.as_str()).param("model")
            }
            Some(FailureCode::StorageUnavailable) => {
                Self::new(Code::Unavailable, failure.message.as_str())
                    .retry(Retry::After(Duration::from_secs(2)))
                    .blame(Blame::Outside)
            }
            Some(FailureCode::ConversationDeleted | FailureCode::MessageDeleted) => {
                Self::new(Code::NotFound, failure.message.as_str())
            }
            Some(FailureCode::Internal | FailureCode::AnswerNotStored) => {
                Self::new(Code::InternalError, failure.message.as_str())
            }
            _ => upstream(code, failure.message.clone()),
        }
    }
}

/// The one table: code, message, retry advice and log level of every failure.
#[expect(clippy::too_many_lines, reason = "a table: one arm per failure, read as a whole")]
fn describe(error: &Error) -> ApiError {
    match error {
        Error::NotFound(kind) => ApiError::not_found(kind),
        Error::Invalid(invalid) => {
            let code = match invalid.rule {
                Rule::Value => Code::InvalidValue,
                Rule::Required => Code::MissingParameter,
                Rule::Unsupported => Code::UnsupportedParameter,
                Rule::Exclusive => Code::ExclusiveParameters,
            };
            ApiError::new(code, format!("{}.", invalid.message.trim_end_matches('.')))
                .param(invalid.field.as_str())
        }
        Error::PreviousResponseNotFound => ApiError::new(
            Code::PreviousResponseNotFound,
            "There is no response with the id in previous_response_id. It may have been deleted, or \
             was never stored.",
        )
        .param("previous_response_id"),
        Error::InvalidCredentials => {
            ApiError::new(Code::InvalidCredentials, "The e-mail address or the password is wrong.")
                .challenge(Challenge::Plain)
        }
        Error::WrongPassword => ApiError::new(
            Code::WrongPassword,
            "The current password is wrong; nothing was changed.",
        )
        .param("current_password")
        .retry(Retry::Never),
        Error::PasswordRequired(what) => ApiError::new(
            Code::PasswordRequired,
            format!("{what} takes your password: send it as `current_password`."),
        )
        .param("current_password")
        .retry(Retry::Never),
        Error::TooManyAttempts(wait) => ApiError::new(
            Code::RateLimitExceeded,
            format!(
                "Too many wrong passwords. The next one is checked in {} seconds; trying earlier \
                 changes nothing.",
                wait.as_millis().div_ceil(1000)
            ),
        )
        .retry(Retry::After(*wait)),
        Error::TooManyAtOnce => ApiError::new(
            Code::RateLimitExceeded,
            "Too many passwords from your address wait to be checked at once. Try again in a \
             moment.",
        )
        .retry(Retry::After(Duration::from_secs(2))),
        Error::LastAdministrator => ApiError::new(
            Code::LastAdministrator,
            "This is the last administrator, and there are other users: nobody could administer \
             the server for them. Make somebody else administrator first.",
        )
        .retry(Retry::Never),
        Error::InvalidToken => ApiError::invalid_token(),
        Error::TokenExpired => ApiError::new(
            Code::TokenExpired,
            "The token has expired. Renew it at POST /api/auth/refresh or log in again.",
        )
        .challenge(Challenge::InvalidToken),
        Error::InvalidKey => ApiError::new(
            Code::InvalidApiKey,
            "The API key is not valid: it is mistyped, revoked or expired. Make another at POST \
             /api/keys, with a login.",
        )
        .challenge(Challenge::InvalidToken),
        Error::InsufficientScope(scope) => ApiError::insufficient_scope(*scope),
        Error::SessionRequired => ApiError::new(
            Code::SessionRequired,
            "An API key belongs to no session. Log in to use this route, or revoke the key at \
             DELETE /api/keys/{id}.",
        ),
        Error::TooManyKeys(limit) => ApiError::new(
            Code::KeyLimitReached,
            format!("You have {limit} API keys, as many as this server allows. Revoke one first."),
        )
        .retry(Retry::Never),
        Error::SignupClosed => ApiError::new(
            Code::SignupClosed,
            "Sign-up is closed on this server. Ask its administrator for an account.",
        ),
        Error::InvitationRequired => ApiError::new(
            Code::InvitationRequired,
            "This server takes new accounts by invitation. Ask its administrator for a link.",
        ),
        Error::InvitationInvalid => ApiError::new(
            Code::InvitationInvalid,
            "The invitation is wrong, used up, expired or taken back. Ask the administrator for \
             another one.",
        )
        .param("invitation"),
        Error::InvitationOfAnother => ApiError::new(
            Code::InvitationInvalid,
            "The invitation is for another e-mail address. Use the one that was invited.",
        )
        .param("email"),
        Error::TooManyInvitations(limit) => ApiError::new(
            Code::InvitationLimitReached,
            format!("There are {limit} open invitations, as many as this server keeps. Take one back first."),
        )
        .retry(Retry::Never),
        Error::ResetTokenInvalid => ApiError::new(
            Code::ResetTokenInvalid,
            "The link is wrong, used, expired or replaced by another one. Ask the administrator \
             for a new one.",
        )
        .param("token"),
        Error::SetupTokenInvalid => ApiError::new(
            Code::SetupTokenInvalid,
            "The set-up code is wrong, or was used. The server prints it at every start, in its \
             terminal or log, while it has no administrator.",
        )
        .param("setup_token"),
        Error::TooManySignups(wait) => ApiError::new(
            Code::RateLimitExceeded,
            format!(
                "Too many sign-ups or wrong codes from this address. The next one is looked at in \
                 {} seconds.",
                wait.as_millis().div_ceil(1000)
            ),
        )
        .retry(Retry::After(*wait)),
        Error::EmailTaken => ApiError::new(
            Code::EmailTaken,
            "An account with this e-mail address exists. Log in, or use another address.",
        )
        .param("email")
        .retry(Retry::Never),
        Error::Stale(kind) => ApiError::new(
            Code::EtagMismatch,
            format!(
                "The {kind} has changed since it was read: If-Match does not name its current \
                 version. Read it again, then repeat the change with the new ETag."
            ),
        )
        .param("if-match")
        .retry(Retry::Never),
        Error::ConversationLocked(response) => {
            let mut error = ApiError::new(
                Code::ConversationLocked,
                "An answer is being generated in this conversation. Wait for it to end, or stop \
                 it at POST /api/responses/{id}/cancel.",
            )
            .retry(Retry::Never);
            error.0.response_id = Some(response.to_string());
            error
        }
        Error::CannotContinue(why) => cannot_continue(*why),
        Error::IdempotencyKeyReused => ApiError::new(
            Code::IdempotencyKeyReused,
            "This Idempotency-Key was used for another request. Use a new key for each request, \
             and the same key only to repeat it.",
        )
        .param("idempotency-key"),
        Error::ContextTooLong { limit, got } => ApiError::new(
            Code::ContextTooLong,
            format!(
                "The message is about {got} tokens long, the model takes {limit} at most. \
                 Shorten it, or choose a model with a larger context."
            ),
        )
        .param("content"),
        Error::ModelNotFound { model, suggestions } => ApiError::new(
            Code::ModelNotFound,
            format!(
                "There is no model {model:?}.{} GET /api/models lists the models.",
                did_you_mean(suggestions)
            ),
        )
        .param("model"),
        Error::LimitReached { what, limit } => ApiError::new(
            Code::RateLimitExceeded,
            format!("The limit of {limit} {what} is reached. Try again later."),
        )
        .retry(Retry::After(Duration::from_secs(5))),
        Error::TooManyRequests { limit, wait } => ApiError::new(
            Code::RateLimitExceeded,
            format!(
                "The limit of {limit} requests a minute is reached. Try again in {} ms.",
                wait.as_millis().max(1)
            ),
        )
        .retry(Retry::After(*wait)),
        Error::QuotaReached { limit } => ApiError::new(
            Code::StorageQuotaExceeded,
            format!(
                "You may store {limit} bytes on this server, and this does not fit. Delete \
                 conversations and empty the trash, or ask the operator for more room."
            ),
        )
        .retry(Retry::Never),
        Error::Busy => {
            ApiError::new(Code::Overloaded, "The server is busy. Try again in a moment.")
                .retry(Retry::After(Duration::from_secs(1)))
                .blame(Blame::Outside)
        }
        Error::StorageFull => ApiError::new(
            Code::StorageFull,
            "The server's storage is full, nothing was saved. Its operator has to make room.",
        )
        .retry(Retry::Never),
        Error::ReadOnly => ApiError::new(
            Code::StorageReadOnly,
            "The server's storage is read-only, nothing was saved. Its operator has to look at it.",
        )
        .retry(Retry::Never),
        Error::ShuttingDown => ApiError::shutting_down(),
        Error::Upstream(cause) => upstream(cause.code(), cause.public_message()),
        Error::Unavailable(_) => ApiError::new(
            Code::Unavailable,
            "The server cannot reach its storage. Try again in a moment.",
        )
        .retry(Retry::After(Duration::from_secs(2))),
        Error::Internal(_) => ApiError::internal(),
    }
}

fn cannot_continue(why: Uncontinuable) -> ApiError {
    let (message, newest) = match why {
        Uncontinuable::Whole => (
            "The answer is whole: there is nothing to go on with. POST \
              /api/messages/{id}/regenerate asks for another one.",
            None,
        ),
        Uncontinuable::Empty => (
            "The answer has no text to go on from. POST /api/messages/{id}/regenerate asks for \
              another one.",
            None,
        ),
        Uncontinuable::By(newest) => (
            "Another response continued this answer; error.response_id names it. Continue that \
              one.",
            Some(newest),
        ),
    };
    let mut error = ApiError::new(Code::CannotContinue, message).retry(Retry::Never);
    error.0.response_id = newest.map(|id| id.to_string());
    error
}

/// The names that are like an unknown one, as a sentence with a space before it.
fn did_you_mean(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    match names.split_last() {
        None => String::new(),
        Some((only, [])) => format!(" Did you mean {only}?"),
        Some((last, others)) => format!(" Did you mean {} or {last}?", others.join(", ")),
    }
}

/// A failure of the model provider, by its stable code.
pub(super) fn upstream(code: &str, message: String) -> ApiError {
    let code = Code::named(code).unwrap_or(Code::UpstreamFailed);
    let retry = match code {
        Code::UpstreamRateLimited | Code::UpstreamOverloaded | Code::UpstreamUnavailable => {
            Retry::After(Duration::from_secs(5))
        }
        Code::UpstreamAuth
        | Code::UpstreamQuotaExhausted
        | Code::UpstreamAddress
        | Code::UpstreamRejected => Retry::Never,
        _ => Retry::Unsaid,
    };
    ApiError::new(code, message).retry(retry).blame(Blame::Outside)
}
