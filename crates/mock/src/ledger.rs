//! What the server remembers of its calls.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::watch;

/// How many calls are remembered, and how many bytes of their messages.
const MOST_CALLS: usize = 10_000;
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// How a call of the server ended, seen from the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallOutcome {
    /// It has not ended.
    Running,
    /// The whole answer was sent.
    Finished,
    /// The client closed the connection before that.
    ClientClosed,
    /// The script made it fail.
    Faulted,
}

impl CallOutcome {
    /// A short name for logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::ClientClosed => "client_closed",
            Self::Faulted => "faulted",
        }
    }
}

/// A chat completions call that the server received.
#[derive(Clone, PartialEq, Eq)]
pub struct ReceivedCall {
    /// Its number, from 0 in the order of arrival.
    pub id: u64,
    /// The number of the connection it came over, from 0.
    pub connection: u64,
    /// The model it names.
    pub model: String,
    /// Role and text of its messages; the texts of several parts are joined.
    pub messages: Vec<(String, String)>,
    /// The same messages as they were sent, with parts, calls and what else they have.
    pub whole_messages: Vec<Value>,
    /// Its `Authorization` field.
    pub authorization: Option<String>,
    /// All its header fields, by name in small letters.
    pub fields: Vec<(String, String)>,
    /// Its body without the messages: tools, options and all else.
    pub parameters: Value,
    /// How many bytes its body had.
    pub body_bytes: usize,
    /// How many events were sent to it so far.
    pub chunks_sent: u64,
    /// How it ended.
    pub outcome: CallOutcome,
}

impl fmt::Debug for ReceivedCall {
    // Neither keys nor conversations belong into the output of a failed test's log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceivedCall")
            .field("id", &self.id)
            .field("connection", &self.connection)
            .field("model", &self.model)
            .field("messages", &self.messages.len())
            .field("authorized", &self.authorization.is_some())
            .field("fields", &self.fields.len())
            .field("parameters", &self.parameters.to_string())
            .field("body_bytes", &self.body_bytes)
            .field("chunks_sent", &self.chunks_sent)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}

impl ReceivedCall {
    /// A header field, by its name in small letters.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    fn size(&self) -> usize {
        let texts: usize = self.messages.iter().map(|(role, text)| role.len() + text.len()).sum();
        texts + self.body_bytes
    }
}

/// The remembered calls.
#[derive(Debug)]
pub(crate) struct Ledger {
    entries: Mutex<Entries>,
    /// Raised at every change, for those who wait for a condition.
    version: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Entries {
    calls: VecDeque<ReceivedCall>,
    bytes: usize,
    next: u64,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        Self { entries: Mutex::default(), version: watch::Sender::new(0) }
    }

    /// Adds a call, which gets its number here.
    pub(crate) fn add(&self, mut call: ReceivedCall) -> u64 {
        let mut entries = self.lock();
        let id = entries.next;
        entries.next += 1;
        call.id = id;
        entries.bytes += call.size();
        entries.calls.push_back(call);
        while entries.calls.len() > MOST_CALLS
            || (entries.bytes > MOST_BYTES && entries.calls.len() > 1)
        {
            let size = entries.calls.pop_front().map_or(0, |call| call.size());
            entries.bytes = entries.bytes.saturating_sub(size);
        }
        drop(entries);
        self.changed();
        id
    }

    /// Changes a call that is still remembered.
    pub(crate) fn update(&self, id: u64, change: impl FnOnce(&mut ReceivedCall)) {
        let mut entries = self.lock();
        let first = entries.calls.front().map_or(0, |call| call.id);
        let index = id.checked_sub(first).and_then(|index| usize::try_from(index).ok());
        if let Some(call) = index.and_then(|index| entries.calls.get_mut(index)) {
            change(call);
        }
        drop(entries);
        self.changed();
    }

    /// Looks at the calls, oldest first.
    pub(crate) fn view<T>(&self, look: impl FnOnce(&[ReceivedCall]) -> T) -> T {
        look(self.lock().calls.make_contiguous())
    }

    /// Follows changes.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    fn changed(&self) {
        self.version.send_modify(|version| *version = version.wrapping_add(1));
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(content: &str) -> ReceivedCall {
        ReceivedCall {
            id: 0,
            connection: 0,
            model: String::new(),
            messages: vec![(String::new(), content.to_owned())],
            authorization: Some("canary".to_owned()),
            fields: vec![("authorization".to_owned(), "canary".to_owned())],
            whole_messages: Vec::new(),
            body_bytes: 0,
            parameters: Value::Null,
            chunks_sent: 0,
            outcome: CallOutcome::Running,
        }
    }

    #[test]
    fn memory_is_bounded() {
        let ledger = Ledger::new();
        for _ in 0..MOST_CALLS + 5 {
            ledger.add(call("x"));
        }
        ledger.view(|calls| {
            assert_eq!((calls.len(), calls[0].id), (MOST_CALLS, 5));
        });
        ledger.update(4, |call| call.chunks_sent = 1);
        ledger.update(6, |call| call.chunks_sent = 1);
        ledger.view(|calls| assert_eq!((calls[0].chunks_sent, calls[1].chunks_sent), (0, 1)));
        let large = "x".repeat(MOST_BYTES / 2);
        for _ in 0..4 {
            ledger.add(call(&large));
        }
        ledger.view(|calls| assert_eq!(calls.len(), 2));
        assert!(!format!("{:?}", call("canary")).contains("canary"));
    }
}
