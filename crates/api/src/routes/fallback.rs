//! What no route takes.

use axum::Router;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use tower::ServiceExt as _;

use crate::error::ApiError;

/// Where programs ask: whatever is unknown below these is an error in our shape, never a page.
const API: [&str; 5] = ["api", "docs", "health", "metrics", "v1"];

/// Marks an answer that is the site's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OfSite;

/// No route has this path: a file or page of the site, or nothing.
pub(crate) async fn unmatched(site: Router, request: Request) -> Response {
    let first = request.uri().path().split('/').nth(1).unwrap_or_default();
    let read = matches!(*request.method(), Method::GET | Method::HEAD);
    if !read || API.contains(&first) {
        return ApiError::unknown_url().into_response();
    }
    // A router refuses nothing; what it does not have is a 404.
    let Ok(mut response) = site.oneshot(request).await;
    if response.status() == StatusCode::NOT_FOUND {
        return ApiError::unknown_url().into_response();
    }
    response.extensions_mut().insert(OfSite);
    response
}

/// A route has this path, but not with this method.
pub(crate) async fn method_not_supported() -> ApiError {
    ApiError::method_not_supported()
}
