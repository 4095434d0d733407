//! `/health`: for load balancers and supervisors.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::Answer;
use crate::error::ApiError;
use crate::extract::Json;
use crate::state::AppState;

/// The answer of a server that is well.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Healthy {
    /// Always `ok`.
    #[schema(example = "ok")]
    status: &'static str,
    /// What is away that the server can do without: `redis`. Absent when there is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>, example = json!(["redis"]))]
    degraded: Vec<&'static str>,
}

/// Is the process alive
///
/// Looks at nothing but itself.
#[utoipa::path(
    get, path = "/health/live", tag = "Operation",
    responses((status = 200, description = "It is", body = Healthy))
)]
pub(super) async fn health_live() -> Json<Healthy> {
    Json(Healthy { status: "ok", degraded: Vec::new() })
}

/// Should the server be given requests
#[utoipa::path(
    get, path = "/health/ready", tag = "Operation",
    responses(
        (status = 200, description = "It should", body = Healthy),
        (status = 503, description = "`not_ready`: it should not; `reasons` beside `error` lists why (`database`, `storage`, `draining`)", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn health_ready(State(state): State<AppState>) -> Answer<Json<Healthy>> {
    state.services.health.ready().await.map_err(ApiError::not_ready)?;
    Ok(Json(Healthy { status: "ok", degraded: state.services.health.degraded() }))
}
