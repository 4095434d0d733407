//! Sessions and their tokens: renewed, lost, stolen, ended, expired.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::client::{PASSWORD, Reply, User};
use testkit::{ManualClock, TestApp, World, eventually};

const DAY: Duration = Duration::from_hours(24);

async fn refresh(app: &TestApp, token: &str) -> Reply {
    app.anonymous().post("/api/auth/refresh", json!({"refresh_token": token})).await
}

async fn start(world: &World) -> (TestApp, ManualClock) {
    let clock = ManualClock::new();
    (TestApp::builder(world).clock(&clock).start().await, clock)
}

#[testkit::test]
async fn a_refresh_token_is_exchanged_for_the_next_pair(world: World) {
    let (app, clock) = start(&world).await;
    let first = app.user("ada").await;
    clock.advance(Duration::from_secs(1));
    let second = first.refresh().await;
    assert_eq!((&second.id, &second.email), (&first.id, &first.email));
    assert_ne!(second.refresh_token, first.refresh_token);
    assert_ne!(second.access_token, first.access_token);
    let third = second.refresh().await;
    for user in [&first, &second, &third] {
        user.get("/api/me").await.expect(200);
    }
    let sessions = third.get("/api/sessions").await.expect(200);
    assert_eq!(sessions["data"].as_array().unwrap().len(), 1, "still one login: {sessions}");
    refresh(&app, "").await.expect_error(401, "invalid_token");
    refresh(&app, "rt_unknown").await.expect_error(401, "invalid_token");
}

#[testkit::test]
async fn a_stolen_refresh_token_ends_the_session_at_once(world: World) {
    let (app, clock) = start(&world).await;
    let first = app.user("ada").await;
    let elsewhere = app.anonymous().login(&first.email).await;
    let second = first.refresh().await;
    let third = second.refresh().await;
    clock.advance(Duration::from_secs(21));
    refresh(&app, &first.refresh_token).await.expect_error(401, "invalid_token");
    for user in [&first, &second, &third] {
        user.get("/api/me").await.expect_error(401, "invalid_token");
        refresh(&app, &user.refresh_token).await.expect_error(401, "invalid_token");
    }
    elsewhere.get("/api/me").await.expect(200);

    // Too late for a lost answer, although nobody has used the successor.
    let successor = elsewhere.refresh().await;
    clock.advance(Duration::from_secs(21));
    refresh(&app, &elsewhere.refresh_token).await.expect_error(401, "invalid_token");
    successor.get("/api/me").await.expect_error(401, "invalid_token");
    refresh(&app, &successor.refresh_token).await.expect_error(401, "invalid_token");
}

#[testkit::test]
async fn a_lost_answer_may_be_asked_for_again(world: World) {
    let (app, clock) = start(&world).await;
    let first = app.user("ada").await;
    let lost = first.refresh().await;
    clock.advance(Duration::from_secs(19));
    let again = first.refresh().await;
    again.get("/api/me").await.expect(200);
    assert_eq!(again.refresh_token, lost.refresh_token, "the same answer once more");
    let live = "SELECT COUNT(*) FROM refresh_tokens WHERE used_at IS NULL";
    assert_eq!(world.sql().await.value(live).await, "1", "one pair is alive");
    let _ = again.refresh().await;

    // Later it counts as stolen, also when the answer was lost.
    clock.advance(Duration::from_mins(1));
    refresh(&app, &lost.refresh_token).await.expect_error(401, "invalid_token");
    again.get("/api/me").await.expect_error(401, "invalid_token");
    assert_eq!(app.anonymous().login(&first.email).await.id, first.id);
}

/// Twenty times: four tabs renew at the same moment, each at the next of the servers, and any one of
/// the tokens they got is the one that the next round begins with.
async fn renew_in_four_tabs(world: &World, servers: &[&TestApp], clock: &ManualClock) {
    let app = servers[0];
    let mut token = app.user("ada").await.refresh_token;
    for round in 0..20 {
        let tabs = servers.iter().cycle().take(4);
        let replies = join_all(tabs.map(|server| refresh(server, &token))).await;
        let mut tokens = Vec::new();
        for reply in replies {
            let pair = reply.expect(200);
            for server in servers {
                let tab = server.anonymous().with_bearer(pair["access_token"].as_str());
                tab.get("/api/me").await.expect(200);
            }
            tokens.push(pair["refresh_token"].as_str().unwrap().to_owned());
        }
        token = tokens[round % 4].clone();
        // Sometimes at once, mostly when the access token has expired.
        if round % 3 > 0 {
            clock.advance(Duration::from_mins(10));
        }
    }
    let live = "SELECT COUNT(*) FROM sessions WHERE revoked_at IS NULL";
    assert_eq!(world.sql().await.value(live).await, "1");
}

