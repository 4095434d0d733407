//! Events are kept for a while after the end; the answer stays.

use std::time::Duration;

use engine::Settings;
use models::response::ResponseStatus;
use testkit::{World, eventually};

use super::kit::{Kit, ending, numbers, rest, text_of, ticks};

/// How long they are kept here.
const RETENTION: Duration = Duration::from_hours(24);

#[testkit::test]
async fn events_are_forgotten_when_their_time_is_over_and_the_answer_is_not(world: World) {
    let kit = Kit::new(world).await;
    let settings = Settings { event_retention: RETENTION, ..Settings::default() };
    let server = kit.start(settings).await;
    let mut follower = server.begin("mock:ticks=3").await;
    let id = follower.response().id;
    let events = rest(&mut follower).await;
    let last = events.last().unwrap().seq;

    server.pass(Duration::from_hours(23)).await;
    // Another one ends later, and one is still being made.
    let younger = server.answered("mock:ticks=1", "More").await.id;
    kit.change_conversation();
    let (follower, _) = server.stall(&["one "]).await;
    let running = follower.response().id;
    assert_eq!(kit.stored(id).await, numbers(&events));
    kit.clock.advance(Duration::from_hours(1));
    eventually("the events are gone", async || {
        server.wake(Duration::from_mins(1)).await;
        kit.stored(id).await.is_empty()
    })
    .await;
    assert!(!kit.stored(younger).await.is_empty());

    // Followers get the same answer from the messages; those who have seen the end only that.
    let again = rest(&mut server.follow(id, None).await).await;
    assert_eq!(text_of(&again), ticks(3));
    assert_eq!(ending(&again), ending(&events));
    assert_eq!(rest(&mut server.follow(id, Some(0)).await).await, again, "from the beginning");
    let end = rest(&mut server.follow(id, Some(last)).await).await;
    assert_eq!(end, again[again.len() - 1..]);
    assert_eq!(kit.row(running).await.status, ResponseStatus::InProgress);
    server.cancel(running).await;
    server.stop(Duration::ZERO).await;
}
