//! `/v1/responses`.

use auth::Actor;
use axum::extract::State;
use axum::response::Response;
use schemas::response::ResponseResource;
use schemas::response_event::ResponseEvent;
use schemas::v1::{InputTokens, ItemList, ResponseCreate, ResponseDeleted};
use schemas::view;
use schemas::{MessageId, ResponseId};
use serde::Deserialize;
use services::{Follower, ItemListQuery};
use utoipa::IntoParams;

use super::super::answers::{Answer, measured, replayed, until_end};
use super::order::Order;
use crate::error::ApiError;
use crate::extract::{
    Authenticated, IdempotencyKey, Json, Lenient, LenientQuery, Limit, Path, event_number,
};
use crate::follow::{StreamSlot, Streaming};
use crate::projections::responses::Projector;
use crate::sse;
use crate::state::AppState;

/// Query of `GET /v1/responses/{id}`.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct GetParams {
    /// `true` follows the response: its events, from the first one on or behind `starting_after`.
    #[param(value_type = Option<bool>, default = false)]
    stream: bool,
    /// With `stream`: number of the last event the client has.
    #[param(value_type = Option<i64>, minimum = 0)]
    starting_after: Option<String>,
}

/// Query of `GET /v1/responses/{id}/input_items`.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct InputParams {
    /// How many to return.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// Id of the last item of the page before.
    #[param(value_type = Option<String>, min_length = 1)]
    after: Option<MessageId>,
    /// `desc`: newest first; `asc`: oldest first.
    #[param(value_type = Option<String>, default = "desc")]
    order: Order,
}

/// Make a response, for OpenAI clients
///
/// The items of `input` are stored and answered: in `conversation`, behind `previous_response_id`,
/// or without both in a chain, a conversation that no list shows. The answer is made whether or not
/// the client stays, so every response can be followed again and stopped.
///
/// Whether the events are wanted is decided by `stream` alone. With `background` the response is
/// shown at once. With `store: false` nothing is kept, and the response ends with its client.
/// Fields that are not known are left alone. A response that fails is a response with the status
/// `failed`, not an error of the request: it is stored.
#[utoipa::path(
    post, path = "/v1/responses", tag = "OpenAI", security(("bearer" = [])),
    params(("idempotency-key" = Option<String>, Header, pattern = "^[!-~]{1,255}$", description = "Makes the request repeatable for 24 hours: the same response, one call of the model")),
    request_body = ResponseCreate,
    responses(
        (status = 200, description = "The response when it has ended; with `background` at once; with `stream` its events", content(
            (ResponseResource = "application/json"), (ResponseEvent = "text/event-stream"),
        )),
        (status = 400, description = "`missing_required_parameter`; `conversation_locked`: another answer is being generated in the conversation; `previous_response_not_found`, `mutually_exclusive_parameters` or `unsupported_parameter`", body = schemas::error::ErrorBody),
        (status = 404, description = "`not_found`: the conversation, or what the first request with this key made, is not there", body = schemas::error::ErrorBody),
        (status = 422, description = "`idempotency_key_reused`", body = schemas::error::ErrorBody),
        (status = 429, description = "`rate_limit_exceeded`", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn v1_create_response(
    State(state): State<AppState>,
    streaming: Streaming,
    Authenticated(actor): Authenticated,
    IdempotencyKey(key): IdempotencyKey,
    Lenient(body): Lenient<ResponseCreate>,
) -> Answer<Response> {
    let in_background = body.background == Some(true);
    let is_kept = body.store != Some(false);
    let place = (body.stream == Some(true)).then(|| streaming.open(&state, &actor)).transpose()?;
    let mut started = state.services.responses.create(&actor, body, key).await?;
    let repeated = started.repeated;
    if let Some(place) = place {
        return Ok(replayed(repeated, events(&state, started.follower, place)));
    }
    if !is_kept {
        return ended(&state, &actor, started.follower).await;
    }
    if !in_background {
        // A server that is closing gives what it has: the answer goes on elsewhere.
        until_end(&state, &actor, &mut started.follower).await?;
    }
    let id = started.follower.response().id;
    let response = async {
        let response = state.services.responses.get(&actor, id).await?;
        Ok(if in_background && !repeated { response.queued() } else { response })
    };
    Ok(replayed(repeated, measured::<ResponseResource, _>(&state, &actor, response).await?))
}

/// A response of which nothing is kept, when it has ended.
async fn ended(state: &AppState, actor: &Actor, mut follower: Follower) -> Answer<Response> {
    let credential = state.services.credentials.watch(actor);
    let end = tokio::select! {
        end = follower.end() => end.ok_or_else(ApiError::shutting_down)?,
        refused = credential.ended() => return Err(refused.into()),
    };
    let response = view::Response::ended(follower.response().clone(), -1, end.0, end.1);
    measured::<ResponseResource, _>(state, actor, async { Ok(response) }).await
}

/// The events of a response, as the clients of the `OpenAI` API want them.
fn events(state: &AppState, follower: Follower, place: StreamSlot) -> Response {
    let projection = Projector::openai(follower.response().clone().into());
    sse::respond(follower, projection, state.config.heartbeat, place)
}

/// Show or follow a response, for OpenAI clients
///
/// With `stream` its events, numbered as when they first came: those that have happened, then the
/// rest as it happens, the terminal event and `data: [DONE]`. A place that cannot be continued
/// exactly is answered with the whole stream, beginning with `response.created`.
#[utoipa::path(
    get, path = "/v1/responses/{id}", tag = "OpenAI", security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the response", example = "resp_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e"), GetParams),
    responses(
        (status = 200, description = "The response as far as it is; with `stream` its events", content(
            (ResponseResource = "application/json"), (ResponseEvent = "text/event-stream"),
        )),
        (status = 429, description = "`rate_limit_exceeded`: too many streams are open", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn v1_get_response(
    State(state): State<AppState>,
    streaming: Streaming,
    Authenticated(actor): Authenticated,
    Path(id): Path<ResponseId>,
    LenientQuery(params): LenientQuery<GetParams>,
) -> Answer<Response> {
    let GetParams { stream, starting_after } = params;
    let after = starting_after.map(|text| event_number("starting_after", &text)).transpose()?;
    if !stream {
        return shown(&state, &actor, id).await;
    }
    let mut place = streaming.open(&state, &actor)?;
    let follower = place.follow(&state, &actor, id, after).await?;
    Ok(events(&state, follower, place))
}

async fn shown(state: &AppState, actor: &Actor, id: ResponseId) -> Answer<Response> {
    let response = state.services.responses.get(actor, id);
    measured::<ResponseResource, _>(state, actor, response).await
}

/// Stop a response, for OpenAI clients
///
/// Keeps the text so far. Any response can be stopped, in the background or not; stopping one that
/// has ended changes nothing.
#[utoipa::path(
    post, path = "/v1/responses/{id}/cancel", tag = "OpenAI", security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the response", example = "resp_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")),
    responses((status = 200, description = "The response as it is now", body = ResponseResource))
)]
pub(super) async fn v1_cancel_response(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    Path(id): Path<ResponseId>,
) -> Answer<Response> {
    state.services.responses.cancel(&actor, id).await?;
    shown(&state, &actor, id).await
}

/// Delete a response, for OpenAI clients
///
/// It can no longer be shown, followed or continued; one that runs is stopped first. The messages
/// of a conversation stay, they are the conversation's. Of a chain goes what nothing hangs below.
#[utoipa::path(
    delete, path = "/v1/responses/{id}", tag = "OpenAI", security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the response", example = "resp_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")),
    responses((status = 200, description = "It is gone", body = ResponseDeleted))
)]
pub(super) async fn v1_delete_response(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    Path(id): Path<ResponseId>,
) -> Answer<Json<ResponseDeleted>> {
    state.services.responses.delete(&actor, id).await?;
    Ok(Json(ResponseDeleted { id, object: "response", deleted: true }))
}