#[testkit::test]
async fn f7_tabs_that_renew_at_once_stay_signed_in(world: World) {
    let (app, clock) = start(&world).await;
    renew_in_four_tabs(&world, &[&app], &clock).await;
    let mut sql = world.sql().await;
    let live = "SELECT COUNT(*) FROM refresh_tokens WHERE used_at IS NULL";
    assert_eq!(sql.value(live).await, "1", "one pair is alive");
    assert_eq!(sql.value("SELECT COUNT(*) FROM refresh_tokens").await, "21", "one for each round");
}

#[testkit::test(servers)]
async fn f7_tabs_that_renew_at_two_servers_stay_signed_in(world: World) {
    let (one, clock) = start(&world).await;
    let two = TestApp::builder(&world).clock(&clock).start().await;
    renew_in_four_tabs(&world, &[&one, &two], &clock).await;
}

#[testkit::test]
async fn f7_whoever_asks_late_gets_the_newest_token(world: World) {
    let (app, clock) = start(&world).await;
    let first = app.user("ada").await;
    // A page was closed before its answer came; another one has gone on twice meanwhile.
    let third = first.refresh().await.refresh().await;
    clock.advance(Duration::from_secs(19));
    let late = first.refresh().await;
    assert_eq!(late.refresh_token, third.refresh_token);
    clock.advance(Duration::from_mins(10));
    third.refresh().await.get("/api/me").await.expect(200);
}

#[testkit::test]
async fn f7_a_token_of_before_a_new_secret_key_is_forgiven(world: World) {
    const NEW: &str = "9c2e0c7a92b34d68a1c2e3f405162738495a6b7c8d9eafb0c1d2e3f4a5b6c7b2";
    let (app, clock) = start(&world).await;
    let first = app.user("ada").await;
    let second = first.refresh().await;
    app.finish().await;
    let app = TestApp::builder(&world).clock(&clock).set("SECRET_KEY", NEW).start().await;
    let sibling = refresh(&app, &first.refresh_token).await.expect(200);
    clock.advance(Duration::from_mins(10));
    for token in [sibling["refresh_token"].as_str().unwrap(), &second.refresh_token] {
        refresh(&app, token).await.expect(200);
    }
}

#[testkit::test]
async fn f7_two_who_have_one_token_are_noticed(world: World) {
    let (app, clock) = start(&world).await;
    let first = app.user("ada").await;
    // A thief is quick enough to be taken for a second tab, and has what the owner has.
    let owner = first.refresh().await;
    let thief = first.refresh().await;
    clock.advance(Duration::from_mins(10));
    let thief = thief.refresh().await;
    clock.advance(Duration::from_mins(1));
    refresh(&app, &owner.refresh_token).await.expect_error(401, "invalid_token");
    thief.get("/api/me").await.expect_error(401, "invalid_token");
}

#[testkit::test]
async fn logging_out_ends_every_token_of_the_session(world: World) {
    let app = TestApp::start(&world).await;
    let first = app.user("ada").await;
    let second = first.refresh().await;
    let elsewhere = app.anonymous().login(&first.email).await;
    let reply = second.post("/api/auth/logout", Value::Null).await;
    assert_eq!((reply.status, reply.text.as_str()), (204, ""));
    for user in [&first, &second] {
        user.get("/api/me").await.expect_error(401, "invalid_token");
        user.post("/api/auth/logout", Value::Null).await.expect_error(401, "invalid_token");
        refresh(&app, &user.refresh_token).await.expect_error(401, "invalid_token");
    }
    elsewhere.get("/api/me").await.expect(200);
}

/// The sessions a user sees, and the one the request was made with.
async fn sessions(user: &User) -> (Vec<Value>, String) {
    let list = user.get("/api/sessions").await.expect(200);
    let data = list["data"].as_array().unwrap().clone();
    let mut current = data.iter().filter(|session| session["current"] == true);
    let id = current.next().expect("the current session")["id"].as_str().unwrap().to_owned();
    assert!(current.next().is_none(), "two are current: {list}");
    (data, id)
}

