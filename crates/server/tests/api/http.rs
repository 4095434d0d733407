//! The frame of every request: one error shape, the headers of every answer, CORS, methods and
//! paths that nobody should send.

use std::collections::HashSet;

use reqwest::Method;
use serde_json::json;
use testkit::client::{Anonymous, Reply};
use testkit::{TestApp, World};

use crate::{unknown_id, wire};

#[testkit::test]
async fn every_error_has_one_shape(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let anonymous = app.anonymous();
    let path = "/api/conversations";
    let request = |client: &Anonymous, method, path: &str| client.request(method, path);
    let replies = [
        (anonymous.get("/nowhere").await, 404, "unknown_url"),
        (anonymous.get("/v1/nothing").await, 404, "unknown_url"),
        (anonymous.delete("/health/live").await, 405, "method_not_supported"),
        (anonymous.get(path).await, 401, "missing_token"),
        (ada.get(&format!("{path}/{}", unknown_id("conv"))).await, 404, "not_found"),
        (ada.get(&format!("{path}?limit=0")).await, 400, "invalid_value"),
        (ada.get(&format!("{path}?x=0")).await, 400, "unknown_parameter"),
        (ada.get(&format!("{path}?limit=%")).await, 400, "invalid_query"),
        (ada.post(path, json!([])).await, 400, "invalid_json"),
        (ada.post(path, json!({"x": 1})).await, 400, "unknown_parameter"),
        (ada.post("/api/auth/login", json!({})).await, 400, "missing_required_parameter"),
        (ada.send(request(&ada, Method::POST, path)).await, 415, "unsupported_media_type"),
    ];
    for (reply, status, code) in replies {
        assert_eq!(reply.header("content-type"), Some("application/json"), "{code}");
        let json = reply.expect_error(status, code);
        let mut keys: Vec<_> = json.as_object().unwrap().keys().collect();
        keys.sort();
        assert_eq!(keys, ["error", "request_id"], "{json}");
        let mut keys: Vec<_> = json["error"].as_object().unwrap().keys().collect();
        keys.sort();
        assert_eq!(keys, ["code", "message", "param", "type"], "{json}");
        let message = json["error"]["message"].as_str().unwrap();
        for word in ["SELECT", "panicked", ".rs", "sqlx", "serde", "/work", "/root"] {
            assert!(!message.contains(word), "{message}");
        }
    }
}

#[testkit::test]
async fn odd_methods_and_paths_are_errors_like_any_other(world: World) {
    let app = TestApp::start(&world).await;
    let id = unknown_id("conv");
    let long = format!("/api/me?{}", "a".repeat(9_000));
    let longer = format!("/{}", "a".repeat(60_000));
    for (method, path, status, code) in [
        ("TRACE", "/api/me", 405, "method_not_supported"),
        ("BREW", "/api/me", 405, "method_not_supported"),
        ("get", "/api/me", 405, "method_not_supported"),
        ("PUT", "/api/conversations", 405, "method_not_supported"),
        ("OPTIONS", "/api/conversations", 405, "method_not_supported"),
        ("POST", "/docs", 405, "method_not_supported"),
        ("PROPFIND", "/docs", 405, "method_not_supported"),
        ("BREW", "/nowhere", 404, "unknown_url"),
        ("GET", "/api/../api/me", 404, "unknown_url"),
        ("GET", "/../../etc/passwd", 404, "unknown_url"),
        ("GET", "/docs/../../Cargo.toml", 404, "unknown_url"),
        ("GET", "/docs/%2e%2e/%2e%2e/Cargo.toml", 404, "unknown_url"),
        ("GET", "/docs%2f..%2fopenapi.json", 404, "unknown_url"),
        ("GET", "//api/me", 404, "unknown_url"),
        ("GET", "/api//me", 404, "unknown_url"),
        ("GET", "/api/me/", 404, "unknown_url"),
        ("GET", "/API/me", 404, "unknown_url"),
        ("GET", "/api/me;x=1", 404, "unknown_url"),
        ("GET", "/api/%6de", 404, "unknown_url"),
        ("GET", "/%00", 404, "unknown_url"),
        ("GET", "/%", 404, "unknown_url"),
        ("GET", "/%zz", 404, "unknown_url"),
        ("GET", "/\\..\\x", 404, "unknown_url"),
        ("GET", long.as_str(), 414, "url_too_long"),
        ("GET", longer.as_str(), 414, "url_too_long"),
        ("GET", "/api/me", 401, "missing_token"),
        ("GET", &format!("/api/conversations/{id}/../{id}"), 404, "unknown_url"),
    ] {
        let request =
            format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        let reply = wire::send(app.url(), request).await;
        assert_eq!(reply.status, status, "{method} {path:.60}: {reply:?}");
        reply.expect_error(status, code);
        assert_eq!(
            reply.header("allow").is_some(),
            status == 405,
            "{method} {path:.60}: {reply:?}"
        );
    }
    // `Allow` tells the truth.
    let client = app.anonymous();
    for (path, allow) in [
        ("/api/conversations", "GET,HEAD,POST"),
        (&format!("/api/conversations/{id}"), "DELETE,GET,HEAD,PATCH"),
        ("/api/auth/login", "POST"),
    ] {
        let reply = client.send(client.request(Method::PUT, path)).await;
        let mut methods: Vec<_> =
            reply.header("allow").unwrap().split(',').map(str::trim).collect();
        methods.sort_unstable();
        assert_eq!(methods.join(","), allow, "{path}");
    }
    let head = client.send(client.request(Method::HEAD, "/health/live")).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
}

