//! Answers whose engine was killed: closed with what was stored of them, or continued from there.

use std::time::Duration;

use engine::{Continuing, Follower, Numbered, Settings};
use models::ResponseId;
use models::ending::EndReason;
use models::response::ResponseStatus;
use testkit::World;

use super::kit::{
    Kit, QUESTION, assert_ended, assert_from, ending, numbers, read_text, rest, stalled, text_of,
    whole,
};

/// After a crash numbers go on at the next multiple of this.
const RESTART: u64 = 1_000_000;

fn continuing(attempts: u32) -> Settings {
    let continuing = Some(Continuing { attempts, tokens: 100_000 });
    Settings { continuing, ..Settings::default() }
}

/// An answer whose engine is killed when it has said this, and that is stored; what was seen.
async fn killed(kit: &Kit, settings: Settings, pieces: &[&str]) -> (ResponseId, Vec<Numbered>) {
    let server = kit.start(settings).await;
    let (follower, seen) = server.stall(pieces).await;
    let id = follower.response().id;
    kit.wait_stored(id, seen.last().unwrap().seq).await;
    server.crash();
    (id, seen)
}

/// Reads on behind what was seen, up to the end.
async fn read_on(mut follower: Follower, seen: &mut Vec<Numbered>) {
    let events = rest(&mut follower).await;
    let first = seen.last().unwrap().seq / RESTART * RESTART + RESTART;
    assert_from(first, &numbers(&events));
    seen.extend(events);
}

#[testkit::test]
async fn an_answer_whose_engine_was_killed_is_closed_with_what_was_stored(world: World) {
    let kit = Kit::new(world).await;
    let (id, mut seen) = killed(&kit, Settings::default(), &["one ", "two "]).await;
    assert_eq!(kit.row(id).await.status, ResponseStatus::InProgress);
    kit.clock.advance(Duration::from_mins(5));

    let server = kit.start(Settings::default()).await;
    let row = kit.row(id).await;
    assert_ended(&row, ResponseStatus::Incomplete, Some(EndReason::Interrupted));
    assert_eq!(row.completed_at, Some(kit.clock.now()));
    assert_eq!(kit.answer(&row).await.content, "one two ");
    assert!(row.usage_estimated && row.output_tokens > Some(0), "{row:?}");
    read_on(server.follow(id, seen.last().map(|last| last.seq)).await, &mut seen).await;
    assert_eq!(kit.stored(id).await, numbers(&seen));
    assert_eq!(rest(&mut server.follow(id, None).await).await, seen);
    // Its conversation is free.
    server.answered("mock:echo", "And now?").await;
    server.stop(Duration::ZERO).await;
}

#[testkit::test]
async fn what_was_shown_and_not_stored_is_told_again_under_other_numbers(world: World) {
    let kit = Kit::new(world).await;
    // Nothing is stored in time.
    let settings = Settings { checkpoint_interval: Duration::from_hours(1), ..Settings::default() };
    let server = kit.start(settings).await;
    let (follower, seen) = server.stall(&["one "]).await;
    let id = follower.response().id;
    assert!(kit.stored(id).await.is_empty());
    server.crash();

    let server = kit.start(Settings::default()).await;
    for after in [None, Some(0), seen.last().map(|last| last.seq)] {
        let events = rest(&mut server.follow(id, after).await).await;
        assert_from(RESTART, &numbers(&events));
        assert_eq!(text_of(&events), "");
        assert_eq!(ending(&events).status, ResponseStatus::Incomplete);
    }
    server.stop(Duration::ZERO).await;
}

