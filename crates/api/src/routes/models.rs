//! `/api/models`.

use axum::extract::State;
use schemas::list::List;
use schemas::model::ModelOut;

use super::answers::Answer;
use crate::extract::{Bearer, Json};
use crate::state::AppState;

/// List the models
#[utoipa::path(
    get, path = "/api/models", tag = "Models", security(("bearer" = [])),
    responses(
        (status = 200, description = "The models that can be asked", body = List<ModelOut>),
        (status = 502, description = "The provider's answer could not be used", body = schemas::error::ErrorBody),
        (status = 504, description = "The provider did not answer in time", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn list_models(
    State(state): State<AppState>,
    _: Bearer,
) -> Answer<Json<List<ModelOut>>> {
    Ok(Json(state.services.models.list().await?))
}
