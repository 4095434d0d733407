//! API keys: shown once, good for what they were made for, gone when revoked.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use testkit::client::{Anonymous, PASSWORD, User};
use testkit::{ManualClock, TestApp, World};

use crate::sql_id;

const CONVERSATIONS: [&str; 2] = ["read", "write"];

/// What a key is made with that may read and write for ever.
fn key() -> Value {
    json!({"name": "x", "current_password": PASSWORD})
}

fn key_of(created: &Value) -> &str {
    created["key"].as_str().unwrap()
}

async fn keys_of(user: &User) -> Vec<Value> {
    user.get("/api/keys").await.expect(200)["data"].as_array().unwrap().clone()
}

fn path_of(created: &Value) -> String {
    format!("/api/keys/{}", created["id"].as_str().unwrap())
}

#[testkit::test]
async fn a_key_is_shown_once_and_works_until_it_is_revoked(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let body = json!({"name": "  laptop 🦀 ", "current_password": PASSWORD});
    let created = ada.post("/api/keys", body).await.expect(201);
    let key = key_of(&created);
    assert!(key.starts_with("sk-") && key.len() == 46, "{created}");
    assert_eq!(
        (&created["name"], &created["scopes"]),
        (&json!("laptop 🦀"), &json!(CONVERSATIONS))
    );
    assert!(created["expires_at"].is_null() && created["last_used_at"].is_null(), "{created}");
    assert!(key.starts_with(created["prefix"].as_str().unwrap()));

    let another = ada.create_key(&["read", "account"]).await;
    let list = keys_of(&ada).await;
    assert_eq!(list.len(), 2);
    assert_eq!(list[0]["id"], another["id"], "newest first: {list:?}");
    assert!(!json!(list).to_string().contains(key), "only its beginning is shown: {list:?}");
    let mut sql = world.sql().await;
    for row in sql.rows("SELECT hash, prefix, name, scopes FROM api_keys").await {
        assert!(row.iter().all(|value| !value.contains(&key[12..])), "the key is stored: {row:?}");
    }

    let holder = ada.with_bearer(Some(key));
    assert_eq!(holder.get("/api/me").await.expect(200)["id"], ada.id);
    let other = ada.with_bearer(Some(key_of(&another)));
    let list = other.get("/api/keys").await.expect(200);
    assert_eq!(list["data"][0]["current"], true, "{list}");
    assert_eq!(list["data"][1]["current"], false, "{list}");
    let sessions = other.get("/api/sessions").await.expect(200);
    assert_eq!(sessions["data"][0]["current"], false, "a key is no session: {sessions}");

    let revoked = ada.delete(&path_of(&created)).await;
    assert_eq!((revoked.status, revoked.text.as_str()), (204, ""));
    let reply = holder.get("/api/me").await;
    assert!(reply.header("www-authenticate").unwrap().contains("invalid_token"));
    reply.expect_error(401, "invalid_api_key");
    ada.delete(&path_of(&created)).await.expect_error(404, "not_found");
    assert_eq!(keys_of(&ada).await.len(), 1);
    other.get("/api/me").await.expect(200);
    // A key may revoke itself.
    other.delete(&path_of(&another)).await.expect(204);
    other.get("/api/me").await.expect_error(401, "invalid_api_key");
}

#[testkit::test]
async fn a_key_talks_to_the_model_and_follows_the_answer(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let holder = ada.with_key(&CONVERSATIONS).await;
    let conversation = holder.post("/api/conversations", json!({})).await.expect(201);
    let path = format!("/api/conversations/{}/messages", conversation["id"].as_str().unwrap());
    let turn = holder.post(&path, json!({"content": "hello"})).await.expect(201);
    assert_eq!(turn["response"]["status"], "completed");
    let events = format!("/api/responses/{}/events", turn["response"]["id"].as_str().unwrap());
    let reply = holder.get(&events).await;
    assert!(reply.status == 200 && reply.text.contains("response.completed"), "{}", reply.text);
    // The conversation is its owner's, whatever it was made with.
    assert_eq!(ada.list_conversations().await[0]["id"], conversation["id"]);

    let request = || {
        let request = holder.request(reqwest::Method::POST, &path);
        request.header("idempotency-key", "once").json(&json!({"content": "again"}))
    };
    let first = holder.send(request()).await.expect(201);
    let second = holder.send(request()).await;
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!(second.expect(201)["response"]["id"], first["response"]["id"]);
}

