//! The outermost layer.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderValue, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use metrics::counter;

use super::access::Access;
use super::headers;
use crate::error::ApiError;
use crate::extract::{RequestId, UserSlot};
use crate::routes::OfSite;

/// A body up to this length has mostly arrived with its head, so that the connection can be kept
/// although nobody reads it.
const SMALL_BODY_BYTES: u64 = 8 * 1024;

/// Gives the request its id, contains panics, writes error bodies, sets the headers of every
/// answer, counts and logs.
pub(crate) async fn observe(mut request: Request, next: Next) -> Response {
    let request_id = RequestId::new();
    let user = UserSlot::default();
    request.extensions_mut().insert(request_id.clone());
    request.extensions_mut().insert(user.clone());
    let mut access = Access::begin(&request, request_id.clone(), user.clone());
    let closes = ends_connection(&request);

    // Nothing of a request outlives its panic: state is shared through locks that do not poison
    // or through channels.
    let mut response = match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => panicked(panic.as_ref()).into_response(),
    };

    let mut code = "";
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        code = error.code();
        error.log(request_id.as_str());
        *response.body_mut() = Body::from(error.body(request_id.as_str()));
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if closes {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }
    if response.extensions().get::<OfSite>().is_some() {
        access.of_site();
    }
    headers::set(response.headers_mut(), &request_id);
    if let Some(standing) = user.standing() {
        headers::set_standing(response.headers_mut(), &standing);
    }
    access.end(response.status().as_u16(), code);
    response
}

/// Whether the connection ends when this request is refused: its body is chunked, or so long that
/// it was probably not read. Clients are told (RFC 9112, section 9.6), or they would send their
/// next request into a closing connection. HTTP/2 has no such header.
fn ends_connection(request: &Request) -> bool {
    let body = request.body();
    request.version() < Version::HTTP_2
        && !body.is_end_stream()
        && body.size_hint().exact().is_none_or(|length| length > SMALL_BODY_BYTES)
}

/// Counts a panic and makes it the cause of an error, which is logged like any other. A formatted
/// message may hold a user's words, so only a constant one is repeated; the panic hook has the
/// place.
fn panicked(panic: &(dyn Any + Send)) -> ApiError {
    counter!("chatapp_panics_total").increment(1);
    let message = panic.downcast_ref::<&'static str>().copied().unwrap_or("(formatted message)");
    ApiError::panicked(message)
}
