//! Accounts: made once, named by one address, told apart by nothing but their password.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::client::{PASSWORD, Reply};
use testkit::{TestApp, World};

use crate::unknown_id;

async fn sign_up(app: &TestApp, email: &str) -> Reply {
    app.anonymous().post("/api/auth/signup", json!({"email": email, "password": PASSWORD})).await
}

#[testkit::test]
async fn signing_up_logs_in(world: World) {
    let app = TestApp::start(&world).await;
    let body = json!({"email": " Ada@Example.ORG ", "password": PASSWORD, "name": "  Ada 🦀 "});
    let tokens = app.anonymous().post("/api/auth/signup", body).await.expect(201);
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 600);
    assert!(tokens["refresh_token"].as_str().unwrap().starts_with("rt_"), "{tokens}");
    let user = &tokens["user"];
    assert_eq!((&user["email"], &user["name"]), (&json!("ada@example.org"), &json!("Ada 🦀")));
    let ada = app.anonymous().with_bearer(tokens["access_token"].as_str());
    assert_eq!(ada.get("/api/me").await.expect(200), *user);
    assert!(!tokens.to_string().contains(PASSWORD));

    let mut sql = world.sql().await;
    let stored = sql.value("SELECT password_hash FROM users").await;
    assert!(stored.starts_with("$argon2id$") && !stored.contains(PASSWORD), "{stored}");
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let hashes = sql.rows("SELECT hash FROM refresh_tokens").await;
    assert!(hashes.len() == 1 && !refresh.contains(&hashes[0][0]), "only a hash is stored");
}

#[testkit::test]
async fn s18_a_password_is_not_cut_off(world: World) {
    let app = TestApp::start(&world).await;
    let longest = "correct horse ".repeat(74)[..1024].to_owned();
    let login = async |password: String| {
        let body = json!({"email": "ada@example.org", "password": password});
        app.anonymous().post("/api/auth/login", body).await
    };
    let body = json!({"email": "ada@example.org", "password": longest});
    app.anonymous().post("/api/auth/signup", body).await.expect(201);
    for more in ["x", "é", " and much more"] {
        login(format!("{longest}{more}")).await.expect_error(401, "invalid_credentials");
    }
    login(longest).await.expect(200);
}

#[testkit::test]
async fn logging_in_takes_the_right_password(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let login = async |email: &str, password: &str| {
        let body = json!({"email": email, "password": password});
        app.anonymous().post("/api/auth/login", body).await
    };
    for email in ["ada@example.org", "ADA@EXAMPLE.ORG", "\tAda@example.org\n"] {
        assert_eq!(login(email, PASSWORD).await.expect(200)["user"]["id"], ada.id);
    }
    let mut refusals = Vec::new();
    let trimmed = format!(" {PASSWORD}");
    let (upper, long) = (PASSWORD.to_uppercase(), "x".repeat(20_000));
    for (email, password) in [
        ("ada@example.org", "wrong horse battery staple"),
        ("ada@example.org", trimmed.as_str()),
        ("ada@example.org", upper.as_str()),
        ("ada@example.org", ""),
        ("ada@example.org", "\0"),
        ("ada@example.org", "😀"),
        ("ada@example.org", long.as_str()),
        ("nobody@example.org", PASSWORD),
        ("ada@example.org'--", PASSWORD),
        ("no address", PASSWORD),
        ("", ""),
    ] {
        let reply = login(email, password).await;
        assert!(reply.header("www-authenticate").is_some(), "{email} {password:.20}");
        let mut json = reply.expect_error(401, "invalid_credentials");
        json["request_id"] = Value::Null;
        refusals.push(json);
    }
    refusals.dedup();
    assert_eq!(refusals.len(), 1, "an address that exists is told apart: {refusals:?}");
}

