//! HTTP towards one provider: addresses, credentials, the connection pool.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{NoProxy, Proxy, RequestBuilder, Url, redirect};
use secrecy::ExposeSecret;

use crate::habits;
use crate::lock;
use crate::options::{ModelOptions, ReasoningTags, TokenLimit};
use crate::redact;
use crate::wire::failure::Failure;
use crate::wire::request::{Body, Dialect};
use crate::{ChatRequest, OpenAiConfig, Phase, ProviderError};

/// A provider's pooled HTTP client.
pub(crate) struct Http {
    client: reqwest::Client,
    chat: Url,
    models: Url,
    /// Credentials and what else is sent with every request.
    headers: HeaderMap,
    host: String,
    /// Whether it is OpenAI itself or Azure, which follow its newest rules.
    is_open_ai: bool,
    /// Kept to remove it from what is logged.
    config: OpenAiConfig,
    /// By model, the field that limits an answer where another one was refused; none where both were.
    limits: Mutex<HashMap<String, Option<TokenLimit>>>,
}

/// The most models whose field is remembered.
const MAX_LIMITS: usize = 1_000;

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Http {
    /// Checks the configuration; connects to nothing.
    pub(crate) fn new(config: OpenAiConfig) -> Result<Self, ProviderError> {
        let base = parse_base(&config.base_url)?;
        let host = base.host_str().unwrap_or_default().to_owned();
        Ok(Self {
            client: build_client(&base, &config)?,
            chat: join(&base, &["chat", "completions"])?,
            models: join(&base, &["models"])?,
            headers: headers(&host, &config)?,
            is_open_ai: host == "api.openai.com" || is_azure(&host),
            host,
            config,
            limits: Mutex::default(),
        })
    }

    /// What is configured for a model, the defaults for this host included.
    pub(crate) fn options(&self, model: &str) -> ModelOptions {
        let own = self.config.model_options.get(model).cloned().unwrap_or_default();
        let (token_limit, tags) = if self.is_open_ai {
            (TokenLimit::MaxCompletionTokens, ReasoningTags::Off)
        } else {
            (TokenLimit::MaxTokens, ReasoningTags::Leading)
        };
        let habits = habits::of(model);
        own.or(self.config.options.clone()).or(ModelOptions {
            token_limit: Some(token_limit),
            reasoning_tags: Some(tags),
            tool_calls: Some(habits.calls),
            reasoning_field: Some(habits.reasoning),
            ..ModelOptions::default()
        })
    }

    /// How requests for a model are written.
    pub(crate) fn dialect(&self, model: &str) -> Dialect<'_> {
        let options = self.options(model);
        let habits = habits::of(model);
        Dialect {
            stream: options.stream.unwrap_or(true),
            include_usage: self.config.include_usage,
            token_limit: match lock(&self.limits).get(model) {
                Some(found) => *found,
                None => options.token_limit.or(Some(TokenLimit::MaxTokens)),
            },
            system_role: options.system_role.unwrap_or_default(),
            temperature: options.temperature,
            call_style: options.tool_calls.unwrap_or_default(),
            reasoning: options.reasoning_field.unwrap_or_default(),
            no_images: options.images == Some(false),
            no_files: options.files == Some(false),
            host: &self.host,
            signed_calls: habits.signed_calls,
            declared_calls: habits.declared_calls,
            random_seed: self.host == "api.mistral.ai",
        }
    }

    /// The host it is at.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Notes that a field that limits an answer was refused for a model, and takes the other one
    /// from now on, or none. Another task may have found that out meanwhile.
    pub(crate) fn refuse_limit(&self, model: &str, refused: Option<TokenLimit>) {
        let Some(field) = refused.filter(|_| self.dialect(model).token_limit == refused) else {
            return;
        };
        let other = match field {
            TokenLimit::MaxTokens => TokenLimit::MaxCompletionTokens,
            TokenLimit::MaxCompletionTokens => TokenLimit::MaxTokens,
        };
        let mut limits = lock(&self.limits);
        if limits.len() >= MAX_LIMITS {
            limits.clear();
        }
        let is_first = !limits.contains_key(model);
        limits.insert(model.to_owned(), is_first.then_some(other));
        tracing::info!(provider = self.config.name, ?field, "the limit is sent otherwise");
    }

    /// The configuration it was made from.
    pub(crate) fn config(&self) -> &OpenAiConfig {
        &self.config
    }

    /// The request for an answer.
    pub(crate) fn chat(&self, request: &ChatRequest) -> Result<RequestBuilder, ProviderError> {
        let dialect = self.dialect(&request.model);
        let body = serde_json::to_vec(&Body::new(request, dialect))
            .map_err(|_| ProviderError::BadRequest)?;
        let accept = if dialect.stream { "text/event-stream" } else { "application/json" };
        let request = self
            .client
            .post(self.chat.clone())
            .headers(self.headers.clone())
            .header(ACCEPT, accept)
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        Ok(request)
    }

    /// The request for the list of models, or with `query` for a further page of it.
    pub(crate) fn models(&self, query: &[(&'static str, String)]) -> RequestBuilder {
        let mut address = self.models.clone();
        if !query.is_empty() {
            address.query_pairs_mut().extend_pairs(query);
        }
        self.client.get(address).headers(self.headers.clone()).header(ACCEPT, "application/json")
    }

    /// The provider's words in a form fit for the log.
    pub(crate) fn for_log(&self, words: &str) -> String {
        let key = self.config.api_key.as_ref().map(ExposeSecret::expose_secret);
        let values = self.config.headers.iter().map(|(_, value)| value.expose_secret());
        redact::for_log(words, key.into_iter().chain(values))
    }
}

fn parse_base(text: &str) -> Result<Url, ProviderError> {
    use ProviderError::Misconfigured;
    let base = Url::parse(text.trim())
        .map_err(|_| Misconfigured("the base address is not a URL such as https://host/v1"))?;
    if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none_or(str::is_empty) {
        return Err(Misconfigured("the base address must begin with http:// or https://"));
    }
    if !base.username().is_empty() || base.password().is_some() {
        return Err(Misconfigured("the base address must not hold a password; use the API key"));
    }
    Ok(base)
}

fn join(base: &Url, segments: &[&str]) -> Result<Url, ProviderError> {
    let mut url = base.clone();
    url.set_fragment(None);
    url.path_segments_mut()
        .map_err(|()| ProviderError::Misconfigured("the base address cannot have a path"))?
        .pop_if_empty()
        .extend(segments);
    Ok(url)
}

/// The field names that a configuration may not set: they belong to the transport.
const RESERVED: [&str; 7] =
    ["accept", "connection", "content-length", "content-type", "host", "te", "transfer-encoding"];

fn is_azure(host: &str) -> bool {
    host.ends_with(".openai.azure.com")
}

/// The credential and the configured fields.
fn headers(host: &str, config: &OpenAiConfig) -> Result<HeaderMap, ProviderError> {
    use ProviderError::Misconfigured;
    let mut headers = HeaderMap::new();
    for (name, value) in &config.headers {
        let name = field_name(name)?;
        let mut value = HeaderValue::from_str(value.expose_secret().trim())
            .map_err(|_| Misconfigured("a header holds characters that no header can carry"))?;
        value.set_sensitive(true);
        if headers.insert(name, value).is_some() {
            return Err(Misconfigured("a header is given twice"));
        }
    }
    if let Some((name, value)) = credential(host, config)?
        && headers.insert(name, value).is_some()
    {
        return Err(Misconfigured("the API key and a header are both sent in the same field"));
    }
    Ok(headers)
}

fn field_name(name: &str) -> Result<HeaderName, ProviderError> {
    HeaderName::from_bytes(name.trim().as_bytes())
        .ok()
        .filter(|name| !RESERVED.contains(&name.as_str()))
        .ok_or(ProviderError::Misconfigured("a header has a name that cannot be used"))
}

fn credential(
    host: &str,
    config: &OpenAiConfig,
) -> Result<Option<(HeaderName, HeaderValue)>, ProviderError> {
    let Some(key) = &config.api_key else { return Ok(None) };
    let key = key.expose_secret().trim();
    if key.is_empty() {
        return Ok(None);
    }
    let (name, value) = match &config.key_header {
        Some(name) => (field_name(name)?, HeaderValue::from_str(key)),
        // Azure takes bearer tokens from its directory only.
        None if is_azure(host) => (HeaderName::from_static("api-key"), HeaderValue::from_str(key)),
        None => (AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {key}"))),
    };
    let mut value = value.map_err(|_| {
        ProviderError::Misconfigured("the API key holds characters that no header can carry")
    })?;
    value.set_sensitive(true);
    Ok(Some((name, value)))
}

fn build_client(base: &Url, config: &OpenAiConfig) -> Result<reqwest::Client, ProviderError> {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("chatapp/", env!("CARGO_PKG_VERSION")))
        .tcp_nodelay(true)
        .connect_timeout(config.timeouts.connect)
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy();
    if base.scheme() == "https" {
        if let Some(proxy) = environment_proxy(base)? {
            builder = builder.proxy(proxy);
        }
    } else {
        // No certificates to load: a machine without any can still use a local server.
        builder = builder.tls_certs_only([]);
    }
    builder.build().map_err(|error| {
        tracing::error!(error = chain(&error), "cannot set up the provider's HTTP client");
        ProviderError::Misconfigured("TLS cannot be set up; are CA certificates installed?")
    })
}

/// The proxy in `HTTPS_PROXY`, with the exceptions in `NO_PROXY`; never for this machine.
fn environment_proxy(base: &Url) -> Result<Option<Proxy>, ProviderError> {
    if is_loopback(base) {
        return Ok(None);
    }
    let address = ["HTTPS_PROXY", "https_proxy"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.trim().is_empty()));
    let Some(address) = address else { return Ok(None) };
    let proxy = Proxy::https(address.trim())
        .map_err(|_| ProviderError::Misconfigured("HTTPS_PROXY is not the address of a proxy"))?;
    Ok(Some(proxy.no_proxy(NoProxy::from_env())))
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// What a failure of the transport before the head of the answer means.
pub(crate) fn transport_failure(error: &reqwest::Error) -> Failure {
    if error.is_connect() && error.is_timeout() {
        return Failure::passing(ProviderError::Timeout(Phase::Connect));
    }
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse) {
            return Failure::last(ProviderError::Protocol);
        }
        source = cause.source();
    }
    if error.is_builder() {
        return Failure::last(ProviderError::BadRequest);
    }
    Failure::passing(ProviderError::Unreachable)
}

