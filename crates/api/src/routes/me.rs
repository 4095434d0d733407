//! `/api/me` and `/api/sessions`: the caller's own account.

use axum::extract::State;
use axum::http::StatusCode;
use schemas::SessionId;
use schemas::account::{AccountDelete, MePatch, PasswordChange, UserOut};
use schemas::list::SessionList;

use super::answers::Answer;
use crate::extract::{Authenticated, ClientInfo, Json, Path, SessionCookie, WithCookie};
use crate::state::AppState;

/// Show the account
#[utoipa::path(
    get, path = "/api/me", tag = "Accounts", security(("bearer" = ["read"])),
    responses((status = 200, description = "The account of the access token", body = UserOut))
)]
pub(super) async fn get_me(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
) -> Answer<Json<UserOut>> {
    Ok(Json(state.services.accounts.me(&actor).await?))
}

/// Change the account
///
/// Only the fields sent are changed. A new e-mail address takes the password, too; sessions and
/// keys go on.
#[utoipa::path(
    patch, path = "/api/me", tag = "Accounts", security(("bearer" = ["account"])),
    request_body = MePatch,
    responses(
        (status = 200, description = "The account as it is now", body = UserOut),
        (status = 403, description = "`wrong_password` or `insufficient_scope`", body = schemas::error::ErrorBody),
        (status = 409, description = "`email_taken`", body = schemas::error::ErrorBody),
        (status = 429, description = "`rate_limit_exceeded`: too many wrong passwords; `Retry-After` says when the next is checked", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn update_me(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    Json(patch): Json<MePatch>,
) -> Answer<Json<UserOut>> {
    Ok(Json(state.services.accounts.update_me(&actor, patch).await?))
}

/// Change the password
///
/// Ends all other sessions of the account, at once, and with `end_keys` the API keys as well, but
/// for the one that the request is made with.
#[utoipa::path(
    post, path = "/api/me/password", tag = "Accounts", security(("bearer" = ["account"])),
    request_body = PasswordChange,
    responses(
        (status = 204, description = "The password is the new one"),
        (status = 403, description = "`wrong_password` or `insufficient_scope`", body = schemas::error::ErrorBody),
        (status = 429, description = "`rate_limit_exceeded`: too many wrong passwords; `Retry-After` says when the next is checked", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn change_password(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    ClientInfo(client): ClientInfo,
    Json(change): Json<PasswordChange>,
) -> Answer<StatusCode> {
    state.services.accounts.change_password(&actor, change, &client).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Delete the account
///
/// With all conversations, keys and sessions. Running answers are stopped. It cannot be undone. The
/// last administrator cannot go while there are other users.
#[utoipa::path(
    delete, path = "/api/me", tag = "Accounts", security(("bearer" = ["account"])),
    request_body = AccountDelete,
    params(("x-chatapp-session" = Option<String>, Header, pattern = "^cookie$", description = "`cookie`: the cookie is removed, too. Only for this server's own pages", example = "cookie")),
    responses(
        (status = 204, description = "The account is gone"),
        (status = 403, description = "`wrong_password`, `insufficient_scope` or `foreign_page`", body = schemas::error::ErrorBody),
        (status = 409, description = "`last_administrator`", body = schemas::error::ErrorBody),
        (status = 429, description = "`rate_limit_exceeded`: too many wrong passwords; `Retry-After` says when the next is checked", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn delete_me(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    cookie: SessionCookie,
    Json(request): Json<AccountDelete>,
) -> Answer<WithCookie<StatusCode>> {
    state.services.accounts.delete_me(&actor, request).await?;
    Ok(cookie.forget(StatusCode::NO_CONTENT))
}

/// List the sessions
///
/// Every login of the account that has not ended, newest first.
#[utoipa::path(
    get, path = "/api/sessions", tag = "Accounts", security(("bearer" = ["account"])),
    responses((status = 200, description = "The sessions", body = SessionList))
)]
pub(super) async fn list_sessions(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
) -> Answer<Json<SessionList>> {
    Ok(Json(state.services.accounts.list_sessions(&actor).await?))
}

/// End a session
///
/// Its tokens stop working at once.
#[utoipa::path(
    delete, path = "/api/sessions/{id}", tag = "Accounts", security(("bearer" = ["account"])),
    params(("id" = String, Path, description = "Id of the session", example = "sess_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")),
    responses((status = 204, description = "The session has ended"))
)]
pub(super) async fn revoke_session(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    Path(id): Path<SessionId>,
) -> Answer<StatusCode> {
    state.services.accounts.revoke_session(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
