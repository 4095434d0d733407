//! Pages for people, and the API description for programs.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

use crate::docs;
use crate::middleware::HTML_POLICY;
use crate::state::AppState;

/// A page or a part of one; `no-cache` lets a browser keep it and ask whether it is current.
fn page(content_type: &'static str, body: Bytes) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(HTML_POLICY)),
    ];
    (headers, body).into_response()
}

/// The API description
#[utoipa::path(
    get, path = "/openapi.json", tag = "Operation",
    responses((status = 200, description = "This document (OpenAPI 3.1)", body = Object, content_type = "application/json"))
)]
pub(super) async fn get_openapi(State(state): State<AppState>) -> Response {
    page("application/json", state.openapi_json.clone())
}

/// The API reference
#[utoipa::path(
    get, path = "/docs", tag = "Operation",
    responses((status = 200, description = "A page that shows this document", body = String, content_type = "text/html"))
)]
pub(super) async fn get_docs(State(state): State<AppState>) -> Response {
    page("text/html; charset=utf-8", state.docs_html.clone())
}

/// The style of the pages
#[utoipa::path(
    get, path = "/docs/style.css", tag = "Operation",
    responses((status = 200, description = "A style sheet", body = String, content_type = "text/css"))
)]
pub(super) async fn get_style() -> Response {
    page("text/css; charset=utf-8", Bytes::from_static(docs::STYLE.as_bytes()))
}
