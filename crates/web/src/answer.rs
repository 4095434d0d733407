//! Headers and bodies of answers.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use std::borrow::Cow;

use crate::file::File;

/// What the page may do: run our scripts, show our styles, talk to this server. No text can become
/// HTML by accident: only the framework's own templates may. Nor can it name a script: only the one
/// that colours code is started, in a thread of its own.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types svelte-trusted-html colours";

/// Names under this contain a hash of the content.
const HASHED: &str = "assets/";

/// Whether a request that finds no file is for a page: typed or followed by a person, and without
/// the point that files have in their names.
pub(crate) fn wants_page(request: &Request) -> bool {
    let path = request.uri().path().trim_start_matches('/');
    let name = path.rsplit('/').next().unwrap_or_default();
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    is_read(request)
        && !path.starts_with(HASHED)
        && !name.contains('.')
        && accept.is_some_and(|accept| accept.contains("text/html"))
}

/// Nothing is there.
pub(crate) fn missing() -> Response {
    with_status(StatusCode::NOT_FOUND)
}

/// The answer to a request for `file`.
pub(crate) fn found(request: &Request, file: File) -> Response {
    if !is_read(request) {
        return missing();
    }
    let File { path, bytes, gzip, digest } = file;
    let varies = gzip.is_some();
    let gzip = gzip.filter(|_| accepts_gzip(request.headers()));
    let suffix = if gzip.is_some() { "-gz" } else { "" };
    let tag = format!("\"{digest}{suffix}\"");
    let mut response = if matches(request.headers(), &tag) {
        with_status(StatusCode::NOT_MODIFIED)
    } else {
        let mut response = Response::new(Body::from(match (gzip, bytes) {
            (Some(gzip), _) => Bytes::from_static(gzip),
            (None, Cow::Borrowed(bytes)) => Bytes::from_static(bytes),
            (None, Cow::Owned(bytes)) => Bytes::from(bytes),
        }));
        set(&mut response, header::CONTENT_TYPE, content_type(&path));
        if gzip.is_some() {
            set(&mut response, header::CONTENT_ENCODING, "gzip");
        }
        response
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    if varies {
        set(&mut response, header::VARY, "accept-encoding");
    }
    let hashed = path.starts_with(HASHED);
    let cache = if hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
    set(&mut response, header::CACHE_CONTROL, cache);
    set(&mut response, header::CONTENT_SECURITY_POLICY, POLICY);
    set(&mut response, HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(&mut response, HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    response
}

fn is_read(request: &Request) -> bool {
    matches!(*request.method(), Method::GET | Method::HEAD)
}

fn with_status(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

fn set(response: &mut Response, name: HeaderName, value: &'static str) {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
}

/// Whether the browser has this version already (RFC 9110, section 13.1.2).
fn matches(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|known| known.trim().trim_start_matches("W/") == tag)
}

/// Whether gzip is named and not refused with `q=0` (RFC 9110, section 12.5.3).
fn accepts_gzip(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| {
            let (name, parameters) = coding.split_once(';').unwrap_or((coding, ""));
            let weight = parameters.trim().strip_prefix("q=").map(str::parse::<f32>);
            name.trim().eq_ignore_ascii_case("gzip") && weight != Some(Ok(0.0))
        })
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    }
}
