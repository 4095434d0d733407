//! `/v1/models`.

use std::convert::Infallible;
use std::str::FromStr;

use axum::extract::State;
use schemas::v1::{V1Model, V1ModelList};

use super::super::answers::Answer;
use crate::extract::{Authenticated, Json, Path, PathId};
use crate::state::AppState;

/// The name of a model in a path.
#[derive(Debug)]
pub(super) struct ModelName(String);

impl FromStr for ModelName {
    type Err = Infallible;

    fn from_str(name: &str) -> Result<Self, Infallible> {
        Ok(Self(name.to_owned()))
    }
}

impl PathId for ModelName {
    const KIND: &'static str = "model";
}

/// List the models, for OpenAI clients
///
/// The models of `GET /api/models` in the form of OpenAI.
#[utoipa::path(
    get, path = "/v1/models", tag = "OpenAI", security(("bearer" = [])),
    responses((status = 200, description = "The models that can be asked", body = V1ModelList))
)]
pub(super) async fn v1_list_models(
    State(state): State<AppState>,
    _: Authenticated,
) -> Answer<Json<V1ModelList>> {
    Ok(Json(state.services.models.list().await.into()))
}

/// Show a model, for OpenAI clients
///
/// The name may have slashes and colons, percent-encoded or not.
#[utoipa::path(
    get, path = "/v1/models/{*id}", tag = "OpenAI", security(("bearer" = [])),
    params(("id" = String, Path, description = "Name of the model", example = "gpt-4o-mini")),
    responses(
        (status = 200, description = "The model", body = V1Model),
        (status = 404, description = "`model_not_found`: no model has this name", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn v1_get_model(
    State(state): State<AppState>,
    _: Authenticated,
    Path(ModelName(name)): Path<ModelName>,
) -> Answer<Json<V1Model>> {
    let listed = state.services.models.list().await.data.into_iter();
    let found = listed.into_iter().find(|model| model.id == name);
    let unknown = || services::Error::ModelNotFound { model: name, suggestions: Vec::new() };
    Ok(Json(found.ok_or_else(unknown)?.into()))
}
