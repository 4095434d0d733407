//! What administrators give away: invitations, and links to a new password.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::client::{Anonymous, PASSWORD, Reply, User};
use testkit::{ManualClock, TestApp, World};

use crate::unknown_id;

const INVITATIONS: &str = "/api/admin/invitations";
const ANOTHER: &str = "lantern gravel orchestra";

/// A server that takes new accounts by invitation, and its administrator.
async fn start(world: &World) -> (TestApp, ManualClock, User) {
    let clock = ManualClock::new();
    let app =
        TestApp::builder(world).clock(&clock).set("CHATAPP_AUTH__SIGNUP", "invite").start().await;
    let root = app.administrator("root").await;
    (app, clock, root)
}

async fn invite(root: &Anonymous, body: Value) -> Value {
    root.post(INVITATIONS, body).await.expect(201)
}

async fn accept(client: &Anonymous, name: &str, token: &Value) -> Reply {
    let email = format!("{name}@example.org");
    let body = json!({"email": email, "password": PASSWORD, "invitation": token});
    client.post("/api/auth/signup", body).await
}

#[testkit::test]
async fn administrators_invite_and_nobody_else(world: World) {
    let (app, _, root) = start(&world).await;
    let token = invite(&root, json!({})).await["token"].clone();
    let tokens = accept(&app.anonymous(), "ada", &token).await.expect(201);
    let ada = app.anonymous().with_bearer(tokens["access_token"].as_str());
    let body = json!({"name": "x", "scopes": ["admin"], "current_password": PASSWORD});
    let key = ada.post("/api/keys", body).await.expect(201);
    let key = ada.with_bearer(key["key"].as_str());
    let one = format!("{INVITATIONS}/{}", unknown_id("inv"));
    let link = format!("/api/admin/users/{}/reset-link", root.id);
    for client in [&ada, &key] {
        client.get(INVITATIONS).await.expect_error(403, "administrator_required");
        let refused = client.post(INVITATIONS, json!({})).await;
        refused.expect_error(403, "administrator_required");
        client.delete(&one).await.expect_error(403, "administrator_required");
        client.post(&link, json!({})).await.expect_error(403, "administrator_required");
    }
    let narrow = root.with_key(&["read", "write", "account"]).await;
    narrow.get(INVITATIONS).await.expect_error(403, "insufficient_scope");
    let wide = root.with_key(&["admin"]).await;
    invite(&wide, json!({})).await;
    assert_eq!(wide.get(INVITATIONS).await.expect(200)["data"].as_array().unwrap().len(), 1);
}

#[testkit::test]
async fn an_invitation_makes_one_account(world: World) {
    let (app, _, root) = start(&world).await;
    let client = app.anonymous();
    let state = client.get("/api/auth/signup").await.expect(200);
    let expected = json!({"open": false, "invitations": true, "administrator": "done",
        "accounts": true});
    assert_eq!(state, expected);
    let made = invite(&root, json!({})).await;
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with("invite_"), "{made}");
    assert_eq!(made["link"], format!("{}/signup#invite={token}", app.url()));
    assert_eq!((&made["role"], &made["uses_left"]), (&json!("user"), &json!(1)));
    assert_eq!(made["created_by"], json!(root.id));
    let listed = root.get(INVITATIONS).await.expect(200)["data"].clone();
    assert_eq!(listed[0]["id"], made["id"]);
    assert!(!listed.to_string().contains(token), "it is shown once: {listed}");

    let ada = accept(&client, "ada", &made["token"]).await.expect(201);
    assert_eq!(ada["user"]["role"], "user");
    accept(&client, "bob", &made["token"]).await.expect_error(403, "invitation_invalid");
    assert_eq!(root.get(INVITATIONS).await.expect(200)["data"], json!([]));
    let mut sql = world.sql().await;
    assert_eq!(sql.value("SELECT COUNT(*) FROM users").await, "2");
    assert_eq!(sql.value("SELECT uses FROM invitations").await, "1");
}

