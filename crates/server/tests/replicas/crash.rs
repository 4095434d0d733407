//! A server dies, or is taken for dead, with events that only Redis has seen.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::client::{Anonymous, EventStream};
use testkit::sse::text_of;
use testkit::validator::assert_valid;
use testkit::{Redis, World, eventually};

use super::site::{ENDLESS, Site, follow, newest_stored, read_to_end};

/// After a crash the numbers of events go on at a multiple of this.
const CRASH_STEP: u64 = 1_000_000;

#[testkit::test(servers, needs = Redis::need())]
async fn a_follower_ahead_of_a_crash_is_replayed_from_the_start(world: World) {
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

#[testkit::test(servers, needs = Redis::need())]
async fn what_a_replaced_server_sends_is_not_read(world: World) {
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

#[testkit::test(servers, needs = Redis::need())]
async fn a_frozen_server_that_wakes_changes_nothing(world: World) {
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

#[testkit::test(servers, needs = Redis::need())]
async fn who_goes_on_with_an_answer_is_followed_live(world: World) {
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

/// A continued answer whose server has died.
struct Orphan {
    site: Site,
    conversation: String,
    /// The responses that wrote it before, as they ended, the first one first.
    earlier: Vec<Value>,
    response: String,
    /// What they wrote.
    kept: String,
    /// Somebody who followed it at the other server.
    there: EventStream,
}

impl Orphan {
    /// An answer that was continued twice, and is longer than one run of events.
    async fn new(world: &World, on_interruption: &str) -> Self {
        let settings = [
            ("CHATAPP_RESPONSES__ON_INTERRUPTION", on_interruption),
            ("CHATAPP_RESPONSES__CONTINUE_TOKENS", "1000000000"),
            ("CHATAPP_PROVIDER__CONTEXT_TOKENS", "100000000"),
        ];
        let site = Site::with(world, testkit::Redis::start().await, &settings).await;
        let (long, first) = site.answer("mock:ticks=30000,finish=length").await;
        long.finish().await;
        let (mut here, second) = continued(&site.user, &first, ENDLESS).await;
        while here.last_seq() < Some(20) {
            here.next().await.expect("more events");
        }
        here.read_text(10).await;
        site.stop(&second).await;
        let earlier = vec![site.user.response(&first).await, site.user.response(&second).await];
        assert_eq!(earlier[0]["status"], "incomplete", "{}", earlier[0]["status"]);
        let conversation = earlier[0]["conversation"]["id"].as_str().expect("an id").to_owned();
        let kept = answer(&site.there, &conversation).await;
        assert!(kept.len() > 256 * 1024, "{}", kept.len());

        let (mut here, response) = continued(&site.user, &second, ENDLESS).await;
        let mut there = follow(&site.there, &response, None).await;
        for stream in [&mut here, &mut there] {
            while stream.text().len() <= kept.len() + 20 {
                stream.next().await.expect("more events");
            }
        }
        let open = "SELECT last_seq FROM responses WHERE status = 'in_progress'";
        let before: i64 = world.sql().await.value(open).await.parse().expect("a number");
        eventually("a checkpoint", async || {
            world.sql().await.value(open).await.parse().is_ok_and(|seq: i64| seq > before)
        })
        .await;
        site.one.signal("KILL");
        Self { site, conversation, earlier, response, kept, there }
    }

    /// What it says in the end, held against the message and against the responses before.
    async fn end(self) -> (Site, String) {
        let Self { site, conversation, earlier, response, kept, there } = self;
        let (frames, _) = read_to_end(&site.there, &response, there).await;
        assert_valid(&frames);
        let text = text_of(&frames);
        assert!(text.starts_with(&kept), "{} of {} bytes", text.len(), kept.len());
        assert!(text.len() > kept.len(), "and what the last one said");
        assert!(answer(&site.there, &conversation).await == text, "the message is all of it");
        assert!(frames == site.stored(&response).await);
        for before in &earlier {
            let path = format!("/api/responses/{}", before["id"].as_str().expect("an id"));
            let now = site.there.get(&path).await.expect(200);
            assert!(now == *before, "it stays as it ended: {} {}", now["status"], now["usage"]);
        }
        let path = format!("/api/conversations/{conversation}/messages");
        let body = json!({"content": "And now?", "model": "mock:ticks=1"});
        let turn = site.there.post(&path, body).await.expect(201);
        assert_eq!(turn["response"]["status"], "completed", "the conversation goes on");
        (site, response)
    }
}

/// Continues a response; the stream and the new response's id.
async fn continued(client: &Anonymous, response: &str, model: &str) -> (EventStream, String) {
    let path = format!("/api/responses/{response}/continue");
    let body = json!({"model": model, "stream": true});
    let mut stream = client.stream(client.request(Method::POST, &path).json(&body)).await;
    let id = stream.response_id().await;
    (stream, id)
}

/// The text of the first answer.
async fn answer(client: &Anonymous, conversation: &str) -> String {
    let path = format!("/api/conversations/{conversation}/messages");
    let messages = client.get(&path).await.expect(200);
    messages["data"][1]["content"].as_str().expect("text").to_owned()
}

#[testkit::test(servers, needs = Redis::need())]
async fn w7_a_continued_answer_outlives_its_server(world: World) {
    let (site, response) = Orphan::new(&world, "mark").await.end().await;
    let response = site.there.get(&format!("/api/responses/{response}")).await.expect(200);
    assert_eq!(response["incomplete_details"]["reason"], "interrupted", "{}", response["status"]);
}

#[testkit::test(servers, needs = Redis::need())]
async fn w7_a_continued_answer_is_gone_on_with_elsewhere(world: World) {
    let mut orphan = Orphan::new(&world, "continue").await;
    let (there, response) = (&orphan.site.there, &orphan.response);
    // It may be sent away once, having seen more than was stored.
    let mut stream = follow(there, response, None).await;
    while stream.last_seq() < Some(CRASH_STEP + 30) {
        if stream.next().await.is_none() {
            stream = follow(there, response, stream.last_seq()).await;
        }
    }
    let path = format!("/api/responses/{response}/cancel");
    there.post(&path, json!({})).await.expect(200);
    orphan.there = follow(there, response, None).await;
    let (site, response) = orphan.end().await;
    let response = site.there.get(&format!("/api/responses/{response}")).await.expect(200);
    assert_eq!(response["status"], "cancelled");
}
