//! What the tests share.

use std::time::Duration;

use futures_util::StreamExt;
use mock::MockServer;
use provider::{
    ChatMessage, ChatRequest, ChatRole, Delta, DeltaStream, OpenAiConfig, Provider, ProviderError,
    Timeouts,
};

/// Long enough for a busy machine, short enough to fail before the test runner's patience ends.
pub(crate) const PATIENT: Timeouts = Timeouts {
    connect: Duration::from_secs(10),
    first_token: Duration::from_secs(20),
    idle: Duration::from_secs(20),
    total: Duration::from_secs(40),
};

/// What came of a call.
#[derive(Debug, PartialEq)]
pub(crate) struct Outcome {
    pub text: String,
    pub reasoning: String,
    pub deltas: Vec<Delta>,
    pub error: Option<ProviderError>,
}

pub(crate) async fn server() -> MockServer {
    MockServer::start("127.0.0.1:0".parse().unwrap()).await.unwrap()
}

pub(crate) fn config(server: &MockServer) -> OpenAiConfig {
    OpenAiConfig { timeouts: PATIENT, ..OpenAiConfig::new(server.base_url(), "mock") }
}

/// A provider with changes to the configuration.
pub(crate) fn provider_with(
    server: &MockServer,
    change: impl FnOnce(&mut OpenAiConfig),
) -> Provider {
    let mut config = config(server);
    change(&mut config);
    Provider::open_ai(config).unwrap()
}

pub(crate) fn provider(server: &MockServer) -> Provider {
    provider_with(server, |_| {})
}

pub(crate) fn request(model: &str) -> ChatRequest {
    ChatRequest {
        model: model.to_owned(),
        messages: vec![
            ChatMessage::text(ChatRole::System, "Be brief."),
            ChatMessage::text(ChatRole::User, "Hällo 😀\n\ndata: x"),
        ],
        ..ChatRequest::default()
    }
}

/// Follows a stream to its end and checks the contract on the way.
pub(crate) async fn collect(mut stream: DeltaStream) -> Outcome {
    let mut outcome =
        Outcome { text: String::new(), reasoning: String::new(), deltas: Vec::new(), error: None };
    let mut ended = false;
    while let Some(item) = stream.next().await {
        assert!(!ended, "{item:?} after the end");
        match item {
            Ok(delta) => {
                match &delta {
                    Delta::Text(text) => outcome.text.push_str(text),
                    Delta::Reasoning(text) => outcome.reasoning.push_str(text),
                    Delta::Finish(_) => ended = true,
                    _ => {}
                }
                outcome.deltas.push(delta);
            }
            Err(error) => {
                outcome.error = Some(error);
                ended = true;
            }
        }
    }
    assert!(ended, "no end");
    // The end is told in this order, each part at most once.
    let rank = |delta: &Delta| match delta {
        Delta::Waiting(_) => 0,
        Delta::FinishReason(_) => 2,
        Delta::Usage(_) => 3,
        Delta::Finish(_) => 4,
        _ => 1,
    };
    let ranks: Vec<_> = outcome.deltas.iter().map(rank).collect();
    // Only waits and pieces may come several times.
    let in_order =
        ranks.is_sorted() && (2..=4).all(|end| ranks.iter().filter(|r| **r == end).count() <= 1);
    assert!(in_order, "{:?}", outcome.deltas);
    outcome
}

pub(crate) async fn call(provider: &Provider, model: &str) -> Outcome {
    collect(provider.stream(request(model))).await
}
