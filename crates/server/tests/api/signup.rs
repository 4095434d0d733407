//! Who may make an account, and who becomes the administrator.

use std::time::Duration;

use futures_util::future::{join, join_all};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::client::{Anonymous, PASSWORD, Reply};
use testkit::{ManualClock, TestApp, World};

/// A sign-up of `name` with these headers and, where it is not null, this set-up code.
async fn sign_up(app: &TestApp, name: &str, headers: &[(&str, &str)], code: Value) -> Reply {
    let mut body = json!({"email": format!("{name}@example.org"), "password": PASSWORD});
    if !code.is_null() {
        body["setup_token"] = code;
    }
    send(&app.anonymous(), Method::POST, headers, Some(body)).await
}

/// What the page before the login is told.
async fn state(app: &TestApp, headers: &[(&str, &str)]) -> Value {
    send(&app.anonymous(), Method::GET, headers, None).await.expect(200)
}

async fn send(
    client: &Anonymous,
    method: Method,
    headers: &[(&str, &str)],
    body: Option<Value>,
) -> Reply {
    let mut request = client.request(method, "/api/auth/signup");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    client.send(request).await
}

/// What arrives through a proxy on this machine, whatever it says.
const PASSED_ON: &[&[(&str, &str)]] = &[
    &[("x-forwarded-for", "127.0.0.1")],
    &[("x-forwarded-for", "198.51.100.7")],
    &[("x-real-ip", "127.0.0.1")],
    &[("forwarded", "for=127.0.0.1")],
    &[("via", "1.1 proxy")],
    &[("x-forwarded-host", "localhost")],
    &[("x-forwarded-proto", "https")],
];

#[testkit::test]
async fn s3_auto_is_open_to_this_machine_only(world: World) {
    let app = TestApp::start(&world).await;
    for headers in PASSED_ON {
        assert_eq!(state(&app, headers).await["open"], false, "{headers:?}");
        let reply = sign_up(&app, "eve", headers, Value::Null).await;
        reply.expect_error(403, "invitation_required");
    }
    assert_eq!(world.sql().await.value("SELECT COUNT(*) FROM users").await, "0");
    let port = app.url().rsplit(':').next().unwrap();
    for (n, name) in
        ["localhost", "LOCALHOST", "127.0.0.1", "127.8.8.8", "[::1]"].iter().enumerate()
    {
        let host = format!("{name}:{port}");
        let headers = [("host", host.as_str())];
        assert_eq!(state(&app, &headers).await["open"], true, "{host}");
        let made = sign_up(&app, &format!("ada{n}"), &headers, Value::Null).await.expect(201);
        assert_eq!(made["user"]["role"], "user", "{host}");
    }
}

#[testkit::test]
async fn s8_the_first_account_is_nobody_special_without_the_set_up_code(world: World) {
    let mut app = TestApp::start(&world).await;
    let mut expected = json!({"open": true, "invitations": true, "administrator": "setup_token",
        "accounts": false});
    assert_eq!(state(&app, &[]).await, expected);
    let eve = sign_up(&app, "eve", &[], Value::Null).await.expect(201);
    assert_eq!(eve["user"]["role"], "user", "a proxy that adds no header looks like this, too");
    expected["accounts"] = json!(true);
    assert_eq!(state(&app, &[]).await, expected);

    // What was printed once stays good, and is good from everywhere.
    let code = app.setup_code();
    app.restart().await;
    assert_eq!(app.setup_code(), code);
    let from_afar = [("x-forwarded-for", "198.51.100.7"), ("x-forwarded-proto", "https")];
    let ada = sign_up(&app, "ada", &from_afar, json!(code)).await.expect(201);
    assert_eq!(ada["user"]["role"], "admin");
    assert_eq!(state(&app, &[]).await["administrator"], "done");
    let late = sign_up(&app, "bob", &[], json!(code)).await;
    late.expect_error(403, "setup_token_invalid");
    let administrators = "SELECT COUNT(*) FROM users WHERE role = 'admin'";
    assert_eq!(world.sql().await.value(administrators).await, "1");
    let kept = world.sql().await.rows("SELECT value FROM meta").await;
    assert!(!kept.concat().concat().contains(&code), "{kept:?}");
}

#[testkit::test]
async fn s9_one_refusal_for_every_wrong_code(world: World) {
    for mode in ["open", "closed"] {
        let app = TestApp::builder(&world).set("CHATAPP_AUTH__SIGNUP", mode).start().await;
        if mode == "open" {
            app.user("ada").await;
        }
        let code = app.setup_code();
        let mut refusals = Vec::new();
        for wrong in ["", "setup_", "setup_guess", &code[..27], &format!("{code}x"), "\u{e9}"] {
            for (email, password) in [
                ("ada@example.org", PASSWORD),
                ("nobody@example.org", PASSWORD),
                ("no address", PASSWORD),
                ("nobody@example.org", "short"),
            ] {
                let body = json!({"email": email, "password": password, "setup_token": wrong});
                let reply = send(&app.anonymous(), Method::POST, &[], Some(body)).await;
                let mut json = reply.expect_error(403, "setup_token_invalid");
                json["request_id"] = Value::Null;
                refusals.push(json);
            }
        }
        refusals.dedup();
        assert_eq!(refusals.len(), 1, "{mode}: an address is told apart: {refusals:?}");
        app.finish().await;
    }
}

