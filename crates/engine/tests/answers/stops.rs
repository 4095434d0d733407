//! Answers that end before their models do, and engines that stop.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use engine::{Beginning, Engine, Error, Settings};
use futures_util::poll;
use models::ending::{EndReason, FailureCode};
use models::response::ResponseStatus;
use testkit::World;

use super::kit::{Kit, QUESTION, assert_ended, assert_from, ending, numbers, rest, text_of};

#[testkit::test]
async fn a_cancelled_answer_keeps_its_text(world: World) {
    let kit = Kit::new(world).await;
    let server = kit.start(Settings::default()).await;
    let (mut follower, mut events) = server.stall(&["one ", "two "]).await;
    let id = follower.response().id;
    kit.clock.advance(Duration::from_secs(5));
    server.cancel(id).await;
    // When that returns, the end is stored.
    let row = kit.row(id).await;
    assert_ended(&row, ResponseStatus::Cancelled, Some(EndReason::Cancelled));
    assert_eq!(row.completed_at, Some(kit.clock.now()));
    assert_eq!(kit.answer(&row).await.content, "one two ");
    events.extend(rest(&mut follower).await);
    assert_from(0, &numbers(&events));
    assert_eq!(ending(&events).status, ResponseStatus::Cancelled);
    assert_eq!(server.completed(), 0);
    // Whoever stops it again finds it as it is.
    server.cancel(id).await;
    assert_eq!(kit.row(id).await, row);
    server.stop(Duration::ZERO).await;
}

#[testkit::test]
async fn a_clock_that_is_set_back_ends_nothing_before_its_beginning(world: World) {
    let kit = Kit::new(world).await;
    let server = kit.start(Settings::default()).await;
    let (follower, _) = server.stall(&["one "]).await;
    let id = follower.response().id;
    kit.clock.set_back(Duration::from_hours(2));
    server.cancel(id).await;
    let row = kit.row(id).await;
    assert_eq!(row.completed_at, Some(row.created_at));
    assert!(row.created_at > kit.clock.now());
    server.stop(Duration::ZERO).await;
}

/// A stop that another server has stored, and a conversation that somebody has deleted with SQL.
#[testkit::test]
async fn what_others_write_into_the_rows_ends_an_answer(world: World) {
    let kit = Kit::new(world).await;
    let server = kit.start(Settings::default()).await;
    let mut sql = kit.world.sql().await;
    for (written, status, code) in [
        (
            "UPDATE responses SET cancel_requested_at = created_at WHERE completed_at IS NULL",
            ResponseStatus::Cancelled,
            None,
        ),
        (
            "UPDATE conversations SET deleted_at = created_at",
            ResponseStatus::Failed,
            Some(FailureCode::ConversationDeleted),
        ),
    ] {
        let (mut follower, mut events) = server.stall(&["one "]).await;
        assert_eq!(sql.execute(written).await, 1);
        events.extend(rest(&mut follower).await);
        let end = ending(&events);
        assert_eq!(end.status, status, "{written}");
        assert_eq!(end.error.as_ref().map(|error| error.code.clone()), code.map(Into::into));
        assert_eq!(text_of(&events), "one ");
    }
    server.stop(Duration::ZERO).await;
}

#[testkit::test]
async fn an_answer_whose_rows_are_gone_ends_for_its_followers(world: World) {
    let kit = Kit::new(world).await;
    let server = kit.start(Settings::default()).await;
    let (mut follower, mut events) = server.stall(&["one "]).await;
    let id = follower.response().id;
    let mut sql = kit.world.sql().await;
    for gone in [
        "UPDATE conversations SET active_response_id = NULL, head_id = NULL",
        "DELETE FROM response_events",
        "DELETE FROM messages",
        "DELETE FROM responses",
    ] {
        sql.execute(gone).await;
    }
    server.engine.let_go(id);
    events.extend(rest(&mut follower).await);
    let code = FailureCode::MessageDeleted;
    assert!(ending(&events).error.as_ref().is_some_and(|error| error.code.is(code)), "{events:?}");
    server.stop(Duration::ZERO).await;
}

#[testkit::test]
async fn a_stop_waits_for_a_turn_that_was_let_in_and_lets_no_other_in(world: World) {
    let kit = Kit::new(world).await;
    let server = kit.start(Settings::default()).await;
    let admission = server.engine.admit().unwrap();
    let mut stop = pin!(server.run(async move |engine: Arc<Engine>| {
        engine.stop(Duration::from_mins(1)).await;
    }));
    while server.engine.admit().is_ok() {
        assert!(poll!(&mut stop).is_pending());
        tokio::task::yield_now().await;
    }
    // Longer than it gives an interrupted answer to be stored.
    server.pass(Duration::from_secs(30)).await;
    assert!(poll!(&mut stop).is_pending(), "it has seen the turn, though nothing runs yet");
    let refused = server.ask("mock:echo", QUESTION).await.unwrap_err();
    assert!(matches!(refused, Error::ShuttingDown), "{refused:?}");
    let begun = server.ask_admitted(admission, "mock:echo", QUESTION).await.unwrap();
    let Beginning::Begun(follower) = begun else { panic!("{begun:?}") };
    stop.await;
    assert_eq!(kit.row(follower.response().id).await.status, ResponseStatus::Completed);
}

#[testkit::test]
async fn an_answer_that_a_stop_interrupts_ends_with_what_there_is(world: World) {
    let kit = Kit::new(world).await;
    let server = kit.start(Settings::default()).await;
    let (mut follower, mut events) = server.stall(&["one ", "two "]).await;
    let id = follower.response().id;
    server.stop(Duration::ZERO).await;
    events.extend(rest(&mut follower).await);
    assert_eq!(ending(&events).status, ResponseStatus::Incomplete, "its follower was told");
    assert_from(0, &numbers(&events));
    let row = kit.row(id).await;
    assert_ended(&row, ResponseStatus::Incomplete, Some(EndReason::Interrupted));
    assert_eq!(kit.answer(&row).await.content, "one two ");
    assert_eq!(kit.world.sql().await.value("SELECT COUNT(*) FROM servers").await, "0");
}
