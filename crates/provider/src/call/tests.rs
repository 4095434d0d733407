//! Answers from their bytes, without a socket: pauses move the clock.

mod bodies;
mod content;
mod endings;
mod failures;
mod logs;
mod services;

use bytes::Bytes;
use futures_util::StreamExt;

use tokio::time::sleep;

use super::*;
use crate::{Citation, Finish, Limit, OpenAiConfig, Phase, TokenUsage};

/// What arrives.
#[derive(Debug, Clone)]
pub(crate) enum Part {
    Bytes(Bytes),
    /// Nothing for so long.
    Pause(Duration),
    /// The connection breaks.
    Break,
    /// The connection stays open, and nothing more comes.
    Stall,
}

/// What came of it.
#[derive(Debug, PartialEq)]
pub(crate) struct Outcome {
    pub text: String,
    pub reasoning: String,
    pub calls: Vec<(String, String)>,
    pub citations: Vec<Citation>,
    pub word: Option<String>,
    pub usage: Option<TokenUsage>,
    pub end: Result<Finish, ProviderError>,
}

pub(crate) fn bytes(text: impl Into<String>) -> Part {
    Part::Bytes(Bytes::from(text.into()))
}

pub(crate) fn pause(seconds: u64) -> Part {
    Part::Pause(Duration::from_secs(seconds))
}

/// The issue's `D(delta, reason)`: one event with a piece of an answer.
pub(crate) fn d(delta: &str, reason: &str) -> Part {
    let reason = if reason.is_empty() { "null".to_owned() } else { format!("\"{reason}\"") };
    bytes(format!(
        "data: {{\"choices\":[{{\"index\":0,\"delta\":{delta},\"finish_reason\":{reason}}}]}}\n\n"
    ))
}

pub(crate) fn text(text: &str, reason: &str) -> Part {
    d(&serde_json::json!({ "content": text }).to_string(), reason)
}

pub(crate) fn done() -> Part {
    bytes("data: [DONE]\n\n")
}

fn response(head: &[(&str, &str)], parts: Vec<Part>) -> Response {
    response_with(200, head, parts)
}

fn response_with(status: u16, head: &[(&str, &str)], parts: Vec<Part>) -> Response {
    let body = stream::iter(parts).filter_map(|part| async {
        match part {
            Part::Bytes(bytes) => Some(Ok(bytes)),
            Part::Pause(pause) => {
                sleep(pause).await;
                None
            }
            Part::Break => Some(Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))),
            Part::Stall => std::future::pending().await,
        }
    });
    let mut builder = hyper::Response::builder().status(status);
    for (name, value) in head {
        builder = builder.header(*name, *value);
    }
    builder.body(reqwest::Body::wrap_stream(body)).unwrap().into()
}

/// An answer with a head and a configuration of its own.
pub(crate) async fn answer_with(
    change: impl FnOnce(&mut OpenAiConfig),
    head: &[(&str, &str)],
    parts: Vec<Part>,
) -> Outcome {
    answer_as("m", change, head, parts).await
}

/// The answer of a model.
pub(crate) async fn answer_of(model: &str, parts: Vec<Part>) -> Outcome {
    answer_as(model, |_| {}, &[("content-type", "text/event-stream")], parts).await
}

async fn answer_as(
    model: &str,
    change: impl FnOnce(&mut OpenAiConfig),
    head: &[(&str, &str)],
    parts: Vec<Part>,
) -> Outcome {
    let mut config = OpenAiConfig::new("http://127.0.0.1:1/v1", "m");
    config.max_retries = 0;
    change(&mut config);
    let upstream = Arc::new(Upstream::new(Http::new(config).unwrap()));
    let request =
        ChatRequest { model: model.to_owned(), messages: Vec::new(), ..ChatRequest::default() };
    let mut call = UpstreamCall::new(upstream, request);
    call.receive(response(head, parts), Instant::now());
    let mut outcome = Outcome {
        text: String::new(),
        reasoning: String::new(),
        calls: Vec::new(),
        citations: Vec::new(),
        word: None,
        usage: None,
        end: Err(ProviderError::Unreachable),
    };
    while let Some(item) = call.next().await {
        match item {
            Ok(Delta::Text(text)) => outcome.text.push_str(&text),
            Ok(Delta::Reasoning(text)) => outcome.reasoning.push_str(&text),
            Ok(Delta::Call { name, .. }) => outcome.calls.push((name, String::new())),
            Ok(Delta::Arguments(text)) => outcome.calls.last_mut().unwrap().1.push_str(&text),
            Ok(Delta::FinishReason(word)) => outcome.word = Some(word),
            Ok(Delta::Usage(usage)) => outcome.usage = Some(usage),
            Ok(Delta::Finish(finish)) => outcome.end = Ok(finish),
            Ok(Delta::Citation(citation)) => outcome.citations.push(citation),
            Ok(other @ Delta::Waiting(_)) => panic!("{other:?}"),
            Err(error) => outcome.end = Err(error),
        }
    }
    outcome
}

/// A stream of events with the usual configuration.
pub(crate) async fn answer(parts: Vec<Part>) -> Outcome {
    answer_of("m", parts).await
}
