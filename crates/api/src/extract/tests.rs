use std::net::IpAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, Uri};
use bytes::Bytes;
use proptest::prelude::*;
use schemas::conversation::{ConversationCreate, ConversationPatch};
use schemas::message::MessageCreate;
use schemas::{MessageId, Patch};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::head::{client_address, host_is_local, peer_is_local};
use super::*;
use crate::error::ApiError;

/// What a body of at most so many bytes may cost.
fn limits(bytes: usize) -> BodyLimits {
    let bodies = Bodies::new(&crate::ApiConfig::default());
    BodyLimits { bytes, time: Duration::from_mins(1), bodies }
}

/// The body of an error.
fn shown(error: &ApiError) -> Value {
    serde_json::from_slice(&error.body("req_1")).unwrap()
}

/// Code and parameter of an error.
fn code_and_param(error: &ApiError) -> (String, String) {
    let body = shown(error);
    let text = |name: &str| body["error"][name].as_str().unwrap_or_default().to_owned();
    (text("code"), text("param"))
}

async fn read<T: DeserializeOwned>(body: impl Into<Body>) -> Result<T, ApiError> {
    let request = Request::builder()
        .header("content-type", "application/json; charset=utf-8")
        .extension(limits(1024 * 1024))
        .body(body.into())
        .unwrap();
    Json::from_request(request, &()).await.map(|Json(value)| value)
}

async fn refusal<T: DeserializeOwned + std::fmt::Debug>(body: &str) -> (String, String) {
    code_and_param(&read::<T>(body.to_owned()).await.unwrap_err())
}

fn pair(code: &str, param: &str) -> (String, String) {
    (code.to_owned(), param.to_owned())
}

