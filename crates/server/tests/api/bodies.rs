//! Bodies that are not what they should be: too large, not JSON, or JSON that two readers would
//! read differently.

use reqwest::Method;
use serde_json::json;
use testkit::client::{Reply, User};
use testkit::{TestApp, World};

use crate::wire;

async fn post(user: &User, path: &str, content_type: &str, body: impl Into<Vec<u8>>) -> Reply {
    let request = user.request(Method::POST, path).header("content-type", content_type);
    user.send(request.body(body.into())).await
}

/// Bodies that no strict reader of JSON takes (RFC 8259, RFC 7493).
fn not_acceptable() -> Vec<(&'static str, Vec<u8>)> {
    let nested = |open: &str, close: &str, depth: usize| {
        format!(r#"{{"title":{}1{}}}"#, open.repeat(depth), close.repeat(depth)).into_bytes()
    };
    vec![
        ("nothing", Vec::new()),
        ("white space", b" \n\t ".to_vec()),
        ("half an object", br#"{"title":"x""#.to_vec()),
        ("half a string", br#"{"title":"x"#.to_vec()),
        ("trailing garbage", br#"{"title":"x"}x"#.to_vec()),
        ("two values", br#"{"title":"x"}{"title":"y"}"#.to_vec()),
        ("a trailing comma", br#"{"title":"x",}"#.to_vec()),
        ("a comment", br#"{"title":"x"/**/}"#.to_vec()),
        ("single quotes", b"{'title':'x'}".to_vec()),
        ("a byte order mark", b"\xef\xbb\xbf{\"title\":\"x\"}".to_vec()),
        ("UTF-16", b"{\0}\0".to_vec()),
        ("no UTF-8", b"{\"title\":\"\xff\xfe\"}".to_vec()),
        ("an overlong slash", b"{\"title\":\"\xc0\xaf\"}".to_vec()),
        ("a lone high surrogate", br#"{"title":"\ud800"}"#.to_vec()),
        ("a lone low surrogate", br#"{"title":"\udc00x"}"#.to_vec()),
        ("surrogates as UTF-8", b"{\"title\":\"\xed\xa0\x80\"}".to_vec()),
        ("a raw control character", b"{\"title\":\"a\nb\"}".to_vec()),
        ("a raw NUL", b"{\"title\":\"a\0b\"}".to_vec()),
        ("a broken escape", br#"{"title":"\x41"}"#.to_vec()),
        ("NaN", br#"{"title":NaN}"#.to_vec()),
        ("Infinity", br#"{"title":-Infinity}"#.to_vec()),
        ("1e400", br#"{"title":1e400}"#.to_vec()),
        ("a leading zero", br#"{"title":01}"#.to_vec()),
        ("the same key twice", br#"{"title":"x","title":"y"}"#.to_vec()),
        ("the same key in disguise", br#"{"title":"x","\u0074itle":"y"}"#.to_vec()),
        ("the same key further in", br#"{"title":{"a":1,"a":2}}"#.to_vec()),
        ("an array", b"[]".to_vec()),
        ("a string", br#""title""#.to_vec()),
        ("a number", b"7".to_vec()),
        ("null", b"null".to_vec()),
        ("arrays 100,000 deep", nested("[", "]", 100_000)),
        ("objects 100,000 deep", nested(r#"{"a":"#, "}", 100_000)),
        ("arrays 33 deep", nested("[", "]", 33)),
        ("100,000 open brackets", b"[".repeat(100_000)),
    ]
}

#[testkit::test]
async fn json_is_read_strictly(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let json_type = "application/json";
    for (what, body) in not_acceptable() {
        let reply = post(&ada, "/api/conversations", json_type, body).await;
        assert_eq!(reply.json["error"]["code"], "invalid_json", "{what}: {}", reply.text);
        assert!(reply.text.len() < 500, "{what}: {}", reply.text);
        let message = reply.expect_error(400, "invalid_json")["error"]["message"].clone();
        assert!(!message.as_str().unwrap().contains("title\""), "{what}: {message} repeats input");
    }
    // Readable, but not what is asked for.
    let huge = "9".repeat(1000);
    for (what, body, param) in [
        ("arrays 31 deep", format!(r#"{{"title":{}{}}}"#, "[".repeat(31), "]".repeat(31)), "title"),
        ("a large number", r#"{"title":18446744073709551616}"#.to_owned(), "title"),
        ("a small number", r#"{"title":-9223372036854775809}"#.to_owned(), "title"),
        ("1e308", r#"{"title":1e308}"#.to_owned(), "title"),
    ] {
        let reply = post(&ada, "/api/conversations", json_type, body).await;
        let json = reply.expect_error(400, "invalid_value");
        assert_eq!(json["error"]["param"], param, "{what}: {json}");
    }
    let reply = post(&ada, "/api/conversations", json_type, format!(r#"{{"title":{huge}}}"#)).await;
    assert_eq!(reply.status, 400, "{}", reply.text);
    // Many keys are unknown keys, refused in no time.
    let keys: Vec<String> = (0..60_000).map(|n| format!(r#""k{n}":{n}"#)).collect();
    let reply =
        post(&ada, "/api/conversations", json_type, format!("{{{}}}", keys.join(","))).await;
    reply.expect_error(400, "unknown_parameter");

    assert_eq!(ada.list_conversations().await.len(), 0);
    let odd = " \r\n{ \"\\u0074itle\" : \"\\ud83e\\udd80\" }\n ";
    let made = post(&ada, "/api/conversations", json_type, odd).await.expect(201);
    assert_eq!(made["title"], "🦀");
}

#[testkit::test]
async fn a_body_is_declared_as_json(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let conversation = ada.create_conversation().await;
    let messages = format!("/api/conversations/{conversation}/messages");
    let body = r#"{"content":"x","email":"x","password":"x","refresh_token":"x"}"#;
    for path in [
        "/api/auth/signup",
        "/api/auth/login",
        "/api/auth/refresh",
        "/api/conversations",
        &messages,
    ] {
        // What a page of another site can send without asking.
        for content_type in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "text/json",
            "application/jsonp",
            "json",
            "",
            "application/json2",
        ] {
            let reply = post(&ada, path, content_type, body).await;
            reply.expect_error(415, "unsupported_media_type");
        }
        let undeclared = ada.request(Method::POST, path).body(body);
        ada.send(undeclared).await.expect_error(415, "unsupported_media_type");
    }
    for content_type in
        ["application/json", "Application/JSON; charset=utf-8", "application/vnd.x+json"]
    {
        post(&ada, "/api/conversations", content_type, "{}").await.expect(201);
    }
}

const MIB: usize = 1024 * 1024;

#[testkit::test]
async fn a_body_has_a_limit(world: World) {
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let padded = |length: usize| format!("{{}}{}", " ".repeat(length - 2));
    let json_type = "application/json";
    post(&ada, "/api/conversations", json_type, padded(MIB)).await.expect(201);
    let reply = post(&ada, "/api/conversations", json_type, padded(MIB + 1)).await;
    let json = reply.expect_error(413, "request_too_large");
    assert!(json["error"]["message"].as_str().unwrap().contains("1048576"), "{json}");
    // Passwords and tokens need less.
    let login = format!(r#"{{"email":"x","password":"{}"}}"#, "x".repeat(64 * 1024));
    for path in ["/api/auth/login", "/api/auth/signup", "/api/auth/refresh"] {
        let json =
            post(&ada, path, json_type, login.clone()).await.expect_error(413, "request_too_large");
        assert!(json["error"]["message"].as_str().unwrap().contains("65536"), "{json}");
    }
    // A limit is a setting.
    drop(app);
    let app =
        TestApp::builder(&world).set("CHATAPP_SERVER__MAX_BODY_BYTES", "100000").start().await;
    let ada = app.anonymous().login("ada@example.org").await;
    let reply = post(&ada, "/api/conversations", json_type, padded(100_001)).await;
    reply.expect_error(413, "request_too_large");
}

#[testkit::test]
async fn a_body_that_is_too_large_is_not_read(world: World) {
    const HUGE: usize = 100 * MIB;
    // What lies in the buffers of two sockets, at the most.
    const TAKEN: usize = 20 * MIB;
    let app = TestApp::start(&world).await;
    let ada = app.user("ada").await;
    let head = |length: &str| {
        format!(
            "POST /api/conversations HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\n{length}\r\n\r\n",
            ada.access_token
        )
    };
    let piece = vec![b' '; 64 * 1024];
    let announced = head(&format!("content-length: {HUGE}"));
    let reply = wire::flood(app.url(), &announced, &piece, HUGE / piece.len()).await;
    reply.expect_error(413, "request_too_large");
    assert!(reply.taken < TAKEN, "{} bytes were taken", reply.taken);
    assert_eq!(reply.header("connection"), Some("close"), "the client is told");

    let mut chunk = format!("{:x}\r\n", piece.len()).into_bytes();
    chunk.extend_from_slice(&piece);
    chunk.extend_from_slice(b"\r\n");
    let reply =
        wire::flood(app.url(), head("transfer-encoding: chunked"), &chunk, HUGE / piece.len())
            .await;
    reply.expect_error(413, "request_too_large");
    assert!(reply.taken < TAKEN, "{} bytes were taken", reply.taken);
    assert_eq!(reply.header("connection"), Some("close"), "the client is told");

    // A stranger's body is not read either, and the client is told the same.
    let strange = announced.replace(&ada.access_token, "x");
    let reply = wire::flood(app.url(), strange, &piece, HUGE / piece.len()).await;
    reply.expect_error(401, "invalid_token");
    assert!(reply.taken < TAKEN, "{} bytes were taken", reply.taken);
    assert_eq!(reply.header("connection"), Some("close"));

    // A length that is no length never reaches a handler.
    for length in
        ["content-length: -1", "content-length: 18446744073709551616", "content-length: 5x"]
    {
        let reply = wire::send(app.url(), head(length)).await;
        assert_eq!(reply.status, 400, "{length}: {reply:?}");
    }
    assert_eq!(ada.list_conversations().await.len(), 0);
    assert_eq!(ada.post("/api/conversations", json!({})).await.status, 201, "others are served");
}
