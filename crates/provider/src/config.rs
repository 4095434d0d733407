//! How to reach a provider and how long to wait for it.

use std::fmt;
use std::time::Duration;

use secrecy::SecretString;

/// How long to wait for a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For the TCP and TLS handshakes.
    pub connect: Duration,
    /// From sending the request to the first piece of the answer; comments do not extend it.
    /// Also the longest time without a new piece later on, when only comments keep coming.
    pub first_token: Duration,
    /// The longest silence on the socket once the answer has begun; comments end a silence.
    pub idle: Duration,
    /// For the whole call, retries included.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            first_token: Duration::from_mins(1),
            idle: Duration::from_secs(30),
            total: Duration::from_mins(10),
        }
    }
}

/// An OpenAI-compatible provider.
#[derive(Clone)]
pub struct OpenAiConfig {
    /// What the provider is called in logs, metrics and stored responses.
    pub name: String,
    /// The address that `/chat/completions` is appended to, such as `https://api.openai.com/v1`.
    /// A query part is kept; a user name or password in it is refused.
    pub base_url: String,
    /// Sent as a bearer token (to Azure as `api-key`); local servers often need none.
    pub api_key: Option<SecretString>,
    /// The model used when a conversation names none.
    pub default_model: String,
    /// The model's window: how many tokens of context and answer it takes.
    pub context_tokens: u32,
    /// How many tokens of the window are kept free for the answer.
    pub output_reserve_tokens: u32,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// The largest single event accepted, in bytes.
    pub max_event_bytes: usize,
    /// The largest answer accepted, reasoning included, in bytes.
    pub max_answer_bytes: usize,
    /// How often a call is repeated when it failed before the first piece of its answer.
    pub max_retries: u32,
    /// Whether to ask for token counts; some servers refuse the unknown field.
    pub include_usage: bool,
}

impl OpenAiConfig {
    /// A configuration with the defaults for everything else.
    pub fn new(base_url: impl Into<String>, default_model: impl Into<String>) -> Self {
        Self {
            name: "openai".to_owned(),
            base_url: base_url.into(),
            api_key: None,
            default_model: default_model.into(),
            context_tokens: 128_000,
            output_reserve_tokens: 4_096,
            timeouts: Timeouts::default(),
            max_event_bytes: 256 * 1024,
            max_answer_bytes: 4 * 1024 * 1024,
            max_retries: 2,
            include_usage: true,
        }
    }
}

impl fmt::Debug for OpenAiConfig {
    // The address may hold a key in its query, so it is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenAiConfig")
            .field("name", &self.name)
            .field("default_model", &self.default_model)
            .field("api_key", &self.api_key.as_ref().map(|_| "[redacted]"))
            .field("timeouts", &self.timeouts)
            .finish_non_exhaustive()
    }
}
