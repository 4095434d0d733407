//! One's own account: its profile, its password, its end.

use std::time::Duration;

use futures_util::future::{join, join_all};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::client::{Anonymous, PASSWORD, Reply, User};
use testkit::{ManualClock, TestApp, World, eventually};

use crate::sql_id;

const NEW: &str = "another horse battery staple";

async fn login(app: &TestApp, email: &str, password: &str) -> Reply {
    let body = json!({"email": email, "password": password});
    app.anonymous().post("/api/auth/login", body).await
}

async fn change_password(user: &Anonymous, current: &str, new: &str) -> Reply {
    let body = json!({"current_password": current, "new_password": new});
    user.post("/api/me/password", body).await
}

async fn delete(user: &Anonymous, password: &str) -> Reply {
    let body = json!({"current_password": password});
    user.send(user.request(Method::DELETE, "/api/me").json(&body)).await
}

#[testkit::test]
async fn the_profile_is_changed(world: World) {
    let clock = ManualClock::new();
    let app = TestApp::builder(&world).clock(&clock).start().await;
    let ada = app.user("ada").await;
    let before = ada.get("/api/me").await.expect(200);
    clock.advance(Duration::from_secs(1));
    let changed = ada.patch("/api/me", json!({"name": "  Ada 🦀 "})).await.expect(200);
    assert_eq!(changed["name"], "Ada 🦀");
    assert_eq!(changed["email"], before["email"]);
    assert_eq!(ada.get("/api/me").await.expect(200), changed);
    // What is not sent stays, and what is sent as it was is no change that takes a password.
    for body in [json!({}), json!({"email": "ADA@example.org"}), json!({"name": "Ada 🦀"})] {
        assert_eq!(ada.patch("/api/me", body).await.expect(200), changed);
    }
    let removed = ada.patch("/api/me", json!({"name": null})).await.expect(200);
    assert_eq!(removed["name"], "");
    let updated = "SELECT COUNT(*) FROM users WHERE updated_at > created_at";
    assert_eq!(world.sql().await.value(updated).await, "1");
}

#[testkit::test]
async fn a_new_address_takes_the_password(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    app.user("bob").await;
    let change = async |body: Value| ada.patch("/api/me", body).await;

    let new = "Countess@Example.org";
    let json = change(json!({"email": new, "name": "x"})).await.expect_error(400, "invalid_value");
    assert_eq!(json["error"]["param"], "current_password", "{json}");
    let wrong = json!({"email": new, "name": "x", "current_password": NEW});
    let json = change(wrong).await.expect_error(403, "wrong_password");
    assert_eq!(json["error"]["param"], "current_password", "{json}");
    let taken = json!({"email": "BOB@example.org", "name": "x", "current_password": PASSWORD});
    change(taken).await.expect_error(409, "email_taken");
    let me = ada.get("/api/me").await.expect(200);
    assert_eq!((&me["email"], &me["name"]), (&json!("ada@example.org"), &json!("")));

    let changed = change(json!({"email": new, "current_password": PASSWORD})).await.expect(200);
    assert_eq!(changed["email"], "countess@example.org");
    ada.get("/api/me").await.expect(200);
    login(&app, "ada@example.org", PASSWORD).await.expect_error(401, "invalid_credentials");
    assert_eq!(login(&app, new, PASSWORD).await.expect(200)["user"]["id"], ada.id);
    // Nobody holds the old one.
    assert_ne!(app.user("ada").await.id, ada.id);
}

#[testkit::test]
async fn what_cannot_be_in_a_profile_is_refused(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let (long, name) = (format!("{}@example.org", "a".repeat(65)), "n".repeat(129));
    for (field, value) in [
        ("name", json!(name)),
        ("name", json!("a\0b")),
        ("name", json!(5)),
        ("email", Value::Null),
        ("email", json!("")),
        ("email", json!("ada")),
        ("email", json!(long)),
        ("email", json!("a\u{131}da@example.org")),
    ] {
        let mut body = json!({"current_password": PASSWORD});
        body[field] = value;
        let json = ada.patch("/api/me", body).await.expect_error(400, "invalid_value");
        assert_eq!(json["error"]["param"], field, "{json}");
    }
    for new in ["", "seven77", "aaaaaaaaaa", "with\0a nul"] {
        let reply = change_password(&ada, PASSWORD, new).await;
        let json = reply.expect_error(400, "invalid_value");
        assert_eq!(json["error"]["param"], "new_password", "{json}");
    }
    login(&app, &ada.email, PASSWORD).await.expect(200);
}

