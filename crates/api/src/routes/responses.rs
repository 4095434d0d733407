//! `/api/responses`: how answers are made, watched and stopped.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use schemas::ResponseId;
use schemas::context::ContextOut;
use schemas::response::ResponseResource;
use serde::Deserialize;
use utoipa::IntoParams;

use super::answers::Answer;
use crate::extract::{Bearer, Json, Path, Query, event_cursor};
use crate::sse::{self, Streaming};
use crate::state::AppState;

/// Query of `GET /api/responses/{id}/events`.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EventParams {
    /// Number of the last event the client has; the stream begins behind it.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 0)]
    after: Option<String>,
}

/// Show a response
#[utoipa::path(
    get, path = "/api/responses/{id}", tag = "Responses", security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the response", example = "resp_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")),
    responses((status = 200, description = "The response as far as it is", body = ResponseResource))
)]
pub(super) async fn get_response(
    State(state): State<AppState>,
    Bearer(identity): Bearer,
    Path(id): Path<ResponseId>,
) -> Answer<Json<ResponseResource>> {
    Ok(Json(state.services.responses.get(identity.user_id, id).await?))
}

/// Explain a response
///
/// Which messages the model was given, how many tokens they are, and what was left out and why:
/// as it was when the model was asked, whatever the configuration says now.
#[utoipa::path(
    get, path = "/api/responses/{id}/context", tag = "Responses", security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the response", example = "resp_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")),
    responses((status = 200, description = "What was sent", body = ContextOut))
)]
pub(super) async fn get_response_context(
    State(state): State<AppState>,
    Bearer(identity): Bearer,
    Path(id): Path<ResponseId>,
) -> Answer<Json<ContextOut>> {
    Ok(Json(state.services.responses.explain(identity.user_id, id).await?))
}

/// Follow a response
///
/// Server-sent events from the beginning, or behind the event named by `Last-Event-ID` or
/// `after`: first those that have happened, then the rest as it happens, the terminal event and
/// `data: [DONE]`. No event is missing or repeated. A place that cannot be continued exactly is
/// answered with the whole stream, beginning with `response.created`.
#[utoipa::path(
    get, path = "/api/responses/{id}/events", tag = "Responses", security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "Id of the response", example = "resp_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e"),
        EventParams,
        ("last-event-id" = Option<i64>, Header, description = "The same as `after`; sent by `EventSource` when it reconnects"),
    ),
    responses(
        (status = 200, description = "The events", body = String, content_type = "text/event-stream"),
        (status = 429, description = "`rate_limit_exceeded`: too many streams are open", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn stream_response_events(
    State(state): State<AppState>,
    streaming: Streaming,
    Bearer(identity): Bearer,
    Path(id): Path<ResponseId>,
    Query(params): Query<EventParams>,
    headers: HeaderMap,
) -> Answer<Response> {
    let after = event_cursor(&headers, params.after.as_deref())?;
    let place = streaming.open(&state, &identity)?;
    let follower = state.services.responses.follow(identity.user_id, id, after).await?;
    Ok(sse::respond(follower, state.config.heartbeat, place))
}

/// Stop a response
///
/// Keeps the text so far. Stopping a response that has ended changes nothing.
#[utoipa::path(
    post, path = "/api/responses/{id}/cancel", tag = "Responses", security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the response", example = "resp_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")),
    responses((status = 200, description = "The response as it is now", body = ResponseResource))
)]
pub(super) async fn cancel_response(
    State(state): State<AppState>,
    Bearer(identity): Bearer,
    Path(id): Path<ResponseId>,
) -> Answer<Json<ResponseResource>> {
    Ok(Json(state.services.responses.cancel(identity.user_id, id).await?))
}