#[testkit::test]
async fn an_invitation_is_good_for_what_it_says(world: World) {
    let (app, clock, root) = start(&world).await;
    let client = app.anonymous();
    let body =
        json!({"email": " Grace@Example.org ", "role": "admin", "current_password": PASSWORD});
    let made = invite(&root, body).await;
    assert_eq!((&made["email"], &made["role"]), (&json!("grace@example.org"), &json!("admin")));
    let wrong = accept(&client, "eve", &made["token"]).await;
    assert_eq!(wrong.expect_error(403, "invitation_invalid")["error"]["param"], "email");
    // What is wrong with the rest of a request costs no invitation.
    let short = json!({"email": "grace@example.org", "password": "x", "invitation": made["token"]});
    client.post("/api/auth/signup", short).await.expect_error(400, "invalid_value");
    let grace = accept(&client, "grace", &made["token"]).await.expect(201);
    assert_eq!(grace["user"]["role"], "admin");
    let taken = root.post(INVITATIONS, json!({"email": "grace@example.org"})).await;
    taken.expect_error(409, "email_taken");

    let both = json!({"email": "x@example.org", "password": PASSWORD, "invitation": "a",
        "setup_token": "b"});
    client.post("/api/auth/signup", both).await.expect_error(400, "invalid_value");
    let past = (clock.now() - Duration::from_secs(1)).to_rfc3339();
    let far = (clock.now() + Duration::from_hours(367 * 24)).to_rfc3339();
    for (param, body) in [
        ("email", json!({"email": "no address"})),
        ("uses", json!({"uses": 0})),
        ("uses", json!({"uses": 1001})),
        ("uses", json!({"uses": 2, "email": "a@example.org"})),
        ("expires_at", json!({"expires_at": past})),
        ("expires_at", json!({"expires_at": far})),
    ] {
        let json = root.post(INVITATIONS, body).await.expect_error(400, "invalid_value");
        assert_eq!(json["error"]["param"], param, "{json}");
    }
}

#[testkit::test]
async fn an_invitation_ends_with_its_time_its_author_or_on_request(world: World) {
    let (app, clock, root) = start(&world).await;
    let client = app.anonymous();
    let end = clock.now() + Duration::from_mins(1);
    let short = invite(&root, json!({"expires_at": end.to_rfc3339()})).await;
    let taken_back = invite(&root, json!({})).await;
    root.delete(&format!("{INVITATIONS}/{}", taken_back["id"].as_str().unwrap())).await.expect(204);
    accept(&client, "ada", &taken_back["token"]).await.expect_error(403, "invitation_invalid");
    clock.advance(Duration::from_mins(1));
    accept(&client, "ada", &short["token"]).await.expect_error(403, "invitation_invalid");

    let helper = invite(&root, json!({"role": "admin", "current_password": PASSWORD})).await;
    let helper = accept(&client, "helper", &helper["token"]).await.expect(201);
    let helper = client.with_bearer(helper["access_token"].as_str());
    let body = json!({"role": "admin", "uses": 5, "current_password": PASSWORD});
    let left = invite(&helper, body).await;
    let demote = "UPDATE users SET role = 'user' WHERE email = 'helper@example.org'";
    world.sql().await.execute(demote).await;
    accept(&client, "eve", &left["token"]).await.expect_error(403, "invitation_invalid");
    let again = "UPDATE users SET role = 'admin' WHERE email = 'helper@example.org'";
    world.sql().await.execute(again).await;
    accept(&client, "ada", &left["token"]).await.expect(201);
}

/// Tries to sign up with each of these in the place of a good token: there is one answer.
async fn one_refusal(client: &Anonymous, path: &str, bodies: Vec<Value>, code: &str) {
    let mut refusals = Vec::new();
    for body in bodies {
        let mut json = client.post(path, body).await.expect_error(403, code);
        json["request_id"] = Value::Null;
        refusals.push(json);
    }
    refusals.dedup();
    assert_eq!(refusals.len(), 1, "{refusals:?}");
}

