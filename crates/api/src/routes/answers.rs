//! Answers that are more than a body.

use std::convert::Infallible;

use auth::Identity;
use axum::body::Body;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;
use services::Version;

use crate::error::ApiError;
use crate::extract::Json;
use crate::state::AppState;

/// From how many bytes on an answer is a large one.
const LARGE_BYTES: usize = 1 << 20;
/// How many of them are given to the connection at once.
const PIECE_BYTES: usize = 64 * 1024;

/// What handlers return.
pub(super) type Answer<T> = Result<T, ApiError>;

/// A body that may be large: then it is one of the few that its reader may have at once, until the
/// last piece of it was taken.
pub(super) fn measured<T: Serialize>(
    state: &AppState,
    identity: &Identity,
    body: &T,
) -> Answer<Response> {
    let bytes = serde_json::to_vec(body).map_err(|_| ApiError::internal())?;
    let json = [(header::CONTENT_TYPE, "application/json")];
    if bytes.len() < LARGE_BYTES {
        return Ok((json, bytes).into_response());
    }
    let reading = state.services.reads.begin(identity.user_id)?;
    let pieces = async_stream::stream! {
        let _reading = reading;
        let mut rest = Bytes::from(bytes);
        while !rest.is_empty() {
            yield Ok::<_, Infallible>(rest.split_to(rest.len().min(PIECE_BYTES)));
        }
    };
    Ok((json, Body::from_stream(pieces)).into_response())
}

/// 201 with the place of what was made.
pub(super) fn created<T: Serialize>(location: String, body: T) -> Response {
    (StatusCode::CREATED, [(header::LOCATION, location)], Json(body)).into_response()
}

/// Adds the `ETag` of a version (RFC 9110, section 8.8.3).
pub(super) fn tagged(version: Version, mut response: Response) -> Response {
    // Digits in quotes are always a header value.
    if let Ok(tag) = header::HeaderValue::try_from(format!("\"{version}\"")) {
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
        response
            .headers_mut()
            .insert("idempotency-replayed", header::HeaderValue::from_static("true"));
    }
    response
}

/// 202 with the place where the work can be watched (RFC 7240, section 4.1).
pub(super) fn accepted<T: Serialize>(location: String, body: T) -> Response {
    let headers = [
        (header::LOCATION, location),
        (HeaderName::from_static("preference-applied"), "respond-async".to_owned()),
    ];
    (StatusCode::ACCEPTED, headers, Json(body)).into_response()
}
