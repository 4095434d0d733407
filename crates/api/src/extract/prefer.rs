//! The header `Prefer` (RFC 7240).

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// Which preferences of RFC 7240 the client sent; unknown ones are ignored, as it asks.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Prefer {
    /// `respond-async`: answer 202 at once instead of waiting.
    pub(crate) respond_async: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for Prefer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let respond_async = parts
            .headers
            .get_all("prefer")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|preference| preference.split(';').next())
            .any(|name| name.trim().eq_ignore_ascii_case("respond-async"));
        Ok(Self { respond_async })
    }
}
