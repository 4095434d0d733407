//! What the log of a busy day holds: ids and routes, and nothing of anybody's.
//!
//! [`WorkingDirectory`] looks for the words; here is the day.

use reqwest::Method;
use reqwest::header::{HeaderValue, USER_AGENT};
use serde_json::{Value, json};
use testkit::World;
use testkit::client::{Anonymous, PASSWORD};
use testkit::process::AppProcess;

use super::working_directory::{WorkingDirectory, assert_clean};
use super::{PROMPT, settings, ticks, upstream};

/// A line that a reader of the log would take for one of the server's.
const FORGED: &str = "\r\n{\"level\":\"INFO\",\"message\":\"forged marmalade\"}\r\nINFO forged";

#[testkit::test]
async fn the_log_holds_no_secret_and_no_words_of_anybodys(world: World) {
    let upstream = upstream().await;
    let place = WorkingDirectory::new();
    let server = place.program().settings(&settings(&world, &upstream)).serve().await;
    let user = server.anonymous().signup("ada@example.org").await;
    let conversation = user.create_conversation().await;
    for prompt in [PROMPT, FORGED, "marmalade\n\ndata: {}\n\nevent: response.completed"] {
        let turn = user.send_and_wait(&conversation, prompt).await;
        assert_eq!(turn["user_message"]["content"], prompt, "it is kept as it came");
    }
    let mut stream = user.send_stream(&conversation, PROMPT).await;
    let response = stream.response_id().await;
    drop(stream);
    user.follow(&response, None).await.finish().await;

    // A provider that answers with everything it knows.
    upstream.push(mock::Script {
        fault: Some(mock::script::Fault { kind: mock::script::FaultKind::Error, at: 2 }),
        ..ticks(9, 0)
    });
    user.send_and_wait(&conversation, PROMPT).await;
    for code in [401, 429, 500] {
        let fault = mock::script::FaultKind::Status { code, retry_after: None };
        upstream.push(ticks(9, 0).failing(fault, 0));
        user.send_and_wait(&conversation, PROMPT).await;
    }

    let created = user.create_key(&["read"]).await;
    let key = created["key"].as_str().expect("the key").to_owned();
    user.with_bearer(Some(&key)).get("/api/me").await.expect(200);
    user.with_bearer(Some(&key)).post("/api/conversations", json!({})).await.expect(403);
    user.with_bearer(Some(&format!("{key}x"))).get("/api/me").await.expect(401);

    let refreshed = user.refresh().await;
    strangers(&server.anonymous(), &refreshed.refresh_token).await;
    forge_headers(&server, &user.access_token).await;
    let sessions = refreshed.get("/api/sessions").await.expect(200);
    assert!(sessions.to_string().contains("forged"), "the user sees the agent: {sessions}");
    refreshed.post("/api/auth/logout", json!({})).await;
    let stderr = read_after_the_end(server).await;
    assert_clean(&stderr);
    assert!(!stderr.contains(&key[3..]), "{stderr}");
    for line in stderr.lines() {
        let event: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert!(event["timestamp"].is_string() && event["level"].is_string(), "{line}");
        assert!(!line.contains("forged"), "{line}");
        if event["message"] == "request" {
            assert_tells(&event);
        }
    }
    let requests = stderr.lines().filter(|line| line.contains(r#""message":"request""#)).count();
    assert!(requests > 20, "requests are logged: {stderr}");
    // It is not silence that keeps the secrets: who did what can be found by id.
    assert!(stderr.contains(&user.id) && stderr.contains(&response), "{stderr}");
}

/// What the event of a request has, and nothing besides.
#[track_caller]
fn assert_tells(event: &Value) {
    let status = event["status"].as_u64().expect("a status");
    assert!(event["duration_ms"].as_f64() >= Some(0.0), "{event}");
    for name in ["method", "route", "request_id"] {
        assert!(event[name].as_str().is_some_and(|text| !text.is_empty()), "{name}: {event}");
    }
    assert_eq!(event["code"].is_string(), status >= 400, "{event}");
    let known = [
        "timestamp",
        "level",
        "message",
        "target",
        "method",
        "route",
        "status",
        "duration_ms",
        "request_id",
        "user_id",
        "code",
    ];
    let fields = event.as_object().expect("an object");
    let other = fields.keys().find(|name| !known.contains(&name.as_str()));
    assert_eq!(other, None, "{event}");
}

/// Wrong passwords, wrong tokens, wrong addresses, wrong bodies.
async fn strangers(anonymous: &Anonymous, refresh_token: &str) {
    let login = |password: &str| json!({"email": "ada@example.org", "password": password});
    anonymous.post("/api/auth/login", login("correct horse with a typo")).await.expect(401);
    anonymous.post("/api/auth/login", json!({"email": FORGED, "password": PASSWORD})).await;
    anonymous
        .post("/api/auth/signup", json!({"email": "ada@example.org", "password": PASSWORD}))
        .await;
    anonymous
        .post("/api/auth/refresh", json!({"refresh_token": format!("{refresh_token}x")}))
        .await;
    let stranger = anonymous.with_bearer(Some("canary.canary.canary"));
    stranger.get("/api/me").await.expect_error(401, "invalid_token");
    for path in ["/api/marmalade", "/%0d%0aINFO%20forged", "/api/messages/marmalade?x=canary"] {
        anonymous.get(path).await;
    }
    let body = anonymous.request(Method::POST, "/api/auth/login");
    let body = body.header("content-type", "application/json").body("{\"password\": \"canary");
    anonymous.send(body).await.expect(400);
}

/// Header fields with what a field may hold and a careless log would not.
async fn forge_headers(server: &AppProcess, token: &str) {
    let agent = b"x\xc2\x85INFO forged\t\xe2\x80\xa8{\"level\":\"INFO\"} \"forged\\r\\n";
    let agent = HeaderValue::from_bytes(agent).expect("allowed by RFC 9110");
    let anonymous = server.anonymous();
    let body = json!({"email": "ada@example.org", "password": PASSWORD});
    let login =
        anonymous.request(Method::POST, "/api/auth/login").header(USER_AGENT, agent.clone());
    anonymous.send(login.json(&body)).await.expect(200);
    let user = anonymous.with_bearer(Some(token));
    let request = user.request(Method::GET, "/api/me");
    let request = request.header("x-request-id", agent.clone()).header(USER_AGENT, agent);
    user.send(request.header("x-forwarded-for", "canary\tforged")).await.expect(200);
}

async fn read_after_the_end(server: AppProcess) -> String {
    let ended = server.terminate().await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    ended.stderr
}