#[testkit::test]
async fn heads_have_bounds(world: World) {
    let app = TestApp::start(&world).await;
    let get = |path: &str, more: &str| {
        format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{more}\r\n")
    };
    let big = format!("x-big: {}\r\n", "a".repeat(17_000));
    wire::send(app.url(), get("/api/me", &big)).await.expect_error(431, "headers_too_large");
    // Beyond what the reader of HTTP itself takes there is a status and no more.
    let many = "x-one-more: 1\r\n".repeat(1_000);
    let huge = format!("x-huge: {}\r\n", "a".repeat(1 << 20));
    for more in [many, huge] {
        let reply = wire::send(app.url(), get("/api/me", &more)).await;
        assert_eq!(reply.status, 431, "{reply:?}");
    }
    let reply = wire::send(app.url(), get(&format!("/{}", "a".repeat(70_000)), "")).await;
    assert_eq!(reply.status, 414, "{reply:?}");
    for request in [
        get("/api/me", "x-folded: a\r\n b\r\n"),
        get("/api/me", "x nospace: a\r\n"),
        get("/api/me", "x-bad: a\rb\r\n"),
        get("/api/me", "x-bad: a\0b\r\n"),
        "GET /api/me\r\n\r\n".to_owned(),
        "nonsense\r\n\r\n".to_owned(),
        "GET /api/me HTTP/9.9\r\n\r\n".to_owned(),
        "GET http:// HTTP/1.1\r\nhost: localhost\r\n\r\n".to_owned(),
    ] {
        let reply = wire::send(app.url(), &request).await;
        assert_eq!(reply.status, 400, "{request:?}: {reply:?}");
    }
    app.anonymous().get("/health/live").await.expect(200);
}

#[testkit::test]
async fn requests_with_two_lengths_are_not_guessed_at(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let head = format!(
        "POST /api/conversations HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\n",
        ada.access_token
    );
    let json = r#"{"title":"x"}"#;
    let chunked = format!("{:x}\r\n{json}\r\n0\r\n\r\n", json.len());
    // Whoever reads the body too short or too long answers this as well.
    let smuggled = "GET /api/version HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    for (lengths, body, status) in [
        ("content-length: 13\r\ncontent-length: 14", json, 400),
        ("content-length: 13, 14", json, 400),
        ("transfer-encoding: chunked, identity", &chunked, 400),
        ("transfer-encoding: xchunked", json, 400),
        // Chunks count, and nothing after them is believed (RFC 9112, section 6.1).
        ("transfer-encoding: chunked\r\ncontent-length: 13", &chunked, 201),
        ("content-length: 23\r\ntransfer-encoding: chunked", &chunked, 201),
    ] {
        let request = format!("{head}{lengths}\r\n\r\n{body}{smuggled}");
        let reply = wire::send(app.url(), request).await;
        assert_eq!(reply.status, status, "{lengths}: {reply:?}");
        assert_eq!(reply.header("connection"), Some("close"), "{lengths}: {reply:?}");
        assert!(!reply.body.contains("HTTP/1.1"), "{lengths}: two answers: {reply:?}");
    }
    assert_eq!(ada.list_conversations().await.len(), 2);
}

