//! The size of a request's head.

use axum::extract::Request;
use axum::http::{HeaderValue, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::ApiError;
use crate::extract::KeptForHealth;

/// The longest URL, in bytes.
const MAX_URL_BYTES: usize = 8 * 1024;
/// The most bytes of all header names and values together. The HTTP/1 reader takes a
/// larger head than this so that a long URL gets its own answer, with a request id.
const MAX_HEADER_BYTES: usize = 16 * 1024;

/// Refuses a URL or headers that are too long, and what is no health check where only these are
/// still answered.
pub(crate) async fn bounds(request: Request, next: Next) -> Response {
    let is_kept = request.extensions().get::<KeptForHealth>().is_some();
    if is_kept && !request.uri().path().starts_with("/health/") {
        let mut response = ApiError::no_connection_free().into_response();
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        return response;
    }
    if url_bytes(request.uri()) > MAX_URL_BYTES {
        return ApiError::url_too_long(MAX_URL_BYTES).into_response();
    }
    let bytes: usize =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes > MAX_HEADER_BYTES {
        return ApiError::headers_too_large(MAX_HEADER_BYTES).into_response();
    }
    next.run(request).await
}

fn url_bytes(uri: &Uri) -> usize {
    let authority = uri.authority().map_or(0, |authority| authority.as_str().len());
    authority + uri.path_and_query().map_or(0, |path| path.as_str().len())
}
