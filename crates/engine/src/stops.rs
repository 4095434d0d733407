//! Ending responses before their models do, here and on other servers.

use std::sync::Arc;
use std::time::Duration;

use crud::Owned;
use models::{ResponseId, ServerId, UserId, response};

use super::engine::Engine;
use super::follower::Follower;
use super::generation::{Generation, Stop};
use super::{publish, render};
use crate::error::Result;

/// How long a stop waits for the end to be stored.
const END_WAIT: Duration = Duration::from_secs(5);

impl Engine {
    /// Ends a response that a client asked to stop, which is stored already, keeps its text, and
    /// waits a moment for its end.
    pub async fn cancel(self: &Arc<Self>, row: &Owned<response::Model>) -> Result<()> {
        let log = if let Some(generation) = self.running.find(row.id) {
            generation.stop(Stop::Cancelled);
            generation.log.clone()
        } else {
            self.ask_to_poll(row.server_id);
            self.stored_log(row, None).await?.0
        };
        let mut follower = Follower::new(render::begun(row), log, None);
        let _ = tokio::time::timeout(END_WAIT, follower.wait_end()).await;
        Ok(())
    }

    /// Ends a response whose conversation was just hidden, and waits a moment for its end. What
    /// runs on another server is stopped there, without waiting for it.
    pub async fn stop_hidden(&self, response: Option<ResponseId>) {
        let Some(generation) = response.and_then(|id| self.running.find(id)) else {
            if let Some(maker) = self.maker_elsewhere(response).await {
                self.ask_to_poll(maker);
            }
            return;
        };
        generation.stop(Stop::Deleted);
        let _ = tokio::time::timeout(END_WAIT, end_of(&generation)).await;
    }

    /// Ends a response that is being made here and whose rows are gone.
    pub fn let_go(&self, response: ResponseId) {
        if let Some(generation) = self.running.find(response) {
            generation.stop(Stop::Lost);
        }
    }

    /// Ends every answer that is being made for `owner`, whose account was just hidden: here, and
    /// waits a moment until their followers have been told, and on other servers, which are notified.
    /// What begins afterwards ends by itself within seconds.
    pub async fn stop_all_of(&self, owner: UserId) {
        let mut theirs = self.running.all();
        theirs.extend(self.unstored.all());
        theirs.retain(|generation| generation.row.user_id == owner);
        for generation in &theirs {
            generation.stop(Stop::Deleted);
        }
        let ends = theirs.iter().map(|generation| end_of(generation));
        self.ask_makers_to_poll(owner).await;
        let _ = tokio::time::timeout(END_WAIT, futures_util::future::join_all(ends)).await;
    }

    /// Asks another server to poll at once whether one of its responses shall stop or is gone. It
    /// would find out by itself in a second, so nothing waits for this and it may fail.
    pub fn ask_to_poll(&self, server: ServerId) {
        if let Some(bus) = self.bus.clone() {
            self.tasks.spawn(async move { bus.notify(&publish::server(server)).await });
        }
    }

    /// The other server that makes this response, if there is one that can be asked to poll.
    pub async fn maker_elsewhere(&self, id: Option<ResponseId>) -> Option<ServerId> {
        let id = id.filter(|id| self.bus.is_some() && self.running.find(*id).is_none())?;
        // It finds out by itself in a second.
        let row = crud::engine::find_response(&self.db, id).await.ok()??;
        Some(row.server_id)
            .filter(|owner| *owner != self.fence().server_id && !row.status.is_final())
    }

    /// Asks every other server that makes something for `user` to poll, as
    /// [`Engine::ask_to_poll`] does.
    async fn ask_makers_to_poll(&self, user: UserId) {
        if self.bus.is_none() {
            return;
        }
        match crud::responses::list_makers(&self.db, user, self.fence().server_id).await {
            Ok(makers) => makers.into_iter().for_each(|maker| self.ask_to_poll(maker)),
            Err(error) => tracing::debug!(%user, %error, "other servers were not asked to poll"),
        }
    }
}

async fn end_of(generation: &Generation) {
    let (begun, log) = (generation.begun.clone(), generation.log.clone());
    Follower::new(begun, log, None).wait_end().await;
}
