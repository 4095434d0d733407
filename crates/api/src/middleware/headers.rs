//! Headers of every answer.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::extract::RequestId;

/// For answers that are data: nothing in them may run or be framed.
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// For our own pages: one style sheet from this origin, no script.
pub(crate) const HTML_POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Sets what a handler has not set itself.
pub(super) fn set(headers: &mut HeaderMap, request_id: &RequestId) {
    if let Some(value) = request_id.header() {
        headers.insert("x-request-id", value);
    }
    let defaults: [(HeaderName, &'static str); 4] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, DATA_POLICY),
    ];
    for (name, value) in defaults {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}
