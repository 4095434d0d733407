//! What the use cases report, in the words and numbers of HTTP.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode as S;
use services::Error;

use super::{ApiError, Blame, Challenge, Kind, Retry};

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let mut rendered = describe(&error);
        if rendered.0.blame != Blame::Client {
            rendered.0.source = Some(Arc::new(error));
        }
        rendered
    }
}

/// The one table: status, type, code, message, retry advice and log level of every failure.
#[expect(clippy::too_many_lines, reason = "a table: one arm per failure, read as a whole")]
fn describe(error: &Error) -> ApiError {
    match error {
        Error::NotFound(kind) => ApiError::not_found(kind),
        Error::Invalid(invalid) => ApiError::new(
            S::BAD_REQUEST,
            Kind::InvalidRequest,
            "invalid_value",
            format!("{}.", invalid.message.trim_end_matches('.')),
        )
        .param(invalid.field.as_str()),
        Error::InvalidCredentials => ApiError::new(
            S::UNAUTHORIZED,
            Kind::Authentication,
            "invalid_credentials",
            "The e-mail address or the password is wrong.",
        )
        .challenge(Challenge::Plain),
        Error::InvalidToken => ApiError::invalid_token(),
        Error::TokenExpired => ApiError::new(
            S::UNAUTHORIZED,
            Kind::Authentication,
            "token_expired",
            "The token has expired. Renew it at POST /api/auth/refresh or log in again.",
        )
        .challenge(Challenge::InvalidToken),
        Error::InvalidKey => ApiError::new(
            S::UNAUTHORIZED,
            Kind::Authentication,
            "invalid_api_key",
            "The API key is not valid: it is mistyped, revoked or expired. Make another at POST \
             /api/keys, with a login.",
        )
        .challenge(Challenge::InvalidToken),
        Error::InsufficientScope(scope) => ApiError::insufficient_scope(*scope),
        Error::SessionRequired => ApiError::new(
            S::FORBIDDEN,
            Kind::Permission,
            "session_required",
            "An API key belongs to no session. Log in to use this route, or revoke the key at \
             DELETE /api/keys/{id}.",
        ),
        Error::TooManyKeys(limit) => ApiError::new(
            S::CONFLICT,
            Kind::Conflict,
            "key_limit_reached",
            format!("You have {limit} API keys, as many as this server allows. Revoke one first."),
        )
        .retry(Retry::Never),
        Error::SignupClosed => ApiError::new(
            S::FORBIDDEN,
            Kind::Permission,
            "signup_closed",
            "Sign-up is closed on this server. Ask its administrator for an account.",
        ),
        Error::SetupTokenInvalid => ApiError::new(
            S::FORBIDDEN,
            Kind::Permission,
            "setup_token_invalid",
            "The set-up token is wrong, used or expired. Restart the server to print a new one.",
        )
        .param("setup_token"),
        Error::EmailTaken => ApiError::new(
            S::CONFLICT,
            Kind::Conflict,
            "email_taken",
            "An account with this e-mail address exists. Log in, or use another address.",
        )
        .param("email")
        .retry(Retry::Never),
        Error::Stale(kind) => ApiError::new(
            S::PRECONDITION_FAILED,
            Kind::InvalidRequest,
            "etag_mismatch",
            format!(
                "The {kind} has changed since it was read: If-Match does not name its current \
                 version. Read it again, then repeat the change with the new ETag."
            ),
        )
        .param("if-match")
        .retry(Retry::Never),
        Error::ConversationLocked(response) => {
            let mut error = ApiError::new(
                S::CONFLICT,
                Kind::Conflict,
                "conversation_locked",
                "An answer is being generated in this conversation. Wait for it to end, or stop \
                 it at POST /api/responses/{id}/cancel.",
            )
            .retry(Retry::Never);
            error.0.response_id = Some(response.to_string());
            error
        }
        Error::IdempotencyKeyReused => ApiError::new(
            S::UNPROCESSABLE_ENTITY,
            Kind::InvalidRequest,
            "idempotency_key_reused",
            "This Idempotency-Key was used for another request. Use a new key for each request, \
             and the same key only to repeat it.",
        )
        .param("idempotency-key"),
        Error::ContextTooLong { limit, got } => ApiError::new(
            S::BAD_REQUEST,
            Kind::InvalidRequest,
            "context_length_exceeded",
            format!(
                "The message is about {got} tokens long, the model takes {limit} at most. \
                 Shorten it, or choose a model with a larger context."
            ),
        )
        .param("content"),
        Error::ModelNotFound { model, suggestions } => ApiError::new(
            S::BAD_REQUEST,
            Kind::InvalidRequest,
            "model_not_found",
            format!(
                "There is no model {model:?}.{} GET /api/models lists the models.",
                did_you_mean(suggestions)
            ),
        )
        .param("model"),
        Error::LimitReached { what, limit } => ApiError::new(
            S::TOO_MANY_REQUESTS,
            Kind::RateLimit,
            "rate_limit_exceeded",
            format!("The limit of {limit} {what} is reached. Try again later."),
        )
        .retry(Retry::After(Duration::from_secs(5))),
        Error::Busy => ApiError::new(
            S::SERVICE_UNAVAILABLE,
            Kind::Server,
            "overloaded",
            "The server is busy. Try again in a moment.",
        )
        .retry(Retry::After(Duration::from_secs(1)))
        .blame(Blame::Outside),
        Error::StorageFull => ApiError::new(
            S::INSUFFICIENT_STORAGE,
            Kind::Server,
            "storage_full",
            "The server's storage is full, nothing was saved. Its operator has to make room.",
        )
        .retry(Retry::Never),
        Error::ShuttingDown => ApiError::shutting_down(),
        Error::Upstream(cause) => upstream(cause.code(), cause.public_message()),
        Error::Unavailable(_) => ApiError::new(
            S::SERVICE_UNAVAILABLE,
            Kind::Server,
            "unavailable",
            "The server cannot reach its storage. Try again in a moment.",
        )
        .retry(Retry::After(Duration::from_secs(2))),
        Error::Internal(_) => ApiError::internal(),
    }
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
pub(super) fn upstream(code: &'static str, message: String) -> ApiError {
    let (status, kind, retry) = match code {
        "context_length_exceeded" | "model_not_found" => {
            (S::BAD_REQUEST, Kind::InvalidRequest, Retry::Unsaid)
        }
        "upstream_timeout" => (S::GATEWAY_TIMEOUT, Kind::Upstream, Retry::Unsaid),
        "upstream_rate_limited" | "upstream_overloaded" | "upstream_unavailable" => {
            (S::SERVICE_UNAVAILABLE, Kind::Upstream, Retry::After(Duration::from_secs(5)))
        }
        "upstream_auth" | "upstream_quota_exhausted" | "upstream_rejected" => {
            (S::BAD_GATEWAY, Kind::Upstream, Retry::Never)
        }
        _ => (S::BAD_GATEWAY, Kind::Upstream, Retry::Unsaid),
    };
    ApiError::new(status, kind, code, message).retry(retry).blame(Blame::Outside)
}
