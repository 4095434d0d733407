//! Ids in paths.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
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

/// The one id of a path. A text that is no id is answered like an id that does not exist.
#[derive(Debug)]
pub(crate) struct Path<T>(pub(crate) T);

impl<T: PathId, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let not_found = || ApiError::not_found(T::KIND);
        let params =
            RawPathParams::from_request_parts(parts, state).await.map_err(|_| not_found())?;
        let (_, text) = params.iter().next().ok_or_else(not_found)?;
        text.parse().map(Self).map_err(|_| not_found())
    }
}
