//! Lists of models in pages, and those that never come.

#![expect(clippy::disallowed_methods, reason = "a test's server ends with the test")]

use std::time::{Duration, Instant};

use provider::{OpenAiConfig, Provider};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// A server that answers each request as `answer` says to its path, and what it was asked for;
/// nothing at all if that is none.
async fn server(
    answer: impl Fn(&str) -> Option<String> + Send + 'static,
) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/v1", listener.local_addr().unwrap());
    let (asked, paths) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut silent = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                assert!(stream.read_buf(&mut head).await.unwrap() > 0, "the head is not whole");
            }
            let head = String::from_utf8(head).unwrap();
            let path = head.split(' ').nth(1).unwrap().to_owned();
            let body = answer(&path);
            if asked.send(path).is_err() {
                return;
            }
            match body {
                Some(body) => {
                    let answer = format!(
                        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                        body.len()
                    );
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
                None => silent.push(stream),
            }
        }
    });
    (address, paths)
}

fn provider(address: String) -> Provider {
    Provider::open_ai(OpenAiConfig::new(address, "a")).unwrap()
}

async fn ids(provider: &Provider) -> Vec<String> {
    provider.list().await.models.iter().map(|model| model.id.clone()).collect()
}

#[tokio::test]
async fn p14_pages_are_followed() {
    let (address, mut paths) = server(|path| {
        let page = match path.split_once('?') {
            None => r#"{"data":[{"id":"a"},{"id":"b"}],"has_more":true,"last_id":"b"}"#,
            Some((_, query)) if query.contains("after=b") => {
                r#"{"data":[{"id":"c"},{"id":"whisper-1"}],"has_more":true}"#
            }
            Some(_) => r#"{"data":[{"id":"d","context_length":"4096"}],"has_more":false}"#,
        };
        Some(page.to_owned())
    })
    .await;
    let provider = provider(address);
    assert_eq!(ids(&provider).await, ["a", "b", "c", "d"]);
    assert_eq!(provider.facts("d").await.context_tokens, 4_096);
    let asked: Vec<String> = std::iter::from_fn(|| paths.try_recv().ok()).collect();
    let expected = [
        "/v1/models",
        "/v1/models?after=b&after_id=b",
        "/v1/models?after=whisper-1&after_id=whisper-1",
    ];
    assert_eq!(asked, expected);
}

#[tokio::test]
async fn p14_pages_that_never_end_do() {
    // One that says the same again, and one that always has another page.
    let (address, _paths) =
        server(|_| Some(r#"{"data":[{"id":"a"}],"has_more":true}"#.to_owned())).await;
    assert_eq!(ids(&provider(address)).await, ["a"]);
    let count = std::sync::atomic::AtomicUsize::new(0);
    let (address, _paths) = server(move |_| {
        let number = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Some(format!(r#"{{"data":[{{"id":"m{number}"}}],"nextPageToken":"t{number}"}}"#))
    })
    .await;
    assert_eq!(ids(&provider(address)).await.len(), 21, "twenty pages and the default model");
}

#[tokio::test]
async fn p10_a_list_that_hangs_holds_up_the_first_message_briefly_and_no_other() {
    let (address, _paths) = server(|_| None).await;
    let provider = provider(address);
    let began = Instant::now();
    assert_eq!(provider.facts("gpt-4o").await.context_tokens, 128_000);
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    // Once it is known that there is none, nobody waits any more.
    assert!(provider.list().await.problem.is_some());
    let began = Instant::now();
    assert_eq!(provider.facts("gpt-4o").await.context_tokens, 128_000);
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}
