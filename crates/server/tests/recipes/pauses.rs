//! How long the recipes wait between attempts, whatever a server asks for.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::recipe::{LANGUAGES, Language};

const STREAM: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
/// One a connection. 40 days are more milliseconds than the timers of JavaScript count.
const REPLIES: [(&str, &str); 6] = [
    ("HTTP/1.1 202 Accepted\r\nConnection: close\r\n\r\n", r#"{"response": {"id": "resp_1"}}"#),
    (STREAM, "retry: 0\n\n"),
    (STREAM, "retry: 3456000000\n\n"),
    (STREAM, "retry: soon\n\n"),
    ("HTTP/1.1 429 Wait\r\nRetry-After: 3456000\r\nConnection: close\r\n\r\n", "{}"),
    (STREAM, "id: 0\ndata: {\"type\": \"response.completed\", \"response\": {}}\n\n"),
];
const DAY: f64 = 86_400_000.0;

#[testkit::test(cases = LANGUAGES)]
async fn a_client_neither_asks_without_end_nor_waits_for_ever(language: Language) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let client = language.run_without_pauses(&url);
    // Side by side: a client that dies ends the test.
    let serve = async {
        for (head, body) in REPLIES {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            read_request(&mut stream).await;
            let reply = [head, body].concat();
            stream.write_all(reply.as_bytes()).await.expect("the client reads");
        }
    };
    let (seen, ()) = tokio::join!(client.finish(), serve);

    let pauses = seen.pauses;
    assert_eq!(pauses.len(), 4, "{pauses:?}");
    assert!((500.0..=750.0).contains(&pauses[0]), "at least half a second: {pauses:?}");
    assert!((pauses[1] - DAY).abs() < 1.0, "at most a day: {pauses:?}");
    assert!((10_000.0..=15_000.0).contains(&pauses[2]), "as after any failure: {pauses:?}");
    assert!((pauses[3] - DAY).abs() < 1.0, "the same for `Retry-After`: {pauses:?}");
}

/// Reads a whole request: a connection that is closed with bytes unread is reset.
async fn read_request(stream: &mut TcpStream) {
    let mut request = String::new();
    let is_whole = |request: &str| {
        let (head, body) = request.split_once("\r\n\r\n")?;
        let head = head.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length = length.map_or(0, |length| length.parse().expect("a number"));
        (body.len() >= length).then_some(())
    };
    while is_whole(&request).is_none() {
        let mut bytes = [0; 1024];
        let read = stream.read(&mut bytes).await.expect("the client writes");
        assert!(read > 0, "half a request: {request}");
        request.push_str(&String::from_utf8_lossy(&bytes[..read]));
    }
}
