//! Requests that are sent more than once take effect once.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::client::{Reply, User};
use testkit::{ManualClock, TestApp, World};

use super::go_on::{id, path, stopped, whole};

async fn post(user: &User, path: &str, key: &str, body: &Value) -> Reply {
    user.send(user.request(Method::POST, path).header("idempotency-key", key).json(body)).await
}

#[testkit::test]
async fn a_message_sent_twice_is_answered_once(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let path = format!("/api/conversations/{conversation}/messages");
    let body = json!({"content": "Go", "model": "mock:ticks=3"});
    let first = post(&user, &path, "k1", &body).await;
    assert_eq!(first.header("idempotency-replayed"), None);
    let second = post(&user, &path, "k1", &body).await;
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.expect(201), second.expect(201));
    // However the answer is asked for, it is the same response.
    let streamed = json!({"content": "Go", "model": "mock:ticks=3", "stream": true});
    let request = user.request(Method::POST, &path).header("idempotency-key", "k1").json(&streamed);
    let frames = user.stream(request).await.finish().await;
    assert_eq!(testkit::sse::text_of(&frames), super::ticks(3));
    assert_eq!(app.upstream().calls().len(), 1);

    let other = json!({"content": "Stop"});
    post(&user, &path, "k1", &other).await.expect_error(422, "idempotency_key_reused");
    let elsewhere = format!("/api/conversations/{}/messages", user.create_conversation().await);
    post(&user, &elsewhere, "k1", &body).await.expect_error(422, "idempotency_key_reused");
    let stranger = app.user("bob").await;
    let theirs = format!("/api/conversations/{}/messages", stranger.create_conversation().await);
    post(&stranger, &theirs, "k1", &body).await.expect(201);
    assert_eq!(app.upstream().calls().len(), 2);
}

#[testkit::test]
async fn twenty_at_the_same_moment_are_one(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let path = format!("/api/conversations/{conversation}/messages");
    let body = json!({"content": "Go", "model": "mock:ticks=9,rate=50"});
    let replies = join_all((0..8).map(|_| post(&user, &path, "k1", &body))).await;
    let turns: Vec<Value> = replies.into_iter().map(|reply| reply.expect(201)).collect();
    assert!(turns.iter().all(|turn| turn == &turns[0]), "{turns:#?}");
    assert_eq!(app.upstream().calls().len(), 1);
    assert_eq!(user.list_messages(&conversation).await.len(), 2);
}

#[testkit::test]
async fn a_repetition_after_a_crash_finds_the_first(world: World) {
    let mut app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let path = format!("/api/conversations/{conversation}/messages");
    let body = json!({"content": "Go", "model": "mock:ticks=3"});
    let first = post(&user, &path, "k1", &body).await.expect(201);
    app.crash().await;
    let user = app.anonymous().login(&user.email).await;
    assert_eq!(post(&user, &path, "k1", &body).await.expect(201), first);
    assert_eq!(app.upstream().calls().len(), 1);
}

#[testkit::test]
async fn w7_a_repetition_is_answered_whatever_has_changed(world: World) {
    let app = TestApp::builder(&world)
        .set("CHATAPP_PROVIDER__CONTEXT_TOKENS", "2000")
        .set("CHATAPP_PROVIDER__OUTPUT_RESERVE_TOKENS", "200")
        .start()
        .await;
    let user = app.user("ada").await;
    let (conversation, old) = stopped(&app, &user, &["One. "]).await;
    let messages = format!("/api/conversations/{conversation}/messages");
    let regenerate =
        format!("/api/messages/{}/regenerate", old["user_message_id"].as_str().unwrap());
    let asked = [
        (path(&id(&old)), "go-on", json!({})),
        (messages, "send", json!({"content": "And now?"})),
        (regenerate, "again", json!({})),
    ];
    let mut first = Vec::new();
    for (path, key, body) in &asked {
        app.upstream().push(whole(&["Two."]));
        first.push(post(&user, path, key, body).await.expect(201)["response"].clone());
    }
    let instructions = json!({"instructions": "Be brief, and say it well. ".repeat(600)});
    let conversation = format!("/api/conversations/{conversation}");
    user.patch(&conversation, instructions).await.expect(200);
    let calls = app.upstream().calls().len();
    for ((path, key, body), first) in asked.iter().zip(&first) {
        let again = post(&user, path, key, body).await;
        assert_eq!(again.header("idempotency-replayed"), Some("true"), "{key}: {}", again.text);
        assert_eq!(again.expect(201)["response"], *first, "{key}");
    }
    assert_eq!(app.upstream().calls().len(), calls, "nothing was asked again");
    // What was not asked before does not fit.
    let (path, _, body) = &asked[1];
    post(&user, path, "new", body).await.expect_error(400, "context_length_exceeded");
}

#[testkit::test]
async fn a_key_is_forgotten_after_a_day(world: World) {
    let clock = ManualClock::new();
    let app = TestApp::builder(&world).clock(&clock).start().await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let path = format!("/api/conversations/{conversation}/messages");
    let body = json!({"content": "Go", "model": "mock:ticks=1"});
    let first = post(&user, &path, "k1", &body).await.expect(201);
    clock.advance(Duration::from_hours(25));
    let user = app.anonymous().login(&user.email).await;
    let second = post(&user, &path, "k1", &body).await.expect(201);
    assert_ne!(first["response"]["id"], second["response"]["id"]);
}

#[testkit::test]
async fn a_conversation_created_twice_is_one(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let path = "/api/conversations";
    let body = json!({"title": "One"});
    let replies = join_all((0..8).map(|_| post(&user, path, "k1", &body))).await;
    let made: Vec<Value> = replies.into_iter().map(|reply| reply.expect(201)).collect();
    assert!(made.iter().all(|conversation| conversation == &made[0]), "{made:#?}");
    assert_eq!(user.list_conversations().await.len(), 1);
    post(&user, path, "k1", &json!({"title": "Two"}))
        .await
        .expect_error(422, "idempotency_key_reused");
}

#[testkit::test]
async fn malformed_keys_are_refused(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    for key in ["", "two words", &"x".repeat(256)] {
        let body = post(&user, "/api/conversations", key, &json!({})).await;
        let error = body.expect_error(400, "invalid_value");
        assert_eq!(error["error"]["param"], "idempotency-key", "{key:?}");
    }
    post(&user, "/api/conversations", &"x".repeat(255), &json!({})).await.expect(201);
}
