//! Responses: accepting a message, generating its answer, following and stopping it.

mod accept;
mod attempt;
mod checkpoint;
mod continuation;
mod continuing;
pub(crate) mod engine;
mod explain;
mod failures;
mod finish;
mod follower;
mod generation;
mod learnt;
mod log;
mod observe;
mod pace;
mod publish;
mod purge;
mod recover;
mod remote;
mod render;
mod running;
mod settle;
mod silence;
mod slots;
mod sources;
mod synthesis;
mod titling;
mod transcript;
mod usage;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use crud::Owned;
use models::response;
use schemas::event::{Event, Wait};
use schemas::message::TurnOut;
use schemas::response::ResponseResource;
use schemas::{ResponseId, UserId};

pub use follower::Follower;
pub use log::Numbered;

pub(crate) use log::SoFar;
pub(crate) use recover::stored;
pub(crate) use render::{call_out, resource};
pub(crate) use running::Running;
pub(crate) use sources::known_sources;

use crate::core::Core;
use crate::error::{Error, Result};
use crate::messages;
use engine::Engine;
pub(crate) use generation::Stop;
use log::Log;
use remote::Remote;

/// How long a stop waits for the end to be stored before it answers with the row as it is.
const CANCEL_WAIT: Duration = Duration::from_secs(5);

/// An answer that was accepted and is being made.
#[derive(Debug)]
pub struct Started {
    /// Reads the response's events from the first on.
    pub follower: Follower,
    /// Whether it was accepted before: the same request was repeated with the same key.
    pub repeated: bool,
}

/// The use cases of responses.
#[derive(Debug, Clone)]
pub struct Responses {
    core: Arc<Core>,
    engine: Arc<Engine>,
}

impl Responses {
    pub(crate) fn new(core: Arc<Core>, engine: Arc<Engine>) -> Self {
        Self { core, engine }
    }

    /// A response of `owner`.
    pub async fn get(&self, owner: UserId, id: ResponseId) -> Result<ResponseResource> {
        let row = self.find(owner, id).await?;
        self.describe(&row).await
    }

    /// A response of `owner` with both of its messages.
    pub async fn turn(&self, owner: UserId, id: ResponseId) -> Result<TurnOut> {
        let row = self.find(owner, id).await?;
        let user_message = crud::messages::find(&self.core.db, owner, row.user_message_id).await?;
        let user_message = user_message.map(Owned::into_inner);
        let produced = crud::messages::list_of_response(&self.core.db, row.owned_id()).await?;
        let answer = produced.iter().find(|produced| produced.id == row.message_id).cloned();
        let (answer, response) = match answer {
            Some(answer) if row.status.is_final() => (Some(answer), resource(&row, &produced)),
            Some(answer) => (Some(answer), self.describe(&row).await?),
            // Another response has gone on with it.
            None => {
                let found = crud::messages::find(&self.core.db, owner, row.message_id).await?;
                (found.map(Owned::into_inner), self.describe(&row).await?)
            }
        };
        let (Some(user_message), Some(answer)) = (user_message, answer) else {
            return Err(Error::NotFound("response"));
        };
        let (rows, known) = (vec![user_message, answer], Some((id, produced.as_slice())));
        let out = messages::describe_with(
            &self.core.db,
            &self.engine.running,
            row.conversation(),
            rows,
            known,
        )
        .await?;
        let mut out = out.into_iter();
        let (Some(user_message), Some(message)) = (out.next(), out.next()) else {
            return Err(Error::NotFound("response"));
        };
        Ok(TurnOut { user_message, message, response })
    }

    /// Follows a response of `owner` after the event `after`, or from the beginning. It may have
    /// ended long ago.
    pub async fn follow(
        &self,
        owner: UserId,
        id: ResponseId,
        after: Option<u64>,
    ) -> Result<Follower> {
        // Looked up before the row is read: a response that ends in between is read from disk.
        let running = self.engine.running.find_log(id);
        let row = self.find(owner, id).await?;
        let (log, after) = match running {
            Some(log) => (log, after),
            None => self.stored_log(&row, after).await?,
        };
        Ok(Follower::new(render::begun(&row), log, after))
    }

    /// Whether this server is making the response, so that following it reads no log.
    pub fn is_made_here(&self, id: ResponseId) -> bool {
        self.engine.running.find_log(id).is_some()
    }

    /// Stops a response of `owner` and keeps its text, and waits a moment for its end. Stopping one
    /// that has ended changes nothing.
    pub async fn cancel(&self, owner: UserId, id: ResponseId) -> Result<()> {
        let row = self.find(owner, id).await?;
        if !row.status.is_final() {
            let now = self.core.context.now();
            crud::responses::request_cancel(&self.core.db, owner, id, now).await?;
            let log = if let Some(generation) = self.engine.running.find(id) {
                generation.stop(Stop::Cancelled);
                generation.log.clone()
            } else {
                self.engine.ask_to_look(row.owner);
                self.stored_log(&row, None).await?.0
            };
            let mut follower = Follower::new(render::begun(&row), log, None);
            let _ = tokio::time::timeout(CANCEL_WAIT, follower.wait_end()).await;
        }
        Ok(())
    }

    async fn find(&self, owner: UserId, id: ResponseId) -> Result<Owned<response::Model>> {
        let found = crud::responses::find(&self.core.db, owner, id).await?;
        found.ok_or(Error::NotFound("response"))
    }

    async fn describe(&self, row: &Owned<response::Model>) -> Result<ResponseResource> {
        let rows = if row.status.is_final() { self.rows_of(row).await? } else { Vec::new() };
        let mut resource = resource(row, &rows);
        if !row.status.is_final() {
            let wait = match self.engine.running.find_log(row.id) {
                Some(log) => log.waiting(),
                None => self.stored_wait(row.owned_id()).await?,
            };
            resource.waiting = wait.map(Into::into);
        }
        Ok(resource)
    }

    /// What a response waits for that does not run here: only its newest event can say.
    async fn stored_wait(&self, id: Owned<ResponseId>) -> Result<Option<Wait>> {
        let run = crud::responses::find_newest_events(&self.core.db, id).await?;
        let newest = run.as_ref().and_then(|run| run.payload.lines().next_back());
        Ok(match newest.map(|line| Event::decode(line.as_bytes())) {
            Some(Ok(Event::Waiting(wait))) => Some(wait),
            _ => None,
        })
    }

    /// The log of a response that does not run here, as far as it is stored, and where in it a
    /// follower that has seen `after` goes on. The caller has just read `row`.
    async fn stored_log(
        &self,
        row: &Owned<response::Model>,
        after: Option<u64>,
    ) -> Result<(Arc<Log>, Option<u64>)> {
        let log = recover::stored(&self.core.db, row).await?;
        if log.has_ended() {
            return Ok((Arc::new(log), after));
        }
        // The row was read before its events. Had it ended by then, and the end is not among them,
        // they are forgotten. It must not be read again: what ended in between has its events, and
        // numbers that somebody has seen are not given to others.
        if row.status.is_final() {
            let rows = self.rows_of(row).await?;
            let log = Arc::new(synthesis::log(row, &rows));
            // Its numbers are new: whoever has not seen the end gets everything.
            let last_seq = u64::try_from(row.last_seq).unwrap_or_default();
            return Ok((log, after.filter(|after| *after >= last_seq).map(|_| u64::MAX)));
        }
        Ok((Remote::log(&self.engine, row).await?, after))
    }
}
