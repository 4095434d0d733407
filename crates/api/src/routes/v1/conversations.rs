//! `/v1/conversations`.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use schemas::conversation::After;
use schemas::v1::{
    ConversationCreate, ConversationDeleted, ConversationList, ConversationOut, ConversationUpdate,
};
use schemas::{ConversationId, v1};
use serde::Deserialize;
use services::{ListQuery, OpenedConversation};
use utoipa::IntoParams;

use super::super::answers::{Answer, measured, replayed};
use super::order::Order;
use crate::extract::{Authenticated, IdempotencyKey, Json, Lenient, LenientQuery, Limit, Path};
use crate::state::AppState;

/// Query of `GET /v1/conversations`.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ConversationListParams {
    /// How many to return.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// `last_id` of the previous page, which continues behind where that conversation is now; or
    /// its `next_cursor`, which continues exactly there whatever has moved since.
    #[serde(default)]
    #[param(value_type = Option<String>, min_length = 1)]
    after: Option<After>,
    /// `desc` lists the newest activity first, `asc` the oldest.
    #[serde(default)]
    #[param(value_type = Option<String>, pattern = "^(asc|desc)$", default = "desc")]
    order: Order,
    /// `true` lists archived conversations, `false` the others.
    #[serde(default)]
    #[param(value_type = Option<bool>, default = false)]
    archived: Option<bool>,
    /// `true` lists pinned conversations only, `false` only the others.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    pinned: Option<bool>,
}

/// List the conversations, for OpenAI clients
///
/// Those of `GET /api/conversations`; OpenAI has no such list.
#[utoipa::path(
    get, path = "/v1/conversations", tag = "OpenAI", security(("bearer" = [])),
    params(ConversationListParams),
    responses((status = 200, description = "A page of conversations", body = ConversationList))
)]
pub(super) async fn v1_list_conversations(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    LenientQuery(params): LenientQuery<ConversationListParams>,
) -> Answer<Response> {
    let ConversationListParams { limit: Limit(limit), after, order, archived, pinned } = params;
    let ascending = order == Order::Asc;
    let query = ListQuery { limit, after, archived, pinned, deleted: false, ascending };
    let page = state.services.conversations.list(&actor, query);
    measured::<ConversationList, _>(&state, &actor, page).await
}

/// Create a conversation, for OpenAI clients
///
/// With up to 20 items, all of it or nothing. Every item gets an id of this server, whatever id it
/// brings. Repeated with the same `Idempotency-Key` it answers with the same conversation.
#[utoipa::path(
    post, path = "/v1/conversations", tag = "OpenAI", security(("bearer" = [])),
    params(("idempotency-key" = Option<String>, Header, pattern = "^[!-~]{1,255}$", description = "Makes the request repeatable for 24 hours")),
    request_body(content = Option<v1::ConversationCreate>, description = "May be left out"),
    responses(
        (status = 200, description = "The conversation", body = ConversationOut),
        (status = 400, description = "`unsupported_parameter`: an item or a part of a type that this server does not have; or `missing_required_parameter`: an item without a field that its type needs; `error.param` names it", body = schemas::error::ErrorBody),
        (status = 404, description = "`not_found`: what the first request with this key made was deleted", body = schemas::error::ErrorBody),
        (status = 422, description = "`idempotency_key_reused`", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn v1_create_conversation(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    IdempotencyKey(key): IdempotencyKey,
    request: Option<Lenient<ConversationCreate>>,
) -> Answer<Response> {
    let request = request.map(|Lenient(request)| request).unwrap_or_default();
    let opened = state.services.conversations.create_with_items(&actor, request, key).await?;
    let OpenedConversation { conversation, repeated } = opened;
    Ok(replayed(repeated, Json(ConversationOut::from(conversation)).into_response()))
}

/// Show a conversation, for OpenAI clients
#[utoipa::path(
    get, path = "/v1/conversations/{id}", tag = "OpenAI", security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the conversation", example = "conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")),
    responses((status = 200, description = "The conversation", body = ConversationOut))
)]
pub(super) async fn v1_get_conversation(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    Path(id): Path<ConversationId>,
) -> Answer<Json<ConversationOut>> {
    Ok(Json(state.services.conversations.get(&actor, id).await?.into()))
}

/// Change a conversation, for OpenAI clients
///
/// Only the fields sent are changed; `metadata` replaces all pairs.
#[utoipa::path(
    post, path = "/v1/conversations/{id}", tag = "OpenAI", security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the conversation", example = "conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")),
    request_body = v1::ConversationUpdate,
    responses(
        (status = 200, description = "The conversation as it is now", body = ConversationOut),
        (status = 400, description = "`missing_required_parameter`: no field was sent that could be changed; or `invalid_value`: `error.param` names the field", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn v1_update_conversation(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    Path(id): Path<ConversationId>,
    Lenient(request): Lenient<ConversationUpdate>,
) -> Answer<Json<ConversationOut>> {
    let patch = request.patch().map_err(services::Error::from)?;
    Ok(Json(state.services.conversations.update(&actor, id, None, patch).await?.into()))
}

/// Delete a conversation, for OpenAI clients
///
/// For good, with all its items: it does not go into the trash. An answer being generated in it is
/// stopped.
#[utoipa::path(
    delete, path = "/v1/conversations/{id}", tag = "OpenAI", security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the conversation", example = "conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")),
    responses((status = 200, description = "It is gone", body = ConversationDeleted))
)]
pub(super) async fn v1_delete_conversation(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    Path(id): Path<ConversationId>,
) -> Answer<Json<ConversationDeleted>> {
    state.services.conversations.delete(&actor, id, None, true).await?;
    Ok(Json(ConversationDeleted::new(id)))
}
