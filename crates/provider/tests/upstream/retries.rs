//! What is asked again and what is not, and that nothing leaks on the way.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mock::{Script, Step};
use provider::{Delta, OpenAiConfig, Provider, ProviderError, Waiting};

use crate::support::{call, collect, provider, provider_with, request, server};

#[tokio::test]
async fn passing_failures_are_asked_again() {
    for model in [
        "mock:ticks=2,status=503,times=2",
        "mock:ticks=2,status=429,retry-after=0.01,times=2",
        "mock:ticks=2,status=500,times=1",
        "mock:ticks=2,status=502,times=1",
        "mock:ticks=2,status=529,retry-after=0,times=2",
        "mock:ticks=2,fault=reset,times=2",
        "mock:ticks=2,fault=truncate,times=1",
        "mock:ticks=2,fault=nodone,times=1",
        "mock:ticks=2,fault=error,times=1",
    ] {
        let server = server().await;
        let outcome = call(&provider(&server), model).await;
        assert_eq!((outcome.text.as_str(), outcome.error), ("tick 0 \ntick 1 \n", None), "{model}");
        let failures = if model.contains("times=2") { 2 } else { 1 };
        assert_eq!(server.calls().len(), failures + 1, "{model}");
    }
}

#[tokio::test]
async fn the_providers_wish_is_honoured() {
    let server = server().await;
    let began = std::time::Instant::now();
    let outcome = call(&provider(&server), "mock:ticks=1,status=429,retry-after=0.4,times=1").await;
    assert_eq!(outcome.error, None);
    assert!(began.elapsed() >= Duration::from_millis(400));
    // Whoever follows the answer is told of the wait, before anything else.
    let waiting = Waiting { pause: Duration::from_millis(400), asked: true };
    assert_eq!(outcome.deltas.first(), Some(&Delta::Waiting(waiting)));
    let outcome = call(&provider(&server), "mock:ticks=1,status=503,times=2").await;
    let [Delta::Waiting(first), Delta::Waiting(second), ..] = &outcome.deltas[..] else {
        panic!("{:?}", outcome.deltas)
    };
    assert!(!first.asked && !second.asked && second.pause > Duration::from_millis(400));
}