#[testkit::test]
async fn s9_one_refusal_for_every_wrong_invitation(world: World) {
    let (app, _, root) = start(&world).await;
    let used = invite(&root, json!({})).await["token"].clone();
    accept(&app.anonymous(), "ada", &used).await.expect(201);
    let good = invite(&root, json!({})).await["token"].as_str().unwrap().to_owned();
    let mut bodies = Vec::new();
    for wrong in ["", "invite_guess", used.as_str().unwrap(), &good[..20], &good.to_uppercase()] {
        for (email, password) in [
            ("ada@example.org", PASSWORD),
            ("nobody@example.org", PASSWORD),
            ("no address", PASSWORD),
            ("nobody@example.org", "short"),
        ] {
            bodies.push(json!({"email": email, "password": password, "invitation": wrong}));
        }
    }
    one_refusal(&app.anonymous(), "/api/auth/signup", bodies, "invitation_invalid").await;
    accept(&app.anonymous(), "bob", &json!(good)).await.expect(201);
}

#[testkit::test]
async fn an_invitation_for_three_makes_three_accounts_at_once(world: World) {
    let (app, _, root) = start(&world).await;
    let made = invite(&root, json!({"uses": 3})).await;
    let client = app.anonymous();
    let names: Vec<String> = (0..12).map(|n| format!("user{n}")).collect();
    let attempts = names.iter().map(|name| accept(&client, name, &made["token"]));
    let mut accounts = 0;
    for reply in join_all(attempts).await {
        match reply.status {
            201 => accounts += 1,
            _ => {
                reply.expect_error(403, "invitation_invalid");
            }
        }
    }
    assert_eq!(accounts, 3);
    assert_eq!(world.sql().await.value("SELECT COUNT(*) FROM users").await, "4");
}

#[testkit::test]
async fn a_closed_server_takes_no_invitations(world: World) {
    let (app, _, root) = start(&world).await;
    let made = invite(&root, json!({})).await;
    app.finish().await;
    let app = TestApp::builder(&world).set("CHATAPP_AUTH__SIGNUP", "closed").start().await;
    let root = app.anonymous().login(&root.email).await;
    root.post(INVITATIONS, json!({})).await.expect_error(403, "signup_closed");
    accept(&app.anonymous(), "ada", &made["token"]).await.expect_error(403, "signup_closed");
    assert_eq!(app.anonymous().get("/api/auth/signup").await.expect(200)["invitations"], false);
}

async fn reset(client: &Anonymous, token: &Value, password: &str) -> Reply {
    client.post("/api/auth/reset", json!({"token": token, "new_password": password})).await
}

async fn may_log_in(client: &Anonymous, email: &str, password: &str) -> bool {
    let body = json!({"email": email, "password": password});
    client.post("/api/auth/login", body).await.status == 200
}

/// The administrator, and Ada with a way to make links for her.
async fn start_with_ada(world: &World) -> (TestApp, ManualClock, User, User) {
    let (app, clock, root) = start(world).await;
    let token = invite(&root, json!({})).await["token"].clone();
    accept(&app.anonymous(), "ada", &token).await.expect(201);
    let ada = app.anonymous().login("ada@example.org").await;
    (app, clock, root, ada)
}

fn links_of(user: &User) -> String {
    format!("/api/admin/users/{}/reset-link", user.id)
}

#[testkit::test]
async fn a_reset_link_is_made_for_an_address_too(world: World) {
    let (app, _, root, ada) = start_with_ada(&world).await;
    let links = "/api/admin/reset-links";
    let made = root.post(links, json!({"email": " Ada@Example.org "})).await.expect(201);
    let token = made["token"].as_str().unwrap();
    assert_eq!(made["link"], format!("{}/reset#token={token}", app.url()));
    let refused = ada.post(links, json!({"email": root.email})).await;
    refused.expect_error(403, "administrator_required");
    // Into an administrator's account it takes the password, as by id.
    let own = json!({"email": root.email});
    root.post(links, own).await.expect_error(403, "password_required");
    let confirmed = json!({"email": root.email, "current_password": PASSWORD});
    root.post(links, confirmed).await.expect(201);
    // It is the same kind of link: the next one replaces it.
    let next = root.post(&links_of(&ada), json!({})).await.expect(201);
    let client = app.anonymous();
    reset(&client, &made["token"], ANOTHER).await.expect_error(403, "reset_token_invalid");
    reset(&client, &next["token"], ANOTHER).await.expect(204);
    assert!(may_log_in(&client, &ada.email, ANOTHER).await);

    let nobody = json!({"email": "nobody@example.org"});
    root.post(links, nobody).await.expect_error(404, "not_found");
    let past = json!({"email": ada.email, "expires_at": "2020-01-01T00:00:00Z"});
    for (param, body) in [("email", json!({"email": "no address"})), ("expires_at", past)] {
        let json = root.post(links, body).await.expect_error(400, "invalid_value");
        assert_eq!(json["error"]["param"], param, "{json}");
    }
}

