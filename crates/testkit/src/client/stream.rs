//! An event stream as its reader sees it.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::StreamExt;
use reqwest::Response;
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::sse::{Frame, SseParser, text_delta, text_of};

/// How long the next frame may take; longer than a heartbeat.
const LIMIT: Duration = Duration::from_mins(1);

type Bytes = futures_util::stream::BoxStream<'static, reqwest::Result<bytes::Bytes>>;

/// An open event stream. Dropping it closes its connection.
pub struct EventStream {
    headers: HeaderMap,
    bytes: Bytes,
    parser: SseParser,
    waiting: VecDeque<Frame>,
    seen: Vec<Frame>,
    broken: bool,
}

impl std::fmt::Debug for EventStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventStream").field("seen", &self.seen).finish_non_exhaustive()
    }
}

impl EventStream {
    pub(super) async fn open(response: Response) -> Self {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        if status != 200 {
            let body = response.text().await.unwrap_or_default();
            panic!("{status} instead of a stream: {body}");
        }
        let kind = headers.get("content-type").and_then(|value| value.to_str().ok());
        assert!(kind.is_some_and(|kind| kind.starts_with("text/event-stream")), "{kind:?}");
        Self {
            headers,
            bytes: response.bytes_stream().boxed(),
            parser: SseParser::new(),
            waiting: VecDeque::new(),
            seen: Vec::new(),
            broken: false,
        }
    }

    /// The headers of the answer.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The next frame; `None` at the end of the stream, clean or not.
    pub async fn next(&mut self) -> Option<Frame> {
        while self.waiting.is_empty() {
            let next = tokio::time::timeout(LIMIT, self.bytes.next()).await;
            match next.unwrap_or_else(|_| panic!("silence after {:?}", self.seen.last())) {
                Some(Ok(bytes)) => self.waiting.extend(self.parser.push(&bytes)),
                Some(Err(_)) => {
                    self.broken = true;
                    return None;
                }
                None => return None,
            }
        }
        let frame = self.waiting.pop_front()?;
        self.seen.push(frame.clone());
        Some(frame)
    }

    /// Reads up to the first event of this type and returns it as JSON.
    pub async fn until(&mut self, event: &str) -> Value {
        loop {
            match self.next().await {
                Some(frame) if frame.event == event => return frame.json(),
                Some(_) => {}
                None => panic!("no {event} in {:?}", self.seen),
            }
        }
    }

    /// Reads until `count` more events brought text, and returns that text.
    pub async fn read_text(&mut self, count: usize) -> String {
        let mut text = String::new();
        let mut found = 0;
        while found < count {
            let frame = self.next().await;
            let frame = frame.unwrap_or_else(|| panic!("the stream ended after {found} texts"));
            if let Some(delta) = text_delta(&frame) {
                text.push_str(&delta);
                found += 1;
            }
        }
        text
    }

    /// Reads to the end and returns every frame of this stream, earlier ones included.
    pub async fn finish(mut self) -> Vec<Frame> {
        while self.next().await.is_some() {}
        self.seen
    }

    /// The frames read so far.
    pub fn seen(&self) -> &[Frame] {
        &self.seen
    }

    /// The answer's text so far.
    pub fn text(&self) -> String {
        text_of(&self.seen)
    }

    /// The number of the newest event read.
    pub fn last_seq(&self) -> Option<u64> {
        self.seen.iter().rev().find_map(|frame| frame.json()["sequence_number"].as_u64())
    }

    /// The id of the response, as the first snapshot tells it.
    pub async fn response_id(&mut self) -> String {
        loop {
            let id = |frame: &Frame| frame.json()["response"]["id"].as_str().map(str::to_owned);
            if let Some(id) = self.seen.iter().find_map(id) {
                return id;
            }
            assert!(self.next().await.is_some(), "no response in {:?}", self.seen);
        }
    }

    /// Whether the connection broke instead of ending.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// How many heartbeats (comments) came.
    pub fn heartbeats(&self) -> usize {
        self.parser.comments()
    }
}
