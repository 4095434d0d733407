//! `/api/auth`: accounts are made, sessions begin and end.

use axum::extract::State;
use axum::http::StatusCode;
use schemas::account::{LoginRequest, RefreshRequest, SignupRequest, TokenResponse};

use super::answers::Answer;
use crate::extract::{Bearer, ClientInfo, Json};
use crate::state::AppState;

/// Create an account
///
/// Also logs in. On a server that listens on this machine only, the first account becomes the
/// administrator; elsewhere it takes the set-up token from the server's log.
#[utoipa::path(
    post, path = "/api/auth/signup", tag = "Accounts", request_body = SignupRequest,
    responses(
        (status = 201, description = "The account and its first session", body = TokenResponse),
        (status = 403, description = "`signup_closed` or `setup_token_invalid`", body = schemas::error::ErrorBody),
        (status = 409, description = "`email_taken`", body = schemas::error::ErrorBody),
        (status = 429, description = "`rate_limit_exceeded`", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn signup(
    State(state): State<AppState>,
    ClientInfo(client): ClientInfo,
    Json(request): Json<SignupRequest>,
) -> Answer<(StatusCode, Json<TokenResponse>)> {
    let tokens = state.services.accounts.signup(request, client).await?;
    Ok((StatusCode::CREATED, Json(tokens)))
}

/// Log in
///
/// Begins a session. The access token is short-lived; the refresh token renews it.
#[utoipa::path(
    post, path = "/api/auth/login", tag = "Accounts", request_body = LoginRequest,
    responses(
        (status = 200, description = "The new session", body = TokenResponse),
        (status = 401, description = "`invalid_credentials`", body = schemas::error::ErrorBody),
        (status = 429, description = "`rate_limit_exceeded`", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn login(
    State(state): State<AppState>,
    ClientInfo(client): ClientInfo,
    Json(request): Json<LoginRequest>,
) -> Answer<Json<TokenResponse>> {
    Ok(Json(state.services.accounts.login(request, client).await?))
}

/// Renew the tokens
///
/// Takes the session's newest refresh token and gives the next pair. A refresh token works once;
/// a second use of an old one ends the session.
#[utoipa::path(
    post, path = "/api/auth/refresh", tag = "Accounts", request_body = RefreshRequest,
    responses(
        (status = 200, description = "The next pair of tokens", body = TokenResponse),
        (status = 401, description = "`invalid_token` or `token_expired`", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn refresh(
    State(state): State<AppState>,
    ClientInfo(client): ClientInfo,
    Json(request): Json<RefreshRequest>,
) -> Answer<Json<TokenResponse>> {
    Ok(Json(state.services.accounts.refresh(request, client).await?))
}

/// Log out
///
/// Ends the session of this access token, at once and for every token of it. An API key belongs
/// to no session.
#[utoipa::path(
    post, path = "/api/auth/logout", tag = "Accounts", security(("bearer" = ["account"])),
    responses(
        (status = 204, description = "The session has ended"),
        (status = 403, description = "`insufficient_scope`, or `session_required` for an API key", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn logout(
    State(state): State<AppState>,
    Bearer(identity): Bearer,
) -> Answer<StatusCode> {
    state.services.accounts.logout(&identity).await?;
    Ok(StatusCode::NO_CONTENT)
}
