//! Redis is asked nothing when there is nothing to say.

use std::time::Duration;

use testkit::client::User;
use testkit::{Redis, TestApp, World, eventually};

use super::site::{ENDLESS, Site, follow, reaches};

/// How long nothing happens.
const WINDOW: Duration = Duration::from_secs(5);

#[testkit::test(servers, needs = Redis::need())]
async fn idle_servers_send_nothing_to_redis(world: World) {
    let site = Site::start(&world).await;
    let (mut here, response) = site.answer(ENDLESS).await;
    here.read_text(3).await;
    let there = follow(&site.there, &response, None).await;
    site.stop(&response).await;
    there.finish().await;
    for server in [&site.one, &site.two] {
        reaches(server, "chatapp_bus_up", 1).await;
    }
    eventually("nobody listens to the response", async || channels(&site.redis).await == 2).await;
    let before = site.redis.commands().await;
    tokio::time::sleep(WINDOW).await;
    // Ours, which asked.
    let after = site.redis.commands().await;
    assert_eq!(after, before, "two servers at rest sent {} commands", after - before);
}

/// How many channels are listened to. Each server has one of its own.
async fn channels(redis: &Redis) -> usize {
    redis.query::<Vec<String>>(&["PUBSUB", "CHANNELS"]).await.len()
}

#[testkit::test(servers, needs = Redis::need())]
async fn nobody_is_subscribed_to_what_nobody_follows(world: World) {
    let site = Site::start(&world).await;
    let (mut here, response) = site.answer(ENDLESS).await;
    here.read_text(3).await;
    assert_eq!(channels(&site.redis).await, 2, "nobody follows on the second server");
    let there = follow(&site.there, &response, None).await;
    eventually("somebody follows", async || channels(&site.redis).await == 3).await;
    let other = follow(&site.there, &response, None).await;
    drop(there);
    here.read_text(20).await;
    assert_eq!(channels(&site.redis).await, 3, "the other still follows");
    drop(other);
    eventually("nobody follows", async || channels(&site.redis).await == 2).await;
    site.stop(&response).await;
    let keys: Vec<String> = site.redis.query(&["KEYS", "*"]).await;
    for key in keys {
        let life: i64 = site.redis.query(&["PTTL", &key]).await;
        assert!((0..=120_000).contains(&life), "{key} stays for {life} ms");
    }
}

#[testkit::test(sqlite, needs = Redis::need())]
async fn the_one_server_of_a_file_leaves_redis_alone(world: World) {
    let redis = Redis::start().await;
    let before = redis.commands().await;
    let app = TestApp::builder(&world).set("REDIS_URL", redis.url()).start().await;
    let user: User = app.user("ada").await;
    let conversation = user.create_conversation().await;
    user.send_and_wait(&conversation, "Hello").await;
    assert_eq!(redis.commands().await, before);
    let ready = user.get("/health/ready").await.expect(200);
    assert!(ready["degraded"].is_null(), "{ready}");
}
