//! Requests that a client may send more than once.

use std::time::Duration;

use crud::idempotency::IdempotencyKey;

use crate::responses::engine::Engine;

/// How long a key is remembered.
const LIFETIME: Duration = Duration::from_hours(24);

/// A key as it is stored: with a digest of what was asked, so that one key means one request.
pub(crate) fn idempotency_key(
    engine: &Engine,
    key: Option<String>,
    request: impl FnOnce() -> serde_json::Value,
) -> Option<IdempotencyKey> {
    let key = key?;
    engine.rows_age.notify_one();
    Some(IdempotencyKey {
        key,
        request_hash: auth::token_hash(&request().to_string()),
        expires_at: engine.context.now() + LIFETIME,
    })
}
