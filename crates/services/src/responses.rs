//! Responses: accepting a message to be answered, following and stopping its answer.

pub(crate) mod accept;
mod continuation;
mod create;
mod removal;
pub(crate) mod titling;

use std::sync::Arc;

use auth::Actor;
use crud::Owned;
use engine::{Engine, Follower};
use models::response;
use schemas::ResponseId;
use schemas::context::ContextOut;
use schemas::view::{Item, Page, Response, Turn};

use crate::conversations::{Conversations, ItemListQuery};
use crate::core::Core;
use crate::error::{Error, Result};
use crate::messages;

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

    /// A response of the actor.
    pub async fn get(&self, actor: &Actor, id: ResponseId) -> Result<Response> {
        let row = self.find(actor, id).await?;
        Ok(self.engine.describe(&row).await?)
    }

    /// A response of the actor with both of its messages.
    pub async fn turn(&self, actor: &Actor, id: ResponseId) -> Result<Turn> {
        let (owner, row) = (actor.user_id, self.find(actor, id).await?);
        let user_message = crud::messages::find(&self.core.db, owner, row.user_message_id).await?;
        let user_message = user_message.map(Owned::into_inner);
        let produced = crud::messages::list_of_response(&self.core.db, row.owned_id()).await?;
        let answer = produced.iter().find(|produced| produced.id == row.message_id).cloned();
        let (answer, response) = match answer {
            Some(answer) if row.status.is_final() => (Some(answer), engine::view(&row, &produced)),
            Some(answer) => (Some(answer), self.engine.describe(&row).await?),
            // Another response has continued it.
            None => {
                let found = crud::messages::find(&self.core.db, owner, row.message_id).await?;
                (found.map(Owned::into_inner), self.engine.describe(&row).await?)
            }
        };
        let (Some(user_message), Some(answer)) = (user_message, answer) else {
            return Err(Error::NotFound("response"));
        };
        let (rows, known) = (vec![user_message, answer], Some((id, produced.as_slice())));
        let out = messages::describe_with(
            &self.core.db,
            self.engine.running(),
            row.conversation(),
            rows,
            known,
        )
        .await?;
        let mut out = out.into_iter();
        let (Some(user_message), Some(message)) = (out.next(), out.next()) else {
            return Err(Error::NotFound("response"));
        };
        Ok(Turn { user_message, message, response })
    }

    /// Follows a response of the actor after the event `after`, or from the beginning. It may have
    /// ended long ago.
    pub async fn follow(
        &self,
        actor: &Actor,
        id: ResponseId,
        after: Option<u64>,
    ) -> Result<Follower> {
        // Looked up before the row is read: a response that ends in between is read from disk.
        let running = self.engine.running().find_log(id);
        let row = self.find(actor, id).await?;
        Ok(self.engine.follow(running, &row, after).await?)
    }

    /// Whether this server is making the response, so that following it reads no log.
    pub fn is_made_here(&self, id: ResponseId) -> bool {
        self.engine.running().find_log(id).is_some()
    }

    /// Stops a response of the actor and keeps its text, and waits a moment for its end. Stopping one
    /// that has ended changes nothing.
    pub async fn cancel(&self, actor: &Actor, id: ResponseId) -> Result<()> {
        let row = self.find(actor, id).await?;
        if !row.status.is_final() {
            let now = self.core.context.now();
            crud::responses::request_cancel(&self.core.db, actor.user_id, id, now).await?;
            self.engine.cancel(&row).await?;
        }
        Ok(())
    }

    /// A page of what a response of the actor answers: its own items and all before them on their
    /// branch.
    pub async fn input_items(
        &self,
        actor: &Actor,
        id: ResponseId,
        query: ItemListQuery,
    ) -> Result<Page<Item>> {
        let row = self.find(actor, id).await?;
        let found =
            crud::conversations::find(&self.core.db, actor.user_id, row.conversation_id).await?;
        let conversation = found.ok_or(Error::NotFound("response"))?;
        let conversations = Conversations::new(self.core.clone(), self.engine.clone());
        let end = Some((row.user_message_id, row.input_to_seq));
        conversations.items_up_to(actor, &conversation, end, query).await
    }

    /// What the model was given for a response of the actor.
    pub async fn explain(&self, actor: &Actor, id: ResponseId) -> Result<ContextOut> {
        Ok(self.engine.explain(self.find(actor, id).await?).await?)
    }

    async fn find(&self, actor: &Actor, id: ResponseId) -> Result<Owned<response::Model>> {
        let found = crud::responses::find(&self.core.db, actor.user_id, id).await?;
        found.ok_or(Error::NotFound("response"))
    }
}
