//! The header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header).

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::error::ApiError;

/// The most characters of a key.
const MAX_CHARS: usize = 255;

/// The key a client sent to make a request repeatable, if it sent one.
#[derive(Debug, Clone, Default)]
pub(crate) struct IdempotencyKey(pub(crate) Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let mut values = parts.headers.get_all("idempotency-key").iter();
        let Some(value) = values.next() else { return Ok(Self(None)) };
        let key = value.to_str().ok().filter(|key| {
            (1..=MAX_CHARS).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic())
        });
        match (key, values.next()) {
            (Some(key), None) => Ok(Self(Some(key.to_owned()))),
            _ => Err(ApiError::invalid_value(
                "idempotency-key",
                format!(
                    "Idempotency-Key must be sent once, with 1 to {MAX_CHARS} printable ASCII \
                     characters and no spaces."
                ),
            )),
        }
    }
}
