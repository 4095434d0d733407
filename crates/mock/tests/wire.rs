//! The server as a plain socket sees it.

#![expect(clippy::unwrap_used, reason = "a failed set-up is a failed test")]

use std::time::Duration;

use mock::{CallOutcome, MockServer, Script, Step};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn server() -> MockServer {
    MockServer::start("127.0.0.1:0".parse().unwrap()).await.unwrap()
}

fn post(model: &str, stream: bool, connection: &str) -> String {
    let body = format!(
        r#"{{"model":"{model}","stream":{stream},"messages":[{{"role":"user","content":"hi"}}]}}"#
    );
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: {connection}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

async fn connect(server: &MockServer, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Everything the server says until it closes the connection.
async fn exchange(server: &MockServer, request: &str) -> String {
    let mut answer = String::new();
    connect(server, request).await.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_stream_a_document_and_refusals() {
    let server = server().await;
    let answer = exchange(&server, &post("mock:ticks=2", true, "close")).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("\r\ncontent-type: text/event-stream"), "{answer}");
    assert!(answer.contains(r#""delta":{"role":"assistant","content":"tick 0 \n"}"#), "{answer}");
    assert!(answer.contains(r#""finish_reason":"stop""#), "{answer}");
    assert!(!answer.contains("usage"), "nobody asked for it");
    assert!(answer.ends_with("data: [DONE]\n\n\r\n0\r\n\r\n"), "{answer}");

    let answer = exchange(&server, &post("mock:ticks=2", false, "close")).await;
    assert!(answer.contains(r#""content":"tick 0 \ntick 1 \n""#), "{answer}");
    assert!(answer.contains("total_tokens"), "{answer}");

    for (request, status) in [
        (post("mock:typo", true, "close"), "404"),
        (post("mock:status=429,retry-after=2", true, "close"), "429"),
        ("GET /v1/models HTTP/1.0\r\n\r\n".to_owned(), "200"),
        ("GET /other HTTP/1.0\r\n\r\n".to_owned(), "404"),
        ("POST /v1/chat/completions HTTP/1.0\r\ncontent-length: 2\r\n\r\n{}".to_owned(), "400"),
        ("POST / HTTP/1.1\r\ncontent-length: 99999999999\r\n\r\n".to_owned(), "413"),
    ] {
        let answer = exchange(&server, &request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{request}: {answer}");
        assert_eq!(answer.contains("\r\nretry-after: 2\r\n"), status == "429");
    }
    let outcomes: Vec<_> = server.calls().iter().map(|call| call.outcome).collect();
    let (ok, faulted) = (CallOutcome::Finished, CallOutcome::Faulted);
    assert_eq!(outcomes, [ok, ok, faulted, faulted]);
    assert_eq!(server.calls()[0].chunks_sent, 4);
    server.stop().await;
}

#[tokio::test]
async fn manners_show_on_the_wire() {
    let server = server().await;
    let answer = exchange(&server, &post("mock:ticks=2,early", true, "close")).await;
    assert_eq!(answer.matches(r#""finish_reason":"stop""#).count(), 3, "{answer}");
    let model = "mock:ticks=2,silence=200ms@1,comments=10ms,type=text/plain,padding=9";
    let answer = exchange(&server, &post(model, true, "close")).await;
    assert!(answer.contains("\r\ncontent-type: text/plain\r\n"), "{answer}");
    assert!(answer.contains(r#""padding":"xxxxxxxxx""#), "{answer}");
    let [before, after] = ["tick 0", "tick 1"].map(|tick| answer.find(tick).unwrap());
    assert!(answer[before..after].contains(": keep-alive\n\n"), "{answer}");
    for (model, code) in
        [("mock:alternate", "bad_request"), ("mock:window=9", "context_length_exceeded")]
    {
        let body = format!(
            r#"{{"model":"{model}","messages":[{{"role":"user","content":"one"}},{{"role":"user","content":"two"}}]}}"#
        );
        let length = body.len();
        let head = "POST /v1/chat/completions HTTP/1.1\r\nconnection: close\r\n";
        let request = format!("{head}content-length: {length}\r\n\r\n{body}");
        let answer = exchange(&server, &request).await;
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains(code), "{answer}");
    }
    let mut packed = Vec::new();
    let request = post("mock:ticks=2,gzip", true, "close");
    connect(&server, &request).await.read_to_end(&mut packed).await.unwrap();
    let text = String::from_utf8_lossy(&packed);
    assert!(text.contains("content-encoding: gzip") && !text.contains("tick"), "{text}");
}

#[tokio::test]
async fn bytes_are_exact() {
    let server = server().await;
    let bytes = "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nha\u{0}lf";
    server.push(Script::steps([Step::Wire(bytes.into()), Step::Close]));
    assert_eq!(exchange(&server, &post("m", true, "keep-alive")).await, bytes);
    server.push(Script::steps([]));
    assert!(exchange(&server, &post("m", true, "close")).await.ends_with("\r\n\r\n0\r\n\r\n"));
}

#[tokio::test]
async fn a_reset_is_a_reset() {
    let server = server().await;
    let mut stream = connect(&server, &post("mock:fault=reset", true, "close")).await;
    let error = stream.read_to_end(&mut Vec::new()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn clients_that_leave_are_noticed() {
    let server = server().await;
    for model in ["mock:fault=silent", "mock:ticks=9,fault=stall@1", "mock:ticks=9,delay=1m"] {
        let stream = connect(&server, &post(model, true, "keep-alive")).await;
        let state = |outcome| {
            move |calls: &[mock::ReceivedCall]| {
                calls.iter().any(|c| c.model == model && c.outcome == outcome).then_some(())
            }
        };
        server.wait_for("the call", state(CallOutcome::Running)).await;
        let left = std::time::Instant::now();
        drop(stream);
        server.wait_for("its end", state(CallOutcome::ClientClosed)).await;
        assert!(left.elapsed() < Duration::from_secs(5), "{model}");
    }
}

#[tokio::test]
async fn stopping_ends_open_connections() {
    let server = server().await;
    let mut stream = connect(&server, &post("mock:ticks=9,fault=stall@1", true, "close")).await;
    server.wait_for("the call", |calls| calls.first().map(|_| ())).await;
    server.run_until(async {}).await;
    // However the connection ends, it does.
    drop(stream.read_to_end(&mut Vec::new()).await);
}
