//! A response whose events a test sends.

use std::time::Duration;

use futures_util::Stream;
use schemas::event::ItemKind;
use schemas::response::ResponseResource;
use schemas::stream::{Item, StreamEvent};
use schemas::view::{NewResponse, Parameters};
use services::Numbered;
use tokio::sync::mpsc;

use super::{Closing, Source, Step, steps};

pub(crate) const HEARTBEAT: Duration = Duration::from_secs(15);

/// The response as it began.
pub(crate) fn new_response() -> NewResponse {
    NewResponse {
        id: "resp_00000000000000000000000000000001".parse().unwrap(),
        conversation_id: "conv_00000000000000000000000000000002".parse().unwrap(),
        user_message_id: "msg_00000000000000000000000000000003".parse().unwrap(),
        message_id: "msg_00000000000000000000000000000004".parse().unwrap(),
        previous_response_id: None,
        model: "demo".to_owned(),
        provider: "openai".to_owned(),
        parameters: Parameters::default(),
        created_at: "2026-11-22T20:00:00Z".parse().unwrap(),
    }
}

/// The same as this API tells it.
pub(crate) fn base() -> ResponseResource {
    ResponseResource::from(new_response())
}

pub(crate) fn delta(text: &str) -> StreamEvent {
    let id = "msg_00000000000000000000000000000004".parse().unwrap();
    StreamEvent::Delta(Item { index: 0, id, kind: ItemKind::Message }, text.to_owned())
}

pub(crate) fn ended() -> StreamEvent {
    let ending = serde_json::from_value(
        serde_json::json!({"status": "completed", "at": "2026-11-22T20:00:05Z"}),
    );
    StreamEvent::Ended(ending.unwrap(), Vec::new())
}

pub(crate) fn numbered(first: u64, events: Vec<StreamEvent>) -> Vec<Numbered> {
    (first..).zip(events).map(|(seq, event)| Numbered { seq, event }).collect()
}

/// The test's end of a followed response.
pub(crate) struct Script {
    /// Each value is a batch; dropping it is a server that gives the response up.
    pub(crate) batches: mpsc::UnboundedSender<Vec<Numbered>>,
    /// The server goes.
    pub(crate) closing: Closing,
}

struct Scripted(mpsc::UnboundedReceiver<Vec<Numbered>>);

impl Source for Scripted {
    async fn next(&mut self) -> Option<Vec<Numbered>> {
        self.0.recv().await
    }
}

/// A response and its steps, as long as `refused` does not end.
pub(crate) fn scripted(
    refused: impl Future<Output = ()> + Send + 'static,
) -> (Script, impl Stream<Item = Step>) {
    let (sender, batches) = mpsc::unbounded_channel();
    let closing = Closing::default();
    let script = Script { batches: sender, closing: closing.clone() };
    (script, steps(Scripted(batches), HEARTBEAT, closing, refused, ()))
}
