//! Ids in paths.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use schemas::chat::ChatName;
use schemas::{ApiKeyId, ConversationId, InvitationId, MessageId, ResponseId, SessionId, UserId};

use crate::error::ApiError;

/// An id that stands in a path, and what it names.
pub(crate) trait PathId: FromStr {
    /// The noun of the 404.
    const KIND: &'static str;
}

impl PathId for ConversationId {
    const KIND: &'static str = "conversation";
}
impl PathId for MessageId {
    const KIND: &'static str = "message";
}
impl PathId for ResponseId {
    const KIND: &'static str = "response";
}
impl PathId for ChatName {
    const KIND: &'static str = "chat";
}
impl PathId for ApiKeyId {
    const KIND: &'static str = "key";
}
impl PathId for InvitationId {
    const KIND: &'static str = "invitation";
}
impl PathId for UserId {
    const KIND: &'static str = "user";
}
impl PathId for SessionId {
    const KIND: &'static str = "session";
}

/// The one id of a path, or the first. A text that is no id is answered like an id that does not
/// exist.
#[derive(Debug)]
pub(crate) struct Path<T>(pub(crate) T);

impl<T: PathId, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        nth(parts, state, 0).await.map(Self)
    }
}

/// The two ids of a path, each as in [`Path`].
#[derive(Debug)]
pub(crate) struct PathPair<T, U>(pub(crate) T, pub(crate) U);

impl<T: PathId + Send, U: PathId, S: Send + Sync> FromRequestParts<S> for PathPair<T, U> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let first = nth(parts, state, 0).await?;
        Ok(Self(first, nth(parts, state, 1).await?))
    }
}

/// The id that stands at this place of a path.
async fn nth<T: PathId, S: Send + Sync>(
    parts: &mut Parts,
    state: &S,
    place: usize,
) -> Result<T, ApiError> {
    let not_found = || ApiError::not_found(T::KIND);
    let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| not_found())?;
    let (_, text) = params.iter().nth(place).ok_or_else(not_found)?;
    text.parse().map_err(|_| not_found())
}