#[tokio::test]
async fn f18_a_limit_that_is_refused_is_sent_in_the_other_field() {
    let refusal = |field: &str| {
        let body = format!(
            "{{\"error\":{{\"message\":\"Unsupported parameter: '{field}' is not supported with this \
             model.\",\"code\":\"unsupported_parameter\"}}}}"
        );
        let length = body.len();
        let bytes = format!(
            "HTTP/1.1 400 Bad\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        Script::steps([Step::Wire(bytes.into()), Step::Close])
    };
    let server = server().await;
    let provider = provider_with(&server, |config| config.max_retries = 0);
    let ask = async || {
        let mut request = request("mock:ticks=1");
        request.max_output_tokens = Some(9);
        collect(provider.stream(request)).await
    };
    server.push(refusal("max_tokens"));
    assert_eq!(ask().await.text, "tick 0 \n");
    let limits = |call: &mock::ReceivedCall| {
        (call.parameters["max_tokens"].clone(), call.parameters["max_completion_tokens"].clone())
    };
    let calls = server.calls();
    assert_eq!(calls.len(), 2);
    assert_eq!(limits(&calls[1]), (serde_json::Value::Null, 9.into()));
    // It is remembered, and neither is sent once both were refused.
    server.push(refusal("max_completion_tokens"));
    assert_eq!(ask().await.text, "tick 0 \n");
    assert_eq!(ask().await.text, "tick 0 \n");
    let calls = server.calls();
    assert_eq!(calls.len(), 5);
    assert_eq!(limits(&calls[4]), (serde_json::Value::Null, serde_json::Value::Null));
}

#[tokio::test]
async fn lasting_failures_are_not() {
    use ProviderError as E;
    let server = server().await;
    let provider = provider(&server);
    for (model, expected) in [
        ("mock:status=400", E::BadRequest),
        ("mock:status=401", E::Auth),
        ("mock:status=402", E::QuotaExhausted),
        ("mock:status=403", E::Auth),
        ("mock:status=404", E::WrongAddress),
        ("mock:status=413", E::ContextTooLong),
        ("mock:status=422", E::BadRequest),
        ("mock:nothing", E::ModelNotFound),
        ("mock:ticks=3,fault=garbage", E::Protocol),
        ("mock:ticks=3,fault=error@1", E::Failed),
        ("mock:ticks=3,fault=truncate@1", E::Truncated),
        (
            "mock:status=429,retry-after=61",
            E::RateLimited { retry_after: Some(Duration::from_secs(61)) },
        ),
        (
            "mock:status=503,retry-after=61",
            E::Overloaded { retry_after: Some(Duration::from_secs(61)) },
        ),
        ("mock:status=500,retry-after=61", E::Failed),
    ] {
        let before = server.calls().len();
        assert_eq!(call(&provider, model).await.error, Some(expected), "{model}");
        assert_eq!(server.calls().len(), before + 1, "{model}");
    }
    let quota = "{\"error\":{\"message\":\"canary\",\"type\":\"insufficient_quota\"}}";
    let refusal = format!("HTTP/1.1 429 T\r\ncontent-length: {}\r\n\r\n{quota}", quota.len());
    let before = server.calls().len();
    server.push(Script::steps([Step::Wire(refusal.into()), Step::Close]));
    assert_eq!(call(&provider, "m").await.error, Some(E::QuotaExhausted));
    assert_eq!(server.calls().len(), before + 1);
}

#[tokio::test]
async fn patience_ends() {
    use ProviderError as E;
    let server = server().await;
    let outcome = call(&provider(&server), "mock:status=503,retry-after=0").await;
    assert_eq!(outcome.error, Some(E::Overloaded { retry_after: Some(Duration::ZERO) }));
    assert_eq!(server.calls().len(), 3, "two retries");
    let hurried = provider_with(&server, |config| config.timeouts.total = Duration::from_secs(2));
    let outcome = call(&hurried, "mock:status=429,retry-after=3").await;
    assert_eq!(outcome.error, Some(E::RateLimited { retry_after: Some(Duration::from_secs(3)) }));
    assert_eq!(server.calls().len(), 4, "a wait beyond the deadline is not begun");
}

/// The provider's own wish needs no budget, since it keeps its callers apart.
#[tokio::test]
async fn p8_every_caller_may_come_back_when_asked_to() {
    let server = server().await;
    let provider = provider(&server);
    let calls = (0..30)
        .map(|n| format!("mock:ticks=1,words={},status=429,retry-after=0.01,times=1", n + 1));
    let calls: Vec<_> = calls.collect();
    for model in &calls {
        assert_eq!(call(&provider, model).await.error, None, "{model}");
    }
}

/// What came whole is not paid for again, however little of it was understood.
#[tokio::test]
async fn p5_what_came_whole_is_asked_for_once() {
    let server = server().await;
    let provider = provider(&server);
    let done = "data: [DONE]\n\n";
    for body in [
        "{\"id\":\"x\",\"object\":\"chat.completion\",\"choices\":[]}".to_owned(),
        "{\"hello\":1}".to_owned(),
        "{\"code\":500,\"msg\":\"something broke\",\"success\":false}".to_owned(),
        "{\"hello\":1}\n".to_owned(),
        "Service is busy".to_owned(),
        "<html>".to_owned(),
        format!("data: {{\"choices\":[]}}\n\n{done}"),
        format!("data: {{\"choices\":[{{\"delta\":{{}},\"finish_reason\":\"stop\"}}]}}\n\n{done}"),
        done.to_owned(),
    ] {
        let before = server.calls().len();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        server.push(Script::steps([Step::Wire(format!("{head}{body}").into()), Step::Close]));
        assert!(call(&provider, "m").await.error.is_some(), "{body}");
        assert_eq!(server.calls().len(), before + 1, "{body}");
    }
}

#[tokio::test]
async fn an_absent_provider_and_the_breaker() {
    let server = server().await;
    let absent = server.base_url();
    server.stop().await;
    let config = OpenAiConfig { max_retries: 0, ..OpenAiConfig::new(absent, "m") };
    let provider = Provider::open_ai(config).unwrap();
    for _ in 0..25 {
        assert_eq!(call(&provider, "m").await.error, Some(ProviderError::Unreachable));
    }

    let server = crate::support::server().await;
    let provider = provider_with(&server, |config| config.max_retries = 0);
    for _ in 0..40 {
        let error = call(&provider, "mock:status=503").await.error.unwrap();
        assert!(matches!(error, ProviderError::Overloaded { .. } | ProviderError::Unreachable));
    }
    assert_eq!(server.calls().len(), 20, "after that the provider was left alone");
}

/// Takes what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn keys_and_the_providers_words_do_not_leak() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    // While there is only one subscriber, an event that another test's thread meets first is
    // switched off for all: that thread's own subscriber, which is none, decides for everybody.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let guard = tracing::subscriber::set_default(subscriber);

    let key = "canary-key-5f1e";
    let server = server().await;
    let mut config = crate::support::config(&server);
    config.api_key = Some(key.into());
    config.base_url.push_str("?token=canary-query");
    config.max_retries = 1;
    assert!(!format!("{config:?}").contains("canary"));
    let provider = Provider::open_ai(config).unwrap();
    assert!(!format!("{provider:?}").contains("canary"));
    let words = format!("wrong key {key} or sk-canary-1234 \\u001b[31m canary-words");
    for status in [401, 400, 500, 200] {
        let body = format!("{{\"error\":{{\"message\":\"{words}\",\"code\":\"{key}\"}}}}");
        let head = format!("content-type: application/json\r\ncontent-length: {}", body.len());
        for _ in 0..2 {
            let bytes = format!("HTTP/1.1 {status} T\r\n{head}\r\n\r\n{body}");
            server.push(Script::steps([Step::Wire(bytes.into()), Step::Close]));
        }
        let error = call(&provider, "m").await.error.unwrap();
        let shown = format!("{error} {error:?} {} {}", error.code(), error.public_message());
        assert!(!shown.contains("canary"), "{shown}");
    }
    server.stop().await;
    assert!(call(&provider, "m").await.error.is_some());
    assert!(!provider.list().await.models.is_empty());
    drop(guard);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("canary-words"), "the reason is in the log:\n{log}");
    for secret in [key, "sk-canary", "canary-query", "\u{1b}[31m canary"] {
        assert_eq!(log.lines().find(|line| line.contains(secret)), None, "{secret}");
    }
}
