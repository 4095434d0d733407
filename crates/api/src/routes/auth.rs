//! `/api/auth`: accounts are made, sessions begin and end.
//!
//! Our own page keeps its refresh token in a cookie; see [`SessionCookie`].

use axum::extract::State;
use axum::http::StatusCode;
use schemas::account::{
    LoginRequest, PasswordReset, RefreshRequest, SignupRequest, SignupState, TokenResponse,
};

use super::answers::Answer;
use crate::extract::{Authenticated, ClientInfo, Json, SessionCookie, WithCookie};
use crate::state::AppState;

/// Create an account
///
/// Also logs in. Who may do this is the operator's choice (`auth.signup`). The server's first
/// administrator signs up with the set-up code that it prints at its start.
#[utoipa::path(
    post, path = "/api/auth/signup", tag = "Accounts", request_body = SignupRequest,
    params(("x-chatapp-session" = Option<String>, Header, pattern = "^cookie$", description = "`cookie`: the refresh token goes into an `HttpOnly` cookie instead of the body. Only for this server's own pages", example = "cookie")),
    responses(
        (status = 201, description = "The account and its first session", body = TokenResponse),
        (status = 403, description = "`signup_closed`, `invitation_required`, `invitation_invalid`, `setup_token_invalid` or `foreign_page`", body = schemas::error::ErrorBody),
        (status = 409, description = "`email_taken`", body = schemas::error::ErrorBody),
        (status = 429, description = "`rate_limit_exceeded`: too many sign-ups or wrong codes from this address; `Retry-After` says when the next is looked at", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn signup(
    State(state): State<AppState>,
    ClientInfo(client): ClientInfo,
    cookie: SessionCookie,
    Json(request): Json<SignupRequest>,
) -> Answer<(StatusCode, WithCookie<Json<TokenResponse>>)> {
    let accounts = &state.services.accounts;
    let tokens = accounts.signup(request, client).await?;
    Ok((StatusCode::CREATED, cookie.keep(tokens, accounts.refresh_lifetime())))
}

/// Show who can sign up
///
/// For the page before the login: whether the caller can make an account, and whether the server
/// still waits for its administrator.
#[utoipa::path(
    get, path = "/api/auth/signup", tag = "Accounts",
    responses((status = 200, description = "Who can make an account", body = SignupState))
)]
pub(super) async fn get_signup(
    State(state): State<AppState>,
    ClientInfo(client): ClientInfo,
) -> Answer<Json<SignupState>> {
    Ok(Json(state.services.accounts.signup_state(&client).await?))
}

/// Log in
///
/// Begins a session. The access token is short-lived; the refresh token renews it.
#[utoipa::path(
    post, path = "/api/auth/login", tag = "Accounts", request_body = LoginRequest,
    params(("x-chatapp-session" = Option<String>, Header, pattern = "^cookie$", description = "`cookie`: the refresh token goes into an `HttpOnly` cookie instead of the body. Only for this server's own pages", example = "cookie")),
    responses(
        (status = 200, description = "The new session", body = TokenResponse),
        (status = 401, description = "`invalid_credentials`", body = schemas::error::ErrorBody),
        (status = 403, description = "`foreign_page`", body = schemas::error::ErrorBody),
        (status = 429, description = "`rate_limit_exceeded`: too many wrong passwords for this account or from this address; `Retry-After` says when the next is checked", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn login(
    State(state): State<AppState>,
    ClientInfo(client): ClientInfo,
    cookie: SessionCookie,
    Json(request): Json<LoginRequest>,
) -> Answer<WithCookie<Json<TokenResponse>>> {
    let accounts = &state.services.accounts;
    let tokens = accounts.login(request, client).await?;
    Ok(cookie.keep(tokens, accounts.refresh_lifetime()))
}

/// Renew the tokens
///
/// Takes the session's newest refresh token and gives the next pair. A refresh token works once;
/// all who present it within a short time get the same next one, and later it ends the session.
#[utoipa::path(
    post, path = "/api/auth/refresh", tag = "Accounts", request_body = RefreshRequest,
    params(("x-chatapp-session" = Option<String>, Header, pattern = "^cookie$", description = "`cookie`: the refresh token is taken from the cookie, and the next one goes there. Only for this server's own pages", example = "cookie")),
    responses(
        (status = 200, description = "The next pair of tokens", body = TokenResponse),
        (status = 400, description = "`missing_required_parameter`: neither the cookie nor `refresh_token` was sent", body = schemas::error::ErrorBody),
        (status = 401, description = "`invalid_token` or `token_expired`", body = schemas::error::ErrorBody),
        (status = 403, description = "`foreign_page`", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn refresh(
    State(state): State<AppState>,
    ClientInfo(client): ClientInfo,
    cookie: SessionCookie,
    Json(RefreshRequest { refresh_token }): Json<RefreshRequest>,
) -> Answer<WithCookie<Json<TokenResponse>>> {
    let accounts = &state.services.accounts;
    let tokens = accounts.refresh(&cookie.token(refresh_token)?, &client).await?;
    Ok(cookie.keep(tokens, accounts.refresh_lifetime()))
}

/// Reset a forgotten password
///
/// Takes the token of a link that an administrator has made, once. All sessions of the account
/// end; its API keys go on working.
#[utoipa::path(
    post, path = "/api/auth/reset", tag = "Accounts", request_body = PasswordReset,
    responses(
        (status = 204, description = "The account has the new password"),
        (status = 403, description = "`reset_token_invalid`", body = schemas::error::ErrorBody),
        (status = 429, description = "`rate_limit_exceeded`: too many wrong tokens from this address; `Retry-After` says when the next is looked at", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn reset_password(
    State(state): State<AppState>,
    ClientInfo(client): ClientInfo,
    Json(request): Json<PasswordReset>,
) -> Answer<StatusCode> {
    state.services.accounts.reset_password(request, &client).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Log out
///
/// Ends the session of this access token, at once and for every token of it. An API key belongs
/// to no session.
#[utoipa::path(
    post, path = "/api/auth/logout", tag = "Accounts", security(("bearer" = ["account"])),
    params(("x-chatapp-session" = Option<String>, Header, pattern = "^cookie$", description = "`cookie`: the cookie is removed, too. Only for this server's own pages", example = "cookie")),
    responses(
        (status = 204, description = "The session has ended"),
        (status = 403, description = "`insufficient_scope`, `foreign_page`, or `session_required` for an API key", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn logout(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    cookie: SessionCookie,
) -> Answer<WithCookie<StatusCode>> {
    state.services.accounts.logout(&actor).await?;
    Ok(cookie.forget(StatusCode::NO_CONTENT))
}
