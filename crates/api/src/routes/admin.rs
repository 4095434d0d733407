//! `/api/admin`: what administrators give away.

use axum::extract::State;
use axum::http::StatusCode;
use schemas::admin::{
    InvitationCreate, InvitationCreated, ResetLinkByEmail, ResetLinkCreate, ResetLinkCreated,
};
use schemas::list::InvitationList;
use schemas::{InvitationId, UserId};

use super::answers::Answer;
use crate::extract::{Administrator, Json, OwnAddress, Path};
use crate::state::AppState;

/// List the invitations
///
/// Those that can still be used, newest first. Their tokens are not among what is shown.
#[utoipa::path(
    get, path = "/api/admin/invitations", tag = "Administration", security(("bearer" = ["admin"])),
    responses(
        (status = 200, description = "The invitations", body = InvitationList),
        (status = 403, description = "`administrator_required` or `insufficient_scope`", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn list_invitations(
    State(state): State<AppState>,
    _administrator: Administrator,
) -> Answer<Json<InvitationList>> {
    Ok(Json(state.services.links.list_invitations().await?))
}

/// Invite a person
///
/// The answer holds a link with which accounts are made where sign-up takes invitations
/// (`auth.signup`); it is not shown again. It works until it is used up, expires or is taken back,
/// or its author administers the server no more. One for administrators takes the password.
#[utoipa::path(
    post, path = "/api/admin/invitations", tag = "Administration",
    security(("bearer" = ["admin"])), request_body = InvitationCreate,
    responses(
        (status = 201, description = "The invitation", body = InvitationCreated),
        (status = 403, description = "`administrator_required`, `insufficient_scope`, `password_required`, `wrong_password`, or `signup_closed`: nobody could use it", body = schemas::error::ErrorBody),
        (status = 409, description = "`email_taken`, or `invitation_limit_reached`", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn create_invitation(
    State(state): State<AppState>,
    Administrator(actor): Administrator,
    OwnAddress(base): OwnAddress,
    Json(request): Json<InvitationCreate>,
) -> Answer<(StatusCode, Json<InvitationCreated>)> {
    let made = state.services.accounts.invite(&actor, request, &base).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Take an invitation back
///
/// Nobody makes an account with it any more. Accounts that were made with it stay.
#[utoipa::path(
    delete, path = "/api/admin/invitations/{id}", tag = "Administration",
    security(("bearer" = ["admin"])),
    params(("id" = String, Path, description = "Id of the invitation", example = "inv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")),
    responses(
        (status = 204, description = "It is taken back"),
        (status = 403, description = "`administrator_required` or `insufficient_scope`", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn revoke_invitation(
    State(state): State<AppState>,
    _administrator: Administrator,
    Path(id): Path<InvitationId>,
) -> Answer<StatusCode> {
    state.services.links.revoke_invitation(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make a link to a new password
///
/// For a user who has forgotten theirs. The answer holds a link to be given to the owner of the
/// account; it works once, and replaces an earlier one. Nothing else changes until it is used. For
/// an administrator's account, also one's own, it takes the password.
#[utoipa::path(
    post, path = "/api/admin/users/{id}/reset-link", tag = "Administration",
    security(("bearer" = ["admin"])), request_body = ResetLinkCreate,
    params(("id" = String, Path, description = "Id of the user", example = "user_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")),
    responses(
        (status = 201, description = "The link", body = ResetLinkCreated),
        (status = 403, description = "`administrator_required`, `insufficient_scope`, `password_required` or `wrong_password`", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn create_reset_link(
    State(state): State<AppState>,
    Administrator(actor): Administrator,
    Path(id): Path<UserId>,
    OwnAddress(base): OwnAddress,
    Json(request): Json<ResetLinkCreate>,
) -> Answer<(StatusCode, Json<ResetLinkCreated>)> {
    let made = state.services.accounts.reset_link(&actor, id, request, &base).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Make a link to a new password for an address
///
/// As with the id of a user, where only the e-mail address of the account is known. For an
/// administrator's account, also one's own, it takes the password.
#[utoipa::path(
    post, path = "/api/admin/reset-links", tag = "Administration",
    security(("bearer" = ["admin"])), request_body = ResetLinkByEmail,
    responses(
        (status = 201, description = "The link", body = ResetLinkCreated),
        (status = 403, description = "`administrator_required`, `insufficient_scope`, `password_required` or `wrong_password`", body = schemas::error::ErrorBody),
        (status = 404, description = "`not_found`: no account has this address", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn create_reset_link_by_email(
    State(state): State<AppState>,
    Administrator(actor): Administrator,
    OwnAddress(base): OwnAddress,
    Json(request): Json<ResetLinkByEmail>,
) -> Answer<(StatusCode, Json<ResetLinkCreated>)> {
    let made = state.services.accounts.reset_link_to(&actor, request, &base).await?;
    Ok((StatusCode::CREATED, Json(made)))
}
