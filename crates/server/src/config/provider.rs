//! Section `provider`.

use std::fmt;
use std::time::Duration;

use provider::{CallStyle, ReasoningField, ReasoningTags, SystemRole, TokenLimit, Tokenizer};
use secrecy::{ExposeSecret as _, SecretString};

use super::key::Privacy;
use super::provider_setting::FieldName;
use super::section::section;
use super::setting::Setting;

section! {
    /// An OpenAI-compatible service that writes the answers. With neither `base_url` nor `api_key`
    /// there is none. Further ones are sections `[providers.NAME]`, which take their timeouts and
    /// limits from here. Without any there is the built-in demo model.
    ProviderConfig = "provider";

    /// What the provider is called in model names, logs, metrics and stored answers.
    name: ProviderName = "openai";
    /// Its address, to which `/chat/completions` is appended. With an `api_key` alone it is
    /// `https://api.openai.com/v1`; a local server (Ollama: `http://localhost:11434/v1`) often
    /// needs no key.
    base_url: Option<BaseUrl>, env "OPENAI_BASE_URL";
    /// Its key, sent as a bearer token unless `key_header` says otherwise.
    api_key: Option<ApiKey>, env "OPENAI_API_KEY";
    /// The header field that carries the key as it is. Without it the key is a bearer token, or
    /// `api-key` for an address below `openai.azure.com`.
    key_header: Option<FieldName>;
    /// The model used when a conversation names none.
    model: String = "gpt-4o-mini", env "OPENAI_MODEL";
    /// The window of its models: how many tokens of context and answer they take. Without it what
    /// the provider lists counts, else the built-in table, else 32768.
    context_tokens: Option<u32>, range "512" to "100000000";
    /// How many tokens of the window are kept free for the answer.
    output_reserve_tokens: u32 = "4096", range "16" to "10000000";
    /// How tokens are counted where a conversation comes near the window; known for models of
    /// OpenAI by their names if not set, else `estimate`. Each of the other two takes some 25 MiB of
    /// memory from the first such conversation on.
    tokenizer: Option<Tokenizer>;
    /// Under which role instructions are sent; `user` puts them at the head of the user's first
    /// message.
    system_role: Option<SystemRole>;
    /// The field that limits the length of an answer. If not set, the new one for OpenAI and Azure,
    /// and whichever the provider takes.
    token_limit_field: Option<TokenLimit>;
    /// The sampling temperature where a request asks for none; not sent if not set, since some models
    /// refuse it.
    temperature: Option<f64>, range "0" to "2";
    /// Where reasoning between tags (`<think>…</think>` and a dozen others that models use) is taken
    /// out of an answer: at its beginning and where a tag begins a line (`leading`), or everything
    /// before the first closing tag (`implied`, for models whose prompt has the opening one). Pairs of
    /// tags, as a list or separated by commas, count beside the known ones. `off` for OpenAI and Azure
    /// if not set, else `leading`.
    reasoning_tags: Option<ReasoningTags>;
    /// Whether to ask for answers piece by piece; `true` if not set.
    stream: Option<bool>;
    /// Whether its models take images. If `false`, words stand for them; if not set, images are
    /// sent.
    images: Option<bool>;
    /// Whether its models take files. If `false`, words stand for them; if not set, files are sent.
    files: Option<bool>;
    /// How calls of tools are written: with ids of at most 40 letters, digits, `_` and `-`
    /// (`standard`), with the nine letters and digits and the order of messages that Mistral's models
    /// insist on (`mistral`), or with ids as the model gave them (`as_is`). If not set, the model's
    /// name decides, else `standard`.
    tool_calls: Option<CallStyle>;
    /// The field in which reasoning goes back that led to a call of a tool. If not set,
    /// `reasoning_content` for models whose names have `deepseek` or `kimi`, which insist on it, else
    /// `off`.
    reasoning_field: Option<ReasoningField>;
    /// How long connecting may take.
    connect_timeout: Duration = "5s", range "10ms" to "10m";
    /// The longest silence before an answer; whatever the provider sends ends a silence, comments
    /// too. Models that are known to reason are given twice as long.
    first_token_timeout: Duration = "5m", range "10ms" to "1h";
    /// The longest silence within an answer; twice as long for models that are known to reason.
    idle_timeout: Duration = "5m", range "10ms" to "1h";
    /// How long a whole answer may take, repetitions included.
    total_timeout: Duration = "30m", range "10ms" to "1d";
    /// The largest single event accepted from the provider, in bytes. What is kept of an answer is
    /// bounded by `max_answer_bytes`.
    max_event_bytes: usize = "8388608", range "1024" to "67108864";
    /// The largest answer accepted, reasoning and calls of tools included, in bytes.
    max_answer_bytes: usize = "4194304", range "1024" to "67108864";
    /// How often a call is repeated that failed before the first piece of its answer.
    max_retries: u32 = "2", range "0" to "10";
    /// Whether to ask for token counts; some servers refuse the unknown field.
    include_usage: bool = "true";
}