#[testkit::test]
async fn what_cannot_be_an_account_is_refused(world: World) {
    let app = TestApp::start(&world).await;
    let long = format!("{}@example.org", "a".repeat(65));
    // Look-alikes, other normal forms and whatever else could be a second spelling.
    let addresses = [
        "",
        "ada",
        "ada@",
        "@example.org",
        "ada@example.org.",
        "ada@@example.org",
        "a da@example.org",
        "ad\u{131}@example.org",
        "\u{430}da@example.org",
        "ａda@example.org",
        "ade\u{301}@example.org",
        "ad\u{e9}@example.org",
        "\u{212a}@example.org",
        "ada＠example.org",
        "ada@exa\u{200d}mple.org",
        "ada@exa\u{202e}mple.org",
        "ada\u{0}@example.org",
        "ada\r\nbcc:x@example.org",
        "ada@[127.0.0.1]",
        &long,
    ];
    for email in addresses {
        let json = sign_up(&app, email).await.expect_error(400, "invalid_value");
        assert_eq!(json["error"]["param"], "email", "{email:?}: {json}");
    }
    let (many, name) = ("ab".repeat(513), "n".repeat(129));
    for (field, value) in [
        ("password", ""),
        ("password", "seven77"),
        ("password", "password1"),
        ("password", "aaaaaaaaaa"),
        ("password", "with\0a nul"),
        ("password", &many),
        ("name", &name),
        ("name", "a\0b"),
    ] {
        let mut body = json!({"email": "ada@example.org", "password": PASSWORD});
        body[field] = json!(value);
        let reply = app.anonymous().post("/api/auth/signup", body).await;
        let json = reply.expect_error(400, "invalid_value");
        assert_eq!(json["error"]["param"], field, "{value:.20?}: {json}");
        assert!(value.is_empty() || !json.to_string().contains(value), "{json} repeats it");
    }
    assert_eq!(world.sql().await.value("SELECT COUNT(*) FROM users").await, "0");
}

