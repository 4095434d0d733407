//! `/v1/chat/completions`.

use auth::Actor;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use futures_util::future::{select_all, try_join_all};
use futures_util::stream::{self, StreamExt};
use schemas::Invalid;
use schemas::event::Ending;
use schemas::v1::chat::{ChatChoice, ChatCompletion, ChatCompletionCreate, ChatUsage, NOT_KEPT};
use schemas::validate::Rule;
use services::Follower;

use super::super::answers::Answer;
use crate::error::ApiError;
use crate::extract::{Authenticated, Json, Lenient};
use crate::follow::{StreamSlot, Streaming, follow};
use crate::projections::chat::{Projector, Together};
use crate::sse;
use crate::state::AppState;

/// The header with which other servers are told where to keep a completion.
const CONVERSATION: &str = "x-conversation-id";

/// Answer messages, for OpenAI clients
///
/// The client keeps its conversation and sends all of it; nothing is stored, and the answer ends
/// when the client goes. What does not fit the model's window is refused with
/// `context_length_exceeded`. An answer that fails is a failed request, also of a stream as long as
/// nothing of it was sent; later the stream ends with an object that has `error`.
///
/// With `"stream": true` the answer arrives as chunks, and `data: [DONE]`.
#[utoipa::path(
    post, path = "/v1/chat/completions", tag = "OpenAI", security(("bearer" = [])),
    request_body = ChatCompletionCreate,
    responses(
        (status = 200, description = "The answer; with `stream` its chunks as server-sent events", body = ChatCompletion),
        (status = 404, description = "`model_not_found`: no model has this name", body = schemas::error::ErrorBody),
        (status = 429, description = "`rate_limit_exceeded`", body = schemas::error::ErrorBody),
        (status = 502, description = "`upstream_failed` and others: the model provider failed", body = schemas::error::ErrorBody),
        (status = 504, description = "`upstream_timeout`", body = schemas::error::ErrorBody),
    )
)]
pub(super) async fn v1_create_chat_completion(
    State(state): State<AppState>,
    streaming: Streaming,
    Authenticated(actor): Authenticated,
    headers: HeaderMap,
    Lenient(body): Lenient<ChatCompletionCreate>,
) -> Answer<Response> {
    if headers.contains_key(CONVERSATION) {
        let invalid = Invalid::new(CONVERSATION, NOT_KEPT).of(Rule::Unsupported);
        return Err(services::Error::from(invalid).into());
    }
    let request = body.checked().map_err(services::Error::from)?;
    let place = request.stream.then(|| streaming.open(&state, &actor)).transpose()?;
    let include_usage = request.include_usage;
    let begun = state.services.completions.create(&actor, request).await;
    let followers = begun.map_err(|error| ApiError::from(error).of_messages())?;
    match place {
        Some(place) => chunks(&state, &actor, followers, place, include_usage).await,
        None => whole(&state, &actor, followers).await,
    }
}

/// Completions are not kept, so there is no list of them: `GET` of what only takes `POST` would be
/// told otherwise.
pub(super) async fn not_kept() -> ApiError {
    ApiError::unknown_url()
}

/// The answers when all of them are whole. The first one that fails ends the others.
async fn whole(state: &AppState, actor: &Actor, mut followers: Vec<Follower>) -> Answer<Response> {
    let begun = followers.first().ok_or_else(ApiError::internal)?.response().clone();
    let credential = state.services.credentials.watch(actor);
    let answers = followers.iter_mut().zip(0..).map(|(follower, index)| async move {
        let (ending, output) = follower.end().await.ok_or_else(ApiError::shutting_down)?;
        let choice = ChatChoice::of(index, &ending, output).ok_or_else(|| failed(&ending))?;
        Ok::<_, ApiError>((choice, ending.usage))
    });
    let answers = tokio::select! {
        answers = try_join_all(answers) => answers?,
        refused = credential.ended() => return Err(refused.into()),
    };
    let (choices, tokens): (_, Vec<_>) = answers.into_iter().unzip();
    let mut usage = ChatUsage::default();
    tokens.into_iter().flatten().for_each(|tokens| usage.add(tokens));
    let completion = ChatCompletion {
        id: ChatCompletion::id_of(begun.id),
        object: "chat.completion",
        created: begun.created_at.timestamp(),
        model: begun.model,
        choices,
        usage,
        response_id: None,
    };
    Ok(Json(completion).into_response())
}

/// The answers piece by piece, in one stream. An answer that fails before there is anything to show
/// is a failed request: clients know its kind by the status.
async fn chunks(
    state: &AppState,
    actor: &Actor,
    followers: Vec<Follower>,
    place: StreamSlot,
    include_usage: bool,
) -> Answer<Response> {
    let heartbeat = state.config.heartbeat;
    if let Ok(Some(ending)) = tokio::time::timeout(heartbeat, first_sign(&followers)).await
        && ending.error.is_some()
    {
        return Err(failed(&ending));
    }
    let together = Together::new(followers.len(), include_usage);
    let failed = together.failed().cancelled_owned();
    let id = followers.first().ok_or_else(ApiError::internal)?.response().id;
    let mut streams = followers.into_iter().enumerate().map(|(index, follower)| {
        let projector = Projector::new(follower.response(), (id, index), together.clone());
        let place = place.beside(state, actor);
        sse::frames(follow(follower, heartbeat, place), projector)
    });
    let (Some(first), others) = (streams.next(), streams.collect::<Vec<_>>()) else {
        return Err(ApiError::internal());
    };
    Ok(sse::stream(if others.is_empty() {
        Body::from_stream(first.take_until(failed))
    } else {
        let all = [first].into_iter().chain(others).map(Box::pin);
        Body::from_stream(stream::select_all(all).take_until(failed))
    }))
}

/// Waits until there is something to show of one of the answers, or it has ended: the end, if that
/// came before.
async fn first_sign(followers: &[Follower]) -> Option<Ending> {
    let all = followers.iter().map(|follower| Box::pin(follower.end_before_output()));
    let (ending, ..) = select_all(all).await;
    ending
}

/// What is told of an answer that did not come to its end.
fn failed(ending: &Ending) -> ApiError {
    match &ending.error {
        Some(failure) => ApiError::from(failure).of_messages(),
        None => ApiError::shutting_down(),
    }
}
