//! `/api/conversations`.

use axum::extract::State;
use axum::response::Response;
use schemas::ConversationId;
use schemas::conversation::{ConversationCreate, ConversationOut, ConversationPatch, Deleted};
use schemas::list::List;
use serde::Deserialize;
use services::{ListQuery, Opened};
use utoipa::IntoParams;

use super::answers::{Answer, created, replayed};
use crate::extract::{Bearer, IdempotencyKey, Json, Limit, Path, Query};
use crate::state::AppState;

/// Query of `GET /api/conversations`.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ConversationListParams {
    /// How many to return.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// Id of the last conversation of the previous page.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    after: Option<ConversationId>,
}

/// List the conversations
///
/// Newest activity first. Titles are stored, so no message is read for this.
#[utoipa::path(
    get, path = "/api/conversations", tag = "Conversations", security(("bearer" = [])),
    params(ConversationListParams),
    responses((status = 200, description = "A page of conversations", body = List<ConversationOut>))
)]
pub(super) async fn list_conversations(
    State(state): State<AppState>,
    Bearer(identity): Bearer,
    Query(ConversationListParams { limit: Limit(limit), after }): Query<ConversationListParams>,
) -> Answer<Json<List<ConversationOut>>> {
    let query = ListQuery { limit, after };
    Ok(Json(state.services.conversations.list(identity.user_id, query).await?))
}

/// Create a conversation
///
/// Repeated with the same `Idempotency-Key` it answers with the same conversation.
#[utoipa::path(
    post, path = "/api/conversations", tag = "Conversations", security(("bearer" = [])),
    params(("idempotency-key" = Option<String>, Header, description = "Makes the request repeatable for 24 hours")),
    request_body = ConversationCreate,
    responses((
        status = 201, description = "The conversation", body = ConversationOut,
        headers(("location" = String, description = "Path of the conversation")),
    ), (status = 422, description = "`idempotency_key_reused`", body = schemas::error::ErrorBody))
)]
pub(super) async fn create_conversation(
    State(state): State<AppState>,
    Bearer(identity): Bearer,
    IdempotencyKey(key): IdempotencyKey,
    Json(request): Json<ConversationCreate>,
) -> Answer<Response> {
    let Opened { conversation, repeated } =
        state.services.conversations.create(identity.user_id, request, key).await?;
    let location = format!("/api/conversations/{}", conversation.id);
    Ok(replayed(repeated, created(location, conversation)))
}

/// Show a conversation
#[utoipa::path(
    get, path = "/api/conversations/{id}", tag = "Conversations", security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the conversation", example = "conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")),
    responses((status = 200, description = "The conversation", body = ConversationOut))
)]
pub(super) async fn get_conversation(
    State(state): State<AppState>,
    Bearer(identity): Bearer,
    Path(id): Path<ConversationId>,
) -> Answer<Json<ConversationOut>> {
    Ok(Json(state.services.conversations.get(identity.user_id, id).await?))
}

/// Change a conversation
///
/// Only the fields sent are changed; `null` clears one.
#[utoipa::path(
    patch, path = "/api/conversations/{id}", tag = "Conversations", security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the conversation", example = "conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")),
    request_body = ConversationPatch,
    responses((status = 200, description = "The conversation as it is now", body = ConversationOut))
)]
pub(super) async fn update_conversation(
    State(state): State<AppState>,
    Bearer(identity): Bearer,
    Path(id): Path<ConversationId>,
    Json(patch): Json<ConversationPatch>,
) -> Answer<Json<ConversationOut>> {
    Ok(Json(state.services.conversations.update(identity.user_id, id, patch).await?))
}

/// Delete a conversation
///
/// With all its messages. An answer being generated in it is stopped.
#[utoipa::path(
    delete, path = "/api/conversations/{id}", tag = "Conversations", security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the conversation", example = "conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")),
    responses((status = 200, description = "It is gone", body = Deleted))
)]
pub(super) async fn delete_conversation(
    State(state): State<AppState>,
    Bearer(identity): Bearer,
    Path(id): Path<ConversationId>,
) -> Answer<Json<Deleted>> {
    state.services.conversations.delete(identity.user_id, id).await?;
    Ok(Json(Deleted { id: id.to_string(), object: "conversation", deleted: true }))
}
