use std::pin::pin;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use proptest::prelude::*;
use schemas::stream::StreamEvent;
use serde_json::Value;

use super::frames;
use crate::follow::Step;
use crate::follow::scripted::{HEARTBEAT, Script, base, delta, ended, numbered, scripted as steps};
use crate::projections::responses::Projector;

fn scripted() -> (Script, impl Stream<Item = Result<Bytes, std::convert::Infallible>>) {
    let (script, steps) = steps(std::future::pending());
    (script, frames(steps, Projector::new(base())))
}

fn text(item: Option<Result<Bytes, std::convert::Infallible>>) -> String {
    let Ok(bytes) = item.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn a_batch_is_one_write_and_the_end_is_marked() {
    let (script, stream) = scripted();
    let mut stream = pin!(stream);
    script.batches.send(numbered(0, vec![StreamEvent::Created, delta("a")])).unwrap();
    let first = text(stream.next().await);
    assert_eq!(first.matches("\n\n").count(), 2);
    assert!(first.starts_with("id: 0\nevent: response.created\ndata: {"), "{first}");
    assert!(first.contains("\n\nid: 1\nevent: response.output_text.delta\ndata: {"), "{first}");
    script.batches.send(numbered(2, vec![delta("b"), ended()])).unwrap();
    let last = text(stream.next().await);
    assert!(last.ends_with("}\n\ndata: [DONE]\n\n"), "{last}");
    assert!(last.contains("id: 3\nevent: response.completed\n"), "{last}");
    assert!(stream.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn silence_is_filled_with_comments() {
    let (script, stream) = scripted();
    let mut stream = pin!(stream);
    let begun = tokio::time::Instant::now();
    assert_eq!(text(stream.next().await), ": keep-alive\n\n");
    assert_eq!(text(stream.next().await), ": keep-alive\n\n");
    assert_eq!(begun.elapsed(), HEARTBEAT * 2);
    script.batches.send(numbered(0, vec![StreamEvent::Created])).unwrap();
    assert!(text(stream.next().await).starts_with("id: 0\n"));
}

#[tokio::test]
async fn a_follower_is_sent_away_when_the_source_or_the_server_goes() {
    let (script, stream) = scripted();
    let mut stream = pin!(stream);
    drop(script);
    assert_eq!(text(stream.next().await), "retry: 1000\n\n");
    assert!(stream.next().await.is_none());

    let (script, stream) = scripted();
    let mut stream = pin!(stream);
    script.closing.0.cancel();
    assert_eq!(text(stream.next().await), "retry: 1000\n\n");
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn whoever_may_not_follow_any_more_gets_nothing_more() {
    let (refuse, refused) = tokio::sync::oneshot::channel::<()>();
    let (script, steps) = steps(async move { refused.await.unwrap_or_default() });
    let mut stream = pin!(frames(steps, Projector::new(base())));
    script.batches.send(numbered(0, vec![StreamEvent::Created])).unwrap();
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
        let step = Step::Events { events: numbered(0, events), are_last: true };
        let bytes = super::frame::write(&mut Projector::new(base()), &step);
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
