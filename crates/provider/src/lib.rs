//! Clients for language models: OpenAI-compatible servers and the built-in demo model.
//!
//! [`Provider::stream`] sends a conversation and gives back its answer piece by piece. It survives
//! what real servers do (`wire`, [`sse`]), waits no longer and keeps no more than it is told
//! ([`Timeouts`], [`OpenAiConfig`]), asks again while nothing of an answer was passed on
//! (`retry`), and leaves a failing server alone for a while (`breaker`).
//!
//! [`script`] describes answers that are made up: the demo model plays them in this process, the
//! `mock` crate over HTTP.
//!
//! A model may call tools of the server it runs on; `calls` collects what is said of that.
//!
//! The crate knows nothing of conversations, users or storage, and starts no task of its own but
//! one that asks for a list of models, which is bounded in time.
//!
//! ```
//! use futures_util::StreamExt;
//! use provider::{ChatMessage, ChatRequest, ChatRole, Delta, Provider};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let provider = Provider::demo();
//! let mut deltas = provider.stream(ChatRequest {
//!     model: "demo:echo,rate=0".to_owned(),
//!     messages: vec![ChatMessage::text(ChatRole::User, "Hello!")],
//!     ..ChatRequest::default()
//! });
//! let mut answer = String::new();
//! while let Some(delta) = deltas.next().await {
//!     if let Delta::Text(text) = delta.unwrap() {
//!         answer.push_str(&text);
//!     }
//! }
//! assert_eq!(answer, "Hello!");
//! # });
//! ```

mod breaker;
mod call;
mod calls;
mod client;
mod config;
mod demo;
mod error;
#[cfg(feature = "fuzz")]
pub mod fuzz;
mod habits;
mod known;
mod models;
mod options;
mod probe;
mod redact;
mod retry;
pub mod script;
pub mod sse;
mod think;
mod tokenizer;
mod types;
mod wire;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use config::{OpenAiConfig, Timeouts, without_query};
pub use error::{Limit, Phase, ProviderError};
pub use models::{Listed, Listing};
pub use options::{
    CallStyle, ModelFacts, ModelOptions, OUTPUT_RESERVE_TOKENS, ReasoningField, ReasoningTags,
    SystemRole, TagPair, TokenLimit, UNKNOWN_CONTEXT_TOKENS,
};
pub use probe::Probe;
pub use tokenizer::Tokenizer;
pub use types::{
    CalledTool, ChatMessage, ChatRequest, ChatRole, Citation, Delta, DeltaStream, Finish, Part,
    RequestOptions, ResponseFormat, TokenUsage, Tool, ToolChoice, Waiting,
};

use call::Upstream;
use client::Http;
use demo::Demo;
use models::ModelList;

/// A source of answers. Cheap to clone; clones share connections and what was learned.
#[derive(Clone, Debug)]
pub struct Provider(Backend);

#[derive(Clone, Debug)]
enum Backend {
    OpenAi { upstream: Arc<Upstream>, models: Arc<ModelList> },
    Demo(Arc<Demo>),
}

impl Provider {
    /// An OpenAI-compatible provider; connects to nothing yet.
    /// Fails with [`ProviderError::Misconfigured`] only.
    pub fn open_ai(config: OpenAiConfig) -> Result<Self, ProviderError> {
        let upstream = Arc::new(Upstream::new(Http::new(config)?));
        Ok(Self(Backend::OpenAi { upstream, models: Arc::default() }))
    }

    /// The built-in demo model.
    pub fn demo() -> Self {
        Self::demo_with(Timeouts::default())
    }

    /// The built-in demo model with other limits on how long its scripted stalls last.
    pub fn demo_with(timeouts: Timeouts) -> Self {
        Self(Backend::Demo(Arc::new(Demo::new(timeouts))))
    }

    /// What it is called in logs, metrics and stored responses.
    pub fn name(&self) -> &str {
        match &self.0 {
            Backend::OpenAi { upstream, .. } => &upstream.http.config().name,
            Backend::Demo(_) => demo::NAME,
        }
    }

    /// Whether it is the demo model.
    pub fn is_demo(&self) -> bool {
        matches!(self.0, Backend::Demo(_))
    }

    /// The model used when nothing names one; some providers have none.
    pub fn default_model(&self) -> Option<&str> {
        match &self.0 {
            Backend::OpenAi { upstream, .. } => upstream.http.config().default_model.as_deref(),
            Backend::Demo(_) => Some(demo::NAME),
        }
    }

    /// Whether it offers a model, as far as that is certain without asking it.
    pub fn offers(&self, model: &str) -> Option<bool> {
        match &self.0 {
            Backend::OpenAi { upstream, .. } => {
                let config = upstream.http.config();
                if config.names(model) { Some(true) } else { config.models.as_ref().map(|_| false) }
            }
            Backend::Demo(_) => Some(demo::script(model).is_some()),
        }
    }

    /// Whether it answers as models that are not in its list, too.
    pub fn is_open(&self) -> bool {
        match &self.0 {
            Backend::OpenAi { upstream, .. } => upstream.http.config().models.is_none(),
            Backend::Demo(_) => false,
        }
    }

    /// What it offers.
    ///
    /// Asked for at most once in five minutes (after a failure, in half a minute), whatever the
    /// number of callers, and waited for no longer than five seconds. A provider that cannot or
    /// will not list its models offers those that the configuration names.
    pub async fn list(&self) -> Arc<Listing> {
        match &self.0 {
            Backend::OpenAi { upstream, models } => models.get(&upstream.http).await,
            Backend::Demo(_) => Arc::new(demo::listing()),
        }
    }

    /// Asks it for its models once, past what is remembered; the demo model has nobody to ask.
    pub async fn probe(&self) -> Option<Result<Probe, String>> {
        match &self.0 {
            Backend::OpenAi { upstream, .. } => Some(probe::probe(&upstream.http).await),
            Backend::Demo(_) => None,
        }
    }

    /// What is known of a model: what is configured, else what the provider's list says, else what
    /// is generally known.
    ///
    /// Nobody waits here for a list that was seen before. One that never was is waited for no longer
    /// than a second and a half, and not at all if the window is configured.
    pub async fn facts(&self, model: &str) -> ModelFacts {
        match &self.0 {
            Backend::OpenAi { upstream, models } => {
                let options = upstream.http.options(model);
                let listed = match options.context_tokens {
                    Some(_) => None,
                    None => models.known(upstream).await,
                };
                let listed = listed.as_ref().and_then(|listing| listing.find(model));
                ModelFacts::of(model, &options, listed.and_then(|listed| listed.context_tokens))
            }
            Backend::Demo(_) => demo::FACTS,
        }
    }

    /// What is known of a model from a list of this provider; the same as [`Provider::facts`].
    pub fn facts_of(&self, listed: &Listed) -> ModelFacts {
        match &self.0 {
            Backend::OpenAi { upstream, .. } => {
                let options = upstream.http.options(&listed.id);
                ModelFacts::of(&listed.id, &options, listed.context_tokens)
            }
            Backend::Demo(_) => demo::FACTS,
        }
    }

    /// Asks for an answer; see [`DeltaStream`] for what comes.
    pub fn stream(&self, request: ChatRequest) -> DeltaStream {
        match &self.0 {
            Backend::OpenAi { upstream, .. } => Arc::clone(upstream).stream(request),
            Backend::Demo(demo) => Arc::clone(demo).stream(request),
        }
    }
}

/// Locks a mutex whose data stays sound even if a holder panicked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
