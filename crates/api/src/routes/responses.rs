//! `/api/responses`: how answers are made, watched and stopped.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use schemas::ResponseId;
use schemas::context::ContextOut;
use schemas::message::{ResponseContinue, TurnOut};
use schemas::response::ResponseResource;
use schemas::response_event::ResponseEvent;
use serde::Deserialize;
use utoipa::IntoParams;

use super::answers::{Answer, measured};
use super::messages::{Wanted, answer, events};
use crate::extract::{Authenticated, IdempotencyKey, Json, Path, Prefer, Query, event_cursor};
use crate::follow::Streaming;
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
    Authenticated(actor): Authenticated,
    Path(id): Path<ResponseId>,
) -> Answer<Response> {
    let response = state.services.responses.get(&actor, id);
    measured::<ResponseResource, _>(&state, &actor, response).await
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
    Authenticated(actor): Authenticated,
    Path(id): Path<ResponseId>,
) -> Answer<Response> {
    let context = state.services.responses.explain(&actor, id);
    measured::<ContextOut, _>(&state, &actor, context).await
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
        (status = 200, description = "The events", body = ResponseEvent, content_type = "text/event-stream"),
        (status = 429, description = "`rate_limit_exceeded`: too many streams are open", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn stream_response_events(
    State(state): State<AppState>,
    streaming: Streaming,
    Authenticated(actor): Authenticated,
    Path(id): Path<ResponseId>,
    Query(params): Query<EventParams>,
    headers: HeaderMap,
) -> Answer<Response> {
    let after = event_cursor(&headers, params.after.as_deref())?;
    let mut place = streaming.open(&state, &actor)?;
    let follower = place.follow(&state, &actor, id, after).await?;
    Ok(events(&state, follower, place))
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
    Authenticated(actor): Authenticated,
    Path(id): Path<ResponseId>,
) -> Answer<Response> {
    state.services.responses.cancel(&actor, id).await?;
    let response = state.services.responses.get(&actor, id);
    measured::<ResponseResource, _>(&state, &actor, response).await
}

/// Go on with a response
///
/// For an answer that ended before it was whole (`incomplete`, `cancelled` or `failed`) and has
/// text: the model is shown that text as its own and goes on with it, in the same message. That is
/// a new response, whose `previous_response_id` is this one; its events and its output begin with
/// the text there is, and its `usage` counts what it cost alone. Otherwise as sending a message: it
/// waits, streams or returns at once. The body may be left out.
#[utoipa::path(
    post, path = "/api/responses/{id}/continue", tag = "Responses", security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "Id of the response that wrote the answer last", example = "resp_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e"),
        ("idempotency-key" = Option<String>, Header, pattern = "^[!-~]{1,255}$", description = "Makes the request repeatable for 24 hours: the same response, one call of the model"),
        ("prefer" = Option<String>, Header, description = "`respond-async`: do not wait (RFC 7240)", example = "respond-async"),
    ),
    request_body(content = Option<ResponseContinue>, description = "May be left out"),
    responses(
        (status = 200, description = "With `stream`: the events of the new response", body = ResponseEvent, content_type = "text/event-stream"),
        (status = 201, description = "The whole turn; the new response's status tells how it ended", body = TurnOut,
            headers(("location" = String, description = "Path of the answer"))),
        (status = 202, description = "Stored; the answer is being gone on with", body = TurnOut,
            headers(("location" = String, description = "Path of the new response"), ("preference-applied" = String, description = "`respond-async`"))),
        (status = 409, description = "`cannot_continue`: it is whole, has no text, or another response (`error.response_id`) went on with it; `conversation_locked`: an answer is being generated, `error.response_id` names it", body = schemas::error::ErrorBody),
        (status = 422, description = "`idempotency_key_reused`", body = schemas::error::ErrorBody),
        (status = 429, description = "`rate_limit_exceeded`", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn continue_response(
    State(state): State<AppState>,
    streaming: Streaming,
    Authenticated(actor): Authenticated,
    Path(id): Path<ResponseId>,
    prefer: Prefer,
    IdempotencyKey(key): IdempotencyKey,
    request: Option<Json<ResponseContinue>>,
) -> Answer<Response> {
    let request = request.map(|Json(request)| request).unwrap_or_default();
    let place = request.stream.then(|| streaming.open(&state, &actor)).transpose()?;
    let wanted = Wanted { place, prefer };
    let started = state.services.responses.go_on(&actor, id, request, key).await?;
    answer(&state, &actor, started, wanted).await
}
