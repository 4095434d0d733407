//! The id of a request, shown to the client and written to the log.

use axum::http::HeaderValue;
use uuid::Uuid;

/// `req_` and the 32 digits of a UUIDv7 (RFC 9562). Never taken from the client.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(String);

impl RequestId {
    /// A new id.
    #[expect(clippy::disallowed_methods, reason = "names a request; nothing is stored under it")]
    pub(crate) fn new() -> Self {
        Self(format!("req_{}", Uuid::now_v7().simple()))
    }

    /// The id as text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The id as a header value.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.0).ok()
    }
}
