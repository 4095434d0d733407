//! Several servers on one database.

use mock::CallOutcome;
use serde_json::json;
use testkit::client::User;
use testkit::validator::{assert_valid, assert_valid_from_middle};
use testkit::{Engine, Harness, TestApp, World, eventually};

const SERVERS: [Engine; 2] = [Engine::MariaDb, Engine::MySql];

pub(crate) fn stories(harness: Harness) -> Harness {
    harness
        .story_on(&SERVERS, "an_answer_is_followed_from_another_server", follow)
        .story_on(&SERVERS, "an_answer_is_stopped_from_another_server", stop)
        .story_on(&SERVERS, "an_answer_ends_when_another_server_deletes_its_conversation", delete)
        .story_on(&SERVERS, "a_session_ended_on_one_server_is_ended_on_all", revoke)
        .story_on(&SERVERS, "a_repetition_on_another_server_finds_the_first", repeat)
        .story_on(&SERVERS, "a_dead_server_is_noticed_by_another", takeover)
}

/// The same login, at another server.
fn at(user: &User, app: &TestApp) -> testkit::client::Anonymous {
    app.anonymous().with_bearer(Some(&user.access_token))
}

async fn follow(world: World) {
    let (one, two) = (TestApp::start(&world).await, TestApp::start(&world).await);
    let user = one.user("ada").await;
    let conversation = user.create_conversation().await;
    let mut here = super::stream(&user, &conversation, "Go", "mock:ticks=100,rate=50").await;
    let response = here.response_id().await;
    here.read_text(5).await;
    let there = at(&user, &two);
    let path = format!("/api/responses/{response}/events");
    let whole = there.stream(there.request(reqwest::Method::GET, &path)).await;
    let later = format!("{path}?after=6");
    let rest = there.stream(there.request(reqwest::Method::GET, &later)).await;
    let (here, whole, rest) = tokio::join!(here.finish(), whole.finish(), rest.finish());
    assert_valid(&whole);
    assert!(whole == here, "the same events with the same numbers");
    assert_valid_from_middle(&rest);
    // Although the other server had perhaps not stored number 6 yet.
    assert!(rest == here[7..], "only what follows");
    assert!(two.upstream().calls().is_empty());
}

async fn stop(world: World) {
    let (one, two) = (TestApp::start(&world).await, TestApp::start(&world).await);
    let user = one.user("ada").await;
    let conversation = user.create_conversation().await;
    let mut here = super::stream(&user, &conversation, "Go", "mock:ticks=9,fault=stall@3").await;
    let response = here.response_id().await;
    here.read_text(3).await;
    let there = at(&user, &two);
    there.post(&format!("/api/responses/{response}/cancel"), json!({})).await.expect(200);
    let frames = here.finish().await;
    assert_valid(&frames);
    let path = format!("/api/responses/{response}");
    eventually("the stop seen from the other server", || async {
        there.get(&path).await.expect(200)["status"] == "cancelled"
    })
    .await;
    one.upstream()
        .wait_for("the closed connection", |calls| {
            (calls[0].outcome == CallOutcome::ClientClosed).then_some(())
        })
        .await;
}

async fn revoke(world: World) {
    let (one, two) = (TestApp::start(&world).await, TestApp::start(&world).await);
    let user = one.user("ada").await;
    let there = at(&user, &two);
    there.get("/api/me").await.expect(200);
    user.post("/api/auth/logout", json!({})).await;
    there.get("/api/me").await.expect_error(401, "invalid_token");
}

async fn repeat(world: World) {
    let (one, two) = (TestApp::start(&world).await, TestApp::start(&world).await);
    let user = one.user("ada").await;
    let conversation = user.create_conversation().await;
    let there = at(&user, &two);
    let path = format!("/api/conversations/{conversation}/messages");
    let body = json!({"content": "Go", "model": "mock:ticks=50,rate=100"});
    let send = |at: &testkit::client::Anonymous| {
        let request = at.request(reqwest::Method::POST, &path);
        let request = request.header("idempotency-key", "k1").json(&body);
        let at = at.clone();
        async move { at.send(request).await.expect(201) }
    };
    let (here, other) = tokio::join!(send(&user), send(&there));
    assert_eq!(here, other);
    assert_eq!(here["message"]["content"], super::ticks(50));
    assert_eq!(one.upstream().calls().len() + two.upstream().calls().len(), 1);
}

async fn takeover(world: World) {
    let (mut one, two) = (TestApp::start(&world).await, TestApp::start(&world).await);
    let user = one.user("ada").await;
    let conversation = user.create_conversation().await;
    let mut here = super::stream(&user, &conversation, "Go", "mock:ticks=9,fault=stall@3").await;
    let response = here.response_id().await;
    here.read_text(3).await;
    eventually("a checkpoint", || async {
        let sql = "SELECT COALESCE(MAX(last_seq), 0) FROM response_events";
        world.sql().await.value(sql).await.parse().is_ok_and(|seq: i64| seq >= 6)
    })
    .await;
    let there = at(&user, &two);
    let path = format!("/api/responses/{response}/events");
    let following = there.stream(there.request(reqwest::Method::GET, &path)).await;
    one.crash().await;
    let frames = following.finish().await;
    assert_valid(&frames);
    assert_eq!(testkit::sse::text_of(&frames), super::ticks(3));
    let last = frames[frames.len() - 2].json();
    assert_eq!(last["response"]["incomplete_details"]["reason"], "interrupted");
    assert!(last["sequence_number"].as_u64().unwrap() > 1_000_000);
}

async fn delete(world: World) {
    let (one, two) = (TestApp::start(&world).await, TestApp::start(&world).await);
    let user = one.user("ada").await;
    let conversation = user.create_conversation().await;
    let mut here = super::stream(&user, &conversation, "Go", "mock:ticks=9,fault=stall@3").await;
    here.read_text(3).await;
    let there = at(&user, &two);
    there.delete(&format!("/api/conversations/{conversation}")).await.expect(200);
    let frames = here.finish().await;
    assert_valid(&frames);
    let last = frames[frames.len() - 2].json();
    assert_eq!(last["response"]["error"]["code"], "conversation_deleted");
    // Its text so far is restored with the conversation.
    let restore = format!("/api/conversations/{conversation}/restore");
    there.post(&restore, json!({})).await.expect(200);
    assert_eq!(user.list_messages(&conversation).await[1]["content"], super::ticks(3));
}
