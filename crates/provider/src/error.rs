//! What can go wrong with a provider.

use std::time::Duration;

/// The part of a call that took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Reaching the provider.
    Connect,
    /// Waiting for the first piece of the answer.
    FirstToken,
    /// Waiting for the next piece.
    Idle,
    /// The whole call.
    Total,
}

impl Phase {
    /// A short name for logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::FirstToken => "first token",
            Self::Idle => "idle",
            Self::Total => "total",
        }
    }

    /// The setting of the provider that says how long it may take.
    pub fn setting(self) -> &'static str {
        match self {
            Self::Connect => "connect_timeout",
            Self::FirstToken => "first_token_timeout",
            Self::Idle => "idle_timeout",
            Self::Total => "total_timeout",
        }
    }
}

/// What was larger than allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    /// A single event: `max_event_bytes`.
    Event,
    /// The answer: `max_answer_bytes`.
    Answer,
    /// The number of calls of tools, or the length of their names.
    Calls,
}

impl Limit {
    /// The setting that says how large it may be, or what is limited where there is none.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Event => "max_event_bytes",
            Self::Answer => "max_answer_bytes",
            Self::Calls => "calls of tools",
        }
    }
}

/// Why a provider gave no (whole) answer.
///
/// It never carries the provider's own words, which may repeat keys or conversations; those are
/// logged once at warn, shortened and with keys removed, where the failure is noticed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// The provider did not accept our credentials.
    #[error("the provider refused the credentials")]
    Auth,
    /// Too many requests or tokens for now.
    #[error("the provider limits the rate of requests")]
    RateLimited {
        /// How long the provider asked to wait.
        retry_after: Option<Duration>,
    },
    /// The account at the provider has nothing left to spend.
    #[error("the provider's quota is used up")]
    QuotaExhausted,
    /// The provider cannot take more work for now.
    #[error("the provider is overloaded")]
    Overloaded {
        /// How long the provider asked to wait.
        retry_after: Option<Duration>,
    },
    /// The provider did not accept the request.
    #[error("the provider refused the request")]
    BadRequest,
    /// The context does not fit the model's window.
    #[error("the context is too long for the model")]
    ContextTooLong,
    /// The provider has no such model.
    #[error("the provider does not know the model")]
    ModelNotFound,
    /// What replies at the configured address is not a provider's API.
    #[error("the provider's address is wrong")]
    WrongAddress,
    /// The provider took too long.
    #[error("the provider took too long ({}: {})", .0.as_str(), .0.setting())]
    Timeout(Phase),
    /// The answer stopped without a proper end.
    #[error("the provider's answer ended early")]
    Truncated,
    /// The answer ended well, but has neither words nor calls.
    #[error("the provider's answer is empty")]
    EmptyAnswer,
    /// An event or the answer was larger than allowed.
    #[error("the provider's answer is too large ({})", .0.as_str())]
    TooLarge(Limit),
    /// The provider's bytes make no sense.
    #[error("the provider's answer cannot be understood")]
    Protocol,
    /// The provider said that it failed.
    #[error("the provider reported a failure")]
    Failed,
    /// The provider cannot be reached, or failed so often lately that it is not asked.
    #[error("the provider cannot be reached")]
    Unreachable,
    /// The provider cannot be used as configured; seen at start only.
    #[error("the provider is misconfigured: {0}")]
    Misconfigured(&'static str),
}

/// Each kind of error has a code; a second table of them would miss the next kind.
macro_rules! codes {
    ($($error:pat => $code:literal,)*) => {
        impl ProviderError {
            /// Every code that an error of a provider has.
            pub const CODES: &'static [&'static str] = &[$($code,)*];

            /// The stable machine code.
            pub fn code(&self) -> &'static str {
                match self { $($error => $code,)* }
            }
        }
    };
}

