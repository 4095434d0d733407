//! What providers say when something went wrong.

use std::time::Duration;

use serde_json::Value;

use crate::ProviderError;

/// A provider's report of a failure, as far as it could be understood.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    /// An HTTP status that the report names (OpenRouter, Gemini).
    pub status: Option<u16>,
    /// Words that classify it: `code`, `type` and `status`, in lower case, separated by spaces.
    pub labels: String,
    /// The provider's explanation. For the log only.
    pub message: String,
}

/// A failed attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What it means for the caller.
    pub error: ProviderError,
    /// Whether asking again may help, as long as nothing of an answer was passed on.
    pub retry: bool,
    /// How long the provider asked to wait before that.
    pub asked_wait: Option<Duration>,
}

impl Failure {
    /// A failure that asking again would not change.
    pub(crate) fn last(error: ProviderError) -> Self {
        Self { error, retry: false, asked_wait: None }
    }

    /// A failure that may pass.
    pub(crate) fn passing(error: ProviderError) -> Self {
        Self { error, retry: true, asked_wait: None }
    }
}

impl Report {
    /// Finds a failure in what should have been an answer.
    pub(crate) fn find(value: &Value) -> Option<Self> {
        // Gemini wraps its errors in an array.
        let value = match value {
            Value::Array(items) => items.first()?,
            value => value,
        };
        match value.get("error") {
            Some(error @ (Value::Object(_) | Value::String(_))) => Some(Self::from_error(error)),
            _ if value.get("object").and_then(Value::as_str) == Some("error") => {
                Some(Self::from_error(value))
            }
            _ => None,
        }
    }

    /// Reads the body of an HTTP answer that is known to be a failure.
    pub(crate) fn from_body(body: &[u8]) -> Self {
        match serde_json::from_slice::<Value>(body) {
            Ok(value) => Self::find(&value).unwrap_or_else(|| Self::from_error(&value)),
            Err(_) => {
                Self { message: String::from_utf8_lossy(body).into_owned(), ..Self::default() }
            }
        }
    }

    /// Reads an error object or an error text.
    pub(crate) fn from_error(error: &Value) -> Self {
        if let Value::String(message) = error {
            return Self { message: message.clone(), ..Self::default() };
        }
        let text = |name: &str| error.get(name).and_then(Value::as_str);
        let labels: Vec<_> = ["code", "type", "status"].into_iter().filter_map(text).collect();
        let code = error.get("code");
        let status = code
            .and_then(Value::as_u64)
            .or_else(|| code.and_then(Value::as_str).and_then(|code| code.parse().ok()))
            .and_then(|code| u16::try_from(code).ok())
            .filter(|code| (400..600).contains(code));
        let message = ["message", "detail"].into_iter().find_map(text).map(str::to_owned);
        Self {
            status,
            labels: labels.join(" ").to_ascii_lowercase(),
            message: message.unwrap_or_else(|| error.to_string()),
        }
    }

    /// What the report means. `status` is the HTTP status, unless the answer began well;
    /// `retry_after` is what the answer's header fields asked for.
    pub(crate) fn classify(&self, status: Option<u16>, retry_after: Option<Duration>) -> Failure {
        Failure { asked_wait: retry_after, ..self.meaning(status, retry_after) }
    }

    fn meaning(&self, status: Option<u16>, retry_after: Option<Duration>) -> Failure {
        use ProviderError as E;
        let label = |words: &[&str]| words.iter().any(|word| self.labels.contains(word));
        let status = status.or(self.status);
        let client_error = status.is_none_or(|status| matches!(status, 400 | 404 | 413 | 422));

        if label(&["insufficient_quota", "billing", "insufficient_balance"]) || status == Some(402)
        {
            return Failure::last(E::QuotaExhausted);
        }
        if client_error {
            if label(&["context_length", "context_window", "string_above_max"])
                || status == Some(413)
                || self.says_context_too_long()
            {
                return Failure::last(E::ContextTooLong);
            }
            if label(&["model_not_found", "not_found"]) || self.says_model_unknown() {
                return Failure::last(E::ModelNotFound);
            }
        }
        match status {
            Some(401 | 403) => Failure::last(E::Auth),
            Some(429) => Failure::passing(E::RateLimited { retry_after }),
            Some(408 | 409 | 502 | 503 | 504 | 529) => {
                Failure::passing(E::Overloaded { retry_after })
            }
            Some(500) => Failure::passing(E::Failed),
            Some(400..=499) => Failure::last(E::BadRequest),
            Some(501..) => Failure::last(E::Failed),
            Some(_) => Failure::last(E::Protocol),
            None if label(&["rate_limit", "resource_exhausted"]) => {
                Failure::passing(E::RateLimited { retry_after })
            }
            None if label(&["overloaded", "unavailable"]) => {
                Failure::passing(E::Overloaded { retry_after })
            }
            None if label(&["api_key", "authentication", "unauthenticated", "permission"]) => {
                Failure::last(E::Auth)
            }
            None if label(&["invalid_request", "invalid_argument", "bad_request"]) => {
                Failure::last(E::BadRequest)
            }
            None => Failure::passing(E::Failed),
        }
    }

    /// Whether the prompt was withheld by a content filter (Azure answers 400).
    pub(crate) fn is_content_filter(&self) -> bool {
        self.labels.split(' ').any(|label| label == "content_filter")
    }

    fn says_context_too_long(&self) -> bool {
        let message = self.message.to_ascii_lowercase();
        [
            "context length",
            "context window",
            "context size",
            "maximum context",
            "prompt is too long",
            "too many tokens",
            "exceeds the maximum number of tokens",
        ]
        .iter()
        .any(|words| message.contains(words))
    }

    fn says_model_unknown(&self) -> bool {
        let message = self.message.to_ascii_lowercase();
        message.contains("model")
            && [
                "not found",
                "does not exist",
                "not exist",
                "unknown model",
                "invalid model",
                "not a valid model",
            ]
            .iter()
            .any(|words| message.contains(words))
    }
}