/// An error with its causes, without the address, whose query may hold a key.
pub(crate) fn chain(error: &reqwest::Error) -> String {
    let mut text = match (error.is_connect(), error.is_timeout()) {
        (true, true) => "timed out while connecting".to_owned(),
        (true, false) => "cannot connect".to_owned(),
        (false, true) => "timed out".to_owned(),
        (false, false) => "transport failed".to_owned(),
    };
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(base: &str) -> Result<String, ProviderError> {
        join(&parse_base(base)?, &["chat", "completions"]).map(|url| url.to_string())
    }

    #[test]
    fn addresses() {
        for base in ["http://h:1/v1", "http://h:1/v1/", " http://h:1/v1#x "] {
            assert_eq!(url(base).unwrap(), "http://h:1/v1/chat/completions", "{base}");
        }
        assert_eq!(
            url("https://h/openai/d/x?api-version=1").unwrap(),
            "https://h/openai/d/x/chat/completions?api-version=1"
        );
        for base in ["", "h/v1", "ftp://h/", "http://u:p@h/v1", "data:x", "http://"] {
            assert!(matches!(url(base), Err(ProviderError::Misconfigured(_))), "{base}");
        }
    }

    #[test]
    fn credentials_stay_hidden() {
        let mut config = OpenAiConfig::new("http://h/v1?key=canary-query", "m");
        config.api_key = Some("canary-key\n".into());
        let (name, value) = credential("h", &config).unwrap().unwrap();
        assert_eq!(name, AUTHORIZATION);
        assert_eq!(value, "Bearer canary-key");
        let (name, value) = credential("x.openai.azure.com", &config).unwrap().unwrap();
        assert_eq!((name.as_str(), value.to_str().unwrap()), ("api-key", "canary-key"));
        let http = Http::new(config).unwrap();
        assert!(!format!("{http:?} {:?}", http.headers).contains("canary"));
        assert_eq!(http.for_log("bad canary-key\n"), "bad [redacted]");
    }

    #[test]
    fn header_fields_are_added_once_and_only_where_they_may() {
        let with = |key_header: Option<&str>, fields: &[(&str, &str)]| {
            let mut config = OpenAiConfig::new("http://h/v1", "m");
            config.api_key = Some("canary-key".into());
            config.key_header = key_header.map(str::to_owned);
            config.headers =
                fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
            headers("h", &config)
        };
        let fields = with(Some("X-Key"), &[("X-Title", "canary chat")]).unwrap();
        assert_eq!(fields["x-key"], "canary-key");
        assert_eq!(fields["x-title"], "canary chat");
        assert!(!fields.contains_key(AUTHORIZATION) && !format!("{fields:?}").contains("canary"));
        for refused in [
            with(None, &[("authorization", "x")]),
            with(None, &[("a", "x"), ("A", "y")]),
            with(None, &[("Host", "x")]),
            with(None, &[("a b", "x")]),
            with(None, &[("a", "x\ny")]),
            with(Some("content-length"), &[]),
        ] {
            assert!(matches!(refused, Err(ProviderError::Misconfigured(_))));
        }
    }

    #[test]
    fn a_model_comes_before_its_provider_comes_before_the_host() {
        let http = |base: &str| {
            let mut config = OpenAiConfig::new(base, "m");
            config.options.temperature = Some(1.0);
            let own = ModelOptions { temperature: Some(0.0), ..ModelOptions::default() };
            config.model_options.insert("cool".to_owned(), own);
            Http::new(config).unwrap()
        };
        let open_ai = http("https://api.openai.com/v1");
        assert_eq!(open_ai.dialect("m").temperature, Some(1.0));
        assert_eq!(open_ai.dialect("cool").temperature, Some(0.0));
        assert_eq!(open_ai.dialect("m").token_limit, Some(TokenLimit::MaxCompletionTokens));
        assert_eq!(open_ai.options("m").reasoning_tags, Some(ReasoningTags::Off));
        let other = http("http://localhost:1/v1");
        assert_eq!(other.dialect("m").token_limit, Some(TokenLimit::MaxTokens));
        // What is refused is not sent again, nor is the other field once that is refused, too.
        other.refuse_limit("m", Some(TokenLimit::MaxTokens));
        other.refuse_limit("m", Some(TokenLimit::MaxTokens));
        assert_eq!(other.dialect("m").token_limit, Some(TokenLimit::MaxCompletionTokens));
        other.refuse_limit("m", Some(TokenLimit::MaxCompletionTokens));
        assert_eq!(other.dialect("m").token_limit, None);
        assert_eq!(other.dialect("n").token_limit, Some(TokenLimit::MaxTokens));
        assert_eq!(other.options("m").reasoning_tags, Some(ReasoningTags::Leading));
    }

    #[test]
    fn loopback_addresses() {
        for (base, expected) in [
            ("https://localhost/v1", true),
            ("https://127.9.0.1/v1", true),
            ("https://[::1]:8/v1", true),
            ("https://localhost.example.org/v1", false),
            ("https://10.0.0.1/v1", false),
        ] {
            assert_eq!(is_loopback(&parse_base(base).unwrap()), expected, "{base}");
        }
    }
}
