//! What the people of a campaign did and saw.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde_json::Value;
use testkit::sse::Frame;

/// The names that the server gave to one accepted send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ack {
    /// `resp_…`.
    pub(crate) response: String,
    /// Id of the message of the person.
    pub(crate) user_message: String,
    /// Id of the answer.
    pub(crate) message: String,
}

impl Ack {
    /// Reads a response resource.
    pub(crate) fn read(response: &Value) -> Option<Self> {
        let field = |name| response.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            response: field("id")?,
            user_message: field("user_message_id")?,
            message: field("message_id")?,
        })
    }
}

/// One message that a person sent, however often it took.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    /// Which of the people.
    pub(crate) person: usize,
    pub(crate) conversation: String,
    /// Its `Idempotency-Key`, which is in no other send.
    pub(crate) key: String,
    /// Its text, which no other message has.
    pub(crate) content: String,
    /// The lives of the servers that were asked; one of them generates the answer.
    pub(crate) asked: Vec<usize>,
    /// What the server answered, once for each request that was answered with success.
    pub(crate) acks: Vec<Ack>,
}

/// An event as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) at: Instant,
    /// The life (one process from start to end) of the server that sent it.
    pub(crate) life: usize,
    pub(crate) frame: Frame,
}

impl Received {
    /// The event's number; none on the marker at a stream's end.
    pub(crate) fn number(&self) -> Option<u64> {
        number(&self.frame)
    }
}

/// The number of an event.
pub(crate) fn number(frame: &Frame) -> Option<u64> {
    frame.json().get("sequence_number").and_then(Value::as_u64)
}

/// Whether an event is the last one of its response.
pub(crate) fn is_terminal(frame: &Frame) -> bool {
    ["response.completed", "response.incomplete", "response.failed"].contains(&frame.event.as_str())
}

/// What one client received of one response, over as many connections as it took.
#[derive(Clone, Debug)]
pub(crate) struct Following {
    pub(crate) response: String,
    /// Each begins with `response.created`: the client forgot what it had and it was replayed from the start.
    pub(crate) versions: Vec<Vec<Received>>,
    /// The terminal event came.
    pub(crate) ended: bool,
}

impl Following {
    /// Nothing yet of `response`.
    pub(crate) fn new(response: &str) -> Self {
        Self { response: response.to_owned(), versions: Vec::new(), ended: false }
    }

    /// Adds an event.
    pub(crate) fn push(&mut self, received: Received) {
        if received.frame.is_done_marker() {
            return;
        }
        self.ended = is_terminal(&received.frame);
        if received.frame.event == "response.created" || self.versions.is_empty() {
            self.versions.push(Vec::new());
        }
        if let Some(version) = self.versions.last_mut() {
            version.push(received);
        }
    }

    /// Adds events.
    pub(crate) fn extend(&mut self, events: Vec<Received>) {
        for event in events {
            self.push(event);
        }
    }

    /// The number after which the next connection goes on.
    pub(crate) fn cursor(&self) -> Option<u64> {
        self.versions.last()?.iter().rev().find_map(Received::number)
    }
}

/// The notebook of one round.
#[derive(Debug, Default)]
pub(crate) struct History(Mutex<Notes>);

/// What is in it.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) sent: Vec<Sent>,
    pub(crate) followings: Vec<Following>,
    /// What was wrong on its face, such as an error that no fault explains.
    pub(crate) complaints: Vec<String>,
}

impl History {
    /// Notes a send before its first request, and returns its place.
    pub(crate) fn sending(&self, sent: Sent) -> usize {
        let mut notes = self.lock();
        notes.sent.push(sent);
        notes.sent.len() - 1
    }

    /// Notes that a server is asked to accept the send at `place`.
    pub(crate) fn asking(&self, place: usize, life: usize) {
        if let Some(sent) = self.lock().sent.get_mut(place) {
            sent.asked.push(life);
        }
    }

    /// Notes that the send at `place` was accepted.
    pub(crate) fn accepted(&self, place: usize, ack: Ack) {
        if let Some(sent) = self.lock().sent.get_mut(place) {
            sent.acks.push(ack);
        }
    }

    /// Notes what a client received in the end.
    pub(crate) fn followed(&self, following: Following) {
        self.lock().followings.push(following);
    }

    /// Notes something that must not happen.
    pub(crate) fn complain(&self, what: String) {
        self.lock().complaints.push(what);
    }

    /// Takes everything out.
    pub(crate) fn take(&self) -> Notes {
        std::mem::take(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
