//! Pages for people, and the API description for programs.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::docs::{self, Packed};
use crate::middleware::HTML_POLICY;
use crate::state::AppState;

/// A page or a part of one; `no-cache` lets a browser keep it and ask whether it is current.
fn page(content_type: &'static str, body: impl IntoResponse) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(HTML_POLICY)),
    ];
    (headers, body).into_response()
}

/// The same, compressed for who takes that.
fn packed(asked: &HeaderMap, content_type: &'static str, text: &Packed) -> Response {
    let (body, is_gzip) = text.for_client(asked);
    let mut response = page(content_type, body);
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if is_gzip {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// The API description
#[utoipa::path(
    get, path = "/openapi.json", tag = "Operation",
    responses((status = 200, description = "This document (OpenAPI 3.1)", body = Object, content_type = "application/json"))
)]
pub(super) async fn get_openapi(State(state): State<AppState>, asked: HeaderMap) -> Response {
    packed(&asked, "application/json", &state.openapi_json)
}

/// The API reference
#[utoipa::path(
    get, path = "/docs", tag = "Operation",
    responses((status = 200, description = "A page that shows this document", body = String, content_type = "text/html"))
)]
pub(super) async fn get_docs(State(state): State<AppState>, asked: HeaderMap) -> Response {
    packed(&asked, "text/html; charset=utf-8", &state.docs_html)
}

/// The style of the pages
#[utoipa::path(
    get, path = "/docs/style.css", tag = "Operation",
    responses((status = 200, description = "A style sheet", body = String, content_type = "text/css"))
)]
pub(super) async fn get_style() -> Response {
    page("text/css; charset=utf-8", docs::STYLE)
}
