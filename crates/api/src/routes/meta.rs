//! What this server is.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::extract::Json;
use crate::state::AppState;

/// Which build answers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VersionOut {
    /// Always `chatapp`.
    #[schema(example = "chatapp")]
    name: &'static str,
    /// Version of the package.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// Commit it was built from; `null` where the build did not know it.
    commit: Option<&'static str>,
}

/// Show the version
#[utoipa::path(
    get, path = "/api/version", tag = "Operation",
    responses((status = 200, description = "The version", body = VersionOut))
)]
pub(super) async fn get_version(State(state): State<AppState>) -> Json<VersionOut> {
    let version = state.config.version;
    Json(VersionOut { name: "chatapp", version: version.version, commit: version.commit })
}
