//! A response as it is now, and its events: from memory where it runs here, otherwise as far as
//! they are stored. The caller has just read its row.

use std::sync::Arc;

use crud::Owned;
use models::message::MessageStatus;
use models::{ResponseId, message, response};
use schemas::answer_data::AnswerData;
use schemas::event::{Event, Wait};
use schemas::view::{Response, State};

use super::engine::Engine;
use super::follower::Follower;
use super::log::Log;
use super::{remote, render, stored, synthesis};
use crate::error::Result;

impl Engine {
    /// Follows a response after the event `after`, or from the beginning. It may have ended long
    /// ago. `running` is its log if it ran here before its row was read: one that ends in between
    /// is read from disk.
    pub async fn follow(
        self: &Arc<Self>,
        running: Option<Arc<Log>>,
        row: &Owned<response::Model>,
        after: Option<u64>,
    ) -> Result<Follower> {
        let (log, after) = match running {
            Some(log) => (log, after),
            None => self.stored_log(row, after).await?,
        };
        Ok(Follower::new(render::begun(row), log, after))
    }

    /// A response as it is now, and what it waits for.
    pub async fn describe(&self, row: &Owned<response::Model>) -> Result<Response> {
        let rows = if row.status.is_final() { self.rows_of(row).await? } else { Vec::new() };
        let mut response = render::view(row, &rows);
        if let State::Open { waiting, .. } = &mut response.state
            && !row.status.is_final()
        {
            *waiting = match self.running.find_log(row.id) {
                Some(log) => log.waiting(),
                None => self.stored_wait(row.owned_id()).await?,
            };
        }
        Ok(response)
    }

    /// What a response waits for that does not run here: only its newest event can say.
    async fn stored_wait(&self, id: Owned<ResponseId>) -> Result<Option<Wait>> {
        let run = crud::responses::find_newest_events(&self.db, id).await?;
        let newest = run.as_ref().and_then(|run| run.payload.lines().next_back());
        Ok(match newest.map(|line| Event::decode(line.as_bytes())) {
            Some(Ok(Event::Waiting(wait))) => Some(wait),
            _ => None,
        })
    }

    /// The log of a response that does not run here, as far as it is stored, and where in it a
    /// follower that has seen `after` goes on.
    pub(crate) async fn stored_log(
        self: &Arc<Self>,
        row: &Owned<response::Model>,
        after: Option<u64>,
    ) -> Result<(Arc<Log>, Option<u64>)> {
        let log = stored::log(&self.db, row).await?;
        if log.has_ended() {
            return Ok((Arc::new(log), after));
        }
        // The row was read before its events. Had it ended by then, and the end is not among them,
        // they are forgotten. It must not be read again: what ended in between has its events, and
        // numbers that a client has seen are not given to others.
        if row.status.is_final() {
            let rows = self.rows_of(row).await?;
            let log = Arc::new(synthesis::log(row, &rows));
            // Its numbers are new: a client that has not seen the end gets everything.
            let last_seq = u64::try_from(row.last_seq).unwrap_or_default();
            return Ok((log, after.filter(|after| *after >= last_seq).map(|_| u64::MAX)));
        }
        Ok((remote::log(self, row).await?, after))
    }

    /// The rows that a response that has ended has brought. Of a message that others continued
    /// since, only what this one had left of it.
    async fn rows_of(&self, row: &Owned<response::Model>) -> Result<Vec<message::Model>> {
        let db = &self.db;
        let mut rows = crud::messages::list_of_response(db, row.owned_id()).await?;
        if rows.iter().any(|found| found.id == row.message_id) {
            return Ok(rows);
        }
        let found = crud::messages::find(db, row.user_id, row.message_id).await?;
        let part = found.map(Owned::into_inner).and_then(|message| {
            let mut data = AnswerData::read(message.data.as_deref());
            let had = data.earlier.iter().find(|earlier| earlier.response == row.id)?.clone();
            let content = message.content.get(..had.bytes)?.to_owned();
            data.annotations.truncate(had.annotations);
            let data = data.stored();
            let status = MessageStatus::Incomplete;
            let response_id = Some(row.id);
            Some(message::Model { content, status, response_id, data, ..message })
        });
        rows.extend(part);
        rows.sort_by_key(|row| row.seq);
        Ok(rows)
    }
}
