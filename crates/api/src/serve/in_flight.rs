//! How many requests a connection is answering.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};

/// Counts requests begun and answers finished. Relaxed order will do: only one task at a time
/// drives a connection, and a late view only postpones a close.
#[derive(Debug, Clone, Default)]
pub(super) struct InFlight(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    begun: AtomicU64,
    finished: AtomicU64,
}

impl InFlight {
    /// Counts a request until the value is dropped.
    pub(super) fn begin(&self) -> Guard {
        self.0.begun.fetch_add(1, Ordering::Relaxed);
        Guard(self.clone())
    }

    /// How many requests have ever begun.
    pub(super) fn begun(&self) -> u64 {
        self.0.begun.load(Ordering::Relaxed)
    }

    /// Whether none is being answered.
    pub(super) fn is_idle(&self) -> bool {
        self.0.finished.load(Ordering::Relaxed) == self.begun()
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(super) struct Guard(InFlight);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.0.finished.fetch_add(1, Ordering::Relaxed);
    }
}

/// A body that keeps its request counted until it has been sent or given up.
#[derive(Debug)]
pub(super) struct CountedBody {
    body: Body,
    _guard: Guard,
}

impl CountedBody {
    /// Ties the count to the body.
    pub(super) fn new(body: Body, guard: Guard) -> Self {
        Self { body, _guard: guard }
    }
}

impl HttpBody for CountedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
