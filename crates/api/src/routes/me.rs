//! `/api/me` and `/api/sessions`: the caller's own account.

use axum::extract::State;
use axum::http::StatusCode;
use schemas::SessionId;
use schemas::account::{SessionOut, UserOut};
use schemas::list::List;

use super::answers::Answer;
use crate::extract::{Bearer, Json, Path};
use crate::state::AppState;

/// Show the account
#[utoipa::path(
    get, path = "/api/me", tag = "Accounts", security(("bearer" = ["read"])),
    responses((status = 200, description = "The account of the access token", body = UserOut))
)]
pub(super) async fn get_me(
    State(state): State<AppState>,
    Bearer(identity): Bearer,
) -> Answer<Json<UserOut>> {
    Ok(Json(state.services.accounts.me(&identity).await?))
}

/// List the sessions
///
/// Every login of the account that has not ended, newest first.
#[utoipa::path(
    get, path = "/api/sessions", tag = "Accounts", security(("bearer" = ["account"])),
    responses((status = 200, description = "The sessions", body = List<SessionOut>))
)]
pub(super) async fn list_sessions(
    State(state): State<AppState>,
    Bearer(identity): Bearer,
) -> Answer<Json<List<SessionOut>>> {
    Ok(Json(state.services.accounts.list_sessions(&identity).await?))
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
    Bearer(identity): Bearer,
    Path(id): Path<SessionId>,
) -> Answer<StatusCode> {
    state.services.accounts.revoke_session(&identity, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
