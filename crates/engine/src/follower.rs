//! A reader that follows a response.

use std::sync::Arc;

use schemas::view::NewResponse;

use super::log::{Cursor, Log, Numbered};

/// A reader of a response's events. Dropping it changes nothing for the response.
#[derive(Debug)]
pub struct Follower {
    response: NewResponse,
    log: Arc<Log>,
    cursor: Cursor,
    done: bool,
}

impl Follower {
    pub(crate) fn new(response: NewResponse, log: Arc<Log>, after: Option<u64>) -> Self {
        let cursor = log.cursor(after);
        Self { response, log, cursor, done: false }
    }

    /// The response as it was when it began.
    pub fn response(&self) -> &NewResponse {
        &self.response
    }

    /// About how many bytes the server keeps for this reader alone, where the response has ended: its
    /// events, their texts, and the event that is being sent, as such and as it is written.
    pub fn kept_bytes(&self) -> usize {
        if self.log.has_ended() { self.log.bytes().saturating_mul(4) } else { 0 }
    }

    /// All events not yet seen, at least one; `None` after the terminal event, and when this
    /// server gives the response up (a client then connects again and reads on).
    pub async fn next(&mut self) -> Option<Vec<Numbered>> {
        loop {
            if self.done {
                return None;
            }
            let events = self.log.read(&mut self.cursor);
            if let Some(last) = events.last() {
                self.done = last.event.is_terminal();
                return Some(events);
            }
            if self.log.is_closed() {
                return None;
            }
            self.cursor.changed().await;
        }
    }

    /// Waits for the end; `false` when this server gave the response up.
    pub async fn wait_end(&mut self) -> bool {
        while self.next().await.is_some() {}
        self.done
    }
}