#[testkit::test]
async fn a_reset_link_works_once_and_ends_the_sessions(world: World) {
    let (app, _, root, ada) = start_with_ada(&world).await;
    let client = app.anonymous();
    let key = ada.with_key(&["read"]).await;
    let unknown = format!("/api/admin/users/{}/reset-link", unknown_id("user"));
    root.post(&unknown, json!({})).await.expect_error(404, "not_found");
    let made = root.post(&links_of(&ada), json!({})).await.expect(201);
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with("reset_"), "{made}");
    assert_eq!(made["link"], format!("{}/reset#token={token}", app.url()));
    // Making it changes nothing.
    ada.get("/api/me").await.expect(200);
    let weak = reset(&client, &made["token"], "short").await.expect_error(400, "invalid_value");
    assert_eq!(weak["error"]["param"], "new_password");

    reset(&client, &made["token"], ANOTHER).await.expect(204);
    ada.get("/api/me").await.expect_error(401, "invalid_token");
    let renewal = json!({"refresh_token": ada.refresh_token});
    client.post("/api/auth/refresh", renewal).await.expect_error(401, "invalid_token");
    key.get("/api/conversations").await.expect(200);
    root.get("/api/me").await.expect(200);
    assert!(!may_log_in(&client, &ada.email, PASSWORD).await);
    assert!(may_log_in(&client, &ada.email, ANOTHER).await);
    let again = reset(&client, &made["token"], PASSWORD).await;
    again.expect_error(403, "reset_token_invalid");
    assert_eq!(world.sql().await.value("SELECT COUNT(*) FROM password_resets").await, "0");
}

#[testkit::test]
async fn a_reset_link_ends_with_its_time_its_successor_or_its_account(world: World) {
    let (app, clock, root, ada) = start_with_ada(&world).await;
    let client = app.anonymous();
    let root = root.with_key(&["admin"]).await;
    let link = async |body: Value| root.post(&links_of(&ada), body).await.expect(201);
    let first = link(json!({})).await["token"].clone();
    let second = link(json!({})).await["token"].clone();
    reset(&client, &first, ANOTHER).await.expect_error(403, "reset_token_invalid");
    clock.advance(Duration::from_hours(24));
    reset(&client, &second, ANOTHER).await.expect_error(403, "reset_token_invalid");
    let past = (clock.now() - Duration::from_secs(1)).to_rfc3339();
    let refused = root.post(&links_of(&ada), json!({"expires_at": past})).await;
    refused.expect_error(400, "invalid_value");
    let third = link(json!({})).await["token"].clone();
    // Of two that use it at once one has it.
    let both = [reset(&client, &third, ANOTHER), reset(&client, &third, ANOTHER)];
    let mut statuses: Vec<u16> = join_all(both).await.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 403]);
    let last = link(json!({})).await["token"].clone();
    let login = json!({"email": ada.email, "password": ANOTHER});
    let tokens = client.post("/api/auth/login", login).await.expect(200);
    let ada = client.with_bearer(tokens["access_token"].as_str());
    let delete = ada.request(Method::DELETE, "/api/me").json(&json!({"current_password": ANOTHER}));
    ada.send(delete).await.expect(204);
    reset(&client, &last, PASSWORD).await.expect_error(403, "reset_token_invalid");
}

