//! Calls that go wrong: silence, cut connections, garbage, endless lines.

use std::time::{Duration, Instant};

use mock::{CallOutcome, Script, Step};
use provider::script::Ending;
use provider::{Delta, Finish, OpenAiConfig, Phase, ProviderError, Timeouts};

use crate::support::{PATIENT, call, provider, provider_with, server};

const SHORT: Duration = Duration::from_millis(150);

fn raw(text: &str) -> Step {
    Step::Raw(text.to_owned().into())
}

fn wire(text: &str) -> Step {
    Step::Wire(text.to_owned().into())
}

fn short(config: &mut OpenAiConfig, change: impl FnOnce(&mut Timeouts)) {
    config.max_retries = 0;
    change(&mut config.timeouts);
}

#[tokio::test]
async fn stalls_end_in_a_timeout() {
    let server = server().await;
    let first = provider_with(&server, |config| short(config, |t| t.first_token = SHORT));
    let idle = provider_with(&server, |config| {
        short(config, |t| (t.first_token, t.idle) = (PATIENT.first_token, SHORT));
    });
    let total = provider_with(&server, |config| short(config, |t| t.total = SHORT));
    for (provider, model, phase, text) in [
        (&first, "mock:fault=silent", Phase::FirstToken, ""),
        (&first, "mock:ticks=9,fault=stall", Phase::FirstToken, ""),
        (&first, "mock:ticks=9,first=1m", Phase::FirstToken, ""),
        (&idle, "mock:ticks=9,fault=stall@3", Phase::Idle, "tick 0 \ntick 1 \ntick 2 \n"),
        (&total, "mock:fault=silent", Phase::Total, ""),
        (&total, "mock:ticks=9,fault=stall@1", Phase::Total, "tick 0 \n"),
    ] {
        let began = Instant::now();
        let outcome = call(provider, model).await;
        assert_eq!(outcome.error, Some(ProviderError::Timeout(phase)), "{model}");
        assert_eq!(outcome.text, text, "{model}");
        let took = began.elapsed();
        assert!(took >= SHORT && took < SHORT + Duration::from_secs(5), "{model}: {took:?}");
    }
    let all_closed = |calls: &[mock::ReceivedCall]| {
        calls.iter().all(|call| call.outcome == CallOutcome::ClientClosed).then_some(())
    };
    server.wait_for("all connections to be closed", all_closed).await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_truncated() {
    let server = server().await;
    let provider = provider(&server);
    for model in [
        "mock:ticks=9,fault=truncate@3",
        "mock:ticks=9,fault=nodone@3",
        "mock:ticks=9,rate=50,fault=reset@3",
    ] {
        let outcome = call(&provider, model).await;
        assert_eq!(outcome.error, Some(ProviderError::Truncated), "{model}");
        assert!("tick 0 \ntick 1 \ntick 2 \n".starts_with(&outcome.text), "{model}");
        if !model.contains("reset") {
            assert_eq!(outcome.text, "tick 0 \ntick 1 \ntick 2 \n", "{model}");
        }
    }
    // A sign of the end is no proof of success, and its absence no proof of failure.
    server.push(Script::steps([Step::Text("a".to_owned()), Step::Done]));
    assert_eq!(call(&provider, "m").await.error, Some(ProviderError::Truncated));
    for rest in [Step::Close, Step::Reset, Step::Truncate, Step::Garbage] {
        let rest = [Step::Wait(Duration::from_millis(20)), rest];
        let whole = [Step::Text("a".to_owned()), Step::Finish(Ending::Stop)];
        server.push(Script::steps(whole.into_iter().chain(rest.clone())));
        let outcome = call(&provider, "m").await;
        assert_eq!((outcome.text.as_str(), outcome.error), ("a", None), "{rest:?}");
    }
    assert_eq!(server.calls().len(), 8, "nothing was asked twice");
}

#[tokio::test]
async fn lies_about_the_length() {
    let event = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
    let finish = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    let head = |length: usize| {
        format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    let server = server().await;
    let provider = provider_with(&server, |config| config.max_retries = 0);
    for (script, expected) in [
        (format!("{}{event}", head(5000)), Some(ProviderError::Truncated)),
        (format!("{}{event}{finish}", head(5000)), None),
        (format!("{}{event}{finish}", head(event.len() + 3)), Some(ProviderError::Truncated)),
        ("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".to_owned(),
            Some(ProviderError::Truncated)),
        ("SSH-2.0-OpenSSH\r\n\r\n".to_owned(), Some(ProviderError::Protocol)),
        (String::new(), Some(ProviderError::Unreachable)),
    ] {
        server.push(Script::steps([wire(&script), Step::Close]));
        assert_eq!(call(&provider, "m").await.error, expected, "{script}");
    }
    // Without a length the body ends with the connection.
    let unframed = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
    server.push(Script::steps([wire(&format!("{unframed}{event}{finish}")), Step::Close]));
    let outcome = call(&provider, "m").await;
    assert_eq!((outcome.text.as_str(), outcome.error), ("a", None));
}

#[tokio::test]
async fn failures_inside_a_stream() {
    use ProviderError as E;
    let server = server().await;
    let provider = provider_with(&server, |config| config.max_retries = 0);
    let token = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
    for (rest, expected) in [
        ("data: {\"error\":{\"message\":\"canary\"}}\n\n", E::Failed),
        ("data: {\"error\":\"canary\"}\n\n", E::Failed),
        ("event: error\ndata: {\"message\":\"canary\"}\n\n", E::Failed),
        ("event: error\ndata: canary\n\n", E::Failed),
        ("data: {\"object\":\"error\",\"message\":\"canary\",\"code\":400}\n\n", E::BadRequest),
        (
            "data: [{\"error\":{\"code\":503,\"status\":\"UNAVAILABLE\"}}]\n\n",
            E::Overloaded { retry_after: None },
        ),
        ("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"error\"}]}\n\n", E::Failed),
        ("data: canary\n\n", E::Protocol),
        ("data: {\"choices\":[]}\n\n", E::Truncated),
    ] {
        server.push(Script::steps([raw(token), raw(rest)]));
        let outcome = call(&provider, "m").await;
        assert_eq!(
            (outcome.text.as_str(), outcome.error.as_ref()),
            ("a", Some(&expected)),
            "{rest}"
        );
    }
    assert_eq!(call(&provider, "mock:ticks=5,fault=error@2").await.error, Some(E::Failed));
    assert_eq!(call(&provider, "mock:ticks=5,fault=garbage@2").await.error, Some(E::Protocol));
    assert_eq!(call(&provider, "mock:ticks=5,finish=error").await.error, Some(E::Failed));
}

#[tokio::test]
async fn control_look_alikes_are_text() {
    let server = server().await;
    let provider = provider(&server);
    let hostile = "</script><script>alert(1)</script>\n\ndata: [DONE]\n\nevent: response.completed\rid: 9\n\n\u{2028}\0";
    server.push(Script::steps([
        raw("event: response.completed\ndata: {\"type\":\"response.completed\"}\nid: 77\n\n"),
        raw("event: execute\ndata: alert(1)\n\n"),
        raw("retry: 1\n\n: comment\n\n"),
        Step::Text(hostile.to_owned()),
        Step::Finish(Ending::Stop),
        Step::Done,
        raw("data: {\"choices\":[{\"delta\":{\"content\":\"after the end\"}}]}\n\n"),
    ]));
    let outcome = call(&provider, "m").await;
    assert_eq!(outcome.text, hostile);
    assert_eq!(outcome.deltas.len(), 3, "{:?}", outcome.deltas);
}

/// So many calls with so many pieces of arguments each.
fn calls(count: usize, pieces: usize) -> Script {
    let arguments = std::iter::repeat_n(Step::Arguments("[1], ".to_owned()), pieces);
    Script::steps((0..count).flat_map(|n| {
        let call = Step::Call { id: n.to_string(), name: "f".to_owned() };
        std::iter::once(call).chain(arguments.clone())
    }))
}

#[tokio::test]
async fn sizes_are_bounded() {
    let server = server().await;
    let small = provider_with(&server, |config| {
        (config.max_event_bytes, config.max_answer_bytes) = (4 * 1024, 8 * 1024);
    });
    let ten_megabytes = "x".repeat(10 * 1024 * 1024);
    let text = |text: &str| Step::Text(text.to_owned());
    for (what, script) in [
        ("an endless line", Script::parse("mock:ticks=1,fault=huge@1").unwrap()),
        ("an endless line at once", Script::parse("mock:fault=huge").unwrap()),
        ("a large event", Script::steps([text(&ten_megabytes)])),
        ("an endless answer", Script::parse("mock:ticks=1000000").unwrap()),
        ("an endless comment", Script::steps([raw(&format!(": {ten_megabytes}"))])),
        ("many lines", Script::steps([raw(&"data: xxxxxxxxxx\n".repeat(100_000))])),
        ("endless arguments", calls(1, 10_000)),
        ("endless calls", calls(129, 1)),
        ("a large document", Script::parse("mock:ticks=5000,fault=json").unwrap()),
    ] {
        server.push(script);
        let outcome = call(&small, "m").await;
        let error = outcome.error.unwrap();
        assert!(matches!(error, ProviderError::TooLarge(_)), "{what}: {error}");
        assert!(outcome.text.len() <= 8 * 1024, "{what}");
    }
    let many = call(&provider(&server), "mock:ticks=20000").await;
    assert_eq!(many.deltas.last(), Some(&Delta::Finish(Finish::Stop)));
    assert_eq!(many.deltas.len(), 20_003);
}

#[tokio::test]
async fn other_kinds_of_body() {
    use ProviderError as E;
    let server = server().await;
    let provider = provider_with(&server, |config| config.max_retries = 0);
    for (head, body, expected) in [
        ("content-type: text/event-stream\r\ncontent-encoding: br", "\u{1f}", Some(E::Protocol)),
        ("content-type: text/html", "<h1>Sign in</h1>", Some(E::WrongAddress)),
        ("content-type: application/json", "{", Some(E::Protocol)),
        (
            "content-type: application/json",
            "{\"choices\":[{\"message\":{\"content\":\"a\"}}]}",
            None,
        ),
        (
            "content-type: application/json",
            "{\"error\":{\"code\":429}}",
            Some(E::RateLimited { retry_after: None }),
        ),
        (
            "content-type: application/json; charset=utf-8",
            "[{\"error\":{\"code\":401}}]",
            Some(E::Auth),
        ),
        (
            "x: y",
            "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n",
            None,
        ),
    ] {
        let length = body.len();
        let bytes = format!("HTTP/1.1 200 OK\r\n{head}\r\ncontent-length: {length}\r\n\r\n{body}");
        server.push(Script::steps([wire(&bytes), Step::Close]));
        assert_eq!(call(&provider, "m").await.error, expected, "{head} {body}");
    }
    let redirect =
        "HTTP/1.1 307 T\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n";
    server.push(Script::steps([wire(redirect), Step::Close]));
    assert_eq!(
        call(&provider, "m").await.error,
        Some(E::WrongAddress),
        "redirects are not followed"
    );
}

#[tokio::test]
async fn an_end_without_an_end_of_the_body() {
    let server = server().await;
    let whole = [Step::Text("a".to_owned()), Step::Finish(Ending::Stop)];
    // `[DONE]`, and the body stays open.
    server.push(Script::steps(whole.into_iter().chain([Step::Done, Step::Stall])));
    let began = Instant::now();
    let outcome = call(&provider(&server), "m").await;
    assert_eq!(outcome.error, None);
    assert!(began.elapsed() < Duration::from_secs(4));
    let closed = |calls: &[mock::ReceivedCall]| {
        (calls.first()?.outcome == CallOutcome::ClientClosed).then_some(())
    };
    server.wait_for("the connection to be closed", closed).await;
}
