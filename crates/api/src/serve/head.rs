//! A deadline for the head of a request, from its first byte.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use super::in_flight::InFlight;

/// How a connection of HTTP/2 begins (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI";

/// Tells when a head of HTTP/1 has begun to arrive and is not whole in time.
///
/// `hyper` has one deadline for the silence before a head and for the head itself. A connection
/// may be kept much longer than a head may take, so the second one is kept here. It runs while
/// bytes have come since the last request was answered and no other has begun.
#[derive(Debug)]
pub(super) struct HeadLimit {
    in_flight: InFlight,
    limit: Duration,
    /// Unknown before the first byte. HTTP/2 has heads of another kind, and pings between them.
    is_http2: Option<bool>,
    /// How many requests had begun when the first byte of the next head came.
    arriving: Option<u64>,
    /// Kept and reset later, to be made once per connection at most.
    timer: Option<Pin<Box<Sleep>>>,
}

impl HeadLimit {
    /// A limit for the heads of a connection whose requests are counted by `in_flight`.
    pub(super) fn new(in_flight: InFlight, limit: Duration) -> Self {
        Self { in_flight, limit, is_http2: None, arriving: None, timer: None }
    }

    /// Whether a head has begun to arrive and no request has come of it yet.
    fn is_arriving(&self) -> bool {
        self.arriving == Some(self.in_flight.begun()) && self.in_flight.is_idle()
    }

    /// Takes note of bytes that came.
    pub(super) fn note(&mut self, bytes: &[u8]) {
        let is_http2 = *self.is_http2.get_or_insert_with(|| bytes.starts_with(PREFACE));
        if is_http2 || bytes.is_empty() || !self.in_flight.is_idle() || self.is_arriving() {
            return;
        }
        self.arriving = Some(self.in_flight.begun());
        let deadline = Instant::now() + self.limit;
        match &mut self.timer {
            Some(timer) => timer.as_mut().reset(deadline),
            None => self.timer = Some(Box::pin(tokio::time::sleep_until(deadline))),
        }
    }

    /// What a read that has nothing comes to: it waits, or fails with `TimedOut`.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_arriving()
            && let Some(timer) = &mut self.timer
        {
            ready!(timer.as_mut().poll(cx));
            tracing::debug!("a client took too long to send the head of a request");
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }
}