#[testkit::test]
async fn what_cannot_be_a_key_is_refused(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let long = "n".repeat(129);
    for (field, value) in [
        ("name", json!("")),
        ("name", json!("  ")),
        ("name", json!(long)),
        ("name", json!("a\0b")),
        ("scopes", json!([])),
        ("scopes", json!("read")),
        ("scopes", json!(null)),
        ("scopes.1", json!(["read", "everything"])),
        ("expires_at", json!("2020-01-01T00:00:00Z")),
        ("expires_at", json!("+10000-01-01T00:00:00Z")),
        ("expires_at", json!("tomorrow")),
        ("expires_at", json!(1_900_000_000)),
    ] {
        let mut body = json!({"name": "x"});
        body[field.split('.').next().unwrap()] = value;
        let reply = ada.post("/api/keys", body.clone()).await;
        let json = reply.expect_error(400, "invalid_value");
        assert_eq!(json["error"]["param"], field, "{body}: {json}");
    }
    let json = ada.post("/api/keys", json!({})).await;
    json.expect_error(400, "missing_required_parameter");
    assert!(keys_of(&ada).await.is_empty());
}

#[testkit::test]
async fn a_key_makes_no_key_that_may_do_more(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let holder = ada.with_key(&["account", "read"]).await;
    let body = json!({"name": "more", "scopes": ["read", "write"]});
    let json = holder.post("/api/keys", body).await.expect_error(403, "insufficient_scope");
    assert!(json["error"]["message"].as_str().unwrap().contains("write"), "{json}");
    // What is asked for without saying so counts, too.
    holder.post("/api/keys", json!({"name": "x"})).await.expect_error(403, "insufficient_scope");
    let scopes = ["account", "read", "read"];
    let body = json!({"name": "as much", "scopes": scopes, "current_password": PASSWORD});
    let made = holder.post("/api/keys", body).await.expect(201);
    assert_eq!(made["scopes"], json!(["read", "account"]));
}

#[testkit::test]
async fn s15_what_outlives_a_session_takes_the_password(world: World) {
    let clock = ManualClock::new();
    let app = TestApp::builder(&world).clock(&clock).start().await;
    let ada = app.user("ada").await;
    let thief = ada.with_key(&["account", "read", "write"]).await;
    let (soon, late) = ("2026-01-31T00:00:00Z", "2026-01-31T00:00:01Z");
    for (scopes, expires_at, takes_password) in [
        (json!(["read", "write"]), json!(soon), false),
        (json!(["read"]), json!(late), true),
        (json!(["read"]), json!("9999-12-31T00:00:00Z"), true),
        (json!(["read", "write"]), json!(null), true),
        (json!(["account"]), json!(soon), true),
        (json!(["read", "account"]), json!(soon), true),
    ] {
        let mut body = json!({"name": "x", "scopes": scopes, "expires_at": expires_at});
        for caller in [&*ada, &thief] {
            let reply = caller.post("/api/keys", body.clone()).await;
            if takes_password {
                let json = reply.expect_error(403, "password_required");
                assert_eq!(json["error"]["param"], "current_password", "{body}");
            } else {
                reply.expect(201);
            }
        }
        body["current_password"] = json!("wrong horse battery staple");
        ada.post("/api/keys", body.clone()).await.expect_error(403, "wrong_password");
        body["current_password"] = json!(PASSWORD);
        ada.post("/api/keys", body).await.expect(201);
    }
    ada.post("/api/keys", json!({"name": "x"})).await.expect_error(403, "password_required");
}

