//! Errors of a request itself, found before any use case runs, and those of the frame around it.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use schemas::Scope;

use super::{ApiError, Blame, Challenge, Code, Retry};

/// The most characters of a client's own words that are repeated in `param`.
const MAX_PARAM_CHARS: usize = 64;

impl ApiError {
    /// The same words for an id that is absent, another user's, or not an id at all.
    pub(crate) fn not_found(kind: &str) -> Self {
        Self::new(
            Code::NotFound,
            format!("There is no {kind} with this id. Check the id; it may have been deleted."),
        )
    }

    /// No route has this path.
    pub(crate) fn unknown_url() -> Self {
        Self::new(Code::UnknownUrl, "There is nothing at this URL. The routes are listed at /docs.")
    }

    /// The route exists, the method does not; `Allow` is added by the router.
    pub(crate) fn method_not_supported() -> Self {
        Self::new(
            Code::MethodNotSupported,
            "This URL does not support this method. The header Allow lists those it supports.",
        )
    }

    /// The URL is longer than `max` bytes.
    pub(crate) fn url_too_long(max: usize) -> Self {
        Self::new(Code::UrlTooLong, format!("The URL must be at most {max} bytes long."))
    }

    /// The head of the request is larger than `max` bytes.
    pub(crate) fn headers_too_large(max: usize) -> Self {
        Self::new(
            Code::HeadersTooLarge,
            format!("The headers of a request must be at most {max} bytes long together."),
        )
    }

    /// The body is larger than `max` bytes.
    pub(crate) fn body_too_large(max: usize) -> Self {
        Self::new(
            Code::RequestTooLarge,
            format!("The body of this request must be at most {max} bytes long."),
        )
    }

    /// The body did not arrive within `limit`.
    pub(crate) fn body_timeout(limit: Duration) -> Self {
        Self::new(
            Code::RequestTimeout,
            format!("The body did not arrive within {} seconds.", limit.as_secs_f32()),
        )
    }

    /// So many bodies are being received from the address already.
    pub(crate) fn too_many_bodies(limit: u32) -> Self {
        Self::new(
            Code::RateLimitExceeded,
            format!("{limit} bodies are being received from this address already. Try again soon."),
        )
        .retry(Retry::After(Duration::from_secs(1)))
    }

    /// All connections are taken but those kept for health checks.
    pub(crate) fn no_connection_free() -> Self {
        Self::new(
            Code::Overloaded,
            "The server has as many connections as it takes. Try again soon.",
        )
        .retry(Retry::After(Duration::from_secs(1)))
        .blame(Blame::Outside)
    }

    /// The body ended before its announced length.
    pub(crate) fn body_incomplete() -> Self {
        Self::new(Code::RequestIncomplete, "The body of the request did not arrive whole.")
    }

    /// The body is not declared as JSON.
    pub(crate) fn unsupported_media_type() -> Self {
        Self::new(
            Code::UnsupportedMediaType,
            "Send the body as JSON with the header Content-Type: application/json.",
        )
    }

    /// The upload is not declared as a file that is taken here.
    pub(crate) fn unsupported_upload() -> Self {
        Self::new(
            Code::UnsupportedMediaType,
            "Send the file itself as the body, with a header such as Content-Type: \
             application/json or application/zip.",
        )
    }

    /// An upload could not be kept.
    pub(crate) fn upload(error: &std::io::Error) -> Self {
        use std::io::ErrorKind as E;
        match error.kind() {
            E::StorageFull | E::QuotaExceeded | E::FileTooLarge => {
                services::Error::StorageFull.into()
            }
            _ => services::Error::internal(std::io::Error::from(error.kind())).into(),
        }
    }

    /// The body is not JSON, or JSON of a form that is refused; `why` echoes no input.
    pub(crate) fn invalid_json(why: &str) -> Self {
        Self::new(Code::InvalidJson, format!("The body is not acceptable JSON: {why}."))
    }

    /// A value breaks a rule.
    pub(crate) fn invalid_value(param: &str, message: impl Into<String>) -> Self {
        Self::new(Code::InvalidValue, message).param(cut(param))
    }

    /// A value is none that its field can have; `why` repeats nothing of it.
    pub(crate) fn unfit_value(param: &str, why: &str) -> Self {
        let param = cut(param);
        Self::new(Code::InvalidValue, format!("The value of {param:?} does not fit: {why}."))
            .param(param)
    }

