//! Answers of which nothing comes for a while: their followers are told why.

use std::sync::Arc;
use std::time::Duration;

use engine::{Engine, Numbered, Settings};
use models::response::ResponseStatus;
use schemas::event::{Wait, WaitReason};
use schemas::stream::StreamEvent;
use schemas::view::State;
use testkit::World;

use super::kit::{Kit, assert_from, ending, numbers, read_until, rest, text_of, ticks};

fn is_wait(event: &StreamEvent) -> bool {
    matches!(event, StreamEvent::Waiting(_))
}

/// The waits among these events.
fn waits(events: &[Numbered]) -> Vec<Wait> {
    let wait = |numbered: &Numbered| match numbered.event {
        StreamEvent::Waiting(wait) => Some(wait),
        _ => None,
    };
    events.iter().filter_map(wait).collect()
}

#[testkit::test]
async fn p2_a_silence_is_told_once_and_described_while_it_lasts(world: World) {
    let kit = Kit::new(world).await;
    let server = kit.start(Settings::default()).await;
    let (mut follower, mut events) = server.stall(&["one "]).await;
    let id = follower.response().id;
    server.pass(Duration::from_secs(10)).await;
    events.extend(read_until(&mut follower, is_wait).await);
    let silent = Wait { reason: WaitReason::Silent, until: None };
    assert_eq!(waits(&events), [silent]);

    let row = kit.row(id).await;
    let described =
        server.run(async move |engine: Arc<Engine>| engine.describe(&row).await.unwrap()).await;
    let State::Open { waiting, .. } = described.state else { panic!("{described:?}") };
    assert_eq!(waiting, Some(silent));
    // However long it lasts.
    server.pass(Duration::from_secs(100)).await;
    server.cancel(id).await;
    events.extend(rest(&mut follower).await);
    assert_eq!(waits(&events), [silent]);
    assert_from(0, &numbers(&events));
    assert_eq!(ending(&events).status, ResponseStatus::Cancelled);
    server.stop(Duration::ZERO).await;
}

#[testkit::test]
async fn w5_a_pause_that_the_provider_asks_for_is_told_to_the_second(world: World) {
    let kit = Kit::new(world).await;
    let server = kit.start(Settings::default()).await;
    let model = "mock:ticks=2,status=429,retry-after=30,times=1";
    let mut follower = server.begin(model).await;
    let mut events = read_until(&mut follower, is_wait).await;
    let until = Some(kit.clock.now().timestamp() + 30);
    let asked = Wait { reason: WaitReason::AskedToWait, until };
    assert_eq!(waits(&events), [asked]);
    assert_eq!(kit.provider.calls().len(), 1);
    server.pass(Duration::from_secs(30)).await;
    events.extend(rest(&mut follower).await);
    assert_eq!(waits(&events), [asked]);
    assert_eq!(text_of(&events), ticks(2));
    assert_eq!(ending(&events).status, ResponseStatus::Completed);
    assert_eq!(kit.provider.calls().len(), 2);
    server.stop(Duration::ZERO).await;
}

#[testkit::test]
async fn a_request_that_failed_is_sent_again_and_that_is_told(world: World) {
    let kit = Kit::new(world).await;
    let server = kit.start(Settings::default()).await;
    let mut follower = server.begin("mock:ticks=2,status=500,times=1").await;
    let events = rest(&mut follower).await;
    // The pause is shorter than a second; what is told of it is rounded up.
    let until = Some(kit.clock.now().timestamp() + 1);
    assert_eq!(waits(&events), [Wait { reason: WaitReason::Retrying, until }]);
    assert_from(0, &numbers(&events));
    assert_eq!(text_of(&events), ticks(2));
    server.stop(Duration::ZERO).await;
}