#[testkit::test]
async fn an_answer_is_continued_at_the_exact_event(world: World) {
    let kit = Kit::new(world).await;
    let (id, mut seen) = killed(&kit, continuing(2), &["one ", "two "]).await;
    kit.provider.push(whole(&["three ", "four."]));
    let server = kit.start(continuing(2)).await;
    read_on(server.follow(id, seen.last().map(|last| last.seq)).await, &mut seen).await;
    assert_eq!(text_of(&seen), "one two three four.");
    assert_eq!(ending(&seen).status, ResponseStatus::Completed);

    let row = kit.row(id).await;
    assert_ended(&row, ResponseStatus::Completed, None);
    assert_eq!((row.continuations, row.previous_response_id), (1, None));
    assert!(row.continued_tokens > 0, "what the attempt cost was noted");
    assert_eq!(kit.answer(&row).await.content, "one two three four.");
    assert_eq!(kit.stored(id).await, numbers(&seen));
    testkit::eventually("it is told", async || server.completed() == 1).await;
    // The model was shown its own text.
    let sent = kit.provider.calls().pop().unwrap().messages;
    let expected = [("user", QUESTION), ("assistant", "one two ")];
    assert_eq!(sent, expected.map(|(role, text)| (role.to_owned(), text.to_owned())));
    server.stop(Duration::ZERO).await;
}

#[testkit::test]
async fn an_answer_that_every_engine_dies_of_is_given_up(world: World) {
    let kit = Kit::new(world).await;
    let (id, mut seen) = killed(&kit, continuing(1), &["one "]).await;
    kit.provider.push(stalled(&["two "]));
    let server = kit.start(continuing(1)).await;
    let mut follower = server.follow(id, seen.last().map(|last| last.seq)).await;
    let more = read_text(&mut follower, "two ").await;
    assert_from(RESTART, &numbers(&more));
    seen.extend(more);
    kit.wait_stored(id, seen.last().unwrap().seq).await;
    server.crash();

    let server = kit.start(continuing(1)).await;
    let row = kit.row(id).await;
    assert_ended(&row, ResponseStatus::Incomplete, Some(EndReason::Interrupted));
    assert_eq!(row.continuations, 1);
    assert_eq!(kit.answer(&row).await.content, "one two ");
    read_on(server.follow(id, seen.last().map(|last| last.seq)).await, &mut seen).await;
    assert_eq!(kit.stored(id).await, numbers(&seen));
    assert_eq!(kit.provider.calls().len(), 2, "nobody was asked a third time");
    server.stop(Duration::ZERO).await;
}

#[testkit::test]
async fn an_answer_that_was_to_be_stopped_is_not_continued(world: World) {
    let kit = Kit::new(world).await;
    let (id, mut seen) = killed(&kit, continuing(2), &["one "]).await;
    let mut sql = kit.world.sql().await;
    sql.execute("UPDATE responses SET cancel_requested_at = created_at").await;
    let server = kit.start(continuing(2)).await;
    assert_ended(&*kit.row(id).await, ResponseStatus::Cancelled, Some(EndReason::Cancelled));
    read_on(server.follow(id, seen.last().map(|last| last.seq)).await, &mut seen).await;
    assert_eq!(text_of(&seen), "one ");
    assert_eq!(kit.provider.calls().len(), 1);
    server.stop(Duration::ZERO).await;
}

#[testkit::test]
async fn an_answer_that_was_continued_keeps_its_text_when_its_engine_is_killed(world: World) {
    let kit = Kit::new(world).await;
    let server = kit.start(Settings::default()).await;
    let (follower, _) = server.stall(&["one "]).await;
    let old = follower.response().id;
    server.cancel(old).await;
    let answer = kit.answer(&kit.row(old).await.into_inner()).await;
    kit.provider.push(stalled(&[]));
    // Its log begins with the text there is, and that is stored with its row.
    let new = server.go_on("mock", answer).await.response().id;
    server.crash();

    let server = kit.start(Settings::default()).await;
    let row = kit.row(new).await;
    assert_ended(&row, ResponseStatus::Incomplete, Some(EndReason::Interrupted));
    assert_eq!(kit.answer(&row).await.content, "one ");
    assert_eq!(text_of(&rest(&mut server.follow(new, None).await).await), "one ");
    assert_eq!(text_of(&rest(&mut server.follow(old, None).await).await), "one ");
    server.stop(Duration::ZERO).await;
}
