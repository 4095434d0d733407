//! Messages: the turns of a conversation.

use auth::Actor;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use schemas::conversation::Deleted;
use schemas::list::MessageList;
use schemas::message::{FirstMessageCreate, MessageCreate, MessageOut, MessageRegenerate, TurnOut};
use schemas::response_event::ResponseEvent;
use schemas::{ConversationId, Invalid, MessageId};
use serde::Deserialize;
use services::{Follower, MessageListQuery, Started};
use utoipa::IntoParams;

use super::answers::{Answer, applied, measured, measured_at, replayed, until_end};
use crate::extract::{Authenticated, IdempotencyKey, Json, Limit, Path, Prefer, Query};
use crate::follow::{StreamSlot, Streaming};
use crate::projections::responses::Projector;
use crate::sse;
use crate::state::AppState;

/// Query of `GET /api/conversations/{id}/messages`.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct MessageListParams {
    /// How many to return.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// Id of the first message of the previous page: the page before it.
    #[serde(default)]
    #[param(value_type = Option<String>, min_length = 1)]
    before: Option<MessageId>,
    /// Id of the last message of the previous page: the page after it. Only with `all=true`.
    #[serde(default)]
    #[param(value_type = Option<String>, min_length = 1)]
    after: Option<MessageId>,
    /// `true` lists every message by its number, not only those of the selected branch.
    #[serde(default)]
    #[param(value_type = Option<bool>, default = false)]
    all: bool,
}

impl TryFrom<MessageListParams> for MessageListQuery {
    type Error = services::Error;

    fn try_from(params: MessageListParams) -> Result<Self, Self::Error> {
        let MessageListParams { limit: Limit(limit), before, after, all } = params;
        let refuse = |why: &str| Err(services::Error::Invalid(Invalid::new("after", why)));
        if after.is_some() && !all {
            return refuse("after needs all=true: a branch is read from its newest end");
        }
        if after.is_some() && before.is_some() {
            return refuse("after and before exclude each other");
        }
        Ok(Self { limit, before, after, all })
    }
}

/// List the messages
///
/// The selected branch, newest page first, in the order of time inside a page.
#[utoipa::path(
    get, path = "/api/conversations/{id}/messages", tag = "Messages", security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the conversation", example = "conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e"), MessageListParams),
    responses((status = 200, description = "A page of messages", body = MessageList))
)]
pub(super) async fn list_messages(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    Path(id): Path<ConversationId>,
    Query(params): Query<MessageListParams>,
) -> Answer<Response> {
    let query = params.try_into()?;
    let page = state.services.conversations.messages(&actor, id, query);
    measured::<MessageList, _>(&state, &actor, page).await
}

