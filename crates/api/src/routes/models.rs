//! `/api/models`.

use axum::extract::State;
use schemas::model::ModelList;

use super::answers::Answer;
use crate::extract::{Authenticated, Json};
use crate::state::AppState;

/// List the models
///
/// All models of all providers. One that cannot be reached at the moment is marked, with the
/// models it offered before. The lists of the providers are asked for every five minutes at most.
#[utoipa::path(
    get, path = "/api/models", tag = "Models", security(("bearer" = [])),
    responses((status = 200, description = "The models that can be asked", body = ModelList))
)]
pub(super) async fn list_models(
    State(state): State<AppState>,
    _: Authenticated,
) -> Answer<Json<ModelList>> {
    Ok(Json(state.services.models.list().await))
}
