//! `/api/conversations`.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use schemas::ConversationId;
use schemas::conversation::{
    After, ConversationCreate, ConversationOut, ConversationPatch, Deleted,
};
use schemas::list::ConversationList;
use schemas::view::Conversation;
use serde::Deserialize;
use services::{ListQuery, OpenedConversation};
use utoipa::IntoParams;

use super::answers::{Answer, created, measured, replayed, tagged, unchanged};
use crate::extract::{
    Authenticated, IdempotencyKey, IfMatch, IfNoneMatch, Json, Limit, Path, Query,
};
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
    /// `next_cursor` of the previous page, which continues exactly there whatever has moved since;
    /// or the id of a conversation, which continues behind where that one is now.
    #[serde(default)]
    #[param(value_type = Option<String>, min_length = 1)]
    after: Option<After>,
    /// `true` lists archived conversations, `false` the others. Without it: the others, and in the
    /// trash both.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    archived: Option<bool>,
    /// `true` lists pinned conversations only, `false` only the others.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    pinned: Option<bool>,
    /// `true` lists what is in the trash, the last deleted first.
    #[serde(default)]
    #[param(value_type = Option<bool>, default = false)]
    deleted: bool,
}

/// List the conversations
///
/// Newest activity first. Titles are stored, so no message is read for this.
#[utoipa::path(
    get, path = "/api/conversations", tag = "Conversations", security(("bearer" = [])),
    params(ConversationListParams),
    responses((status = 200, description = "A page of conversations", body = ConversationList))
)]
pub(super) async fn list_conversations(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    Query(params): Query<ConversationListParams>,
) -> Answer<Response> {
    let ConversationListParams { limit: Limit(limit), after, archived, pinned, deleted } = params;
    let query = ListQuery { limit, after, archived, pinned, deleted, ascending: false };
    let page = state.services.conversations.list(&actor, query);
    measured::<ConversationList, _>(&state, &actor, page).await
}

/// Create a conversation
///
/// Repeated with the same `Idempotency-Key` it answers with the same conversation.
#[utoipa::path(
    post, path = "/api/conversations", tag = "Conversations", security(("bearer" = [])),
    params(("idempotency-key" = Option<String>, Header, pattern = "^[!-~]{1,255}$", description = "Makes the request repeatable for 24 hours")),
    request_body = ConversationCreate,
    responses((
        status = 201, description = "The conversation", body = ConversationOut,
        headers(("location" = String, description = "Path of the conversation"), ("etag" = String, description = "Its version")),
    ),
    (status = 404, description = "`not_found`: what the first request with this key made was deleted", body = schemas::error::ErrorBody),
    (status = 422, description = "`idempotency_key_reused`", body = schemas::error::ErrorBody))
)]
pub(super) async fn create_conversation(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    IdempotencyKey(key): IdempotencyKey,
    Json(request): Json<ConversationCreate>,
) -> Answer<Response> {
    let OpenedConversation { conversation, repeated } =
        state.services.conversations.create(&actor, request, key).await?;
    let location = format!("/api/conversations/{}", conversation.id);
    let (version, body) = (conversation.version, ConversationOut::from(conversation));
    Ok(replayed(repeated, tagged(version, created(location, body))))
}

/// Show a conversation
#[utoipa::path(
    get, path = "/api/conversations/{id}", tag = "Conversations", security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "Id of the conversation", example = "conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e"),
        ("if-none-match" = Option<String>, Header, description = "An `ETag` the client has: answered with 304 while that is current", example = "\"7\""),
    ),
    responses(
        (status = 200, description = "The conversation", body = ConversationOut,
            headers(("etag" = String, description = "Its version"))),
        (status = 304, description = "The client's version is current"),
    )
)]
pub(super) async fn get_conversation(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    Path(id): Path<ConversationId>,
    known: IfNoneMatch,
) -> Answer<Response> {
    let conversation = state.services.conversations.get(&actor, id).await?;
    if known.has(conversation.version) {
        return Ok(unchanged(conversation.version));
    }
    Ok(shown(conversation))
}

/// Change a conversation
///
/// Only the fields sent are changed; `null` clears one. Its place in the list stays.
#[utoipa::path(
    patch, path = "/api/conversations/{id}", tag = "Conversations", security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "Id of the conversation", example = "conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e"),
        ("if-match" = Option<String>, Header, description = "The `ETag` the change was made from: refused when it is not current any more", example = "\"7\""),
    ),
    request_body = ConversationPatch,
    responses(
        (status = 200, description = "The conversation as it is now", body = ConversationOut,
            headers(("etag" = String, description = "Its new version"))),
        (status = 412, description = "`etag_mismatch`: it has changed meanwhile; nothing was done", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn update_conversation(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    Path(id): Path<ConversationId>,
    IfMatch(expected): IfMatch,
    Json(patch): Json<ConversationPatch>,
) -> Answer<Response> {
    let conversations = &state.services.conversations;
    Ok(shown(conversations.update(&actor, id, expected, patch).await?))
}

/// Query of `DELETE /api/conversations/{id}`.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DeleteParams {
    /// `true` removes it for good, from the trash too.
    #[serde(default)]
    #[param(value_type = Option<bool>, default = false)]
    permanent: bool,
}

/// Delete a conversation
///
/// It goes into the trash with all its messages, from where it can be restored until `purge_at`.
/// An answer being generated in it is stopped.
#[utoipa::path(
    delete, path = "/api/conversations/{id}", tag = "Conversations", security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "Id of the conversation", example = "conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e"),
        DeleteParams,
        ("if-match" = Option<String>, Header, description = "The `ETag` of what is to be deleted: refused when it is not current any more", example = "\"7\""),
    ),
    responses(
        (status = 200, description = "It is deleted", body = Deleted),
        (status = 412, description = "`etag_mismatch`: it has changed meanwhile; nothing was done", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn delete_conversation(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    Path(id): Path<ConversationId>,
    Query(DeleteParams { permanent }): Query<DeleteParams>,
    IfMatch(expected): IfMatch,
) -> Answer<Json<Deleted>> {
    let conversations = &state.services.conversations;
    Ok(Json(conversations.delete(&actor, id, expected, permanent).await?))
}

/// Restore a conversation
///
/// Takes it out of the trash. One that is not deleted stays as it is.
#[utoipa::path(
    post, path = "/api/conversations/{id}/restore", tag = "Conversations", security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the conversation", example = "conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")),
    responses((status = 200, description = "The conversation", body = ConversationOut,
        headers(("etag" = String, description = "Its version"))))
)]
pub(super) async fn restore_conversation(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    Path(id): Path<ConversationId>,
) -> Answer<Response> {
    Ok(shown(state.services.conversations.restore(&actor, id).await?))
}

/// A conversation with its `ETag`.
fn shown(conversation: Conversation) -> Response {
    let version = conversation.version;
    tagged(version, Json(ConversationOut::from(conversation)).into_response())
}