#[testkit::test]
async fn s5_a_closed_door_costs_no_hash(world: World) {
    // Whoever finds a password being hashed is told that the server is busy.
    let app = TestApp::builder(&world)
        .set("CHATAPP_AUTH__SIGNUP", "closed")
        .set("CHATAPP_AUTH__PASSWORD_CONCURRENCY", "1")
        .set("CHATAPP_AUTH__PASSWORD_QUEUE", "0")
        .start()
        .await;
    let ada = app.administrator("ada").await;
    let anonymous = app.anonymous();
    let strangers = (0..80).map(|n| {
        let name = if n % 4 < 2 { "ada".to_owned() } else { format!("eve{n}") };
        let mut body = json!({"email": format!("{name}@example.org"), "password": PASSWORD});
        if n % 2 == 1 {
            body["setup_token"] = json!("setup_guess");
        }
        send(&anonymous, Method::POST, &[], Some(body))
    });
    let (refused, _) = join(join_all(strangers), anonymous.login(&ada.email)).await;
    for (n, reply) in refused.into_iter().enumerate() {
        let code = if n % 2 == 0 { "signup_closed" } else { "setup_token_invalid" };
        reply.expect_error(403, code);
    }
}

#[testkit::test]
async fn s5_sign_ups_and_wrong_codes_are_counted_by_address(world: World) {
    let clock = ManualClock::new();
    let app = TestApp::builder(&world)
        .clock(&clock)
        .set("CHATAPP_AUTH__SIGNUP", "open")
        .set("CHATAPP_AUTH__SIGNUPS_PER_ADDRESS", "4")
        .start()
        .await;
    let from = |address: &'static str| [("x-forwarded-for", address)];
    let there = from("2001:db8::1");
    sign_up(&app, "ada", &there, Value::Null).await.expect(201);
    sign_up(&app, "ada", &there, Value::Null).await.expect_error(409, "email_taken");
    for _ in 0..2 {
        let wrong = sign_up(&app, "eve", &there, json!("setup_guess")).await;
        wrong.expect_error(403, "setup_token_invalid");
    }
    let code = app.setup_code();
    for seconds in [1, 2] {
        // The next one has to wait, whatever it is, from the whole network.
        for (address, code) in [(there, Value::Null), (from("2001:db8::2"), json!(code))] {
            let reply = sign_up(&app, "bob", &address, code).await;
            assert_eq!(reply.header("retry-after"), Some(seconds.to_string().as_str()));
            let json = reply.expect_error(429, "rate_limit_exceeded");
            assert!(json["error"]["message"].as_str().unwrap().contains("sign-ups"), "{json}");
        }
        clock.advance(Duration::from_secs(seconds));
        let name = format!("carol{seconds}");
        sign_up(&app, &name, &there, Value::Null).await.expect(201);
    }
    // Neighbours do not wait, and the right code is no attempt.
    sign_up(&app, "dan", &from("2001:db8:1::1"), Value::Null).await.expect(201);
    clock.advance(Duration::from_secs(4));
    sign_up(&app, "root", &there, json!(code)).await.expect(201);
    // Logging in is counted apart.
    app.anonymous().login("ada@example.org").await;
}

#[testkit::test]
async fn every_mode_lets_in_whom_it_says(world: World) {
    let cases = [
        ("open", [Ok(()), Ok(())]),
        ("auto", [Ok(()), Err("invitation_required")]),
        ("invite", [Err("invitation_required"), Err("invitation_required")]),
        ("closed", [Err("signup_closed"), Err("signup_closed")]),
    ];
    for (mode, expected) in cases {
        let app = TestApp::builder(&world).set("CHATAPP_AUTH__SIGNUP", mode).start().await;
        let places = [&[][..], &[("x-forwarded-for", "198.51.100.7")]];
        for (n, (place, expected)) in places.into_iter().zip(expected).enumerate() {
            assert_eq!(state(&app, place).await["open"], expected.is_ok(), "{mode} {place:?}");
            let reply = sign_up(&app, &format!("{mode}{n}"), place, Value::Null).await;
            match expected {
                Ok(()) => {
                    reply.expect(201);
                }
                Err(code) => {
                    reply.expect_error(403, code);
                }
            }
        }
        if mode == "closed" {
            // Also a closed server needs its administrator.
            app.administrator("root").await;
        }
        app.finish().await;
    }
}

#[testkit::test]
async fn of_many_who_have_the_set_up_code_one_is_the_administrator(world: World) {
    let app = TestApp::start(&world).await;
    let code = app.setup_code();
    let anonymous = app.anonymous();
    let attempts = (0..20).map(|n| {
        let email = format!("user{n}@example.org");
        let body = json!({"email": email, "password": PASSWORD, "setup_token": code});
        send(&anonymous, Method::POST, &[], Some(body))
    });
    let mut made = 0;
    for reply in join_all(attempts).await {
        match reply.status {
            201 => made += 1,
            _ => {
                reply.expect_error(403, "setup_token_invalid");
            }
        }
    }
    let mut sql = world.sql().await;
    let administrators = "SELECT COUNT(*) FROM users WHERE role = 'admin'";
    assert_eq!((made, sql.value(administrators).await.as_str()), (1, "1"));
    assert_eq!(sql.value("SELECT COUNT(*) FROM users").await, "1");
}

#[testkit::test(servers)]
async fn servers_on_one_database_print_one_set_up_code(world: World) {
    let one = TestApp::start(&world).await;
    let other = TestApp::start(&world).await;
    assert_eq!(one.setup_code(), other.setup_code());
    other.administrator("ada").await;
    let late = sign_up(&one, "bob", &[], json!(one.setup_code())).await;
    late.expect_error(403, "setup_token_invalid");
}
