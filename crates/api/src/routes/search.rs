//! `/api/search`.

use axum::extract::State;
use schemas::search::{SearchPage, SearchPlace};
use serde::Deserialize;
use utoipa::IntoParams;

use super::answers::Answer;
use crate::extract::{Authenticated, Json, Limit, Query};
use crate::state::AppState;

/// Query of `GET /api/search`.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SearchParams {
    /// What to look for: at most 256 characters and 16 words, all of which a text must have, in
    /// any order. Nothing in it has a meaning of its own.
    #[param(example = "blue sky", min_length = 1)]
    q: String,
    /// How many to return.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// `next_cursor` of the previous page of the same search.
    #[serde(default)]
    #[param(value_type = Option<String>, min_length = 1)]
    cursor: Option<SearchPlace>,
}

/// Search
///
/// In the titles and messages of the caller, of every branch, but for what is in the trash. Titles
/// come first, then messages; where the words stand side by side comes before where they do not,
/// whole words before beginnings, the newer before the older.
#[utoipa::path(
    get, path = "/api/search", tag = "Conversations", security(("bearer" = [])),
    params(SearchParams),
    responses((status = 200, description = "A page of what was found", body = SearchPage))
)]
pub(super) async fn search(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    Query(SearchParams { q, limit: Limit(limit), cursor }): Query<SearchParams>,
) -> Answer<Json<SearchPage>> {
    Ok(Json(state.services.searches.search(&actor, &q, limit, cursor).await?))
}