impl ProviderConfig {
    /// The provider's address, or none if there is no such provider.
    pub fn address(&self) -> Option<BaseUrl> {
        self.base_url.clone().or_else(|| self.api_key.as_ref().map(|_| BaseUrl::open_ai()))
    }
}

/// The name of a provider.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProviderName(pub String);

/// The longest name of a provider, in bytes.
const MAX_NAME: usize = 32;

impl Setting for ProviderName {
    const EXPECTS: &'static str = "a name of small letters, digits, `-` and single `_`, at most 32";

    fn parse(text: &str) -> Result<Self, String> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
        if !text.starts_with(|c: char| c.is_ascii_alphanumeric())
            || !text.chars().all(fits)
            || text.len() > MAX_NAME
            || text.contains("__")
            || text.ends_with('_')
        {
            return Err(String::new());
        }
        if text == "demo" {
            return Err("it is the name of the built-in demo model".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

/// The address of a provider. `Debug` and `Display` leave out the query, which may hold a key.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// Where a key alone leads.
    pub(super) fn open_ai() -> Self {
        Self("https://api.openai.com/v1".to_owned())
    }

    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(provider::without_query(&self.0))
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Setting for BaseUrl {
    const EXPECTS: &'static str = "an address such as `https://api.openai.com/v1`";
    const PRIVACY: Privacy = Privacy::Unquoted;

    fn parse(text: &str) -> Result<Self, String> {
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"))
            .ok_or("it must begin with http:// or https://")?;
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        if authority.is_empty() {
            return Err("the host is missing".to_owned());
        }
        if authority.contains('@') {
            return Err("a user name or password has no place in it; use api_key".to_owned());
        }
        if text.contains('#') || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err("`#` and white space are not allowed".to_owned());
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

/// The key of a provider; not one of the placeholders that examples are written with.
#[derive(Clone, Debug)]
pub struct ApiKey(pub SecretString);

impl Setting for ApiKey {
    const EXPECTS: &'static str = "the key your provider gave you";
    const PRIVACY: Privacy = Privacy::Secret;

    fn parse(text: &str) -> Result<Self, String> {
        let key = SecretString::from(text.trim());
        let text = key.expose_secret();
        if is_placeholder(text) {
            return Err("it is the placeholder from an example, not a key; remove it to use the \
                        demo model"
                .to_owned());
        }
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err("spaces, control and non-ASCII characters are not allowed".to_owned());
        }
        Ok(Self(key))
    }
}

fn is_placeholder(key: &str) -> bool {
    let lower = key.to_ascii_lowercase();
    let letters: String = lower.chars().filter(char::is_ascii_alphanumeric).collect();
    let body = lower.strip_prefix("sk-").unwrap_or(&lower);
    let is_filler = body.chars().all(|c| matches!(c, 'x' | '.' | '*' | '…' | '-'));
    is_filler
        || lower.starts_with('<')
        || ["changeme", "changethis", "placeholder", "replaceme", "replacewith"]
            .iter()
            .any(|word| letters.contains(word))
        || (letters.contains("your") && letters.contains("key"))
        || (letters.contains("api") && letters.ends_with("keyhere"))
}
