//! Server-sent events (WHATWG HTML, section 9.2): the steps of a response as the body of an HTTP
//! answer.

use std::convert::Infallible;
use std::future::ready;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use services::Follower;

use crate::follow::{Step, StreamSlot, follow};
use crate::projections::Projection;

mod frame;
#[cfg(test)]
mod tests;

/// The answer that carries a response's events in a wire format.
pub(crate) fn respond(
    follower: Follower,
    projection: impl Projection,
    heartbeat: Duration,
    place: StreamSlot,
) -> Response {
    stream(Body::from_stream(frames(follow(follower, heartbeat, place), projection)))
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

/// The frames of the steps, one item per write.
pub(crate) fn frames(
    steps: impl Stream<Item = Step> + Send + 'static,
    mut projection: impl Projection,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static {
    steps.filter_map(move |step| {
        let bytes = frame::write(&mut projection, &step);
        ready((!bytes.is_empty()).then(|| Ok(bytes.into())))
    })
}
