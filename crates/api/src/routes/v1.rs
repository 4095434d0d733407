//! `/v1`: what the clients of the `OpenAI` API call. One file per resource.

mod models;

use axum::middleware;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::middleware::openai;
use crate::state::AppState;

/// The routes below `/v1`.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(models::v1_list_models))
        .routes(routes!(models::v1_get_model))
        .layer(middleware::from_fn(openai))
}
