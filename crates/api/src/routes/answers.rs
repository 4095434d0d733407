//! Answers that are more than a body.

use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use services::Version;

use crate::extract::Json;

/// What handlers return.
pub(super) type Answer<T> = Result<T, crate::error::ApiError>;

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