#[testkit::test]
async fn a_new_password_ends_the_other_sessions(world: World) {
    let app = TestApp::start(&world).await;
    let phone = app.user("ada").await;
    let laptop = app.anonymous().login(&phone.email).await;
    let bob = app.user("bob").await;
    let key = phone.with_key(&["read", "account"]).await;

    let json = change_password(&phone, NEW, "x and more of it").await;
    let json = json.expect_error(403, "wrong_password");
    assert_eq!(json["error"]["param"], "current_password", "{json}");
    laptop.get("/api/me").await.expect(200);

    let reply = change_password(&phone, PASSWORD, NEW).await;
    assert_eq!((reply.status, reply.text.as_str()), (204, ""));
    phone.get("/api/me").await.expect(200);
    let phone = phone.refresh().await;
    laptop.get("/api/me").await.expect_error(401, "invalid_token");
    let renewal = json!({"refresh_token": laptop.refresh_token});
    let renewed = app.anonymous().post("/api/auth/refresh", renewal).await;
    renewed.expect_error(401, "invalid_token");
    login(&app, &phone.email, PASSWORD).await.expect_error(401, "invalid_credentials");
    login(&app, &phone.email, NEW).await.expect(200);
    for other in [&key, &*bob] {
        other.get("/api/me").await.expect(200);
    }

    // A key belongs to no session, so all of them end.
    change_password(&key, NEW, PASSWORD).await.expect(204);
    phone.get("/api/me").await.expect_error(401, "invalid_token");
    key.get("/api/me").await.expect(200);
    login(&app, &phone.email, PASSWORD).await.expect(200);
}

#[testkit::test]
async fn of_two_new_passwords_at_once_one_is_stored(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let elsewhere = app.anonymous().login(&ada.email).await;
    let other = "a third horse battery staple";
    let (first, second) =
        join(change_password(&ada, PASSWORD, NEW), change_password(&elsewhere, PASSWORD, other))
            .await;
    // The second may come after the first has ended its session, or has replaced the password.
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses[0], 204);
    assert!(matches!(statuses[1], 401 | 403), "{statuses:?}");
    let (right, wrong) = if first.status == 204 { (NEW, other) } else { (other, NEW) };
    login(&app, &ada.email, right).await.expect(200);
    login(&app, &ada.email, wrong).await.expect_error(401, "invalid_credentials");
    let live = "SELECT COUNT(*) FROM sessions WHERE revoked_at IS NULL";
    assert_eq!(world.sql().await.value(live).await, "2", "the winner's and the last login");
}

#[testkit::test]
async fn s15_no_login_outlives_the_password_it_was_made_with(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let logins = (0..16).map(|_| login(&app, &ada.email, PASSWORD));
    let (changed, logins) = join(change_password(&ada, PASSWORD, NEW), join_all(logins)).await;
    changed.expect(204);
    for reply in logins {
        if reply.status == 200 {
            let renewal = json!({"refresh_token": reply.expect(200)["refresh_token"]});
            let renewed = app.anonymous().post("/api/auth/refresh", renewal).await;
            renewed.expect_error(401, "invalid_token");
        }
    }
    let live = "SELECT COUNT(*) FROM sessions WHERE revoked_at IS NULL";
    assert_eq!(world.sql().await.value(live).await, "1", "the one that has changed it");
}

/// How many rows are left of an account.
async fn rows_of(world: &World, id: &str) -> u32 {
    let mut sql = world.sql().await;
    let mut rows = 0;
    for (table, column) in [
        ("users", "id"),
        ("sessions", "user_id"),
        ("api_keys", "user_id"),
        ("conversations", "user_id"),
        ("responses", "user_id"),
        ("idempotency_keys", "user_id"),
        ("imports", "user_id"),
        ("invitations", "created_by"),
        ("password_resets", "user_id"),
    ] {
        let count = format!("SELECT COUNT(*) FROM {table} WHERE {column} = {}", sql_id(id));
        rows += sql.value(&count).await.parse::<u32>().unwrap();
    }
    rows
}

async fn gone(world: &World, id: &str) {
    eventually("its rows are gone", async || rows_of(world, id).await == 0).await;
}

/// Gives an account something of everything.
async fn furnish(user: &User) {
    let kept = user.create_conversation().await;
    user.send_and_wait(&kept, "a secret").await;
    let deleted = user.create_conversation().await;
    user.send_and_wait(&deleted, "another secret").await;
    user.delete_conversation(&deleted).await;
    user.create_key(&["read"]).await;
    let request = user.request(Method::POST, "/api/conversations").json(&json!({}));
    user.send(request.header("idempotency-key", "once")).await.expect(201);
}

