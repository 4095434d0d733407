//! `/v1`: what the clients of the `OpenAI` API call. One file per resource.

mod chat;
mod conversations;
mod items;
mod models;
mod order;
mod responses;

use axum::middleware;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::middleware::openai;
use crate::state::AppState;

/// The routes below `/v1`.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(chat::v1_create_chat_completion))
        .route("/v1/chat/completions", get(chat::not_kept))
        .routes(routes!(
            conversations::v1_list_conversations,
            conversations::v1_create_conversation
        ))
        .routes(routes!(
            conversations::v1_get_conversation,
            conversations::v1_update_conversation,
            conversations::v1_delete_conversation
        ))
        .routes(routes!(items::v1_list_items, items::v1_create_items))
        .routes(routes!(items::v1_get_item, items::v1_delete_item))
        .routes(routes!(models::v1_list_models))
        .routes(routes!(models::v1_get_model))
        .routes(routes!(responses::v1_create_response))
        .routes(routes!(responses::v1_get_response, responses::v1_delete_response))
        .routes(routes!(responses::v1_cancel_response))
        .routes(routes!(responses::v1_list_input_items))
        .routes(routes!(responses::v1_count_input_tokens))
        .layer(middleware::from_fn(openai))
}