codes! {
    Self::Auth => "upstream_auth",
    Self::RateLimited { .. } => "upstream_rate_limited",
    Self::QuotaExhausted => "upstream_quota_exhausted",
    Self::Overloaded { .. } => "upstream_overloaded",
    Self::BadRequest => "upstream_rejected",
    Self::ContextTooLong => "context_length_exceeded",
    Self::ModelNotFound => "model_not_found",
    Self::WrongAddress => "upstream_address",
    Self::Timeout(_) => "upstream_timeout",
    Self::Truncated => "upstream_truncated",
    Self::EmptyAnswer => "empty_answer",
    Self::TooLarge(_) => "upstream_too_large",
    Self::Protocol => "upstream_protocol",
    Self::Failed => "upstream_failed",
    Self::Unreachable => "upstream_unavailable",
    Self::Misconfigured(_) => "upstream_misconfigured",
}

impl ProviderError {
    /// What happened and what to do, in words fit for a user.
    pub fn public_message(&self) -> String {
        let wait = |retry_after: &Option<Duration>| match retry_after {
            Some(wait) => format!("Try again in {} s.", wait.as_secs_f64().ceil().max(1.0)),
            None => "Try again in a moment.".to_owned(),
        };
        match self {
            Self::Auth => "The model provider refused this server's credentials. An administrator must check its API key.".to_owned(),
            Self::RateLimited { retry_after } => {
                format!("The model provider is receiving too many requests. {}", wait(retry_after))
            }
            Self::QuotaExhausted => "There is no credit left at the model provider. An administrator must check its plan and billing.".to_owned(),
            Self::Overloaded { retry_after } => {
                format!("The model provider is overloaded. {}", wait(retry_after))
            }
            Self::BadRequest => "The model provider refused the request. Try another model or a different message; the server's log has the reason.".to_owned(),
            Self::ContextTooLong => "The conversation is too long for this model. Shorten the message, start a new conversation or choose a model with a larger window.".to_owned(),
            Self::ModelNotFound => "The model provider does not offer this model. Choose another one.".to_owned(),
            Self::WrongAddress => "There is no model provider at the configured address. An administrator must check it; most addresses end in /v1.".to_owned(),
            Self::Timeout(Phase::Connect) => "The model provider could not be reached in time (connect_timeout). Try again in a moment.".to_owned(),
            Self::Timeout(Phase::FirstToken) => "The model did not begin to answer in time (first_token_timeout). Try again in a moment.".to_owned(),
            Self::Timeout(Phase::Idle) => "The model stopped in the middle of its answer (idle_timeout). Try again.".to_owned(),
            Self::Timeout(Phase::Total) => "The answer took longer than allowed (total_timeout). Ask for a shorter one or try again.".to_owned(),
            Self::Truncated => "The model's answer broke off before its end. Try again.".to_owned(),
            Self::EmptyAnswer => "The model ended its answer without saying anything. Try again, ask differently or choose another model.".to_owned(),
            Self::TooLarge(Limit::Event) => "A piece of the provider's answer is larger than this server accepts (max_event_bytes). An administrator can raise the limit.".to_owned(),
            Self::TooLarge(Limit::Answer) => "The model's answer is larger than allowed (max_answer_bytes). Ask for a shorter one.".to_owned(),
            Self::TooLarge(Limit::Calls) => "The model's answer has more calls of tools than allowed, or one with too long a name. Ask for less at once.".to_owned(),
            Self::Protocol => "The model provider answered with something that cannot be understood. Try again; if it persists, an administrator must check the provider's address.".to_owned(),
            Self::Failed => "The model provider reported a failure. Try again.".to_owned(),
            Self::Unreachable => "The model provider cannot be reached. Try again in a moment.".to_owned(),
            Self::Misconfigured(_) => "The model provider is not configured properly. An administrator must check the server's configuration.".to_owned(),
        }
    }

    /// How long the provider asked to wait, if it did.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } | Self::Overloaded { retry_after } => *retry_after,
            _ => None,
        }
    }
}