#[testkit::test]
async fn every_answer_has_its_headers(world: World) {
    let app = TestApp::builder(&world)
        .set("CHATAPP_SERVER__CORS_ORIGINS", "https://chat.example.org")
        .start()
        .await;
    let ada = app.user("ada").await;
    let conversation = ada.create_conversation().await;
    let turn = ada.send_and_wait(&conversation, "hello").await;
    let client = app.anonymous();
    let preflight = client
        .request(Method::OPTIONS, "/api/me")
        .header("origin", "https://chat.example.org")
        .header("access-control-request-method", "GET");
    let login = ada.with_bearer(Some(&app.anonymous().login(&ada.email).await.access_token));
    let response = turn["response"]["id"].as_str().unwrap();
    let data = "default-src 'none'; frame-ancestors 'none'";
    let page = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    let events = ada.send(ada.follow_request(response, None)).await;
    assert_eq!(events.header("x-accel-buffering"), Some("no"));
    for (page, largest) in [("/docs", 60_000), ("/openapi.json", 60_000)] {
        let request = client.request(Method::GET, page).header("accept-encoding", "gzip, br");
        let packed = request.send().await.unwrap();
        assert_eq!(packed.headers()["content-encoding"], "gzip", "{page}");
        assert_eq!(packed.headers()["vary"], "accept-encoding", "{page}");
        assert!(packed.bytes().await.unwrap().len() < largest, "{page}");
        assert_eq!(client.get(page).await.header("content-encoding"), None, "{page}");
    }
    let replies: Vec<(Reply, u16, &str, &str)> = vec![
        (client.get("/docs").await, 200, "no-cache", page),
        (client.get("/docs/style.css").await, 200, "no-cache", page),
        (client.get("/openapi.json").await, 200, "no-cache", page),
        (client.get("/health/live").await, 200, "no-store", data),
        (client.get("/health/ready").await, 200, "no-store", data),
        (client.metrics().await, 200, "no-store", data),
        (client.get("/api/version").await, 200, "no-store", data),
        (client.get("/nowhere").await, 404, "no-store", data),
        (client.get("/api/me").await, 401, "no-store", data),
        (client.post("/api/me", json!({})).await, 405, "no-store", data),
        (client.send(preflight).await, 200, "no-store", data),
        (ada.get("/api/me").await, 200, "no-store", data),
        (ada.get("/api/models").await, 200, "no-store", data),
        (ada.get("/api/conversations?limit=0").await, 400, "no-store", data),
        (ada.post("/api/conversations", json!({})).await, 201, "no-store", data),
        (
            ada.get(&format!("/api/conversations/{conversation}/messages")).await,
            200,
            "no-store",
            data,
        ),
        (events, 200, "no-cache, no-transform", data),
        (login.post("/api/auth/logout", json!(null)).await, 204, "no-store", data),
    ];
    let mut ids = HashSet::new();
    for (number, (reply, status, cache, policy)) in replies.into_iter().enumerate() {
        assert_eq!(reply.status, status, "answer {number}: {}", reply.text);
        let id = reply.header("x-request-id").unwrap_or_else(|| panic!("answer {number}: no id"));
        assert!(id.starts_with("req_") && id.len() == 36, "{id}");
        assert!(ids.insert(id.to_owned()), "{id} twice");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "answer {number}");
        assert_eq!(reply.header("referrer-policy"), Some("no-referrer"), "answer {number}");
        assert_eq!(reply.header("cache-control"), Some(cache), "answer {number}");
        assert_eq!(reply.header("content-security-policy"), Some(policy), "answer {number}");
        assert!(reply.header("content-encoding").is_none(), "answer {number}");
        assert!(reply.header("set-cookie").is_none(), "answer {number}");
        assert!(reply.header("server").is_none(), "answer {number}");
    }
    // A request id is never the client's, which could write the log otherwise.
    let request = client.request(Method::GET, "/health/live").header("x-request-id", "mine");
    let reply = client.send(request).await;
    assert_ne!(reply.header("x-request-id"), Some("mine"));
}

