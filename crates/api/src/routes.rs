//! One file per resource. A handler's name is its operation id.

mod admin;
mod answers;
mod auth;
mod bulk;
mod chat;
mod conversations;
mod docs;
mod fallback;
#[cfg(feature = "fuzz")]
pub(crate) mod fuzz;
mod health;
mod keys;
mod me;
mod messages;
mod meta;
mod metrics;
mod models;
mod responses;
mod search;
mod transfer;
mod v1;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use fallback::{OfSite, method_not_supported, unmatched};
pub(crate) use health::health_live;

use crate::state::AppState;

/// The routes that take passwords and refresh tokens; they have the smaller body limit.
pub(crate) fn auth_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(auth::get_signup, auth::signup))
        .routes(routes!(auth::login))
        .routes(routes!(auth::refresh))
        .routes(routes!(auth::reset_password))
        .routes(routes!(auth::logout))
}

/// All other routes.
pub(crate) fn other_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(me::get_me, me::update_me, me::delete_me))
        .routes(routes!(me::change_password))
        .routes(routes!(transfer::export_me, transfer::export_me_confirmed))
        .routes(routes!(me::list_sessions))
        .routes(routes!(me::revoke_session))
        .routes(routes!(keys::list_keys, keys::create_key))
        .routes(routes!(keys::update_key, keys::revoke_key))
        .routes(routes!(admin::list_invitations, admin::create_invitation))
        .routes(routes!(admin::revoke_invitation))
        .routes(routes!(admin::create_reset_link))
        .routes(routes!(admin::create_reset_link_by_email))
        .routes(routes!(conversations::list_conversations, conversations::create_conversation))
        .routes(routes!(
            conversations::get_conversation,
            conversations::update_conversation,
            conversations::delete_conversation
        ))
        .routes(routes!(conversations::restore_conversation))
        .routes(routes!(bulk::delete_conversations))
        .routes(routes!(bulk::archive_conversations))
        .routes(routes!(messages::list_messages, messages::create_message))
        .routes(routes!(messages::create_first_message))
        .routes(routes!(messages::get_message, messages::delete_message))
        .routes(routes!(messages::regenerate_message))
        .routes(routes!(search::search))
        .routes(routes!(transfer::export_conversation))
        .routes(routes!(transfer::export_all))
        .routes(routes!(transfer::import_conversations))
        .routes(routes!(responses::get_response))
        .routes(routes!(responses::get_response_context))
        .routes(routes!(responses::stream_response_events))
        .routes(routes!(responses::cancel_response))
        .routes(routes!(responses::continue_response))
        .routes(routes!(chat::send_chat))
        .routes(routes!(chat::get_chat))
        .routes(routes!(chat::resume_chat))
        .routes(routes!(chat::stop_chat))
        .routes(routes!(models::list_models))
        .routes(routes!(health::health_live))
        .routes(routes!(health::health_ready))
        .routes(routes!(health::health_stream))
        .routes(routes!(metrics::get_metrics))
        .routes(routes!(meta::get_version))
        .routes(routes!(docs::get_openapi))
        .routes(routes!(docs::get_docs))
        .routes(routes!(docs::get_style))
        .merge(v1::routes())
}