#[testkit::test]
async fn sessions_are_listed_and_ended(world: World) {
    let (app, clock) = start(&world).await;
    let phone = app.user("ada").await;
    clock.advance(Duration::from_secs(1));
    let login = json!({"email": phone.email, "password": PASSWORD});
    let request = app.anonymous().request(Method::POST, "/api/auth/login").json(&login);
    let tokens = app.anonymous().send(request.header("user-agent", "laptop/1.0")).await.expect(200);
    let laptop = app.anonymous().with_bearer(tokens["access_token"].as_str());

    let (list, phone_id) = sessions(&phone).await;
    assert_eq!(list.len(), 2);
    assert_eq!(list[0]["user_agent"], "laptop/1.0", "newest first: {list:?}");
    assert_eq!(list[1]["id"], phone_id);
    for session in &list {
        assert_eq!(session["address"], "127.0.0.1");
        assert!(!session.to_string().contains("token"), "{session}");
    }

    let path = format!("/api/sessions/{phone_id}");
    laptop.delete(&path).await.expect(204);
    phone.get("/api/me").await.expect_error(401, "invalid_token");
    refresh(&app, &phone.refresh_token).await.expect_error(401, "invalid_token");
    laptop.delete(&path).await.expect_error(404, "not_found");
    let list = laptop.get("/api/sessions").await.expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 1, "{list}");
}

#[testkit::test]
async fn tokens_expire(world: World) {
    let (app, clock) = start(&world).await;
    let mut ada = app.user("ada").await;
    // Ten minutes, and half a minute for clocks that disagree.
    clock.advance(Duration::from_secs(600 + 29));
    ada.get("/api/me").await.expect(200);
    clock.advance(Duration::from_secs(2));
    let reply = ada.get("/api/me").await;
    let challenge = reply.header("www-authenticate").unwrap().to_owned();
    assert!(challenge.contains("invalid_token"), "{challenge}");
    reply.expect_error(401, "token_expired");

    // Renewing goes on for as long as the session lives, which is 30 days from the login.
    for _ in 0..3 {
        clock.advance(DAY * 9);
        ada = ada.refresh().await;
        ada.get("/api/me").await.expect(200);
    }
    clock.advance(DAY * 3);
    refresh(&app, &ada.refresh_token).await.expect_error(401, "invalid_token");

    // A login that nobody uses ends after 14.
    let idle = app.anonymous().login(&ada.email).await;
    clock.advance(DAY * 14);
    refresh(&app, &idle.refresh_token).await.expect_error(401, "invalid_token");
    let fresh = app.anonymous().login(&ada.email).await;
    let (list, _) = sessions(&fresh).await;
    assert!(list.len() <= 2, "expired sessions are listed: {list:?}");
}

#[testkit::test]
async fn s16_what_sessions_leave_is_forgotten(world: World) {
    let (mut app, clock) = start(&world).await;
    let ada = app.user("ada").await;
    let other = app.anonymous().login(&ada.email).await;
    let _ = ada.refresh().await.refresh().await;
    other.post("/api/auth/logout", Value::Null).await.expect(204);
    let login = json!({"email": ada.email, "password": "wrong horse battery staple"});
    app.anonymous().post("/api/auth/login", login).await.expect(401);
    let request = ada.request(Method::POST, "/api/conversations").json(&json!({}));
    ada.send(request.header("idempotency-key", "once")).await.expect(201);
    // Nobody uses these, and nobody makes more of them: a day, and a week.
    let root = app.administrator("root").await;
    root.post(&format!("/api/admin/users/{}/reset-link", ada.id), json!({})).await.expect(201);
    let body = json!({"email": "bob@example.org"});
    root.post("/api/admin/invitations", body).await.expect(201);
    root.post("/api/auth/logout", Value::Null).await.expect(204);

    let mut sql = world.sql().await;
    let mut left = async || {
        let mut left = Vec::new();
        for table in [
            "sessions",
            "refresh_tokens",
            "idempotency_keys",
            "login_failures",
            "password_resets",
            "invitations",
        ] {
            let count = sql.value(&format!("SELECT COUNT(*) FROM {table}")).await;
            left.push(count.parse::<u32>().unwrap());
        }
        left
    };
    // The account there, the address, the account, and a sign-up.
    assert_eq!(left().await, [3, 5, 1, 4, 1, 1]);
    // Nothing is asked again and again meanwhile; a start looks at once.
    for (wait, expected) in [
        (Duration::from_mins(14), [3, 5, 1, 4, 1, 1]),
        (Duration::from_mins(1), [3, 5, 1, 0, 1, 1]),
        (DAY, [3, 5, 0, 0, 0, 1]),
        (DAY * 6, [3, 5, 0, 0, 0, 0]),
        (DAY * 7, [3, 0, 0, 0, 0, 0]),
        (DAY * 16, [1, 0, 0, 0, 0, 0]),
        (DAY * 30, [0, 0, 0, 0, 0, 0]),
    ] {
        clock.advance(wait);
        app.restart().await;
        eventually("what is due is gone", async || left().await == expected).await;
    }
    app.anonymous().login(&ada.email).await;
}