#[testkit::test]
async fn one_address_is_one_account_however_it_is_written(world: World) {
    let app = TestApp::start(&world).await;
    let spellings = [
        "ada@example.org",
        "Ada@example.org",
        "ADA@EXAMPLE.ORG",
        " ada@Example.org",
        "ada@example.org\n",
        "aDa@eXample.oRg",
        "ada@ｅｘａｍｐｌｅ.org",
    ];
    let attempts = spellings.iter().cycle().take(50).map(|email| sign_up(&app, email));
    let mut made = 0;
    for reply in join_all(attempts).await {
        match reply.status {
            201 => made += 1,
            _ => {
                reply.expect_error(409, "email_taken");
            }
        }
    }
    assert_eq!(made, 1);
    let mut sql = world.sql().await;
    assert_eq!(sql.value("SELECT email FROM users").await, "ada@example.org");
    assert_eq!(sql.value("SELECT COUNT(*) FROM sessions").await, "1", "a loser has no session");

    // Different accounts, although a forgiving collation takes some of them for the same.
    for (email, canonical) in [
        ("ada+news@example.org", "ada+news@example.org"),
        ("a.da@example.org", "a.da@example.org"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@bucher.example", "ada@bucher.example"),
        ("ada@straße.example", "ada@xn--strae-oqa.example"),
        ("ada@strasse.example", "ada@strasse.example"),
        ("ad_a@example.org", "ad_a@example.org"),
        ("ad%@example.org", "ad%@example.org"),
    ] {
        assert_eq!(sign_up(&app, email).await.expect(201)["user"]["email"], canonical);
    }
    for taken in ["ada@BU\u{308}CHER.example", "ADA@XN--BCHER-KVA.example"] {
        sign_up(&app, taken).await.expect_error(409, "email_taken");
    }
    assert_eq!(sql.value("SELECT COUNT(*) FROM users").await, "9");
}

#[testkit::test]
async fn fields_that_cannot_be_set_are_refused_by_name(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.administrator("ada").await;
    let conversation = ada.create_conversation().await;
    let messages = format!("/api/conversations/{conversation}/messages");
    let one = format!("/api/conversations/{conversation}");
    let regenerate = format!("/api/messages/{}/regenerate", unknown_id("msg"));
    let go_on = format!("/api/responses/{}/continue", unknown_id("resp"));
    let reset_link = format!("/api/admin/users/{}/reset-link", ada.id);
    let key = format!("/api/keys/{}", ada.create_key(&["read"]).await["id"].as_str().unwrap());
    let passwords = json!({"current_password": PASSWORD, "new_password": PASSWORD});
    let mut bodies = vec![
        (Method::POST, "/api/auth/signup", json!({"email": "b@example.org", "password": PASSWORD})),
        (Method::POST, "/api/auth/login", json!({"email": ada.email, "password": PASSWORD})),
        (Method::POST, "/api/auth/refresh", json!({"refresh_token": ada.refresh_token})),
        (Method::POST, "/api/auth/reset", json!({"token": "x", "new_password": PASSWORD})),
        (Method::POST, "/api/admin/invitations", json!({})),
        (Method::POST, &reset_link, json!({})),
        (Method::POST, "/api/admin/reset-links", json!({"email": ada.email})),
        (Method::POST, "/api/keys", json!({"name": "x", "current_password": PASSWORD})),
        (Method::POST, "/api/me/export", json!({"current_password": PASSWORD})),
        (Method::PATCH, &key, json!({"name": "x"})),
        (Method::PATCH, "/api/me", json!({"name": "x"})),
        (Method::POST, "/api/me/password", passwords),
        (Method::DELETE, "/api/me", json!({"current_password": PASSWORD})),
        (Method::POST, "/api/conversations", json!({"title": "x"})),
        (Method::PATCH, &one, json!({"title": "x"})),
        (Method::POST, &messages, json!({"content": "x"})),
        (Method::POST, "/api/messages", json!({"content": "x"})),
        (Method::POST, &regenerate, json!({})),
        (Method::POST, &go_on, json!({})),
        (Method::POST, "/api/conversations/delete", json!({"ids": [conversation]})),
        (Method::POST, "/api/conversations/archive", json!({"ids": [conversation]})),
    ];
    let document = ada.get("/openapi.json").await.expect(200);
    // Those for the clients of others leave fields alone that they do not know.
    let is_strict = |path: &str| !path.starts_with("/v1/") && path != "/api/chat";
    let described = document["paths"].as_object().unwrap().iter();
    let described = described.filter(|(path, _)| is_strict(path));
    let described = described.flat_map(|(_, item)| item.as_object().unwrap().values());
    // Of JSON and nothing else: an import takes files.
    let is_json = |operation: &&Value| {
        let contents = operation.pointer("/requestBody/content").and_then(Value::as_object);
        contents.is_some_and(|contents| contents.keys().eq(["application/json"]))
    };
    assert_eq!(bodies.len(), described.filter(is_json).count(), "a route with a body is missing");
    for (method, path, body) in &mut bodies {
        for field in [
            "id",
            "user_id",
            "role",
            "is_user",
            "seq",
            "created_at",
            "updated_at",
            "token_version",
            "status",
            "next_seq",
            "active_response_id",
            "deleted_at",
            "version",
            "Content",
            "__proto__",
        ] {
            if field == "role" && *path == "/api/admin/invitations" {
                continue;
            }
            let mut more = body.clone();
            more[field] = json!("admin");
            let reply = ada.send(ada.request(method.clone(), path).json(&more)).await;
            let json = reply.expect_error(400, "unknown_parameter");
            assert_eq!(json["error"]["param"], field, "{method} {path}: {json}");
        }
        let mut nested = body.clone();
        nested[&"x".repeat(300)] = json!({});
        let reply = ada.send(ada.request(method.clone(), path).json(&nested)).await;
        let json = reply.expect_error(400, "unknown_parameter");
        assert!(json["error"]["param"].as_str().unwrap().len() <= 64, "{json}");
    }
    let mut sql = world.sql().await;
    assert_eq!(sql.value("SELECT COUNT(*) FROM users").await, "1");
    assert_eq!(sql.value("SELECT COUNT(*) FROM messages").await, "0");
    assert_eq!(sql.value("SELECT title FROM conversations").await, "");
    // The refresh token was not used up by the refusals.
    let _ = ada.refresh().await;
}

/// How many logins of each kind are measured in one round.
const SAMPLES: usize = 60;

#[testkit::test]
async fn an_unknown_address_takes_as_long_as_a_wrong_password(world: World) {
    // Expensive enough to stand out from everything else a login does.
    let app = TestApp::builder(&world)
        .set("CHATAPP_AUTH__ARGON2_MEMORY_KIB", "2048")
        .set("CHATAPP_AUTH__ARGON2_ITERATIONS", "2")
        .set("CHATAPP_AUTH__LOGIN_ATTEMPTS", "1000")
        .set("CHATAPP_AUTH__LOGIN_ATTEMPTS_PER_ADDRESS", "1000")
        .start()
        .await;
    app.user("ada").await;
    let client = app.anonymous();
    let measure = async |email: &str| {
        let body = json!({"email": email, "password": "wrong horse battery staple"});
        let begun = Instant::now();
        client.post("/api/auth/login", body).await.expect_error(401, "invalid_credentials");
        begun.elapsed()
    };
    // Other tests share the machine, so one round out of step is forgiven; a login that skips
    // the work is out of step in every round.
    let mut rounds = Vec::new();
    for _ in 0..3 {
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for n in 0..SAMPLES {
            known.push(measure("ada@example.org").await);
            unknown.push(measure(&format!("nobody{n}@example.org")).await);
        }
        let (known, unknown) = (median(known), median(unknown));
        let ratio = known.max(unknown).as_secs_f64() / known.min(unknown).as_secs_f64();
        if ratio < 1.3 {
            return;
        }
        rounds.push((known, unknown));
    }
    panic!("medians of known and unknown addresses: {rounds:?}");
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
