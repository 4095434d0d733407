//! What the clients of the `OpenAI` API expect of every reply below `/v1`.

use axum::extract::Request;
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::Instant;

use crate::error::ApiError;

/// Renders errors as these clients want them, and says how long the head of the reply took, in
/// milliseconds.
pub(crate) async fn openai(request: Request, next: Next) -> Response {
    let began = Instant::now();
    let mut response = next.run(request).await;
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        response = error.for_openai().into_response();
    }
    let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    response.headers_mut().insert("openai-processing-ms", HeaderValue::from(took));
    response
}
