//! `/v1/conversations/{id}/items`.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use schemas::v1::{ConversationOut, Item, ItemList, ItemsCreate};
use schemas::view::Page;
use schemas::{ConversationId, MessageId, v1};
use serde::Deserialize;
use services::{AddedItems, ItemListQuery};
use utoipa::IntoParams;

use super::super::answers::{Answer, measured, replayed};
use super::order::Order;
use crate::extract::{
    Authenticated, IdempotencyKey, Json, Lenient, LenientQuery, Limit, Path, PathPair,
};
use crate::state::AppState;

/// Query of `GET /v1/conversations/{id}/items`.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ItemListParams {
    /// How many to return.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// Id of the item behind which the page begins: `last_id` of the previous page.
    #[serde(default)]
    #[param(value_type = Option<String>, min_length = 1)]
    after: Option<MessageId>,
    /// `desc` lists the newest item first, `asc` the oldest.
    #[serde(default)]
    #[param(value_type = Option<String>, pattern = "^(asc|desc)$", default = "desc")]
    order: Order,
}

/// List the items of a conversation, for OpenAI clients
///
/// Those of the selected branch. Each call and each reasoning of an answer is an item by itself:
/// reasoning and what was called first before the answer's text, other calls behind it. An answer
/// that is being generated is listed when it has ended.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/items", tag = "OpenAI", security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "Id of the conversation", example = "conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e"),
        ItemListParams,
    ),
    responses((status = 200, description = "A page of items", body = ItemList))
)]
pub(super) async fn v1_list_items(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    Path(id): Path<ConversationId>,
    LenientQuery(params): LenientQuery<ItemListParams>,
) -> Answer<Response> {
    let ItemListParams { limit: Limit(limit), after, order } = params;
    let query = ItemListQuery { limit, after, ascending: order == Order::Asc };
    let page = state.services.conversations.items(&actor, id, query);
    measured::<ItemList, _>(&state, &actor, page).await
}

/// Add items to a conversation, for OpenAI clients
///
/// Up to 20 below the newest message of the selected branch, all of them or none; no model is asked.
/// Every item gets an id of this server, whatever id it brings. Repeated with the same
/// `Idempotency-Key` it answers with the same items.
#[utoipa::path(
    post, path = "/v1/conversations/{id}/items", tag = "OpenAI", security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "Id of the conversation", example = "conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e"),
        ("idempotency-key" = Option<String>, Header, pattern = "^[!-~]{1,255}$", description = "Makes the request repeatable for 24 hours"),
    ),
    request_body = v1::ItemsCreate,
    responses(
        (status = 200, description = "The items as they are stored", body = ItemList),
        (status = 400, description = "`conversation_locked`: an answer is being generated, `error.response_id` names it; or `unsupported_parameter`: an item or a part of a type that this server does not have", body = schemas::error::ErrorBody),
        (status = 422, description = "`idempotency_key_reused`", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn v1_create_items(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    Path(id): Path<ConversationId>,
    IdempotencyKey(key): IdempotencyKey,
    Lenient(request): Lenient<ItemsCreate>,
) -> Answer<Response> {
    let added = state.services.conversations.add_items(&actor, id, request, key).await?;
    let AddedItems { items, repeated } = added;
    let list = ItemList::from(Page { items, has_more: false });
    Ok(replayed(repeated, Json(list).into_response()))
}

/// Show an item, for OpenAI clients
///
/// On whichever branch of the conversation it is.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/items/{item_id}", tag = "OpenAI", security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "Id of the conversation", example = "conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e"),
        ("item_id" = String, Path, description = "Id of the item", example = "msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e"),
    ),
    responses((status = 200, description = "The item", body = Item))
)]
pub(super) async fn v1_get_item(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    PathPair(id, item): PathPair<ConversationId, MessageId>,
) -> Answer<Response> {
    let item = state.services.conversations.item(&actor, id, item);
    measured::<Item, _>(&state, &actor, item).await
}

/// Delete an item, for OpenAI clients
///
/// It alone: what hangs below it moves up to what stands above it. An answer goes with the calls and
/// the reasoning that belong to it; one of those goes alone.
#[utoipa::path(
    delete, path = "/v1/conversations/{id}/items/{item_id}", tag = "OpenAI", security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "Id of the conversation", example = "conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e"),
        ("item_id" = String, Path, description = "Id of the item", example = "msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e"),
    ),
    responses(
        (status = 200, description = "The conversation without it", body = ConversationOut),
        (status = 400, description = "`conversation_locked`: an answer is being generated; `error.response_id` names it", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn v1_delete_item(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    PathPair(id, item): PathPair<ConversationId, MessageId>,
) -> Answer<Json<ConversationOut>> {
    Ok(Json(state.services.conversations.delete_item(&actor, id, item).await?.into()))
}
