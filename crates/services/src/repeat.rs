//! Requests that a client may send more than once.

use std::time::Duration;

use crud::idempotency::IdempotencyKey;

use crate::core::Core;

/// How long a key is remembered.
const LIFETIME: Duration = Duration::from_hours(24);

/// A key as it is stored: with a digest of what was asked, so that one key means one request.
pub(crate) fn idempotency_key(
    core: &Core,
    key: Option<String>,
    request: impl FnOnce() -> serde_json::Value,
) -> Option<IdempotencyKey> {
    let key = key?;
    core.rows_age.notify_one();
    Some(IdempotencyKey {
        key,
        request_hash: auth::token_hash(&request().to_string()),
        expires_at: core.context.now() + LIFETIME,
    })
}