/// What a browser asks before a request to another origin (Fetch standard, section 3.2.2).
async fn preflight(client: &Anonymous, path: &str, origin: &str) -> Reply {
    let request = client
        .request(Method::OPTIONS, path)
        .header("origin", origin)
        .header("access-control-request-method", "PATCH")
        .header("access-control-request-headers", "authorization,content-type");
    client.send(request).await
}

const CORS: [&str; 5] = [
    "access-control-allow-origin",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-expose-headers",
    "access-control-allow-credentials",
];

#[testkit::test]
async fn only_listed_origins_may_call_from_a_browser(world: World) {
    let app = TestApp::builder(&world)
        .set("CHATAPP_SERVER__CORS_ORIGINS", "https://chat.example.org,http://localhost:5173")
        .start()
        .await;
    let ada = app.user("ada").await;
    let client = app.anonymous();
    let path = format!("/api/conversations/{}", unknown_id("conv"));
    for origin in ["https://chat.example.org", "http://localhost:5173"] {
        let reply = preflight(&client, &path, origin).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        assert_eq!(reply.header("access-control-allow-origin"), Some(origin));
        assert!(reply.header("vary").unwrap().to_lowercase().contains("origin"));
        let methods = reply.header("access-control-allow-methods").unwrap();
        assert!(
            ["GET", "POST", "PATCH", "DELETE"].iter().all(|m| methods.contains(m)),
            "{methods}"
        );
        let headers = reply.header("access-control-allow-headers").unwrap();
        for name in ["authorization", "content-type", "last-event-id", "prefer"] {
            assert!(headers.contains(name), "{headers}");
        }
        assert!(!headers.contains('*') && reply.header("access-control-max-age").is_some());
        // Answers to the request itself, errors included, can be read by the page.
        for (path, status) in [("/api/me", 200), ("/nowhere", 404), ("/api/me?x=1", 400)] {
            let request = ada.request(Method::GET, path).header("origin", origin);
            let reply = ada.send(request).await;
            assert_eq!(reply.status, status, "{}", reply.text);
            assert_eq!(reply.header("access-control-allow-origin"), Some(origin), "{path}");
            let exposed = reply.header("access-control-expose-headers").unwrap();
            assert!(
                exposed.contains("x-request-id") && exposed.contains("retry-after"),
                "{exposed}"
            );
            assert_eq!(reply.header("access-control-allow-credentials"), None);
        }
    }
    for origin in [
        "null",
        "https://evil.example",
        "https://chat.example.org.evil.example",
        "https://a.chat.example.org",
        "http://chat.example.org",
        "https://chat.example.org:8443",
        "HTTPS://CHAT.EXAMPLE.ORG.",
        "https://chat.example.org/",
        "*",
    ] {
        let reply = preflight(&client, &path, origin).await;
        assert_eq!(reply.header("access-control-allow-origin"), None, "{origin}");
        let reply = ada.send(ada.request(Method::GET, "/api/me").header("origin", origin)).await;
        assert_eq!(reply.header("access-control-allow-origin"), None, "{origin}");
    }
}

#[testkit::test]
async fn without_a_list_no_origin_may_call(world: World) {
    let app = TestApp::start(&world).await;
    let client = app.anonymous();
    for origin in ["null", "https://evil.example", app.url()] {
        let get = client.request(Method::GET, "/api/version").header("origin", origin);
        for reply in [preflight(&client, "/api/me", origin).await, client.send(get).await] {
            for header in CORS {
                assert_eq!(reply.header(header), None, "{origin}: {header}");
            }
        }
    }
}