/// List the input of a response, for OpenAI clients
///
/// The items that it answers and all before them on their branch, the outputs of earlier responses
/// included.
#[utoipa::path(
    get, path = "/v1/responses/{id}/input_items", tag = "OpenAI", security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the response", example = "resp_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e"), InputParams),
    responses((status = 200, description = "A page of items", body = ItemList))
)]
pub(super) async fn v1_list_input_items(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    Path(id): Path<ResponseId>,
    LenientQuery(params): LenientQuery<InputParams>,
) -> Answer<Response> {
    let InputParams { limit: Limit(limit), after, order } = params;
    let query = ItemListQuery { limit, after, ascending: order == Order::Asc };
    let items = state.services.responses.input_items(&actor, id, query);
    measured::<ItemList, _>(&state, &actor, items).await
}

/// Count the tokens of an input, for OpenAI clients
///
/// What the model would read, were a response made of this now; nothing is stored, and no model is
/// asked. Images and files are estimated.
#[utoipa::path(
    post, path = "/v1/responses/input_tokens", tag = "OpenAI", security(("bearer" = [])),
    request_body = ResponseCreate,
    responses(
        (status = 200, description = "The count", body = InputTokens),
        (status = 400, description = "`missing_required_parameter`, `unsupported_parameter`, `previous_response_not_found` or `mutually_exclusive_parameters`", body = schemas::error::ErrorBody),
        (status = 404, description = "`not_found`: the conversation is not there", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn v1_count_input_tokens(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    Lenient(body): Lenient<ResponseCreate>,
) -> Answer<Json<InputTokens>> {
    let input_tokens = state.services.responses.count_input(&actor, body).await?;
    Ok(Json(InputTokens { object: "response.input_tokens", input_tokens }))
}
