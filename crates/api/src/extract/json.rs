//! JSON bodies, in and out.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{FromRequest, OptionalFromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::bodies::{Bodies, Receiving};
use super::decode::decode;
use super::strict::{self, Node};
use crate::error::ApiError;

/// The most memory set aside on the word of a `Content-Length` alone.
const FIRST_BUFFER_BYTES: usize = 64 * 1024;

/// What a body may cost; the router puts one into every request's extensions.
#[derive(Debug, Clone)]
pub(crate) struct BodyLimits {
    /// The most bytes.
    pub(crate) bytes: usize,
    /// The longest time from the first read to the last byte.
    pub(crate) time: Duration,
    /// Those that are being received.
    pub(crate) bodies: Bodies,
}

/// A JSON body: a request's, read strictly, or an answer's.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, Self::Rejection> {
        object(parse(request).await?)
    }
}

impl<T: DeserializeOwned, S: Send + Sync> OptionalFromRequest<S> for Json<T> {
    type Rejection = ApiError;

    /// `None` for a request without a body, and for the body `null`.
    async fn from_request(request: Request, _: &S) -> Result<Option<Self>, Self::Rejection> {
        if request.body().is_end_stream() {
            return Ok(None);
        }
        match parse(request).await? {
            Node::Null => Ok(None),
            node => object(node).map(Some),
        }
    }
}

/// The value of a body, whatever it is.
pub(super) async fn parse(request: Request) -> Result<Node, ApiError> {
    if !is_json(request.headers()) {
        return Err(ApiError::unsupported_media_type());
    }
    // A route without limits is a mistake in the router, not the client's.
    let (parts, body) = request.into_parts();
    let limits = parts.extensions.get::<BodyLimits>().ok_or_else(ApiError::internal)?;
    let bytes = read(body, limits, || limits.bodies.begin(&parts.extensions, &parts.headers));
    let bytes = bytes.await?;
    strict::parse(&bytes).map_err(|why| ApiError::invalid_json(&why))
}

fn object<T: DeserializeOwned>(node: Node) -> Result<Json<T>, ApiError> {
    decode(fields(node)?).map(Json)
}

/// The fields of the object that a body has to be.
pub(super) fn fields(node: Node) -> Result<Vec<(String, Node)>, ApiError> {
    match node {
        Node::Object(fields) => Ok(fields),
        other => {
            let got: &str = (&other).into();
            Err(ApiError::invalid_json(&format!("an object is expected, not {got}")))
        }
    }
}

/// Reads a whole body. One announced too large is refused before its first byte is read; one
/// that turns out too large, as soon as it does.
async fn read(
    body: Body,
    limits: &BodyLimits,
    begin: impl FnOnce() -> Result<Receiving, ApiError>,
) -> Result<Vec<u8>, ApiError> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limits.bytes {
        return Err(ApiError::body_too_large(limits.bytes));
    }
    let receiving = begin()?;
    let mut bytes = Vec::with_capacity(announced.min(FIRST_BUFFER_BYTES));
    let mut frames = body.into_data_stream();
    loop {
        let latest = receiving.began() + limits.time;
        let deadline = latest.min(receiving.deadline(bytes.len() as u64));
        let frame = tokio::time::timeout_at(deadline, frames.next()).await;
        let frame = frame.map_err(|_| ApiError::body_timeout(deadline - receiving.began()))?;
        let Some(frame) = frame else { return Ok(bytes) };
        let frame = frame.map_err(|_| ApiError::body_incomplete())?;
        if bytes.len() + frame.len() > limits.bytes {
            return Err(ApiError::body_too_large(limits.bytes));
        }
        bytes.extend_from_slice(&frame);
    }
}

/// Whether the body is declared as JSON. A page on another site can send a form or plain text
/// without asking, but not this.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(essence) = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
    else {
        return false;
    };
    let essence = essence.trim().to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(bytes) => {
                let json = HeaderValue::from_static("application/json");
                ([(header::CONTENT_TYPE, json)], bytes).into_response()
            }
            Err(_) => ApiError::internal().into_response(),
        }
    }
}
