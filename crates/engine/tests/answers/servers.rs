//! Several engines on one database: one follows what another makes, takes over what it leaves, and
//! gives up what others have taken from it.

use std::time::Duration;

use engine::{Continuing, Settings};
use models::ending::EndReason;
use models::response::ResponseStatus;
use testkit::log::expect_error;
use testkit::{World, eventually};

use super::kit::{
    Kit, assert_ended, assert_from, ending, numbers, read_text, rest, text_of, whole,
};

fn shared() -> Settings {
    let continuing = Some(Continuing { attempts: 2, tokens: 100_000 });
    Settings { shared_database: true, continuing, ..Settings::default() }
}

#[testkit::test(servers)]
async fn an_engine_follows_and_stops_what_another_makes(world: World) {
    let kit = Kit::new(world).await;
    let (one, two) = (kit.start(shared()).await, kit.start(shared()).await);
    let (mut follower, mut made) = one.stall(&["one ", "two "]).await;
    let id = follower.response().id;
    let mut elsewhere = two.follow(id, None).await;
    let mut seen = read_text(&mut elsewhere, "one two ").await;
    assert_from(0, &numbers(&seen));
    // A stop is stored by the use case; the engine waits for the end, which the other one stores.
    let requested = crud::responses::request_cancel(&kit.db, kit.owner, id, kit.clock.now()).await;
    assert!(requested.unwrap().is_some());
    two.cancel(id).await;
    assert_ended(&*kit.row(id).await, ResponseStatus::Cancelled, Some(EndReason::Cancelled));
    seen.extend(rest(&mut elsewhere).await);
    assert_eq!(ending(&seen).status, ResponseStatus::Cancelled);
    made.extend(rest(&mut follower).await);
    assert_eq!(made, seen);
    one.stop(Duration::ZERO).await;
    two.stop(Duration::ZERO).await;
}

#[testkit::test(servers)]
async fn what_an_engine_leaves_is_continued_by_another(world: World) {
    let kit = Kit::new(world).await;
    let (one, two) = (kit.start(shared()).await, kit.start(shared()).await);
    let (mut follower, _) = one.stall(&["one ", "two "]).await;
    let id = follower.response().id;
    let mut elsewhere = two.follow(id, None).await;
    let mut seen = read_text(&mut elsewhere, "one two ").await;
    kit.provider.push(whole(&["three."]));
    one.stop(Duration::ZERO).await;
    assert!(!follower.wait_end().await, "it is given up here, and goes on elsewhere");
    // The other one polls, sees that it has stopped, and takes over.
    eventually("it is taken over", async || {
        two.pass(Duration::from_secs(2)).await;
        two.engine.running().find_log(id).is_some() || kit.row(id).await.status.is_final()
    })
    .await;
    let row = kit.ended_row(id).await;
    assert_ended(&row, ResponseStatus::Completed, None);
    assert_eq!((row.server_id, row.continuations), (two.engine.fence().server_id, 1));
    assert_eq!(kit.answer(&row).await.content, "one two three.");
    // Who followed there reads on, without a gap but that after the stop.
    seen.extend(rest(&mut elsewhere).await);
    assert_eq!(text_of(&seen), "one two three.");
    assert_eq!(numbers(&seen), kit.stored(id).await);
    two.stop(Duration::ZERO).await;
}

#[testkit::test(servers)]
async fn an_engine_that_was_taken_for_dead_gives_up_and_begins_again(world: World) {
    expect_error("another server took over what this one runs");
    let kit = Kit::new(world).await;
    let server = kit.start(shared()).await;
    let before = server.engine.fence();
    let (mut follower, seen) = server.stall(&["one "]).await;
    let id = follower.response().id;
    kit.wait_stored(id, seen.last().unwrap().seq).await;
    // What another one does that has seen it stand still.
    let mut sql = kit.world.sql().await;
    sql.execute("UPDATE servers SET epoch = epoch + 1").await;
    sql.execute("UPDATE responses SET epoch = epoch + 1").await;
    assert!(!follower.wait_end().await, "its followers come back and read on elsewhere");
    assert_ne!(server.engine.fence().server_id, before.server_id);
    assert_eq!(kit.stored(id).await, numbers(&seen), "it wrote nothing more");

    // As the new server it sees to what the old one left: nobody else is there.
    kit.provider.push(whole(&["two."]));
    eventually("it is taken over", async || {
        server.pass(Duration::from_secs(2)).await;
        server.engine.running().find_log(id).is_some() || kit.row(id).await.status.is_final()
    })
    .await;
    let row = kit.ended_row(id).await;
    assert_ended(&row, ResponseStatus::Completed, None);
    assert_eq!(kit.answer(&row).await.content, "one two.");
    server.stop(Duration::ZERO).await;
}
