//! Requests of clients who expect servers to vanish.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;
use testkit::sse::SseParser;

use crate::fleet::Address;
use crate::history::Received;

/// How long a client waits for an answer, and on a stream for the next byte; servers send a
/// heartbeat every second.
const PATIENCE: Duration = Duration::from_secs(4);

/// What came of a request.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// An event stream.
    Stream(Connection),
    /// Any other answer: status and JSON body.
    Reply(StatusCode, Value),
    /// None, or not all of it. Whether the server did anything is not known.
    Unreachable,
}

/// A client of all servers.
#[derive(Clone, Debug)]
pub(crate) struct Client(reqwest::Client);

impl Client {
    /// A client with no connections yet.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let builder = reqwest::Client::builder()
            .connect_timeout(PATIENCE)
            .read_timeout(PATIENCE)
            .tcp_nodelay(true)
            .no_proxy();
        builder.build().context("no HTTP client").map(Self)
    }

    /// A request to one server with `token`.
    pub(crate) fn request(
        &self,
        method: Method,
        address: &Address,
        path: &str,
        token: &str,
    ) -> RequestBuilder {
        self.0.request(method, format!("{}{path}", address.url)).bearer_auth(token)
    }
}

/// Sends `request` to the server at `address`.
pub(crate) async fn send(request: RequestBuilder, address: &Address) -> Outcome {
    let Ok(response) = request.send().await else { return Outcome::Unreachable };
    let status = response.status();
    let kind = response.headers().get("content-type").and_then(|value| value.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with("text/event-stream")) {
        let bytes = response.bytes_stream().boxed();
        let address = address.clone();
        return Outcome::Stream(Connection { address, bytes, parser: SseParser::new() });
    }
    let Ok(body) = response.bytes().await else { return Outcome::Unreachable };
    Outcome::Reply(status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

/// An open event stream.
pub(crate) struct Connection {
    address: Address,
    bytes: BoxStream<'static, reqwest::Result<Bytes>>,
    parser: SseParser,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Connection {
    /// The events of the next bytes, perhaps none; `None` when no more will come.
    pub(crate) async fn next(&mut self) -> Option<Vec<Received>> {
        let bytes = self.bytes.next().await?.ok()?;
        let (at, life) = (Instant::now(), self.address.life);
        let frames = self.parser.push(&bytes);
        Some(frames.into_iter().map(|frame| Received { at, life, frame }).collect())
    }
}
