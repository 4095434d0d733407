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
//! The crate knows nothing of conversations, users or storage, and starts no task of its own.
//!
//! ```
//! use futures_util::StreamExt;
//! use provider::{ChatMessage, ChatRequest, ChatRole, Delta, Provider};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let provider = Provider::demo();
//! let mut deltas = provider.stream(ChatRequest {
//!     model: "demo:echo,rate=0".to_owned(),
//!     messages: vec![ChatMessage { role: ChatRole::User, content: "Hello!".to_owned() }],
//!     max_output_tokens: None,
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
mod client;
mod config;
mod demo;
mod error;
mod models;
mod redact;
mod retry;
pub mod script;
pub mod sse;
mod types;
mod wire;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use config::{OpenAiConfig, Timeouts};
pub use error::{Phase, ProviderError};
pub use types::{ChatMessage, ChatRequest, ChatRole, Delta, DeltaStream, Finish, TokenUsage};

use call::Upstream;
use client::Http;
use demo::Demo;
use models::ModelList;

/// A source of answers. Cheap to clone; clones share connections and what was learned.
#[derive(Clone, Debug)]
pub struct Provider(Kind);

#[derive(Clone, Debug)]
enum Kind {
    OpenAi { upstream: Arc<Upstream>, models: Arc<ModelList> },
    Demo(Arc<Demo>),
}

impl Provider {
    /// An OpenAI-compatible provider; connects to nothing yet.
    /// Fails with [`ProviderError::Misconfigured`] only.
    pub fn open_ai(config: OpenAiConfig) -> Result<Self, ProviderError> {
        let upstream = Arc::new(Upstream::new(Http::new(config)?));
        Ok(Self(Kind::OpenAi { upstream, models: Arc::default() }))
    }

    /// The built-in demo model.
    pub fn demo() -> Self {
        Self::demo_with(Timeouts::default())
    }

    /// The built-in demo model with other limits on how long its scripted stalls last.
    pub fn demo_with(timeouts: Timeouts) -> Self {
        Self(Kind::Demo(Arc::new(Demo::new(timeouts))))
    }

    /// What it is called in logs, metrics and stored responses.
    pub fn name(&self) -> &str {
        match &self.0 {
            Kind::OpenAi { upstream, .. } => &upstream.http.config().name,
            Kind::Demo(_) => demo::NAME,
        }
    }

    /// Whether it is the demo model.
    pub fn is_demo(&self) -> bool {
        matches!(self.0, Kind::Demo(_))
    }

    /// The model used when a conversation names none.
    pub fn default_model(&self) -> &str {
        match &self.0 {
            Kind::OpenAi { upstream, .. } => &upstream.http.config().default_model,
            Kind::Demo(_) => demo::NAME,
        }
    }

    /// The model's window: how many tokens of context and answer it takes.
    pub fn context_tokens(&self) -> u32 {
        match &self.0 {
            Kind::OpenAi { upstream, .. } => upstream.http.config().context_tokens,
            Kind::Demo(_) => demo::CONTEXT_TOKENS,
        }
    }

    /// How many tokens of the window are kept free for the answer.
    pub fn output_reserve_tokens(&self) -> u32 {
        match &self.0 {
            Kind::OpenAi { upstream, .. } => upstream.http.config().output_reserve_tokens,
            Kind::Demo(_) => demo::OUTPUT_RESERVE_TOKENS,
        }
    }

    /// Whether it is certain without asking that it does not offer this model.
    pub fn refuses(&self, model: &str) -> bool {
        match &self.0 {
            Kind::OpenAi { .. } => false,
            Kind::Demo(_) => demo::script(model).is_none(),
        }
    }

    /// Asks for an answer; see [`DeltaStream`] for what comes.
    pub fn stream(&self, request: ChatRequest) -> DeltaStream {
        match &self.0 {
            Kind::OpenAi { upstream, .. } => Arc::clone(upstream).stream(request),
            Kind::Demo(demo) => Arc::clone(demo).stream(request),
        }
    }

    /// The names of the models it offers, the default model first.
    ///
    /// Asked for at most once in five minutes, whatever the number of callers. A provider that
    /// cannot or will not list its models offers the default model.
    pub async fn models(&self) -> Result<Vec<String>, ProviderError> {
        match &self.0 {
            Kind::OpenAi { upstream, models } => Ok(models.get(&upstream.http).await),
            Kind::Demo(_) => Ok(demo::models()),
        }
    }
}

/// Locks a mutex whose data stays sound even if a holder panicked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