#[tokio::test]
async fn fuzz_a_long_key_of_a_map_is_not_repeated() {
    let body = format!(r#"{{"metadata":{{"{}":1}}}}"#, "x".repeat(3000));
    let error = read::<ConversationCreate>(body).await.unwrap_err();
    let shown = String::from_utf8(error.body("req_1")).unwrap();
    assert!(shown.contains("metadata.xxx") && shown.len() < 500, "{shown}");
}

#[tokio::test]
async fn a_good_body_is_read() {
    let message: MessageCreate = read(r#"{"content":"h\u00e9 😀","stream":true}"#).await.unwrap();
    assert_eq!(message.content, "hé 😀");
    assert!(message.stream);
    let patch: ConversationPatch = read(r#"{"title":null,"model":"m"}"#).await.unwrap();
    assert_eq!(patch.title, Patch::Null);
    assert_eq!(patch.model, Patch::Value("m".to_owned()));
    assert_eq!(patch.instructions, Patch::Absent);
}

#[tokio::test]
async fn a_body_that_does_not_fit_names_the_field() {
    for (body, code, param) in [
        (r"{}", "missing_required_parameter", "content"),
        (r#"{"content":"a","colour":1}"#, "unknown_parameter", "colour"),
        (r#"{"content":"a","is_user":true}"#, "unknown_parameter", "is_user"),
        (r#"{"content":5}"#, "invalid_value", "content"),
        (r#"{"content":null}"#, "invalid_value", "content"),
        (r#"{"content":["a"]}"#, "invalid_value", "content"),
        (r#"{"content":"a","stream":"yes"}"#, "invalid_value", "stream"),
        (r#"{"content":"a","model":{"a":1}}"#, "invalid_value", "model"),
        (r#"{"content":"a","parent_id":"conv_1"}"#, "invalid_value", "parent_id"),
    ] {
        assert_eq!(refusal::<MessageCreate>(body).await, pair(code, param), "{body}");
    }
}

#[tokio::test]
async fn what_is_not_acceptable_json_is_refused() {
    let deep = format!(r#"{{"title":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let table = [
        "",
        "nonsense",
        "[1]",
        "\"text\"",
        "null",
        "{\"title\":\"a\"} x",
        "{\"title\":\"a\"}{}",
        "\u{feff}{}",
        r#"{"title":NaN}"#,
        r#"{"title":1e400}"#,
        r#"{"title":"\ud800"}"#,
        r#"{"title":"\udc00x"}"#,
        r#"{"\ud800":1}"#,
        r#"{"title":"a","title":"b"}"#,
        r#"{"title":{"x":1,"x":2}}"#,
        "{\"title\":\"a\nb\"}",
        "{'title':'a'}",
        "{\"title\":\"a\",}",
        deep.as_str(),
    ];
    for body in table {
        let (code, _) = refusal::<ConversationCreate>(body).await;
        assert_eq!(code, "invalid_json", "{}", &body[..body.len().min(60)]);
    }
    let bad_utf8: &[u8] = b"{\"title\":\"\xff\"}";
    assert!(read::<ConversationCreate>(bad_utf8).await.is_err());
}

#[tokio::test]
async fn a_syntax_error_says_where_and_repeats_nothing() {
    let error = read::<ConversationCreate>("{\n  \"title\": hunter2\n}").await.unwrap_err();
    let message = shown(&error)["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("line 2 column"), "{message}");
    assert!(!message.contains("hunter2"), "{message}");
    let error = read::<ConversationCreate>(r#"{"title":{"secret":"hunter2"}}"#).await.unwrap_err();
    assert!(!shown(&error).to_string().contains("hunter2"));
}

#[tokio::test]
async fn nesting_is_allowed_up_to_32_levels() {
    let nested =
        |depth: usize| format!(r#"{{"title":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    // At 31 arrays inside the object the depth is fine and only the type is wrong.
    assert_eq!(refusal::<ConversationCreate>(&nested(31)).await, pair("invalid_value", "title"));
    assert_eq!(refusal::<ConversationCreate>(&nested(32)).await.0, "invalid_json");
}

#[tokio::test]
async fn only_json_is_taken_as_json() {
    for (content_type, ok) in [
        (Some("application/json"), true),
        (Some("Application/JSON;charset=utf-8"), true),
        (Some("application/merge-patch+json"), true),
        (Some("text/plain"), false),
        (Some("application/x-www-form-urlencoded"), false),
        (Some("multipart/form-data; boundary=application/json"), false),
        (None, false),
    ] {
        let mut request = Request::builder().extension(limits(1024 * 1024));
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let request = request.body(Body::from("{}")).unwrap();
        let result = Json::<ConversationCreate>::from_request(request, &()).await;
        match result {
            Ok(_) => assert!(ok, "{content_type:?}"),
            Err(error) => {
                assert!(!ok, "{content_type:?}");
                assert_eq!(error.code(), "unsupported_media_type");
            }
        }
    }
}

fn limited(bytes: usize, body: Body) -> Request {
    Request::builder()
        .header("content-type", "application/json")
        .extension(limits(bytes))
        .body(body)
        .unwrap()
}

#[tokio::test]
async fn a_body_too_large_is_refused_announced_or_not() {
    let announced = limited(10, Body::from(" ".repeat(11)));
    let error = Json::<ConversationCreate>::from_request(announced, &()).await.unwrap_err();
    assert_eq!(error.code(), "request_too_large");

    let endless = futures_util::stream::repeat_with(|| {
        Ok::<_, std::convert::Infallible>(Bytes::from_static(b"          "))
    });
    let request = limited(1000, Body::from_stream(endless));
    let error = Json::<ConversationCreate>::from_request(request, &()).await.unwrap_err();
    assert_eq!(error.code(), "request_too_large");

    let fits = limited(2, Body::from("{}"));
    assert!(Json::<ConversationCreate>::from_request(fits, &()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn s4_a_body_that_dribbles_is_given_up() {
    let silent = futures_util::stream::pending::<Result<Bytes, std::convert::Infallible>>();
    let request = limited(1000, Body::from_stream(silent));
    let begun = tokio::time::Instant::now();
    let error = Json::<ConversationCreate>::from_request(request, &()).await.unwrap_err();
    assert_eq!(error.code(), "request_timeout");
    assert_eq!(begun.elapsed().as_secs(), 10);

    // Fast enough, but without an end.
    let page = Bytes::from(vec![b' '; 8 * 1024]);
    let endless = async_stream::stream! {
        loop {
            yield Ok::<_, std::convert::Infallible>(page.clone());
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    let request = limited(1024 * 1024, Body::from_stream(endless));
    let begun = tokio::time::Instant::now();
    let error = Json::<ConversationCreate>::from_request(request, &()).await.unwrap_err();
    assert_eq!((error.code(), begun.elapsed().as_secs()), ("request_timeout", 60));
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Params {
    #[serde(default)]
    limit: Limit,
    #[serde(default)]
    before: Option<MessageId>,
    #[serde(default)]
    all: bool,
    #[serde(default)]
    name: Option<String>,
}

async fn query(text: &str) -> Result<Params, ApiError> {
    let request = Request::builder().uri(format!("/x?{text}")).body(()).unwrap();
    let (mut parts, ()) = request.into_parts();
    Query::from_request_parts(&mut parts, &()).await.map(|Query(params)| params)
}

#[tokio::test]
async fn a_query_is_read_strictly() {
    assert_eq!(query("").await.unwrap(), Params::default());
    let params = query("limit=100&all=true&name=a+b%20%C3%A9").await.unwrap();
    assert_eq!((params.limit, params.all), (Limit(100), true));
    assert_eq!(params.name.as_deref(), Some("a b é"));
    for (text, code, param) in [
        ("limit=0", "invalid_value", "limit"),
        ("limit=101", "invalid_value", "limit"),
        ("limit=-1", "invalid_value", "limit"),
        ("limit=%2B5", "invalid_value", "limit"),
        ("limit=", "invalid_value", "limit"),
        ("limit=99999999999999999999", "invalid_value", "limit"),
        ("limit=1e1", "invalid_value", "limit"),
        ("before=msg_1", "invalid_value", "before"),
        ("before=", "invalid_value", "before"),
        ("all=1", "invalid_value", "all"),
        ("limit=1&limit=2", "invalid_value", "limit"),
        ("offset=3", "unknown_parameter", "offset"),
        ("limit=%zz", "invalid_query", ""),
        ("limit=%e", "invalid_query", ""),
        ("name=%ff", "invalid_query", ""),
        ("name=a%00b", "invalid_query", ""),
    ] {
        let error = query(text).await.unwrap_err();
        assert_eq!(code_and_param(&error), pair(code, param), "{text}");
    }
    let message = shown(&query("limit=101").await.unwrap_err())["error"]["message"].to_string();
    assert!(message.contains("from 1 to 100"), "{message}");
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(*name, value.parse().unwrap());
    }
    headers
}

#[test]
fn a_cursor_comes_from_the_header_or_the_query() {
    let none = HeaderMap::new();
    let five = headers(&[("last-event-id", "5")]);
    assert_eq!(event_cursor(&none, None).unwrap(), None);
    assert_eq!(event_cursor(&five, None).unwrap(), Some(5));
    assert_eq!(event_cursor(&none, Some("7")).unwrap(), Some(7));
    assert_eq!(event_cursor(&five, Some("05")).unwrap(), Some(5));
    assert_eq!(
        event_cursor(&none, Some("9223372036854775807")).unwrap(),
        Some(9_223_372_036_854_775_807)
    );
    for (header, after) in [
        (Some("5"), Some("6")),
        (Some(""), None),
        (Some("x"), None),
        (Some("-1"), None),
        (Some("5, 6"), None),
        (None, Some("")),
        (None, Some("+5")),
        (None, Some("-1")),
        (None, Some("1.5")),
        (None, Some("9223372036854775808")),
        (None, Some("99999999999999999999999")),
    ] {
        let headers = header.map_or_else(HeaderMap::new, |id| headers(&[("last-event-id", id)]));
        let error = event_cursor(&headers, after).unwrap_err();
        assert_eq!(error.code(), "invalid_value", "{header:?} {after:?}");
    }
}

#[test]
fn a_token_comes_from_one_authorization_header() {
    let token = |pairs: &[(&'static str, &str)]| {
        let headers = headers(pairs);
        bearer_token(&headers).map(str::to_owned).map_err(|error| error.code())
    };
    assert_eq!(token(&[("authorization", "Bearer a.b.c")]).unwrap(), "a.b.c");
    assert_eq!(token(&[("authorization", "bEARER  a.b.c ")]).unwrap(), "a.b.c");
    assert_eq!(token(&[]), Err("missing_token"));
    assert_eq!(token(&[("authorization", "Basic YTpi")]), Err("missing_token"));
    assert_eq!(token(&[("authorization", "Bearer")]), Err("invalid_token"));
    assert_eq!(token(&[("authorization", "Bearer a b")]), Err("invalid_token"));
    assert_eq!(
        token(&[("authorization", "Bearer a"), ("authorization", "Bearer b")]),
        Err("invalid_token")
    );
}

#[test]
fn only_a_direct_loopback_peer_is_local() {
    let none = HeaderMap::new();
    let ip = |text: &str| Some(text.parse::<IpAddr>().unwrap());
    for address in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"] {
        assert!(peer_is_local(ip(address), &none), "{address}");
    }
    for address in ["10.0.0.1", "::ffff:10.0.0.1", "fe80::1", "0.0.0.0"] {
        assert!(!peer_is_local(ip(address), &none), "{address}");
    }
    assert!(!peer_is_local(None, &none));
    for name in [
        "forwarded",
        "via",
        "x-real-ip",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-forwarded-anything",
        "cf-connecting-ip",
        "cdn-loop",
        "true-client-ip",
        "x-envoy-external-address",
        "tailscale-user-login",
    ] {
        assert!(!peer_is_local(ip("127.0.0.1"), &headers(&[(name, "127.0.0.1")])), "{name}");
    }
}

#[test]
fn the_host_must_be_this_machine_by_name() {
    let origin = Uri::from_static("/api/auth/signup");
    let local = |host: &str| host_is_local(&origin, &headers(&[("host", host)]));
    for host in [
        "localhost",
        "LocalHost:8000",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.2",
        "[::1]",
        "[::1]:8000",
    ] {
        assert!(local(host), "{host}");
    }
    for host in [
        "",
        "example.org",
        "localhost.example.org",
        "127.0.0.1.example.org",
        "evil@localhost",
        "localhost, example.org",
        "0.0.0.0:8000",
    ] {
        assert!(!local(host), "{host}");
    }
    assert!(!host_is_local(&origin, &HeaderMap::new()));
    let two = headers(&[("host", "localhost"), ("host", "example.org")]);
    assert!(!host_is_local(&origin, &two));
    // HTTP/2 and the absolute form name the host in the target.
    assert!(host_is_local(&Uri::from_static("http://localhost:8000/"), &HeaderMap::new()));
    let foreign = Uri::from_static("http://example.org/");
    assert!(!host_is_local(&foreign, &headers(&[("host", "localhost")])));
}

#[tokio::test]
async fn a_preference_is_found_among_others() {
    for (value, wanted) in [
        ("respond-async", true),
        ("return=minimal, Respond-Async; wait=10", true),
        ("respond-asynchronously", false),
        ("wait=10", false),
    ] {
        let (mut parts, ()) =
            Request::builder().header("prefer", value).body(()).unwrap().into_parts();
        let Ok(prefer) = Prefer::from_request_parts(&mut parts, &()).await;
        assert_eq!(prefer.respond_async, wanted, "{value}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic_the_reader(bytes: Vec<u8>) {
        let _ = strict::parse(&bytes);
    }

    #[test]
    fn what_serde_json_writes_is_read(text in ".*", number: i64, flag: bool) {
        let value = serde_json::json!({"a": [text, number, flag, null], "b": {"c": 1.5}});
        prop_assert!(strict::parse(value.to_string().as_bytes()).is_ok());
    }

    #[test]
    fn no_query_panics_the_reader(text in ".*") {
        let _ = names(&text);
    }
}

#[test]
fn what_proxies_say_is_believed_as_far_as_they_are_trusted() {
    let trusted = ["10.0.0.0/8", "fd00::/8", "192.0.2.7/32"].map(|text| text.parse().unwrap());
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    for (peer, lines, expected) in [
        ("10.0.0.1", &["203.0.113.9"][..], "203.0.113.9"),
        ("10.0.0.1", &["6.6.6.6, 203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", &["6.6.6.6", "203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", &["6.6.6.6, 203.0.113.9,192.0.2.7 ", " fd00::1"], "203.0.113.9"),
        ("::ffff:10.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"),
        ("10.0.0.1", &["203.0.113.9:80, ::ffff:10.1.2.3"], "203.0.113.9"),
        ("10.0.0.1", &["[2001:db8::1]"], "2001:db8::1"),
        // Everybody is trusted: the farthest one.
        ("10.0.0.1", &["10.9.9.9, 10.8.8.8"], "10.9.9.9"),
        // Not from a proxy, or nothing that says anything.
        ("203.0.113.1", &["6.6.6.6"], "203.0.113.1"),
        ("10.0.0.1", &[], "10.0.0.1"),
        ("10.0.0.1", &[""], "10.0.0.1"),
        ("10.0.0.1", &["6.6.6.6, unknown"], "10.0.0.1"),
        ("10.0.0.1", &["6.6.6.6, 10.0.0.2, nonsense, 10.0.0.3"], "10.0.0.3"),
    ] {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        assert_eq!(client_address(ip(peer), &headers, &trusted), ip(expected), "{peer} {lines:?}");
        assert_eq!(client_address(ip(peer), &headers, &[]), ip(peer).to_canonical());
    }
}

#[test]
fn f8_what_a_trusted_proxy_says_of_the_address_counts() {
    use super::address::Asked;
    let ip = |text: &str| Some(text.parse::<IpAddr>().unwrap());
    let trusted: Vec<ipnet::IpNet> = vec!["127.0.0.0/8".parse().unwrap()];
    let uri = Uri::from_static("/api/auth/login");
    let is_own = |peer: &str, pairs: &[(&'static str, &str)], origin: &str| {
        Asked::read(ip(peer), &uri, &headers(pairs), &trusted).is_origin(&origin.parse().unwrap())
    };
    let page = "http://chat.lan:8080";
    let upstream = ("host", "127.0.0.1:8000");
    let said = [
        upstream,
        ("x-forwarded-host", "evil.example, chat.lan"),
        ("x-forwarded-port", "8080"),
        ("x-forwarded-proto", "http"),
    ];
    assert!(is_own("127.0.0.1", &said, page));
    assert!(!is_own("127.0.0.1", &said, "http://chat.lan:9090"), "the port was said");
    assert!(!is_own("127.0.0.1", &said, "http://evil.example:8080"), "not the last proxy's word");
    assert!(!is_own("192.0.2.1", &said, page), "not trusted");
    assert!(is_own("127.0.0.1", &[upstream, ("x-forwarded-host", "chat.lan:8080")], page));
    // nginx with `$host` leaves the port out and says nothing of it.
    let bare = [("host", "chat.lan"), ("x-forwarded-for", "198.51.100.7")];
    assert!(is_own("127.0.0.1", &bare, page));
    assert!(!is_own("127.0.0.1", &bare, "http://evil.lan:8080"));
    assert!(!is_own("127.0.0.1", &bare[..1], page), "nobody has passed it on");
    assert!(is_own("192.0.2.1", &bare[..1], "http://chat.lan"));
    assert!(is_own("192.0.2.1", &[("host", "Chat.lan:443")], "https://chat.lan"));
    assert!(!is_own("192.0.2.1", &[], "http://chat.lan"));
}
