//! `/api/keys`: credentials for programs.

use axum::extract::State;
use axum::http::StatusCode;
use schemas::ApiKeyId;
use schemas::key::{KeyCreate, KeyCreated, KeyOut, KeyPatch};
use schemas::list::KeyList;

use super::answers::Answer;
use crate::extract::{Authenticated, Json, Path};
use crate::state::AppState;

/// List the API keys
///
/// Every key that is not revoked, newest first, also those that have expired. Their text is not
/// among what is shown: it was shown when they were made.
#[utoipa::path(
    get, path = "/api/keys", tag = "Keys", security(("bearer" = ["account"])),
    responses((status = 200, description = "The keys", body = KeyList))
)]
pub(super) async fn list_keys(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
) -> Answer<Json<KeyList>> {
    Ok(Json(state.services.keys.list(&actor).await?))
}

/// Make an API key
///
/// The answer holds the key (`sk-…`); it is not shown again. Send it as
/// `Authorization: Bearer sk-…` wherever an access token is taken. It may do what its scopes
/// say, sees what its owner sees, and works until it expires or is revoked; changing the password
/// ends it only if that is asked for. A key cannot make another one with more scopes than its own.
/// A key with the scope `account` or `admin`, or that works longer than a session can
/// (`auth.session_ttl`, 30 days) or for ever, takes the password.
#[utoipa::path(
    post, path = "/api/keys", tag = "Keys", security(("bearer" = ["account"])),
    request_body = KeyCreate,
    responses(
        (status = 201, description = "The key", body = KeyCreated),
        (status = 403, description = "`password_required`, `wrong_password` or `insufficient_scope`", body = schemas::error::ErrorBody),
        (status = 409, description = "`key_limit_reached`", body = schemas::error::ErrorBody),
        (status = 429, description = "`rate_limit_exceeded`: too many wrong passwords; `Retry-After` says when the next is checked", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn create_key(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    Json(request): Json<KeyCreate>,
) -> Answer<(StatusCode, Json<KeyCreated>)> {
    Ok((StatusCode::CREATED, Json(state.services.accounts.create_key(&actor, request).await?)))
}

/// Rename an API key
#[utoipa::path(
    patch, path = "/api/keys/{id}", tag = "Keys", security(("bearer" = ["account"])),
    params(("id" = String, Path, description = "Id of the key", example = "key_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")),
    request_body = KeyPatch,
    responses((status = 200, description = "The key as it is now", body = KeyOut))
)]
pub(super) async fn update_key(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    Path(id): Path<ApiKeyId>,
    Json(patch): Json<KeyPatch>,
) -> Answer<Json<KeyOut>> {
    Ok(Json(state.services.keys.update(&actor, id, patch).await?))
}

/// Revoke an API key
///
/// Its next request is refused, on every server.
#[utoipa::path(
    delete, path = "/api/keys/{id}", tag = "Keys", security(("bearer" = ["account"])),
    params(("id" = String, Path, description = "Id of the key", example = "key_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")),
    responses((status = 204, description = "The key works no more"))
)]
pub(super) async fn revoke_key(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    Path(id): Path<ApiKeyId>,
) -> Answer<StatusCode> {
    state.services.keys.revoke(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
