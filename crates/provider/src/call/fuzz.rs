//! Answers from their bytes, without a socket and without a pause.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use reqwest::Response;
use reqwest::header::{CONTENT_ENCODING, HeaderValue};
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

use super::{Upstream, UpstreamCall};
use crate::client::Http;
use crate::{ChatRequest, Delta, OpenAiConfig, ProviderError};

/// An answer's head and body as they arrive.
#[derive(Debug, Clone, Default)]
pub struct Arrival {
    /// The header `Content-Encoding`.
    pub coding: Option<&'static str>,
    /// The pieces of the body.
    pub pieces: Vec<Bytes>,
    /// Whether the connection breaks behind them.
    pub breaks: bool,
}

/// Reads answers as a provider's client does.
pub struct Answers {
    upstream: Arc<Upstream>,
    runtime: Runtime,
}

impl std::fmt::Debug for Answers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answers").finish_non_exhaustive()
    }
}

impl Answers {
    /// A reader with limits in bytes on one event and on one answer. `None` where this process can
    /// have no client.
    pub fn new(max_event_bytes: usize, max_answer_bytes: usize) -> Option<Self> {
        let runtime = Builder::new_current_thread().enable_time().build().ok()?;
        let mut config = OpenAiConfig::new("http://127.0.0.1:1/v1", "m");
        config.max_retries = 0;
        config.max_event_bytes = max_event_bytes;
        config.max_answer_bytes = max_answer_bytes;
        let upstream = Arc::new(Upstream::new(Http::new(config).ok()?));
        Some(Self { upstream, runtime })
    }

    /// What is handed out of an answer, and how it ends: the last item is [`Delta::Finish`] or an
    /// error.
    pub fn read(&self, arrival: Arrival) -> Vec<Result<Delta, ProviderError>> {
        self.runtime.block_on(async {
            let request = ChatRequest {
                model: "m".to_owned(),
                messages: Vec::new(),
                ..ChatRequest::default()
            };
            let mut call = UpstreamCall::new(Arc::clone(&self.upstream), request);
            call.receive(response(arrival), Instant::now());
            let mut said = Vec::new();
            while let Some(item) = call.next().await {
                said.push(item);
            }
            said
        })
    }
}

fn response(arrival: Arrival) -> Response {
    let pieces = arrival.pieces.into_iter().map(Ok);
    let broken = arrival.breaks.then(|| Err(std::io::ErrorKind::ConnectionReset.into()));
    let body: Vec<Result<_, std::io::Error>> = pieces.chain(broken).collect();
    let mut response = hyper::Response::new(reqwest::Body::wrap_stream(stream::iter(body)));
    if let Some(coding) = arrival.coding {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    response.into()
}
