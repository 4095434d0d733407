//! Following a response: what a reader gets of it and when, whatever carries it to them.
//!
//! [`follow()`] makes the steps; [`projections`](crate::projections) say what they look like in a
//! wire format, and [`sse`](crate::sse) how they go over HTTP.

use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use async_stream::stream;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use futures_util::Stream;
use metrics::gauge;
use services::{Follower, Gauged, Numbered, Reading};
use tokio_util::sync::CancellationToken;

#[cfg(test)]
pub(crate) mod scripted;
mod slot;

pub(crate) use slot::{StreamSlot, Streaming};

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

/// What a reader is to get next.
///
/// After the terminal event and after [`Step::Away`] nothing follows. Steps that end without
/// either were cut: the reader may not follow any more.
#[derive(Debug)]
pub(crate) enum Step {
    /// The first one.
    Begun,
    /// Events, at least one.
    Events {
        /// In order.
        events: Vec<Numbered>,
        /// Whether the last one is the terminal event.
        are_last: bool,
    },
    /// Nothing has come for the time of a heartbeat.
    Silence,
    /// The response goes on elsewhere: the reader is to come back.
    Away,
}

/// Where events come from.
trait Source: Send + 'static {
    /// All events not yet taken, at least one; `None` when no more can be had here.
    fn next(&mut self) -> impl Future<Output = Option<Vec<Numbered>>> + Send;
}

impl Source for Follower {
    fn next(&mut self) -> impl Future<Output = Option<Vec<Numbered>>> + Send {
        Follower::next(self)
    }
}

/// The steps of a response, as long as the credential lives that it was asked for with.
pub(crate) fn follow(
    follower: Follower,
    heartbeat: Duration,
    place: StreamSlot,
) -> impl Stream<Item = Step> + Send + 'static {
    let StreamSlot { closing, credential, taken, reading } = place;
    let refused = async move {
        tokio::select! {
            _ = credential.ended() => {}
            () = cut(reading) => {}
        }
    };
    steps(follower, heartbeat, closing, refused, taken)
}

/// Ends when what is kept for a stream alone is needed for others; never if nothing is.
async fn cut(reading: Option<Reading>) {
    match reading {
        Some(reading) => reading.cut().await,
        None => std::future::pending().await,
    }
}

/// The steps of a source.
///
/// They end early when `refused` does, and `taken` is dropped with them. They only read: the
/// generation neither waits for a reader nor ends with one. A reader that takes nothing costs a
/// cursor until the connection's write-stall limit closes it.
fn steps(
    mut source: impl Source,
    heartbeat: Duration,
    closing: Closing,
    refused: impl Future<Output = ()> + Send + 'static,
    taken: impl Send + 'static,
) -> impl Stream<Item = Step> + Send + 'static {
    stream! {
        let _taken = taken;
        let _following = Gauged::begin(gauge!("chatapp_sse_followers"));
        let mut refused = pin!(refused);
        let mut ended = false;
        yield Step::Begun;
        while !ended {
            // One future for the whole wait: a heartbeat must not drop it half-way.
            let mut waiting = pin!(source.next());
            let batch = loop {
                let wait = tokio::select! {
                    biased;
                    batch = &mut waiting => Wait::Over(batch),
                    () = closing.0.cancelled() => Wait::Over(None),
                    () = &mut refused => Wait::Refused,
                    () = tokio::time::sleep(heartbeat) => Wait::Silence,
                };
                match wait {
                    Wait::Over(batch) => break batch,
                    Wait::Silence => yield Step::Silence,
                    // It ends as if it was cut: a client that asks again is told why.
                    Wait::Refused => return,
                }
            };
            let Some(mut events) = batch else {
                yield Step::Away;
                break;
            };
            if let Some(last) = events.iter().position(|numbered| numbered.event.is_terminal()) {
                events.truncate(last + 1);
                ended = true;
            }
            yield Step::Events { events, are_last: ended };
        }
    }
}

/// What ended a wait.
enum Wait {
    Over(Option<Vec<Numbered>>),
    Silence,
    Refused,
}
