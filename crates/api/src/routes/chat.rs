//! `/api/chat`: conversations as the chat screens of the AI SDK ask for them (`useChat` with
//! `DefaultChatTransport`), and their answers as UI message streams.

use auth::Actor;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use schemas::chat::{ChatCreate, ChatName, ChatOut, ChatStopped, UiChunk, ui_messages};
use services::ChatAnswer;

use super::answers::{Answer, measured, replayed};
use crate::extract::{Authenticated, IdempotencyKey, Json, Path};
use crate::follow::{StreamSlot, Streaming};
use crate::projections::ui_messages::UiMessages;
use crate::sse;
use crate::state::AppState;

/// Send a message of a chat
///
/// What `useChat` of the AI SDK sends with nothing but this address and a token. The newest message
/// of the user is stored and answered, or what the tools returned that the newest answer called;
/// the rest of `messages` is not read, since the stored conversation is the truth. The first message
/// of a chat makes its conversation. The generation goes on if the client goes: it resumes at
/// `GET /api/chat/{id}/stream`.
///
/// A message that was sent before is not stored again: the same `id` with the same parts leads to
/// the answer that it has. The same `id` with other parts edits it: the new text becomes a sibling of
/// the old one, and the branch that is shown. With `"trigger": "regenerate-message"` the newest
/// message of the user in `messages` is answered once more.
#[utoipa::path(
    post, path = "/api/chat", tag = "Chat", security(("bearer" = [])),
    params(
        ("idempotency-key" = Option<String>, Header, pattern = "^[!-~]{1,255}$", description = "Makes the request repeatable for 24 hours: the same response, one call of the model"),
    ),
    request_body = ChatCreate,
    responses(
        (status = 200, description = "The answer as a UI message stream, version 1", body = UiChunk, content_type = "text/event-stream",
            headers(("x-vercel-ai-ui-message-stream" = String, description = "`v1`"))),
        (status = 404, description = "`not_found`: there is no such conversation, or it is in the trash", body = schemas::error::ErrorBody),
        (status = 409, description = "`conversation_locked`: an answer is being generated; `error.response_id` names it", body = schemas::error::ErrorBody),
        (status = 422, description = "`idempotency_key_reused`", body = schemas::error::ErrorBody),
        (status = 429, description = "`rate_limit_exceeded`", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn send_chat(
    State(state): State<AppState>,
    streaming: Streaming,
    Authenticated(actor): Authenticated,
    IdempotencyKey(key): IdempotencyKey,
    Json(request): Json<ChatCreate>,
) -> Answer<Response> {
    let mut place = streaming.open(&state, &actor)?;
    let answer = Box::pin(state.services.chats.send(&actor, request, key)).await?;
    keep(&state, &actor, &mut place, &answer)?;
    let repeated = answer.started.repeated;
    Ok(replayed(repeated, stream(&state, answer, place)))
}

/// Show a chat
///
/// The selected branch of its conversation as UI messages, to begin `useChat` with. Older messages
/// of a very long one are left out (`hasMore`); `GET /api/conversations/{id}/messages` has them in
/// pages.
#[utoipa::path(
    get, path = "/api/chat/{id}", tag = "Chat", security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the chat, as its client named it, or of a conversation", example = "kX9fPq2LmZ7wRt4B")),
    responses((status = 200, description = "The chat", body = ChatOut))
)]
pub(super) async fn get_chat(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    Path(name): Path<ChatName>,
) -> Answer<Response> {
    let chat = state.services.chats.get(&actor, &name);
    measured::<ChatOut, _>(&state, &actor, chat).await
}

/// Resume the stream of a chat
///
/// The answer that is being made, from its first event on, and then as it grows: what the client
/// of the AI SDK asks for when a page is loaded again.
#[utoipa::path(
    get, path = "/api/chat/{id}/stream", tag = "Chat", security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the chat, as its client named it, or of a conversation", example = "kX9fPq2LmZ7wRt4B")),
    responses(
        (status = 200, description = "The answer as a UI message stream, version 1", body = UiChunk, content_type = "text/event-stream",
            headers(("x-vercel-ai-ui-message-stream" = String, description = "`v1`"))),
        (status = 204, description = "There is nothing to resume: no answer is being made, or the chat has not begun"),
        (status = 429, description = "`rate_limit_exceeded`: too many streams are open", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn resume_chat(
    State(state): State<AppState>,
    streaming: Streaming,
    Authenticated(actor): Authenticated,
    Path(name): Path<ChatName>,
) -> Answer<Response> {
    let mut place = streaming.open(&state, &actor)?;
    let gathering = state.services.reads.gather(&actor).await?;
    let Some(answer) = state.services.chats.resume(&actor, &name).await? else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    keep(&state, &actor, &mut place, &answer)?;
    drop(gathering);
    Ok(stream(&state, answer, place))
}

/// Stop the answer of a chat
///
/// Keeps the text so far. `stop()` of `useChat` only closes its own connection, which stops nothing
/// here. Without an answer that is being made it changes nothing.
#[utoipa::path(
    post, path = "/api/chat/{id}/stop", tag = "Chat", security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the chat, as its client named it, or of a conversation", example = "kX9fPq2LmZ7wRt4B")),
    responses((status = 200, description = "What was stopped", body = ChatStopped))
)]
pub(super) async fn stop_chat(
    State(state): State<AppState>,
    Authenticated(actor): Authenticated,
    Path(name): Path<ChatName>,
) -> Answer<Json<ChatStopped>> {
    Ok(Json(state.services.chats.stop(&actor, &name).await?.into()))
}

/// Counts what the server keeps for this stream alone.
fn keep(
    state: &AppState,
    actor: &Actor,
    place: &mut StreamSlot,
    answer: &ChatAnswer,
) -> Answer<()> {
    let earlier: usize = answer.earlier.iter().map(|message| message.content.len()).sum();
    let bytes = answer.started.follower.kept_bytes().saturating_add(earlier);
    place.keep(state, actor, bytes)
}

/// The events of an answer as the AI SDK reads them.
fn stream(state: &AppState, answer: ChatAnswer, place: StreamSlot) -> Response {
    let ChatAnswer { started, message_id, earlier } = answer;
    let earlier = ui_messages(earlier).into_iter().flat_map(|message| message.parts).collect();
    let projection = UiMessages::new(message_id, started.follower.response(), earlier);
    let mut response = sse::respond(started.follower, projection, state.config.heartbeat, place);
    let version = HeaderValue::from_static("v1");
    response.headers_mut().insert("x-vercel-ai-ui-message-stream", version);
    response
}
