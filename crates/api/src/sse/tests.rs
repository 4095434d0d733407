use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use proptest::prelude::*;
use schemas::event::ItemKind;
use schemas::response::{NewResponse, ResponseResource};
use schemas::stream::{Item, StreamEvent};
use serde_json::Value;
use services::Numbered;
use tokio::sync::mpsc;

use super::Closing;
use super::follow::{Source, frames};
use super::frame::batch;
use crate::projections::responses::Projector;

const HEARTBEAT: Duration = Duration::from_secs(15);

fn base() -> ResponseResource {
    ResponseResource::begun(NewResponse {
        id: "resp_00000000000000000000000000000001".parse().unwrap(),
        conversation_id: "conv_00000000000000000000000000000002".parse().unwrap(),
        user_message_id: "msg_00000000000000000000000000000003".parse().unwrap(),
        message_id: "msg_00000000000000000000000000000004".parse().unwrap(),
        previous_response_id: None,
        model: "demo".to_owned(),
        provider: "openai".to_owned(),
        instructions: None,
        created_at: "2026-11-22T20:00:00Z".parse().unwrap(),
    })
}

fn delta(text: &str) -> StreamEvent {
    let id = "msg_00000000000000000000000000000004".parse().unwrap();
    StreamEvent::Delta(Item { index: 0, id, kind: ItemKind::Message }, text.to_owned())
}

fn ended() -> StreamEvent {
    let ending = serde_json::from_value(
        serde_json::json!({"status": "completed", "at": "2026-11-22T20:00:05Z"}),
    );
    StreamEvent::Ended(ending.unwrap(), Vec::new())
}

fn numbered(first: u64, events: Vec<StreamEvent>) -> Vec<Numbered> {
    (first..).zip(events).map(|(seq, event)| Numbered { seq, event }).collect()
}

/// A response whose events the test sends.
struct Scripted {
    base: ResponseResource,
    batches: mpsc::UnboundedReceiver<Vec<Numbered>>,
}

impl Source for Scripted {
    fn begun(&self) -> &ResponseResource {
        &self.base
    }

    async fn next(&mut self) -> Option<Vec<Numbered>> {
        self.batches.recv().await
    }
}

fn scripted() -> (
    mpsc::UnboundedSender<Vec<Numbered>>,
    Closing,
    impl Stream<Item = Result<Bytes, std::convert::Infallible>>,
) {
    let (sender, batches) = mpsc::unbounded_channel();
    let closing = Closing::default();
    let source = Scripted { base: base(), batches };
    (sender, closing.clone(), frames(source, HEARTBEAT, closing, std::future::pending(), ()))
}

fn text(item: Option<Result<Bytes, std::convert::Infallible>>) -> String {
    let Ok(bytes) = item.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn a_batch_is_one_write_and_the_end_is_marked() {
    let (sender, _closing, stream) = scripted();
    let mut stream = pin!(stream);
    sender.send(numbered(0, vec![StreamEvent::Created, delta("a")])).unwrap();
    let first = text(stream.next().await);
    assert_eq!(first.matches("\n\n").count(), 2);
    assert!(first.starts_with("id: 0\nevent: response.created\ndata: {"), "{first}");
    assert!(first.contains("\n\nid: 1\nevent: response.output_text.delta\ndata: {"), "{first}");
    sender.send(numbered(2, vec![delta("b"), ended()])).unwrap();
    let last = text(stream.next().await);
    assert!(last.ends_with("}\n\ndata: [DONE]\n\n"), "{last}");
    assert!(last.contains("id: 3\nevent: response.completed\n"), "{last}");
    assert!(stream.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn silence_is_filled_with_comments() {
    let (sender, _closing, stream) = scripted();
    let mut stream = pin!(stream);
    let begun = tokio::time::Instant::now();
    assert_eq!(text(stream.next().await), ": keep-alive\n\n");
    assert_eq!(text(stream.next().await), ": keep-alive\n\n");
    assert_eq!(begun.elapsed(), HEARTBEAT * 2);
    sender.send(numbered(0, vec![StreamEvent::Created])).unwrap();
    assert!(text(stream.next().await).starts_with("id: 0\n"));
}

#[tokio::test]
async fn a_follower_is_sent_away_when_the_source_or_the_server_goes() {
    let (sender, _closing, stream) = scripted();
    let mut stream = pin!(stream);
    drop(sender);
    assert_eq!(text(stream.next().await), "retry: 1000\n\n");
    assert!(stream.next().await.is_none());

    let (_sender, closing, stream) = scripted();
    let mut stream = pin!(stream);
    closing.0.cancel();
    assert_eq!(text(stream.next().await), "retry: 1000\n\n");
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn whoever_may_not_follow_any_more_gets_nothing_more() {
    let (sender, batches) = mpsc::unbounded_channel();
    let (refuse, refused) = tokio::sync::oneshot::channel::<()>();
    let source = Scripted { base: base(), batches };
    let refused = async move { refused.await.unwrap_or_default() };
    let mut stream = pin!(frames(source, HEARTBEAT, Closing::default(), refused, ()));
    sender.send(numbered(0, vec![StreamEvent::Created])).unwrap();
    assert!(text(stream.next().await).starts_with("id: 0\n"));
    drop(refuse);
    assert!(stream.next().await.is_none());
}

/// A minimal reader of event streams: (id, event, data) of each.
fn parse(stream: &str) -> Vec<(Option<u64>, String, String)> {
    stream
        .split_terminator("\n\n")
        .map(|frame| {
            let field = |name: &str| {
                let mut lines = frame.split('\n').filter_map(|line| line.strip_prefix(name));
                let value = lines.next().map(str::to_owned);
                assert!(lines.next().is_none(), "{name} twice in {frame}");
                value
            };
            (
                field("id: ").map(|id| id.parse().unwrap()),
                field("event: ").unwrap_or_default(),
                field("data: ").unwrap_or_default(),
            )
        })
        .collect()
}

proptest! {
    #[test]
    fn no_text_makes_an_event_of_its_own(texts in prop::collection::vec("(.|\n|\r|data: |event: x|\n\n|id: 9){0,20}", 0..8)) {
        let count = texts.len();
        let mut events: Vec<_> = texts.iter().map(|text| delta(text)).collect();
        events.push(ended());
        let (bytes, last) = batch(&mut Projector::new(base()), &numbered(0, events));
        prop_assert!(last);
        prop_assert!(!bytes.contains(&b'\r'));
        let stream = String::from_utf8(bytes).unwrap();
        let frames = parse(&stream);
        prop_assert_eq!(frames.len(), count + 2);
        for (position, (text, (id, event, data))) in texts.iter().zip(&frames).enumerate() {
            prop_assert_eq!(*id, Some(u64::try_from(position).unwrap()));
            let value: Value = serde_json::from_str(data).unwrap();
            prop_assert_eq!(value["type"].as_str(), Some(event.as_str()));
            prop_assert_eq!(value["delta"].as_str(), Some(text.as_str()));
        }
        prop_assert_eq!(frames.last().unwrap(), &(None, String::new(), "[DONE]".to_owned()));
    }
}