#[testkit::test]
async fn kinds_of_tokens_are_not_exchangeable(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let refresh_as_access = app.anonymous().with_bearer(Some(&ada.refresh_token));
    refresh_as_access.get("/api/me").await.expect_error(401, "invalid_token");
    refresh(&app, &ada.access_token).await.expect_error(401, "invalid_token");

    let parts: Vec<&str> = ada.access_token.split('.').collect();
    let other = app.user("bob").await;
    let others: Vec<&str> = other.access_token.split('.').collect();
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0";
    for token in [
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{none}.{}.", parts[1]),
        format!("{none}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.{}", parts[0], others[1], parts[2]),
        format!("{}x", ada.access_token),
        format!("x{}", ada.access_token),
        ada.access_token.to_uppercase(),
        "a".repeat(10_000),
        "..".to_owned(),
        "null".to_owned(),
    ] {
        let client = app.anonymous().with_bearer(Some(&token));
        let reply = client.get("/api/me").await;
        assert!(!reply.text.contains(&token) || token.len() < 6, "{token:.30}: {}", reply.text);
        reply.expect_error(401, "invalid_token");
    }
    ada.get("/api/me").await.expect(200);
}

#[testkit::test]
async fn a_token_is_taken_from_one_place_only(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let client = app.anonymous();
    for name in ["access_token", "token", "bearer", "authorization", "api_key"] {
        let reply = client.get(&format!("/api/me?{name}={}", ada.access_token)).await;
        assert!(!reply.text.contains(&ada.access_token), "{}", reply.text);
        reply.expect_error(400, "unknown_parameter");
    }
    let token = &ada.access_token;
    for (header, value, code) in [
        ("cookie", format!("access_token={token}"), "missing_token"),
        ("x-api-key", token.clone(), "missing_token"),
        ("authorization", token.clone(), "missing_token"),
        ("authorization", format!("Basic {token}"), "missing_token"),
        ("authorization", format!("Bearer{token}"), "missing_token"),
        ("authorization", "Bearer".to_owned(), "invalid_token"),
        ("authorization", format!("Bearer {token} {token}"), "invalid_token"),
    ] {
        let request = client.request(Method::GET, "/api/me").header(header, value);
        client.send(request).await.expect_error(401, code);
    }
    // Two that contradict each other are not chosen between, nor are two that agree.
    let request = ada.request(Method::GET, "/api/me").header("authorization", "Bearer other");
    ada.send(request).await.expect_error(401, "invalid_token");
    let lower =
        client.request(Method::GET, "/api/me").header("authorization", format!("bearer {token}"));
    client.send(lower).await.expect(200);
}

#[testkit::test]
async fn tokens_of_another_deployment_are_refused(world: World) {
    const OLD: &str = "4b1d0c7a92b34d68a1c2e3f405162738495a6b7c8d9eafb0c1d2e3f4a5b6c7a1";
    const NEW: &str = "9c2e0c7a92b34d68a1c2e3f405162738495a6b7c8d9eafb0c1d2e3f4a5b6c7b2";
    let app = TestApp::builder(&world).set("SECRET_KEY", OLD).start().await;
    let ada = app.user("ada").await;
    ada.get("/api/me").await.expect(200);
    app.finish().await;

    let app = TestApp::builder(&world).set("SECRET_KEY", NEW).start().await;
    let stranger = app.anonymous().with_bearer(Some(&ada.access_token));
    stranger.get("/api/me").await.expect_error(401, "invalid_token");
    // Refresh tokens are not signed: nobody is logged out by a change of the key.
    let tokens = refresh(&app, &ada.refresh_token).await.expect(200);
    app.finish().await;

    let app = TestApp::builder(&world)
        .set("SECRET_KEY", OLD)
        .set("SECRET_KEY_PREVIOUS", NEW)
        .start()
        .await;
    for token in [tokens["access_token"].as_str(), Some(ada.access_token.as_str())] {
        app.anonymous().with_bearer(token).get("/api/me").await.expect(200);
    }
}