#[testkit::test]
async fn s15_a_new_password_can_end_keys(world: World) {
    let app = TestApp::start(&world).await;
    let (ada, bob) = (app.user("ada").await, app.user("bob").await);
    let (one, two) = (ada.with_key(&["read"]).await, ada.with_key(&["account", "read"]).await);
    let bobs = bob.with_key(&["read"]).await;
    let new = "another horse battery staple";
    let body = json!({"current_password": PASSWORD, "new_password": new});
    ada.post("/api/me/password", body).await.expect(204);
    one.get("/api/me").await.expect(200);
    let body = json!({"current_password": new, "new_password": PASSWORD, "end_keys": true});
    two.post("/api/me/password", body).await.expect(204);
    one.get("/api/me").await.expect_error(401, "invalid_api_key");
    two.get("/api/me").await.expect(200);
    bobs.get("/api/me").await.expect(200);
    let ada = app.anonymous().login(&ada.email).await;
    let body = json!({"current_password": PASSWORD, "new_password": new, "end_keys": true});
    ada.post("/api/me/password", body).await.expect(204);
    two.get("/api/me").await.expect_error(401, "invalid_api_key");
}

#[testkit::test]
async fn s14_the_export_of_everything_needs_to_read(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let account = ada.with_key(&["account"]).await;
    let json = account.get("/api/me/export").await.expect_error(403, "insufficient_scope");
    assert!(json["error"]["message"].as_str().unwrap().contains("read"), "{json}");
    let body = json!({"current_password": PASSWORD});
    let reply = account.post("/api/me/export", body.clone()).await;
    reply.expect_error(403, "insufficient_scope");
    ada.with_key(&["read"]).await.get("/api/me/export").await.expect(403);
    let both = ada.with_key(&["account", "read"]).await;
    assert_eq!(both.get("/api/me/export").await.status, 200);
    // A session takes the password.
    ada.get("/api/me/export").await.expect_error(403, "password_required");
    let wrong = json!({"current_password": "wrong horse battery staple"});
    ada.post("/api/me/export", wrong).await.expect_error(403, "wrong_password");
    assert_eq!(ada.post("/api/me/export", body).await.status, 200);
}

#[testkit::test]
async fn a_key_expires(world: World) {
    let clock = ManualClock::new();
    let app = TestApp::builder(&world).clock(&clock).start().await;
    let ada = app.user("ada").await;
    let body = json!({"name": "a day", "expires_at": "2026-01-02T01:00:00+01:00"});
    let created = ada.post("/api/keys", body).await.expect(201);
    assert_eq!(created["expires_at"], "2026-01-02T00:00:00Z");
    let holder = ada.with_bearer(Some(key_of(&created)));
    clock.advance(Duration::from_secs(24 * 60 * 60 - 1));
    holder.get("/api/me").await.expect(200);
    clock.advance(Duration::from_secs(1));
    holder.get("/api/me").await.expect_error(401, "invalid_api_key");
    let ada = app.anonymous().login(&ada.email).await;
    assert_eq!(keys_of(&ada).await.len(), 1, "its owner sees why");
}

#[testkit::test]
async fn the_last_use_is_noted_to_the_minute(world: World) {
    let clock = ManualClock::new();
    let mut app = TestApp::builder(&world).clock(&clock).start().await;
    let ada = app.user("ada").await;
    let created = ada.create_key(&["read"]).await;
    assert_eq!(keys_of(&ada).await[0]["last_used_at"], Value::Null);
    let mut noted = async |wait: u64| {
        clock.advance(Duration::from_secs(wait));
        let holder = app.anonymous().with_bearer(Some(key_of(&created)));
        for reply in join_all((0..20).map(|_| holder.get("/api/me"))).await {
            reply.expect(200);
        }
        // A server that has stopped has written what it wanted to write.
        app.restart().await;
        let ada = app.anonymous().with_bearer(Some(&ada.access_token));
        ada.get("/api/keys").await.expect(200)["data"][0]["last_used_at"].clone()
    };

    assert_eq!(noted(1).await, "2026-01-01T00:00:01Z");
    assert_eq!(noted(59).await, "2026-01-01T00:00:01Z", "a use within the minute writes nothing");
    assert_eq!(noted(1).await, "2026-01-01T00:01:01Z");
}

