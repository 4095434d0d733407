//! A reader that follows a response.

use std::sync::Arc;

use schemas::event::Ending;
use schemas::stream::{DoneItem, StreamEvent};
use schemas::view::NewResponse;
use tokio_util::sync::DropGuard;

use super::log::{Cursor, Log, Numbered};

/// A reader of a response's events. Dropping it changes nothing for the response, unless nothing of
/// that is stored: then nobody else can read it, and it ends at once.
#[derive(Debug)]
pub struct Follower {
    response: NewResponse,
    log: Arc<Log>,
    cursor: Cursor,
    done: bool,
    /// Ends the response with this reader.
    _only: Option<DropGuard>,
}

impl Follower {
    pub(crate) fn new(response: NewResponse, log: Arc<Log>, after: Option<u64>) -> Self {
        let cursor = log.cursor(after);
        Self { response, log, cursor, done: false, _only: None }
    }

    /// The same as the only reader, with what ends the response.
    pub(crate) fn only(self, guard: DropGuard) -> Self {
        Self { _only: Some(guard), ..self }
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

    /// Waits for the end: how it ended, and its output. `None` when this server gave the response
    /// up, and when the end was read before.
    pub async fn end(&mut self) -> Option<(Ending, Vec<DoneItem>)> {
        let mut last = None;
        while let Some(events) = self.next().await {
            last = events.into_iter().next_back();
        }
        match last?.event {
            StreamEvent::Ended(ending, output) => Some((ending, output)),
            _ => None,
        }
    }

    /// Waits until there is something to show, or it has ended: the end, if that came before. Reads
    /// nothing away.
    pub async fn end_before_output(&self) -> Option<Ending> {
        let mut reader = Self::new(self.response.clone(), self.log.clone(), None);
        while let Some(events) = reader.next().await {
            for numbered in events {
                match numbered.event {
                    StreamEvent::Created
                    | StreamEvent::InProgress
                    | StreamEvent::Waiting(_)
                    | StreamEvent::Error(_) => {}
                    StreamEvent::Ended(ending, _) => return Some(ending),
                    _ => return None,
                }
            }
        }
        None
    }
}
