//! A server dies, or is taken for dead, with events that only Redis has seen.

use testkit::validator::assert_valid;
use testkit::{Harness, World, eventually};

use super::site::{ENDLESS, SERVERS, Site, follow, newest_stored, read_to_end};

/// After a crash the numbers of events go on at a multiple of this.
const CRASH_STEP: u64 = 1_000_000;

pub(crate) fn stories(harness: Harness) -> Harness {
    harness
        .redis_story_on(&SERVERS, "a_follower_ahead_of_a_crash_starts_afresh", ahead)
        .redis_story_on(&SERVERS, "what_a_replaced_server_sends_is_not_read", zombie)
        .redis_story_on(&SERVERS, "a_frozen_server_that_wakes_changes_nothing", frozen)
        .redis_story_on(&SERVERS, "who_goes_on_with_an_answer_is_followed_live", gone_on_with)
}

async fn ahead(world: World) {
    let site = Site::start(&world).await;
    let (_here, response) = site.answer(ENDLESS).await;
    eventually("a checkpoint", async || newest_stored(&world).await >= 6).await;
    let mut locked = world.sql().await;
    locked.execute("LOCK TABLES response_events READ").await;
    let kept = newest_stored(&world).await;
    let mut there = follow(&site.there, &response, None).await;
    while there.last_seq() < Some(u64::try_from(kept + 10).expect("a small number")) {
        there.next().await.expect("more events");
    }
    let Site { one, there: client, .. } = &site;
    // Nothing of this server can be stored any more.
    let _ = one.id();
    one.signal("KILL");
    locked.execute("UNLOCK TABLES").await;
    let seen = there.last_seq();
    let (frames, again) = read_to_end(client, &response, there).await;
    assert_eq!(again, 1, "sent away once");
    assert_valid(&frames);
    assert!(frames == site.stored(&response).await, "the stored log, from its beginning");
    let numbers: Vec<u64> =
        frames.iter().filter_map(|frame| frame.json()["sequence_number"].as_u64()).collect();
    let gap = numbers.windows(2).find(|pair| pair[0] + 1 != pair[1]).expect("a gap");
    assert_eq!(gap, [u64::try_from(kept).expect("positive"), 1_000_000], "after {seen:?}");
    let last = frames[frames.len() - 2].json();
    assert_eq!(last["response"]["incomplete_details"]["reason"], "interrupted", "{last}");
}

/// Takes the first server's responses away from it, as another one does that takes it for dead.
async fn take_over(world: &World) {
    let mut sql = world.sql().await;
    let owner = "(SELECT owner FROM responses WHERE status = 'in_progress')";
    sql.execute(&format!("UPDATE servers SET epoch = epoch + 1 WHERE id = {owner}")).await;
    sql.execute("UPDATE responses SET epoch = epoch + 1 WHERE status = 'in_progress'").await;
}

async fn zombie(world: World) {
    // So that it does not learn from a checkpoint that it was replaced.
    let slow = [("CHATAPP_LIMITS__CHECKPOINT_INTERVAL", "2s")];
    let site = Site::with(&world, testkit::Redis::start().await, &slow).await;
    let (mut here, response) = site.answer("mock:ticks=1000000,rate=200").await;
    eventually("a checkpoint", async || newest_stored(&world).await >= 6).await;
    take_over(&world).await;
    let new = follow(&site.there, &response, None).await;
    // It goes on, and sends what it generates, until it notices.
    here.read_text(20).await;
    let (frames, again) = read_to_end(&site.there, &response, new).await;
    assert_eq!(again, 0, "it was never shown anything but what is kept");
    assert_valid(&frames);
    assert!(frames == site.stored(&response).await);
    let (here, _) = read_to_end(&site.user, &response, here).await;
    assert!(here == frames, "its own followers get the same in the end");
}

async fn frozen(world: World) {
    let site = Site::start(&world).await;
    let third = site.another().await;
    let third = third.anonymous().with_bearer(Some(&site.user.access_token));
    let (mut here, response) = site.answer(ENDLESS).await;
    here.read_text(10).await;
    let mut there = follow(&site.there, &response, None).await;
    there.read_text(10).await;
    site.one.signal("STOP");
    let (frames, _) = read_to_end(&site.there, &response, there).await;
    site.one.signal("CONT");
    let (here, _) = read_to_end(&site.user, &response, here).await;
    let late = follow(&third, &response, None).await.finish().await;
    assert_valid(&frames);
    assert!(frames == site.stored(&response).await);
    assert!(late == frames && here == frames, "everybody has the same in the end");
    site.assert_well().await;
    // Longer than it takes for its next sign of life.
    let (here, _) = site.answer("mock:ticks=150,rate=30").await;
    let frames = here.finish().await;
    assert_valid(&frames);
    assert!(frames.iter().any(|frame| frame.event == "response.completed"), "{:?}", frames.last());
}

async fn gone_on_with(world: World) {
    let continuing = [("CHATAPP_RESPONSES__ON_INTERRUPTION", "continue")];
    let site = Site::with(&world, testkit::Redis::start().await, &continuing).await;
    let (mut here, response) = site.answer(ENDLESS).await;
    here.read_text(10).await;
    let mut there = follow(&site.there, &response, None).await;
    there.read_text(10).await;
    site.one.signal("KILL");
    // It may be sent away once, having seen more than was stored.
    while there.last_seq() < Some(CRASH_STEP) {
        if there.next().await.is_none() {
            there = follow(&site.there, &response, there.last_seq()).await;
        }
    }
    let mut locked = world.sql().await;
    locked.execute("LOCK TABLES response_events READ").await;
    // More than one read of the database could have brought before.
    there.read_text(100).await;
    locked.execute("UNLOCK TABLES").await;
    let path = format!("/api/responses/{response}/cancel");
    site.there.post(&path, serde_json::json!({})).await.expect(200);
    let (frames, _) = read_to_end(&site.there, &response, there).await;
    assert!(frames == site.stored(&response).await);
}
