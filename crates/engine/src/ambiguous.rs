//! Turns whose commit was never answered.

use std::sync::Arc;
use std::time::Duration;

use crud::turns::Turn;
use models::response;
use schemas::{ConversationId, ResponseId, UserId};

use super::engine::Engine;
use super::generate;
use super::generation::Generation;
use super::log::Log;
use super::slots::{Admission, Slot};
use crate::catalog::Chosen;
use crate::error::Result;

/// How long to wait between two questions for what became of a commit.
const PAUSE: Duration = Duration::from_secs(1);
/// How often the database has to say, one time after another, that a turn is not there and none is
/// open: on a cluster it may be so at another node, though nobody waits for its answer any more.
const DENIALS: u32 = 5;

/// What the engine needs beside the row of a response.
pub(super) struct Means {
    /// The beginning of its log, as far as it is stored with the row.
    pub(super) log: Log,
    pub(super) model: Chosen,
    pub(super) slot: Slot,
}

impl Means {
    /// Sets the engine to work on a response that is stored.
    pub(super) fn begin(self, engine: &Arc<Engine>, response: response::Model) -> Arc<Generation> {
        let generation = Arc::new(Generation::new(response, self.log, self.model, self.slot));
        generate::begin(engine, generation.clone());
        generation
    }
}

/// Finds out what became of a turn, and has it answered if it is stored after all: nobody else
/// would, and its conversation would wait forever.
pub(super) async fn resolve_ambiguous_commit(
    engine: Arc<Engine>,
    owner: UserId,
    conversation: ConversationId,
    id: ResponseId,
    mut means: Means,
) {
    // It may take long, and whoever comes after this server can close it as well.
    means.slot.set_admission(None);
    let mut denials = 0;
    while denials < DENIALS {
        tokio::select! {
            () = engine.stopped.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
        let resolved = async {
            crud::turns::check_none_open(&engine.db, conversation).await?;
            stored_turn(&engine, owner, id).await
        };
        match resolved.await {
            Ok(Some(turn)) if turn.response.status.is_final() => return,
            Ok(Some(turn)) => {
                tracing::warn!(response = %id, "a commit took place though its answer got lost");
                means.slot.set_admission(Some(Admission::new(&engine.turns)));
                means.begin(&engine, turn.response);
                return;
            }
            Ok(None) => denials += 1,
            Err(error) => {
                denials = 0;
                tracing::debug!(response = %id, %error, "what became of a commit is not known yet");
            }
        }
    }
}

/// The turn of a response, if it is stored.
pub(super) async fn stored_turn(
    engine: &Engine,
    owner: UserId,
    id: ResponseId,
) -> Result<Option<Turn>> {
    let Some(response) = crud::responses::find(&engine.db, owner, id).await? else {
        return Ok(None);
    };
    let user_message = crud::messages::find(&engine.db, owner, response.user_message_id).await?;
    let message = crud::messages::find(&engine.db, owner, response.message_id).await?;
    Ok(match (user_message, message) {
        (Some(user_message), Some(message)) => Some(Turn {
            user_message: user_message.into_inner(),
            message: message.into_inner(),
            response: response.into_inner(),
        }),
        _ => None,
    })
}
