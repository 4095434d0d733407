//! What one user may ask for and store.

use serde_json::json;
use testkit::client::{PASSWORD, User};
use testkit::{TestApp, World, eventually};

async fn start(world: &World, settings: &[(&str, &str)]) -> TestApp {
    let app = TestApp::builder(world);
    settings.iter().fold(app, |app, (name, value)| app.set(name, *value)).start().await
}

#[testkit::test]
async fn s10_requests_are_limited_and_every_answer_says_how_far(world: World) {
    let app = start(&world, &[("CHATAPP_LIMITS__REQUESTS_PER_USER", "5")]).await;
    let ada = app.user("ada").await;
    let first = ada.get("/api/me").await;
    assert_eq!(first.status, 200, "{}", first.text);
    assert_eq!(first.header("x-ratelimit-limit-requests"), Some("5"));
    let remaining: u32 = first.header("x-ratelimit-remaining-requests").unwrap().parse().unwrap();
    assert!(remaining <= 4, "{remaining}");
    let reset = first.header("x-ratelimit-reset-requests").unwrap();
    assert!(reset.ends_with('s'), "{reset}");
    // Errors say so, too.
    let unknown = ada.get("/api/messages/msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e").await;
    assert!(unknown.header("x-ratelimit-remaining-requests").is_some());
    let mut refused = unknown;
    for _ in 0..10 {
        refused = ada.get("/api/me").await;
        if refused.status == 429 {
            break;
        }
    }
    assert_eq!(refused.header("x-ratelimit-remaining-requests"), Some("0"));
    let seconds: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=12).contains(&seconds), "{seconds}");
    assert!(refused.header("retry-after-ms").is_some());
    let error = refused.expect_error(429, "rate_limit_exceeded");
    assert!(error["error"]["message"].as_str().unwrap().contains("5 requests a minute"));
    // Nobody else waits, and who is nobody has no limit to be told.
    let bob = app.user("bob").await;
    bob.get("/api/me").await.expect(200);
    let version = app.anonymous().get("/api/version").await;
    assert!(version.header("x-ratelimit-limit-requests").is_none());
    let metrics = app.anonymous().metrics().await.text;
    assert!(metrics.contains("chatapp_http_limits_reached_total{limit=\"requests_per_user\"}"));
}

#[testkit::test]
async fn s10_a_key_has_a_limit_of_its_own(world: World) {
    let app = start(&world, &[("CHATAPP_LIMITS__REQUESTS_PER_KEY", "2")]).await;
    let ada = app.user("ada").await;
    let key = json!({"name": "k", "scopes": ["read", "account"], "current_password": PASSWORD});
    let key = ada.post("/api/keys", key).await;
    let key = key.expect(201)["key"].as_str().unwrap().to_owned();
    let by_key = app.anonymous().with_bearer(Some(&key));
    for left in ["1", "0"] {
        let reply = by_key.get("/api/conversations").await;
        assert_eq!(reply.header("x-ratelimit-remaining-requests"), Some(left), "{}", reply.text);
    }
    by_key.get("/api/conversations").await.expect_error(429, "rate_limit_exceeded");
    let own = ada.get("/api/conversations").await;
    assert_eq!(own.header("x-ratelimit-limit-requests"), Some("3000"));
}

#[testkit::test]
async fn s10_stored_bytes_have_a_quota(world: World) {
    let app = start(&world, &[("CHATAPP_LIMITS__STORAGE_PER_USER", "20000")]).await;
    let ada = app.user("ada").await;
    let send = async |user: &User, id: &str| {
        user.post(
            &format!("/api/conversations/{id}/messages"),
            json!({"content": "x".repeat(12_000)}),
        )
        .await
    };
    let id = ada.create_conversation().await;
    send(&ada, &id).await.expect(201);
    let error = send(&ada, &id).await.expect_error(403, "storage_quota_exceeded");
    assert!(error["error"]["message"].as_str().unwrap().contains("20000 bytes"), "{error}");
    let long = json!({"instructions": "x".repeat(12_000)});
    ada.post("/api/conversations", long.clone()).await.expect_error(403, "storage_quota_exceeded");
    let change = ada.patch(&format!("/api/conversations/{id}"), long).await;
    change.expect_error(403, "storage_quota_exceeded");
    let file = json!([{"uuid": "a", "chat_messages": [
        {"uuid": "m", "sender": "human", "text": "x".repeat(12_000)}]}]);
    let import = ada.post("/api/import", file).await;
    let entry: serde_json::Value = import.text.lines().next().unwrap().parse().unwrap();
    assert_eq!(entry["outcome"], "failed", "{entry}");
    assert!(entry["reason"].as_str().unwrap().contains("20000 bytes"), "{entry}");
    // Everybody has their own, and reading goes on.
    let bob = app.user("bob").await;
    send(&bob, &bob.create_conversation().await).await.expect(201);
    assert_eq!(ada.list_messages(&id).await.len(), 2);
    // What is removed makes room.
    ada.delete(&format!("/api/conversations/{id}?permanent=true")).await.expect(200);
    let next = ada.create_conversation().await;
    eventually("there is room again", async || send(&ada, &next).await.status == 201).await;
}
