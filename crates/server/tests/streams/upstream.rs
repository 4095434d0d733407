//! A provider that does exactly what one test needs: its answer is a function of the request.

use std::sync::Arc;

use serde_json::{Value, json};
use testkit::app::TestAppBuilder;
use testkit::{TestApp, World};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;

/// What a provider answers: a status and a body, which is a stream of events with status 200.
pub(super) type Reply = (u16, String);

/// A stream of these pieces of text, and its end.
pub(super) fn says<T: AsRef<str>>(pieces: &[T]) -> Reply {
    let pieces: Vec<Value> =
        pieces.iter().map(|piece| json!({"content": piece.as_ref()})).collect();
    streams(&pieces, Some("stop"))
}

/// A stream of these deltas, and its end if it has one.
pub(super) fn streams(deltas: &[Value], reason: Option<&str>) -> Reply {
    let event = |delta: &Value, reason: Option<&str>| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": reason});
        format!("data: {}\n\n", json!({"choices": [choice]}))
    };
    let mut body: String = deltas.iter().map(|delta| event(delta, None)).collect();
    if reason.is_some() {
        body += &event(&json!({}), reason);
        body += "data: [DONE]\n\n";
    }
    (200, body)
}

/// A refusal with this code.
pub(super) fn refuses(status: u16, code: &str, message: &str) -> Reply {
    let error = json!({"code": code, "type": "invalid_request_error", "message": message});
    (status, json!({"error": error}).to_string())
}

/// Roles and texts of the messages of a request.
pub(super) fn messages(request: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let messages = request["messages"].as_array().unwrap();
    messages.iter().map(|message| (text(&message["role"]), text(&message["content"]))).collect()
}

/// A server that asks a provider which answers like this.
pub(super) async fn app<F>(world: &World, answer: F) -> TestApp
where
    F: Fn(&Value) -> Reply + Send + Sync + 'static,
{
    builder(world, answer).await.start().await
}

/// The same, before it starts.
pub(super) async fn builder<F>(world: &World, answer: F) -> TestAppBuilder
where
    F: Fn(&Value) -> Reply + Send + Sync + 'static,
{
    let url = start(answer).await;
    TestApp::builder(world)
        .set("CHATAPP_PROVIDERS__OWN__BASE_URL", url)
        .set("CHATAPP_PROVIDERS__OWN__API_KEY", "sk-0123456789abcdef")
        .set("CHATAPP_PROVIDERS__OWN__MODELS", "model")
}

/// The name of its model.
pub(super) const MODEL: &str = "own/model";

async fn start<F>(answer: F) -> String
where
    F: Fn(&Value) -> Reply + Send + Sync + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let answer = Arc::new(answer);
    // They end with the runtime of their test.
    let tasks = TaskTracker::new();
    tasks.clone().spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tasks.spawn(serve(connection, answer.clone()));
        }
    });
    url
}

/// Answers one request. Whoever goes away is none of its business.
async fn serve<F: Fn(&Value) -> Reply>(mut connection: TcpStream, answer: Arc<F>) {
    let mut read = Vec::new();
    let body = loop {
        if connection.read_buf(&mut read).await.unwrap_or(0) == 0 {
            return;
        }
        let Some(head) = read.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { continue };
        let fields = String::from_utf8_lossy(&read[..head]).to_ascii_lowercase();
        let length = fields.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
        if read.len() >= head + 4 + length {
            let body: Value = serde_json::from_slice(&read[head + 4..]).unwrap_or_default();
            break Some(body).filter(|_| fields.starts_with("post "));
        }
    };
    // It lists no models.
    let (status, body) = body.map_or((404, String::new()), |body| answer(&body));
    let kind = if status == 200 { "text/event-stream" } else { "application/json" };
    let head = format!(
        "HTTP/1.1 {status} Said\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        body.len()
    );
    let _ = connection.write_all((head + &body).as_bytes()).await;
}