#[testkit::test]
async fn s15_a_reset_link_ends_with_the_password_it_was_made_for(world: World) {
    let (app, _, root, ada) = start_with_ada(&world).await;
    let client = app.anonymous();
    let token = root.post(&links_of(&ada), json!({})).await.expect(201)["token"].clone();
    // Ada has remembered it, and the link is still in somebody's mail.
    let change = json!({"current_password": PASSWORD, "new_password": ANOTHER});
    ada.post("/api/me/password", change).await.expect(204);
    reset(&client, &token, PASSWORD).await.expect_error(403, "reset_token_invalid");
    assert!(may_log_in(&client, &ada.email, ANOTHER).await);
}

#[testkit::test]
async fn s15_what_makes_an_administrator_takes_the_password(world: World) {
    let (app, _, root, ada) = start_with_ada(&world).await;
    let body = json!({"name": "x", "scopes": ["admin"], "current_password": PASSWORD});
    let key = root.post("/api/keys", body).await.expect(201);
    let key = root.with_bearer(key["key"].as_str());
    // Whoever has found a session or a key of theirs.
    for found in [&*root, &key] {
        for (path, mut body) in
            [(INVITATIONS.to_owned(), json!({"role": "admin"})), (links_of(&root), json!({}))]
        {
            found.post(&path, body.clone()).await.expect_error(403, "password_required");
            body["current_password"] = json!("a guess or so");
            found.post(&path, body.clone()).await.expect_error(403, "wrong_password");
            body["current_password"] = json!(PASSWORD);
            found.post(&path, body).await.expect(201);
        }
        found.post(INVITATIONS, json!({})).await.expect(201);
        found.post(&links_of(&ada), json!({})).await.expect(201);
        let wrong = json!({"current_password": "a guess or so"});
        found.post(&links_of(&ada), wrong).await.expect_error(403, "wrong_password");
    }
    assert_eq!(app.anonymous().login(&root.email).await.id, root.id);
}

#[testkit::test]
async fn s18_a_reset_link_takes_no_password_that_anybody_knows(world: World) {
    let (app, _, root, ada) = start_with_ada(&world).await;
    let token = root.post(&links_of(&ada), json!({})).await.expect(201)["token"].clone();
    for known in [ada.email.as_str(), "example-2024", "Ada@Example.org1"] {
        let refused = reset(&app.anonymous(), &token, known).await;
        let refused = refused.expect_error(400, "invalid_value");
        assert_eq!(refused["error"]["param"], "new_password", "{known}: {refused}");
    }
    reset(&app.anonymous(), &token, ANOTHER).await.expect(204);
}

#[testkit::test]
async fn s9_an_invitation_is_no_list_of_accounts(world: World) {
    let clock = ManualClock::new();
    let app = TestApp::builder(&world)
        .clock(&clock)
        .set("CHATAPP_AUTH__SIGNUP", "invite")
        .set("CHATAPP_AUTH__SIGNUPS_PER_ADDRESS", "3")
        .start()
        .await;
    let root = app.administrator("root").await;
    let token = invite(&root, json!({"uses": 2})).await["token"].clone();
    let client = app.anonymous();
    accept(&client, "ada", &token).await.expect(201);
    for _ in 0..3 {
        accept(&client, "ada", &token).await.expect_error(409, "email_taken");
    }
    accept(&client, "ada", &token).await.expect_error(429, "rate_limit_exceeded");
    clock.advance(Duration::from_secs(1));
    accept(&client, "bob", &token).await.expect(201);
}

#[testkit::test]
async fn s9_one_refusal_for_every_wrong_reset_token(world: World) {
    let (app, _, root, ada) = start_with_ada(&world).await;
    let good = root.post(&links_of(&ada), json!({})).await.expect(201)["token"].clone();
    let good = good.as_str().unwrap();
    let mut bodies = Vec::new();
    for wrong in ["", "reset_guess", &good[..20], &good.to_uppercase()] {
        for password in [ANOTHER, "short", ""] {
            bodies.push(json!({"token": wrong, "new_password": password}));
        }
    }
    one_refusal(&app.anonymous(), "/api/auth/reset", bodies, "reset_token_invalid").await;
    assert!(may_log_in(&app.anonymous(), &ada.email, PASSWORD).await);
}