#[testkit::test]
async fn a_deleted_account_is_gone_at_once_and_entirely(world: World) {
    let app = TestApp::start(&world).await;
    let bob = app.user("bob").await;
    furnish(&bob).await;
    let ada = app.user("ada").await;
    furnish(&ada).await;
    let key = ada.with_key(&["read"]).await;
    let stalling = json!({"model": "mock:ticks=9,fault=stall@3"});
    let running = ada.post("/api/conversations", stalling).await.expect(201)["id"].clone();
    let mut stream = ada.send_stream(running.as_str().unwrap(), "x").await;
    stream.until("response.output_text.delta").await;
    let bobs = rows_of(&world, &bob.id).await;
    assert!(rows_of(&world, &ada.id).await > bobs);

    let reply = delete(&ada, PASSWORD).await;
    assert_eq!((reply.status, reply.text.as_str()), (204, ""));
    let end = stream.finish().await;
    assert!(end.iter().any(|frame| frame.event == "response.failed"), "{end:?}");
    ada.get("/api/me").await.expect_error(401, "invalid_token");
    key.get("/api/me").await.expect_error(401, "invalid_api_key");
    let renewal = json!({"refresh_token": ada.refresh_token});
    app.anonymous().post("/api/auth/refresh", renewal).await.expect_error(401, "invalid_token");
    login(&app, &ada.email, PASSWORD).await.expect_error(401, "invalid_credentials");
    // Whoever comes now with the same address finds nothing of it.
    let again = app.user("ada").await;
    assert_ne!(again.id, ada.id);
    assert!(again.list_conversations().await.is_empty());
    gone(&world, &ada.id).await;
    let mut sql = world.sql().await;
    for orphans in [
        "SELECT COUNT(*) FROM messages WHERE conversation_id NOT IN (SELECT id FROM conversations)",
        "SELECT COUNT(*) FROM response_events WHERE response_id NOT IN (SELECT id FROM responses)",
        "SELECT COUNT(*) FROM refresh_tokens WHERE session_id NOT IN (SELECT id FROM sessions)",
    ] {
        assert_eq!(sql.value(orphans).await, "0", "{orphans}");
    }
    assert_eq!(rows_of(&world, &bob.id).await, bobs);
    bob.get("/api/me").await.expect(200);
}

#[testkit::test]
async fn deleting_an_account_takes_its_password(world: World) {
    let app = TestApp::start(&world).await;
    app.user("bob").await;
    let ada = app.user("ada").await;
    let conversation = ada.create_conversation().await;
    delete(&ada, NEW).await.expect_error(403, "wrong_password");
    ada.delete("/api/me").await.expect_error(415, "unsupported_media_type");
    let empty = ada.send(ada.request(Method::DELETE, "/api/me").json(&json!({}))).await;
    empty.expect_error(400, "missing_required_parameter");
    ada.conversation(&conversation).await;
}

#[testkit::test]
async fn deleting_an_account_goes_on_after_a_restart(world: World) {
    let mut app = TestApp::start(&world).await;
    app.user("bob").await;
    let ada = app.user("ada").await;
    furnish(&ada).await;
    // As a server leaves it that is killed right after it has hidden the account.
    let hide = "UPDATE users SET deleted_at = updated_at, disabled_at = updated_at, \
                email = 'deleted' WHERE email = 'ada@example.org'";
    assert_eq!(world.sql().await.execute(hide).await, 1);
    assert!(rows_of(&world, &ada.id).await > 4);
    app.restart().await;
    gone(&world, &ada.id).await;
    login(&app, "bob@example.org", PASSWORD).await.expect(200);
}

#[testkit::test]
async fn the_last_administrator_stays_while_there_are_others(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.administrator("ada").await;
    let bob = app.user("bob").await;
    delete(&ada, PASSWORD).await.expect_error(409, "last_administrator");
    ada.get("/api/me").await.expect(200);
    delete(&bob, PASSWORD).await.expect(204);
    delete(&ada, PASSWORD).await.expect(204);
    gone(&world, &ada.id).await;
}

#[testkit::test]
async fn of_two_administrators_that_leave_at_once_one_stays(world: World) {
    let app = TestApp::start(&world).await;
    let (ada, bob) = (app.administrator("ada").await, app.user("bob").await);
    app.user("carol").await;
    let promote = "UPDATE users SET role = 'admin' WHERE email = 'bob@example.org'";
    assert_eq!(world.sql().await.execute(promote).await, 1);
    let (first, second) = join(delete(&ada, PASSWORD), delete(&bob, PASSWORD)).await;
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409], "{} {}", first.text, second.text);
    let left = if first.status == 204 { &bob } else { &ada };
    assert_eq!(left.get("/api/me").await.expect(200)["role"], "admin");
}

#[testkit::test]
async fn when_everybody_has_left_the_next_one_is_the_first(world: World) {
    let mut app = TestApp::start(&world).await;
    let (ada, code) = (app.administrator("ada").await, app.setup_code());
    delete(&ada, PASSWORD).await.expect(204);
    app.restart().await;
    let anew = app.setup_code();
    assert_ne!(anew, code, "a code that was used stays so");
    let bob = app.user("bob").await;
    assert_eq!(bob.get("/api/me").await.expect(200)["role"], "user");
    app.administrator("carol").await;
}

#[testkit::test]
async fn a_page_of_ours_loses_its_cookie_with_the_account(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let request = ada.request(Method::DELETE, "/api/me").header("x-chatapp-session", "cookie");
    let request = request.header("origin", app.url());
    let reply = ada.send(request.json(&json!({"current_password": PASSWORD}))).await;
    let cookie = reply.header("set-cookie").unwrap_or_default().to_owned();
    assert!(cookie.contains("Max-Age=0;"), "{cookie:?}");
    reply.expect(204);
}