#[testkit::test]
async fn the_number_of_keys_is_limited(world: World) {
    let app = TestApp::builder(&world).set("CHATAPP_LIMITS__KEYS_PER_USER", "3").start().await;
    let (ada, bob) = (app.user("ada").await, app.user("bob").await);
    let make = |user: &User| {
        let user = user.clone();
        async move { user.post("/api/keys", key()).await }
    };
    let mut stored = Vec::new();
    for reply in join_all((0..12).map(|_| make(&ada))).await {
        if reply.status == 201 {
            stored.push(reply.json);
        } else {
            let json = reply.expect_error(409, "key_limit_reached");
            assert!(json["error"]["message"].as_str().unwrap().contains('3'), "{json}");
        }
    }
    assert_eq!(stored.len(), 3, "those made at the same moment are counted, too");
    make(&bob).await.expect(201);
    ada.delete(&path_of(&stored[0])).await.expect(204);
    make(&ada).await.expect(201);
    make(&ada).await.expect_error(409, "key_limit_reached");
}

#[testkit::test]
async fn what_is_no_key_is_told_so(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let created = ada.create_key(&["read"]).await;
    let key = key_of(&created);
    let swapped: String = key.chars().rev().collect();
    let last = if key.ends_with('A') { 'B' } else { 'A' };
    for wrong in [
        "sk-".to_owned(),
        format!("sk-{}", "A".repeat(43)),
        format!("{}{last}", &key[..45]),
        format!("{key}A"),
        key[..45].to_owned(),
        format!("sk-{swapped}"),
        format!("sk-{}", "é".repeat(20)),
        format!("sk-{}", "a".repeat(4_000)),
    ] {
        let holder = ada.with_bearer(Some(&wrong));
        let reply = holder.get("/api/me").await;
        assert!(!reply.text.contains(&wrong) || wrong.len() < 4, "{}", reply.text);
        let code = if wrong.is_ascii() { "invalid_api_key" } else { "invalid_token" };
        reply.expect_error(401, code);
    }
    ada.with_bearer(Some(key)).get("/api/me").await.expect(200);
    // A key renews nothing.
    let body = json!({"refresh_token": key});
    app.anonymous().post("/api/auth/refresh", body).await.expect_error(401, "invalid_token");
}

#[testkit::test]
async fn a_key_is_renamed(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let created = ada.create_key(&["read"]).await;
    let renamed = ada.patch(&path_of(&created), json!({"name": " desk "})).await.expect(200);
    assert_eq!(renamed["name"], "desk");
    assert_eq!(renamed["prefix"], created["prefix"]);
    assert!(renamed.get("key").is_none(), "it is not shown again: {renamed}");
    for (body, code) in [
        (json!({"name": ""}), "invalid_value"),
        (json!({"name": "x", "scopes": ["admin"]}), "unknown_parameter"),
        (json!({}), "missing_required_parameter"),
    ] {
        ada.patch(&path_of(&created), body).await.expect_error(400, code);
    }
    ada.delete(&path_of(&created)).await.expect(204);
    let reply = ada.patch(&path_of(&created), json!({"name": "late"})).await;
    reply.expect_error(404, "not_found");
}

#[testkit::test]
async fn the_key_of_a_disabled_user_is_refused(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let holder: Anonymous = ada.with_key(&["read"]).await;
    holder.get("/api/me").await.expect(200);
    let id = sql_id(&ada.id);
    let disable = format!("UPDATE users SET disabled_at = updated_at WHERE id = {id}");
    assert_eq!(world.sql().await.execute(&disable).await, 1);
    holder.get("/api/me").await.expect_error(401, "invalid_api_key");
}

#[testkit::test(servers)]
async fn a_key_revoked_on_one_server_is_refused_by_all(world: World) {
    let (one, two) = (TestApp::start(&world).await, TestApp::start(&world).await);
    let ada = one.user("ada").await;
    let created = ada.create_key(&["read"]).await;
    let there = two.anonymous().with_bearer(Some(key_of(&created)));
    there.get("/api/me").await.expect(200);
    ada.delete(&path_of(&created)).await.expect(204);
    there.get("/api/me").await.expect_error(401, "invalid_api_key");
}
