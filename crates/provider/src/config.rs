//! How to reach a provider and how long to wait for it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use secrecy::SecretString;

use crate::options::ModelOptions;

/// How long to wait for a provider.
///
/// Models that are known to reason are given twice as long where nothing comes
/// (`first_token`, `idle`): on chat completions most say nothing while they think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For the TCP and TLS handshakes.
    pub connect: Duration,
    /// The longest silence before the first piece of the answer; comments end a silence.
    pub first_token: Duration,
    /// The longest silence once the answer has begun; comments end a silence.
    pub idle: Duration,
    /// For the whole call, retries included.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            first_token: Duration::from_mins(5),
            idle: Duration::from_mins(5),
            total: Duration::from_mins(30),
        }
    }
}

impl Timeouts {
    /// The same for a model that reasons.
    pub(crate) fn for_reasoning(self) -> Self {
        Self {
            first_token: self.first_token.saturating_mul(2),
            idle: self.idle.saturating_mul(2),
            ..self
        }
    }
}

/// An OpenAI-compatible provider.
#[derive(Clone)]
pub struct OpenAiConfig {
    /// What the provider is called in model names, logs, metrics and stored responses.
    pub name: String,
    /// The address that `/chat/completions` is appended to, such as `https://api.openai.com/v1`.
    /// A query part is kept; a user name or password in it is refused.
    pub base_url: String,
    /// Sent as `key_header` says; local servers often need none.
    pub api_key: Option<SecretString>,
    /// The header field that carries the key as it is. Without it the key is a bearer token, to
    /// Azure `api-key`.
    pub key_header: Option<String>,
    /// Further header fields of every request, by name. Their values are treated as secrets.
    pub headers: Vec<(String, SecretString)>,
    /// The model used when nothing names one.
    pub default_model: Option<String>,
    /// The only models offered, in the order of lists; none offers whatever the provider has.
    pub models: Option<Vec<String>>,
    /// What holds for all its models.
    pub options: ModelOptions,
    /// What holds for one model, by its name at the provider; comes before `options`.
    pub model_options: BTreeMap<String, ModelOptions>,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// The largest single event accepted, in bytes.
    pub max_event_bytes: usize,
    /// The largest answer accepted, reasoning and calls of tools included, in bytes.
    pub max_answer_bytes: usize,
    /// How often a call is repeated when it failed before the first piece of its answer.
    pub max_retries: u32,
    /// Whether to ask for token counts; some servers refuse the unknown field.
    pub include_usage: bool,
}

/// An address as it may be shown: without its query, which may hold a key.
pub fn without_query(address: &str) -> &str {
    address.split_once('?').map_or(address, |(before, _)| before)
}

impl OpenAiConfig {
    /// Its address as it may be shown.
    pub fn address(&self) -> &str {
        without_query(&self.base_url)
    }

    /// A configuration with the defaults for everything else.
    pub fn new(base_url: impl Into<String>, default_model: impl Into<String>) -> Self {
        Self {
            name: "openai".to_owned(),
            base_url: base_url.into(),
            api_key: None,
            key_header: None,
            headers: Vec::new(),
            default_model: Some(default_model.into()),
            models: None,
            options: ModelOptions::default(),
            model_options: BTreeMap::new(),
            timeouts: Timeouts::default(),
            max_event_bytes: 8 * 1024 * 1024,
            max_answer_bytes: 4 * 1024 * 1024,
            max_retries: 2,
            include_usage: true,
        }
    }

    /// Whether the model is among those that the configuration itself names.
    pub(crate) fn names(&self, model: &str) -> bool {
        self.default_model.as_deref() == Some(model)
            || self.model_options.contains_key(model)
            || self.models.iter().flatten().any(|name| name == model)
    }
}

/// An address without its user part and its query, which may hold a password or a key.
fn without_secrets(address: &str) -> String {
    let Ok(url) = reqwest::Url::parse(address) else { return "(no address)".to_owned() };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}

impl fmt::Debug for OpenAiConfig {
    // Headers may hold a key, so they are left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenAiConfig")
            .field("name", &self.name)
            .field("base_url", &without_secrets(&self.base_url))
            .field("default_model", &self.default_model)
            .field("models", &self.models)
            .field("api_key", &self.api_key.as_ref().map(|_| "[redacted]"))
            .field("options", &self.options)
            .field("model_options", &self.model_options)
            .field("timeouts", &self.timeouts)
            .finish_non_exhaustive()
    }
}
