//! The loop that follows a response.

use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use async_stream::stream;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::Stream;
use metrics::gauge;
use schemas::response::ResponseResource;
use services::{Follower, Numbered, Reading};
use tokio_util::sync::CancellationToken;

use super::frame::{self, COME_BACK, KEEP_ALIVE};
use super::place::Place;
use crate::projections::responses::Projector;

/// Tells open streams that the server is going. [`serve()`](crate::serve()) puts it into every
/// request's extensions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Closing(pub(crate) CancellationToken);

impl<S: Send + Sync> FromRequestParts<S> for Closing {
    type Rejection = Infallible;

    /// Without [`serve()`](crate::serve()) the server never goes.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}

/// Where events come from.
pub(super) trait Source: Send + 'static {
    /// The response as it began.
    fn begun(&self) -> &ResponseResource;

    /// All events not yet taken, at least one; `None` when no more can be had here.
    fn next(&mut self) -> impl Future<Output = Option<Vec<Numbered>>> + Send;
}

impl Source for Follower {
    fn begun(&self) -> &ResponseResource {
        self.response()
    }

    fn next(&mut self) -> impl Future<Output = Option<Vec<Numbered>>> + Send {
        Follower::next(self)
    }
}

/// The answer that carries a response's events, as long as the credential lives that it
/// was asked for with.
pub(crate) fn respond(follower: Follower, heartbeat: Duration, place: Place) -> Response {
    let Place { closing, credential, taken, reading } = place;
    let ended = async move {
        tokio::select! {
            _ = credential.ended() => {}
            () = cut(reading) => {}
        }
    };
    stream(Body::from_stream(frames(follower, heartbeat, closing, ended, taken)))
}

/// Ends when what is kept for a stream alone is needed for others; never if nothing is.
async fn cut(reading: Option<Reading>) {
    match reading {
        Some(reading) => reading.cut().await,
        None => std::future::pending().await,
    }
}

/// An answer that is an event stream, with what keeps proxies from holding it back.
pub(crate) fn stream(body: Body) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-cache, no-transform"),
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, body).into_response()
}

/// The frames of a stream, one item per write.
///
/// It ends early when `refused` does, and drops `taken` when it is dropped. It only reads: the
/// generation neither waits for it nor ends with it. A client that takes nothing costs a cursor
/// until the connection's write-stall limit closes it.
pub(super) fn frames(
    mut source: impl Source,
    heartbeat: Duration,
    closing: Closing,
    refused: impl Future<Output = ()> + Send + 'static,
    taken: impl Send + 'static,
) -> impl Stream<Item = Result<Bytes, Infallible>> {
    stream! {
        let _taken = taken;
        let _following = Following::begin();
        let mut refused = pin!(refused);
        let mut projector = Projector::new(source.begun().clone());
        let mut ended = false;
        while !ended {
            // One future for the whole wait: a heartbeat must not drop it half-way.
            let mut waiting = pin!(source.next());
            let batch = loop {
                let step = tokio::select! {
                    biased;
                    batch = &mut waiting => Step::Batch(batch),
                    () = closing.0.cancelled() => Step::Batch(None),
                    () = &mut refused => Step::Refused,
                    () = tokio::time::sleep(heartbeat) => Step::Silence,
                };
                match step {
                    Step::Batch(batch) => break batch,
                    Step::Silence => yield Ok(Bytes::from_static(KEEP_ALIVE)),
                    // It ends as if it was cut: whoever asks again is told why.
                    Step::Refused => return,
                }
            };
            let Some(events) = batch else {
                yield Ok(Bytes::from_static(COME_BACK));
                break;
            };
            let (bytes, last) = frame::batch(&mut projector, &events);
            ended = last;
            if !bytes.is_empty() {
                yield Ok(Bytes::from(bytes));
            }
        }
    }
}

/// What ended a wait.
enum Step {
    Batch(Option<Vec<Numbered>>),
    Silence,
    Refused,
}

/// Counts the open streams.
struct Following;

impl Following {
    fn begin() -> Self {
        gauge!("chatapp_sse_followers").increment(1.0);
        Self
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        gauge!("chatapp_sse_followers").decrement(1.0);
    }
}
