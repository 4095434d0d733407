use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::IntoResponse;
use axum::{Extension, Router};
use serde_json::Value;
use tower::ServiceExt;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::*;
use crate::ApiConfig;
use crate::extract::{Bodies, Json, Path, RequestId};
use crate::openapi::documented;
use crate::router::wrap;

/// A resource.
#[utoipa::path(get, path = "/api/things/{id}", params(("id" = String, Path), ("limit" = Option<u32>, Query)))]
async fn get_thing(Path(id): Path<schemas::ConversationId>) -> String {
    id.to_string()
}

/// Its change.
#[utoipa::path(patch, path = "/api/things/{id}", params(("id" = String, Path)))]
async fn patch_thing(Json(body): Json<schemas::conversation::ConversationCreate>) -> String {
    format!("{body:?}")
}

/// Fails by panicking.
#[utoipa::path(post, path = "/api/panic")]
async fn panic_now() -> StatusCode {
    panic!("the test asked for it")
}

/// Shows what the middleware has put into the request.
#[utoipa::path(get, path = "/api/id")]
async fn get_id(Extension(id): Extension<RequestId>) -> impl IntoResponse {
    ([("cache-control", "max-age=1")], id.as_str().to_owned())
}

fn app() -> Router {
    let (router, document) = documented(
        OpenApiRouter::new()
            .routes(routes!(get_thing, patch_thing))
            .routes(routes!(panic_now))
            .routes(routes!(get_id)),
    );
    let config = ApiConfig {
        cors_origins: vec!["https://chat.example.org".to_owned()],
        ..ApiConfig::default()
    };
    let site = Router::new()
        .route("/page", axum::routing::get(async || "the page"))
        .route("/api/site", axum::routing::get(async || "never"));
    let bodies = Bodies::new(&config);
    wrap(router, KnownQueries::from_document(&document), &config, bodies, site)
}

const ID: &str = "conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e";

async fn send(method: &str, uri: &str, headers: &[(&str, &str)]) -> (u16, HeaderMap, String) {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = app().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    (parts.status.as_u16(), parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

fn code(body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap();
    body["error"]["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_answer_has_an_id_and_the_security_headers() {
    for uri in ["/api/id", "/nowhere", "/api/things/x"] {
        let (_, headers, body) = send("GET", uri, &[("x-request-id", "mine")]).await;
        let id = headers["x-request-id"].to_str().unwrap();
        assert!(id.starts_with("req_") && id.len() == 36, "{id}");
        assert!(body.contains(id), "{body}");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert!(
            headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'")
        );
    }
    let (_, set_by_handler, _) = send("GET", "/api/id", &[]).await;
    assert_eq!(set_by_handler["cache-control"], "max-age=1");
    let (_, default, _) = send("GET", "/nowhere", &[]).await;
    assert_eq!(default["cache-control"], "no-store");
    assert_eq!(default["content-type"], "application/json");
}

#[tokio::test]
async fn what_no_route_takes_is_told_apart() {
    let long = format!("/api/things/{}", "a".repeat(9000));
    for (method, uri, status, wanted) in [
        ("GET", "/nowhere", 404, "unknown_url"),
        ("GET", "//api/id", 404, "unknown_url"),
        ("GET", "/api/../etc/passwd", 404, "unknown_url"),
        ("GET", "/api/id/", 404, "unknown_url"),
        ("GET", "/%00", 404, "unknown_url"),
        ("GET", "/v1/responses", 404, "unknown_url"),
        ("POST", "/api/id", 405, "method_not_supported"),
        ("TRACE", "/api/id", 405, "method_not_supported"),
        ("BREW", "/api/id", 405, "method_not_supported"),
        ("GET", "/api/things/x", 404, "not_found"),
        ("GET", "/api/things/%00", 404, "not_found"),
        ("GET", "/api/things/%ff", 404, "not_found"),
        ("GET", "/api/things/%zz", 404, "not_found"),
        ("GET", "/api/things/msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e", 404, "not_found"),
        ("GET", long.as_str(), 414, "url_too_long"),
        ("PATCH", "/api/things/x", 415, "unsupported_media_type"),
    ] {
        let (got, headers, body) = send(method, uri, &[]).await;
        assert_eq!((got, code(&body)), (status, wanted.to_owned()), "{method} {uri:.40}");
        assert_eq!(status == 405, headers.contains_key("allow"), "{method} {uri:.40}");
    }
    let (_, headers, _) = send("DELETE", &format!("/api/things/{ID}"), &[]).await;
    assert_eq!(headers["allow"], "GET,HEAD,PATCH");
}

#[tokio::test]
async fn head_works_where_get_does() {
    let (status, _, body) = send("HEAD", &format!("/api/things/{ID}?limit=3"), &[]).await;
    assert_eq!((status, body.as_str()), (200, ""));
}

#[tokio::test]
async fn a_query_parameter_that_is_not_described_is_refused() {
    let (status, _, _) = send("GET", &format!("/api/things/{ID}?limit=3"), &[]).await;
    assert_eq!(status, 200);
    for uri in ["/api/id?access_token=x", &format!("/api/things/{ID}?limits=3")] {
        let (status, _, body) = send("GET", uri, &[]).await;
        assert_eq!((status, code(&body)), (400, "unknown_parameter".to_owned()));
    }
    let (_, _, body) = send("GET", "/api/id?a=%", &[]).await;
    assert_eq!(code(&body), "invalid_query");
}

#[tokio::test]
async fn too_many_header_bytes_are_refused() {
    let (status, _, body) = send("GET", "/api/id", &[("x-big", &"a".repeat(17_000))]).await;
    assert_eq!((status, code(&body)), (431, "headers_too_large".to_owned()));
}

#[tokio::test]
async fn a_panic_is_one_answer() {
    let (status, headers, body) = send("POST", "/api/panic", &[]).await;
    assert_eq!((status, code(&body)), (500, "internal_error".to_owned()));
    assert!(headers.contains_key("x-request-id"));
    assert!(!body.contains("asked for it"), "{body}");
    assert_eq!(send("GET", "/api/id", &[]).await.0, 200);
}

#[tokio::test]
async fn only_listed_origins_may_call_from_a_browser() {
    let preflight = |origin: &'static str| async move {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "PATCH"),
            ("access-control-request-headers", "authorization,content-type"),
        ];
        send("OPTIONS", &format!("/api/things/{ID}"), &headers).await
    };
    let (status, headers, _) = preflight("https://chat.example.org").await;
    assert_eq!(status, 200);
    assert_eq!(headers["access-control-allow-origin"], "https://chat.example.org");
    let allowed = headers["access-control-allow-headers"].to_str().unwrap();
    assert!(allowed.contains("authorization") && !allowed.contains('*'), "{allowed}");
    assert!(!headers.contains_key("access-control-allow-credentials"));
    for origin in ["https://evil.example", "null", "https://a.chat.example.org"] {
        let (_, headers, _) = preflight(origin).await;
        assert!(!headers.contains_key("access-control-allow-origin"), "{origin}");
    }
    let origin = [("origin", "https://chat.example.org")];
    let (_, headers, _) = send("GET", "/api/id", &origin).await;
    assert!(headers["access-control-expose-headers"].to_str().unwrap().contains("x-request-id"));
}

#[test]
fn no_origin_means_no_layer_and_stars_are_not_origins() {
    assert!(cors(&[]).is_none());
    assert!(cors(&["*".to_owned(), "null".to_owned()]).is_none());
}