    /// A field or query parameter that does not exist here.
    pub(crate) fn unknown_parameter(param: &str) -> Self {
        let param = cut(param);
        Self::new(
            Code::UnknownParameter,
            format!("{param:?} is not known here or cannot be set. Leave it out; see /docs."),
        )
        .param(param)
    }

    /// A field that must be sent.
    pub(crate) fn missing_parameter(param: &str) -> Self {
        Self::new(Code::MissingParameter, format!("{param:?} is required.")).param(param)
    }

    /// The query string cannot be read.
    pub(crate) fn invalid_query() -> Self {
        Self::new(
            Code::InvalidQuery,
            "The query string is not percent-encoded UTF-8 without U+0000.",
        )
    }

    /// No token was sent in the one place where it is read.
    pub(crate) fn missing_token() -> Self {
        Self::new(
            Code::MissingToken,
            "Send an access token or an API key in the header Authorization: Bearer TOKEN. POST \
             /api/auth/login gives a token.",
        )
        .challenge(Challenge::Plain)
    }

    /// A token was sent and is refused.
    pub(crate) fn invalid_token() -> Self {
        Self::new(
            Code::InvalidToken,
            "The token is not valid, or its session has ended. Log in again.",
        )
        .challenge(Challenge::InvalidToken)
    }

    /// The API key is good, but not for this.
    pub(crate) fn insufficient_scope(scope: Scope) -> Self {
        Self::new(
            Code::InsufficientScope,
            format!(
                "This API key lacks the scope {scope:?}. Make a key that has it at POST /api/keys, \
                 or log in.",
                scope = scope.as_str()
            ),
        )
        .challenge(Challenge::InsufficientScope(scope))
    }

    /// The caller does not administer the server.
    pub(crate) fn administrator_required() -> Self {
        Self::new(
            Code::AdministratorRequired,
            "This is for administrators of the server, and you are none.",
        )
    }

    /// The host of the request is not one of this server's.
    pub(crate) fn misdirected() -> Self {
        Self::new(
            Code::MisdirectedRequest,
            "This server does not answer under this name. If it should, the person who runs it \
             sets server.public_url to the address that people use, or names it in \
             server.allowed_hosts.",
        )
    }

    /// A page that is not this server's asks for this server's cookie.
    pub(crate) fn foreign_page() -> Self {
        Self::new(
            Code::ForeignPage,
            "The server does not take this page for its own, so it gives it no session. If it is: \
             a proxy in front changes the address; the person who runs the server sets \
             server.public_url, or lets the proxy pass Host on. Other pages leave out the header \
             X-ChatApp-Session and keep the refresh token themselves.",
        )
    }

    /// The server is on its way down.
    pub(crate) fn shutting_down() -> Self {
        Self::new(
            Code::ShuttingDown,
            "The server is shutting down or restarting. Try again in a moment.",
        )
        .retry(Retry::After(Duration::from_secs(5)))
        .blame(Blame::Outside)
    }

    /// The server does not want requests now, for these reasons.
    pub(crate) fn not_ready(reasons: Vec<&'static str>) -> Self {
        let mut error =
            Self::new(Code::NotReady, format!("The server is not ready: {}.", reasons.join(", ")))
                .retry(Retry::After(Duration::from_secs(1)))
                .blame(Blame::Outside);
        error.0.reasons = reasons;
        error
    }

    /// Something that should not happen.
    pub(crate) fn internal() -> Self {
        Self::new(
            Code::InternalError,
            "The server failed to handle this request. The request id leads to the reason in its \
             log.",
        )
    }

    /// The handler panicked with this constant message.
    pub(crate) fn panicked(message: &'static str) -> Self {
        let mut error = Self::internal();
        error.0.source = Some(Arc::new(Panicked(message)));
        error
    }
}

/// What the log shows as the cause of an error that was a panic.
#[derive(Debug)]
struct Panicked(&'static str);

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the handler panicked: {}", self.0)
    }
}

impl Error for Panicked {}

/// A client's own words, short enough to be repeated.
fn cut(text: &str) -> String {
    text.chars().take(MAX_PARAM_CHARS).collect()
}