/// Send a message
///
/// Stores it, asks the model and stores the answer. The generation goes on if the client goes.
///
/// With `"stream": true` the answer arrives as server-sent events: `response.created` first (it
/// names both stored messages), then `response.output_text.delta` and the others of Open
/// Responses, a terminal event (`response.completed`, `response.incomplete` or
/// `response.failed`), and `data: [DONE]`. `id:` lines number the events; a broken stream goes
/// on at `GET /api/responses/{id}/events`.
///
/// Without it the request waits for the whole turn; with the header `Prefer: respond-async` it
/// returns as soon as the message is stored.
///
/// To edit a message, send the new text with the `parent_id` of the old one, `null` included:
/// it becomes a sibling of the old one and begins the branch that is shown from then on. The old
/// one stays, with all that hangs below it.
#[utoipa::path(
    post, path = "/api/conversations/{id}/messages", tag = "Messages", security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "Id of the conversation", example = "conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e"),
        ("idempotency-key" = Option<String>, Header, pattern = "^[!-~]{1,255}$", description = "Makes the request repeatable for 24 hours: the same response, one call of the model"),
        ("prefer" = Option<String>, Header, description = "`respond-async`: do not wait (RFC 7240)", example = "respond-async"),
    ),
    request_body = MessageCreate,
    responses(
        (status = 200, description = "With `stream`: the events of the response", body = ResponseEvent, content_type = "text/event-stream"),
        (status = 201, description = "The whole turn; the response's status tells how it ended", body = TurnOut,
            headers(("location" = String, description = "Path of the answer"))),
        (status = 202, description = "Stored; the answer is being generated", body = TurnOut,
            headers(("location" = String, description = "Path of the response"), ("preference-applied" = String, description = "`respond-async`"))),
        (status = 409, description = "`conversation_locked`: an answer is being generated; `error.response_id` names it", body = schemas::error::ErrorBody),
        (status = 422, description = "`idempotency_key_reused`", body = schemas::error::ErrorBody),
        (status = 429, description = "`rate_limit_exceeded`", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn create_message(
    State(state): State<AppState>,
    streaming: Streaming,
    Authenticated(actor): Authenticated,
    Path(id): Path<ConversationId>,
    prefer: Prefer,
    IdempotencyKey(key): IdempotencyKey,
    Json(request): Json<MessageCreate>,
) -> Answer<Response> {
    let place = request.stream.then(|| streaming.open(&state, &actor)).transpose()?;
    let wanted = Wanted { place, prefer };
    let started = state.services.responses.send(&actor, id, request, key).await?;
    answer(&state, &actor, started, wanted).await
}

/// Begin a conversation with its first message
///
/// Makes the conversation, stores the message and has it answered, all or nothing: after a refusal
/// there is no empty conversation. `user_message.conversation_id`, and in a stream
/// `response.conversation.id`, name the conversation. Otherwise as sending a message: it waits,
/// streams or returns at once. Repeated with the same `Idempotency-Key` it leads to the same
/// conversation and the same response.
#[utoipa::path(
    post, path = "/api/messages", tag = "Messages", security(("bearer" = [])),
    params(
        ("idempotency-key" = Option<String>, Header, pattern = "^[!-~]{1,255}$", description = "Makes the request repeatable for 24 hours: the same conversation and response, one call of the model"),
        ("prefer" = Option<String>, Header, description = "`respond-async`: do not wait (RFC 7240)", example = "respond-async"),
    ),
    request_body = FirstMessageCreate,
    responses(
        (status = 200, description = "With `stream`: the events of the response", body = ResponseEvent, content_type = "text/event-stream"),
        (status = 201, description = "The whole turn; the response's status tells how it ended", body = TurnOut,
            headers(("location" = String, description = "Path of the answer"))),
        (status = 202, description = "Stored; the answer is being generated", body = TurnOut,
            headers(("location" = String, description = "Path of the response"), ("preference-applied" = String, description = "`respond-async`"))),
        (status = 404, description = "`not_found`: what the first request with this key made was deleted", body = schemas::error::ErrorBody),
        (status = 422, description = "`idempotency_key_reused`", body = schemas::error::ErrorBody),
        (status = 429, description = "`rate_limit_exceeded`", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn create_first_message(
    State(state): State<AppState>,
    streaming: Streaming,
    Authenticated(actor): Authenticated,
    prefer: Prefer,
    IdempotencyKey(key): IdempotencyKey,
    Json(request): Json<FirstMessageCreate>,
) -> Answer<Response> {
    let place = request.stream.then(|| streaming.open(&state, &actor)).transpose()?;
    let wanted = Wanted { place, prefer };
    let started = state.services.responses.open(&actor, request, key).await?;
    answer(&state, &actor, started, wanted).await
}

/// Answer a message again
///
/// Asks the model once more: for another answer to the message named, or, when it is an answer
/// itself, to the message it answers; whether that was completed, failed, stopped or interrupted.
/// The new answer becomes a sibling of the old ones and the branch that is shown. Otherwise as
/// sending a message: it waits, streams or returns at once. The body may be left out.
#[utoipa::path(
    post, path = "/api/messages/{id}/regenerate", tag = "Messages", security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "Id of the answer, or of the message to answer", example = "msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e"),
        ("idempotency-key" = Option<String>, Header, pattern = "^[!-~]{1,255}$", description = "Makes the request repeatable for 24 hours: the same response, one call of the model"),
        ("prefer" = Option<String>, Header, description = "`respond-async`: do not wait (RFC 7240)", example = "respond-async"),
    ),
    request_body(content = Option<MessageRegenerate>, description = "May be left out"),
    responses(
        (status = 200, description = "With `stream`: the events of the response", body = ResponseEvent, content_type = "text/event-stream"),
        (status = 201, description = "The whole turn; the response's status tells how it ended", body = TurnOut,
            headers(("location" = String, description = "Path of the answer"))),
        (status = 202, description = "Stored; the answer is being generated", body = TurnOut,
            headers(("location" = String, description = "Path of the response"), ("preference-applied" = String, description = "`respond-async`"))),
        (status = 409, description = "`conversation_locked`: an answer is being generated; `error.response_id` names it", body = schemas::error::ErrorBody),
        (status = 422, description = "`idempotency_key_reused`", body = schemas::error::ErrorBody),
        (status = 429, description = "`rate_limit_exceeded`", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn regenerate_message(
    State(state): State<AppState>,
    streaming: Streaming,
    Authenticated(actor): Authenticated,
    Path(id): Path<MessageId>,
    prefer: Prefer,
    IdempotencyKey(key): IdempotencyKey,
    request: Option<Json<MessageRegenerate>>,
) -> Answer<Response> {
    let request = request.map(|Json(request)| request).unwrap_or_default();
    let place = request.stream.then(|| streaming.open(&state, &actor)).transpose()?;
    let wanted = Wanted { place, prefer };
    let started = state.services.responses.regenerate(&actor, id, request, key).await?;
    answer(&state, &actor, started, wanted).await
}

/// How a client wants to learn of the answer it asked for.
pub(super) struct Wanted {
    /// Where it reads the events, if it wants a stream.
    pub(super) place: Option<StreamSlot>,
    pub(super) prefer: Prefer,
}

/// The events of an answer, or its turn: at once, or as soon as it is whole.
pub(super) async fn answer(
    state: &AppState,
    actor: &Actor,
    mut started: Started,
    Wanted { place, prefer }: Wanted,
) -> Answer<Response> {
    let repeated = started.repeated;
    if let Some(place) = place {
        return Ok(replayed(repeated, events(state, started.follower, place)));
    }
    if prefer.respond_async {
        return Ok(replayed(repeated, underway(state, actor, &started).await?));
    }
    if !until_end(state, actor, &mut started.follower).await? {
        // A server that is closing gives what it has: the turn is stored and goes on elsewhere.
        return Ok(replayed(repeated, underway(state, actor, &started).await?));
    }
    let begun = started.follower.response();
    let turn = Box::pin(state.services.responses.turn(actor, begun.id));
    let place = format!("/api/messages/{}", begun.message_id);
    Ok(replayed(
        repeated,
        measured_at::<TurnOut, _>(StatusCode::CREATED, place, state, actor, turn).await?,
    ))
}

/// The events of a response, as this API tells them.
pub(super) fn events(state: &AppState, follower: Follower, place: StreamSlot) -> Response {
    let projection = Projector::new(follower.response().clone().into());
    sse::respond(follower, projection, state.config.heartbeat, place)
}

/// A turn that is stored, as far as it is answered.
async fn underway(state: &AppState, actor: &Actor, started: &Started) -> Answer<Response> {
    let id = started.follower.response().id;
    let turn = Box::pin(state.services.responses.turn(actor, id));
    let place = format!("/api/responses/{id}");
    Ok(applied(measured_at::<TurnOut, _>(StatusCode::ACCEPTED, place, state, actor, turn).await?))
}

/// Show a message
#[utoipa::path(
    get, path = "/api/messages/{id}", tag = "Messages", security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the message", example = "msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")),
    responses((status = 200, description = "The message", body = MessageOut))
)]
pub(super) async fn get_message(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    Path(id): Path<MessageId>,
) -> Answer<Response> {
    let message = state.services.conversations.message(&actor, id);
    measured::<MessageOut, _>(&state, &actor, message).await
}

/// Delete a message
///
/// With everything below it. An answer that is being generated there is stopped; its followers get
/// `response.failed` with the code `message_deleted`. If the branch that is shown led through it,
/// the neighbour's is shown from then on, or what is left of the branch where there is none.
#[utoipa::path(
    delete, path = "/api/messages/{id}", tag = "Messages", security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the message", example = "msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")),
    responses((status = 200, description = "It is gone", body = Deleted))
)]
pub(super) async fn delete_message(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    Path(id): Path<MessageId>,
) -> Answer<Json<Deleted>> {
    state.services.conversations.delete_message(&actor, id).await?;
    Ok(Json(Deleted { id: id.to_string(), object: "message", deleted: true, purge_at: None }))
}
