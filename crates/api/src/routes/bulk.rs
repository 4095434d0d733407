//! `/api/conversations/…` for many conversations at once.

use axum::extract::State;
use schemas::conversation::{BulkArchive, BulkArchived, BulkDelete, BulkDeleted};

use super::answers::Answer;
use crate::extract::{Authenticated, Json};
use crate::state::AppState;

/// Delete conversations
///
/// Up to 100 by their ids, or all of them: into the trash, or for good. Answers being generated in
/// them are stopped. `"trash": true` empties the trash.
#[utoipa::path(
    post, path = "/api/conversations/delete", tag = "Conversations", security(("bearer" = [])),
    request_body = BulkDelete,
    responses((status = 200, description = "How many were deleted", body = BulkDeleted))
)]
pub(super) async fn delete_conversations(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    Json(request): Json<BulkDelete>,
) -> Answer<Json<BulkDeleted>> {
    Ok(Json(state.services.conversations.delete_many(&actor, request).await?))
}

/// Archive conversations
///
/// Up to 100 by their ids, or all of them; with `"archived": false` they come back into the list.
#[utoipa::path(
    post, path = "/api/conversations/archive", tag = "Conversations", security(("bearer" = [])),
    request_body = BulkArchive,
    responses((status = 200, description = "How many were changed", body = BulkArchived))
)]
pub(super) async fn archive_conversations(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    Json(request): Json<BulkArchive>,
) -> Answer<Json<BulkArchived>> {
    Ok(Json(state.services.conversations.archive_many(&actor, request).await?))
}
