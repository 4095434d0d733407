//! What a request needs before it may open a stream.

use std::convert::Infallible;
use std::sync::Arc;

use auth::Actor;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use schemas::ResponseId;
use services::{CredentialWatch, Follower, LARGE_BYTES, OpenStream, Reading};

use super::Closing;
use crate::error::ApiError;
use crate::extract::ClientInfo;
use crate::state::AppState;

/// A request that may ask for a stream: where it comes from, and when the server is going.
#[derive(Debug)]
pub(crate) struct Streaming {
    closing: Closing,
    address: String,
}

impl FromRequestParts<AppState> for Streaming {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &AppState,
    ) -> Result<Self, Self::Rejection> {
        let closing = Closing::from_request_parts(parts, state).await?;
        let ClientInfo(client) = ClientInfo::from_request_parts(parts, state).await?;
        Ok(Self { closing, address: client.address })
    }
}

impl Streaming {
    /// Takes one of the caller's slots for open streams. To be asked before anything is stored, so
    /// that a refused request has done nothing.
    pub(crate) fn open(self, state: &AppState, actor: &Actor) -> Result<StreamSlot, ApiError> {
        Ok(StreamSlot {
            closing: self.closing,
            credential: state.services.credentials.watch(actor),
            taken: Arc::new(state.services.streams.open(actor, &self.address)?),
            reading: None,
        })
    }
}

/// A slot among the open streams; free again when the stream is dropped.
#[derive(Debug)]
pub(crate) struct StreamSlot {
    /// Ends the stream when the server goes.
    pub(super) closing: Closing,
    /// Ends it when the session or key does that it was asked for with.
    pub(super) credential: CredentialWatch,
    /// Counts it.
    pub(super) taken: Arc<OpenStream>,
    /// One of the few large reads of the caller, if much is kept for this stream alone.
    pub(super) reading: Option<Reading>,
}

impl StreamSlot {
    /// Follows a response of the caller behind the event `after`, or from its beginning.
    pub(crate) async fn follow(
        &mut self,
        state: &AppState,
        actor: &Actor,
        id: ResponseId,
        after: Option<u64>,
    ) -> Result<Follower, ApiError> {
        // The log of what is made here is in memory, once for all who follow it. Others are read.
        let gathering = if state.services.responses.is_made_here(id) {
            None
        } else {
            Some(state.services.reads.gather(actor).await?)
        };
        let follower = state.services.responses.follow(actor, id, after).await?;
        self.keep(state, actor, follower.kept_bytes())?;
        drop(gathering);
        Ok(follower)
    }

    /// The same slot for one of several answers that one stream carries.
    pub(crate) fn beside(&self, state: &AppState, actor: &Actor) -> Self {
        Self {
            closing: self.closing.clone(),
            credential: state.services.credentials.watch(actor),
            taken: self.taken.clone(),
            reading: None,
        }
    }

    /// The server keeps so many bytes for this stream alone.
    pub(crate) fn keep(
        &mut self,
        state: &AppState,
        actor: &Actor,
        bytes: usize,
    ) -> Result<(), ApiError> {
        if bytes >= LARGE_BYTES {
            self.reading = Some(state.services.reads.page(actor, bytes)?);
        }
        Ok(())
    }
}
