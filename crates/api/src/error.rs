//! The one place with status codes: every failure becomes an [`ApiError`] here, with one of the
//! [`Code`]s.
//!
//! A handler returns the error; [`middleware`](crate::middleware) writes its body (it knows the
//! request id) and logs it once. Texts say what happened and what to do, and carry nothing
//! internal: those details go to the log with the request id.

mod codes;
mod openai;
mod request;
mod service;

use std::error::Error;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemas::Scope;
use schemas::error::{ErrorBody, ErrorDetail};
use serde::Serialize;

use codes::{Code, ErrorType};
pub use codes::{error_codes, failure_codes, reference};
pub(crate) use openai::status_at;

/// What a client is told about trying again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retry {
    /// Nothing: the status says enough.
    Unsaid,
    /// The same request may succeed after this time.
    After(Duration),
    /// The same request will not succeed; SDKs that repeat this status must not.
    Never,
}

/// The challenge of a refused credential (RFC 6750, section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// No usable credentials were sent, so no error code may be named (section 3.1).
    Plain,
    /// The token was refused.
    InvalidToken,
    /// The token may not be used for what was asked; sent with a 403.
    InsufficientScope(Scope),
}

/// Where a failure belongs in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blame {
    /// The client's doing: debug.
    Client,
    /// Another party's, or load: warn.
    Outside,
    /// Ours: error.
    Us,
}

/// A failed request, ready to be rendered.
#[derive(Debug, Clone)]
pub(crate) struct ApiError(Box<Fault>);

/// What an [`ApiError`] holds; boxed because results travel by value.
#[derive(Debug, Clone)]
struct Fault {
    code: Code,
    /// The status and the family, where they are not those of the code.
    recast: Option<(StatusCode, ErrorType)>,
    message: String,
    param: Option<String>,
    response_id: Option<String>,
    reasons: Vec<&'static str>,
    retry: Retry,
    challenge: Option<Challenge>,
    blame: Blame,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl ApiError {
    /// An error of the client's making; the setters below refine it.
    fn new(code: Code, message: impl Into<String>) -> Self {
        let is_ours = code.about().status.is_server_error();
        let blame = if is_ours { Blame::Us } else { Blame::Client };
        Self(Box::new(Fault {
            code,
            recast: None,
            message: message.into(),
            param: None,
            response_id: None,
            reasons: Vec::new(),
            retry: Retry::Unsaid,
            challenge: None,
            blame,
            source: None,
        }))
    }

    fn param(mut self, param: impl Into<String>) -> Self {
        self.0.param = Some(param.into());
        self
    }

    fn retry(mut self, retry: Retry) -> Self {
        self.0.retry = retry;
        self
    }

    fn challenge(mut self, challenge: Challenge) -> Self {
        self.0.challenge = Some(challenge);
        self
    }

    fn blame(mut self, blame: Blame) -> Self {
        self.0.blame = blame;
        self
    }

    /// The stable code.
    pub(crate) fn code(&self) -> &'static str {
        self.0.code.about().name
    }

    fn status(&self) -> StatusCode {
        self.0.recast.map_or_else(|| self.0.code.about().status, |(status, _)| status)
    }

    /// What went wrong, as it is told in a body or a stream.
    pub(crate) fn detail(&self) -> ErrorDetail {
        let fault = &self.0;
        let kind = fault.recast.map_or_else(|| fault.code.about().kind, |(_, kind)| kind);
        ErrorDetail {
            message: fault.message.clone(),
            kind: kind.as_str().to_owned(),
            param: fault.param.clone(),
            code: Some(self.code().to_owned()),
            response_id: fault.response_id.clone(),
        }
    }

    /// The same as a fault of the messages of a chat completion, if it is one of what is said.
    #[must_use]
    pub(crate) fn of_messages(mut self) -> Self {
        if self.0.code == Code::ContextTooLong {
            self.0.param = Some("messages".to_owned());
        }
        self
    }

    /// The body for the request of this id.
    pub(crate) fn body(&self, request_id: &str) -> Vec<u8> {
        let body = Rendered {
            body: ErrorBody { error: self.detail(), request_id: request_id.to_owned() },
            reasons: &self.0.reasons,
        };
        // Strings always serialise; an empty body would still have the right status.
        serde_json::to_vec(&body).unwrap_or_default()
    }

    /// Writes the failure to the log, once, with everything that was kept from the client.
    pub(crate) fn log(&self, request_id: &str) {
        let fault = &self.0;
        let (code, status) = (self.code(), self.status().as_u16());
        let cause = fault.source.as_deref().map(|source| chain(source)).unwrap_or_default();
        match fault.blame {
            Blame::Client => {
                tracing::debug!(request_id, code, status, param = fault.param, "request refused");
            }
            Blame::Outside => {
                tracing::warn!(request_id, code, status, cause, "request could not be served");
            }
            Blame::Us => tracing::error!(request_id, code, status, cause, "request failed"),
        }
    }

    fn headers(&self, headers: &mut HeaderMap) {
        match self.0.retry {
            Retry::Unsaid => {}
            Retry::After(delay) => {
                // RFC 9110 counts whole seconds; a shorter wait is rounded up.
                let seconds = delay.as_millis().div_ceil(1000).max(1);
                headers.insert(header::RETRY_AFTER, number(seconds));
                headers.insert("retry-after-ms", number(delay.as_millis()));
            }
            Retry::Never => {
                headers.insert("x-should-retry", HeaderValue::from_static("false"));
            }
        }
        if let Some(challenge) = self.0.challenge {
            let value = match challenge {
                Challenge::Plain => HeaderValue::from_static(r#"Bearer realm="chatapp""#),
                Challenge::InvalidToken => {
                    HeaderValue::from_static(r#"Bearer realm="chatapp", error="invalid_token""#)
                }
                Challenge::InsufficientScope(scope) => insufficient_scope(scope),
            };
            headers.insert(header::WWW_AUTHENTICATE, value);
        }
    }
}

/// The error body, with the reasons `/health/ready` adds.
#[derive(Serialize)]
struct Rendered<'a> {
    #[serde(flatten)]
    body: ErrorBody,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    reasons: &'a [&'static str],
}

impl IntoResponse for ApiError {
    /// Status and headers; the body follows in [`middleware`](crate::middleware), which finds the
    /// error among the response's extensions.
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status();
        self.headers(response.headers_mut());
        response.extensions_mut().insert(self);
        response
    }
}

/// The challenge that names the scope which is missing (RFC 6750, section 3).
fn insufficient_scope(scope: Scope) -> HeaderValue {
    let text = format!(r#"Bearer realm="chatapp", error="insufficient_scope", scope="{scope}""#);
    // A scope is a word of lower-case letters.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("Bearer"))
}

/// A header value of digits.
fn number(value: u128) -> HeaderValue {
    u64::try_from(value).map_or(HeaderValue::from_static("60"), HeaderValue::from)
}

/// An error and what caused it, in one line.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        // Writing to a string cannot fail.
        let _ = write!(text, ": {cause}");
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests;
