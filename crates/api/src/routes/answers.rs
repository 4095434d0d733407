//! Answers that are more than a body.

use std::io;

use auth::Actor;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;
use services::{Follower, LARGE_BYTES, Version};

use crate::error::ApiError;
use crate::extract::Json;
use crate::state::AppState;

/// In how many of them it is written at once.
const PIECE_BYTES: usize = 64 * 1024;

/// What handlers return.
pub(super) type Answer<T> = Result<T, ApiError>;

/// What `body` reads, as the JSON `T` that may be large. It is read when its turn has come, and if it is
/// large it is one of the few that its reader may have at once, until the last piece was taken.
pub(super) async fn measured<T: From<V> + Serialize, V>(
    state: &AppState,
    actor: &Actor,
    body: impl Future<Output = services::Result<V>>,
) -> Answer<Response> {
    let gathering = state.services.reads.gather(actor).await?;
    let mut pieces = Pieces::default();
    serde_json::to_writer(&mut pieces, &T::from(body.await?)).map_err(|_| ApiError::internal())?;
    let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    let length = pieces.bytes;
    if length < LARGE_BYTES {
        return Ok((json, pieces.joined()).into_response());
    }
    let reading = state.services.reads.page(actor, length)?;
    drop(gathering);
    let length = [(header::CONTENT_LENGTH, HeaderValue::from(length))];
    let body = reading.pace(futures_util::stream::iter(pieces.list().map(Ok)));
    Ok((json, length, Body::from_stream(body)).into_response())
}

/// The same with the status and the place of what was made.
pub(super) async fn measured_at<T: From<V> + Serialize, V>(
    status: StatusCode,
    location: String,
    state: &AppState,
    actor: &Actor,
    body: impl Future<Output = services::Result<V>>,
) -> Answer<Response> {
    let mut response = measured::<T, V>(state, actor, body).await?;
    *response.status_mut() = status;
    let location = HeaderValue::try_from(location).map_err(|_| ApiError::internal())?;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// A text in pieces: it is never copied as it grows, and each piece goes when it was sent.
#[derive(Debug, Default)]
struct Pieces {
    whole: Vec<Bytes>,
    last: Vec<u8>,
    bytes: usize,
}

impl Pieces {
    fn list(mut self) -> impl Iterator<Item = Bytes> {
        self.whole.push(self.last.into());
        self.whole.into_iter()
    }

    fn joined(self) -> Bytes {
        if self.whole.is_empty() {
            return self.last.into();
        }
        let mut text = Vec::with_capacity(self.bytes);
        self.list().for_each(|piece| text.extend_from_slice(&piece));
        text.into()
    }
}

impl io::Write for Pieces {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        if self.last.len() >= PIECE_BYTES {
            self.whole.push(std::mem::take(&mut self.last).into());
        }
        let text = text.get(..text.len().min(PIECE_BYTES)).unwrap_or(text);
        self.last.extend_from_slice(text);
        self.bytes += text.len();
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Waits for the end of a response as long as the credential lives that it was asked for with;
/// `false` if this server closes before.
pub(super) async fn until_end(
    state: &AppState,
    actor: &Actor,
    follower: &mut Follower,
) -> Answer<bool> {
    let credential = state.services.credentials.watch(actor);
    tokio::select! {
        has_ended = follower.wait_end() => Ok(has_ended),
        refused = credential.ended() => Err(refused.into()),
    }
}

/// 201 with the place of what was made.
pub(super) fn created<T: Serialize>(location: String, body: T) -> Response {
    (StatusCode::CREATED, [(header::LOCATION, location)], Json(body)).into_response()
}

/// Adds the `ETag` of a version (RFC 9110, section 8.8.3).
pub(super) fn tagged(version: Version, mut response: Response) -> Response {
    // Digits in quotes are always a header value.
    if let Ok(tag) = HeaderValue::try_from(format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// 304: the client has this version (RFC 9110, section 15.4.5).
pub(super) fn unchanged(version: Version) -> Response {
    tagged(version, StatusCode::NOT_MODIFIED.into_response())
}

/// Marks an answer as that of an earlier request with the same `Idempotency-Key`.
pub(super) fn replayed(repeated: bool, mut response: Response) -> Response {
    if repeated {
        response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
    }
    response
}

/// Marks an answer as that of work that goes on (RFC 7240, section 4.1).
pub(super) fn applied(mut response: Response) -> Response {
    let name = HeaderName::from_static("preference-applied");
    response.headers_mut().insert(name, HeaderValue::from_static("respond-async"));
    response
}
