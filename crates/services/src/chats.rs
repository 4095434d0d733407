//! Chats: conversations as the chat screens of the AI SDK know them. A screen names a chat and its
//! messages itself; such names become ids here, so the same name always finds the same row.

mod names;
mod send;

use std::sync::Arc;

use auth::Actor;
use crud::Owned;
use engine::Engine;
use engine::branch::Branch;
use models::message::{self, MessageStatus, Role};
use models::{MessageId, conversation};
use schemas::chat::ChatName;
use schemas::view::{Chat, Message, NewResponse, StoppedChat};

use crate::conversations::{Conversations, MessageListQuery};
use crate::core::Core;
use crate::error::{Error, Result};
use crate::messages;
use crate::responses::{Responses, Started};

/// How many messages one page has that is read for a chat.
const PAGE: u32 = 100;
/// How many bytes of text a chat has that is told as a whole; older messages are left out.
const CHAT_BYTES: usize = 8 << 20;
/// How many items of one UI message are looked at: answers, calls and results.
const ANSWER_ITEMS: usize = 1000;

/// The use cases of chats.
#[derive(Debug, Clone)]
pub struct Chats {
    core: Arc<Core>,
    engine: Arc<Engine>,
    responses: Responses,
    conversations: Conversations,
}

/// An answer in a chat.
#[derive(Debug)]
pub struct ChatAnswer {
    /// How it was accepted, and its events.
    pub started: Started,
    /// The message that shows it: its own, or where it goes on behind results of tools the one that
    /// the first answer wrote.
    pub message_id: MessageId,
    /// What that message shows already of the answers before, where its reader does not have it.
    pub earlier: Vec<Message>,
}

impl Chats {
    pub(crate) fn new(core: Arc<Core>, engine: Arc<Engine>) -> Self {
        let responses = Responses::new(core.clone(), engine.clone());
        let conversations = Conversations::new(core.clone(), engine.clone());
        Self { core, engine, responses, conversations }
    }

    /// A chat of the actor: the selected branch of its conversation.
    pub async fn get(&self, actor: &Actor, name: &ChatName) -> Result<Chat> {
        let row = self.find(actor, name).await?.ok_or(Error::NotFound("chat"))?;
        let (mut pages, mut bytes) = (Vec::new(), 0);
        let mut query = MessageListQuery { limit: PAGE, before: None, after: None, all: false };
        let has_more = loop {
            let page = self.conversations.messages(actor, row.id, query).await?;
            bytes += page.items.iter().map(|message| message.content.len()).sum::<usize>();
            query.before = page.items.first().map(|message| message.id);
            let is_last = !page.has_more || query.before.is_none();
            pages.push(page.items);
            if is_last || bytes >= CHAT_BYTES {
                break !is_last;
            }
        };
        let mut messages: Vec<Message> = pages.into_iter().rev().flatten().collect();
        let begins_turn = |message: &Message| message.role.is_some_and(is_no_answer);
        if has_more {
            // The beginning of an answer is not there, so its rest would be no message.
            let first = messages.iter().position(begins_turn).unwrap_or(0);
            messages.drain(..first);
        }
        if messages.last().is_some_and(|last| last.status == MessageStatus::InProgress) {
            let kept = messages.iter().rposition(begins_turn).map_or(0, |last| last + 1);
            messages.truncate(kept);
        }
        Ok(Chat {
            name: name.as_str().to_owned(),
            conversation_id: row.id,
            messages,
            active_response_id: row.active_response_id,
            has_more,
        })
    }

    /// The answer that is being made in a chat of the actor, from its beginning; none if none is.
    /// A name that the client made is of no chat before its first message.
    pub async fn resume(&self, actor: &Actor, name: &ChatName) -> Result<Option<ChatAnswer>> {
        let found = self.find(actor, name).await?;
        if found.is_none() && name.conversation().is_some() {
            return Err(Error::NotFound("chat"));
        }
        let Some(active) = found.and_then(|row| row.active_response_id) else { return Ok(None) };
        let follower = match self.responses.follow(actor, active, None).await {
            Ok(follower) => follower,
            // It was deleted between the two looks.
            Err(Error::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let (message_id, earlier) = self.shown(actor, follower.response()).await?;
        let started = Started { follower, repeated: false };
        Ok(Some(ChatAnswer { started, message_id, earlier }))
    }

    /// Stops the answer that is being made in a chat of the actor, if one is.
    pub async fn stop(&self, actor: &Actor, name: &ChatName) -> Result<StoppedChat> {
        let row = self.find(actor, name).await?.ok_or(Error::NotFound("chat"))?;
        let response = match row.active_response_id {
            Some(active) => {
                self.responses.cancel(actor, active).await?;
                Some(self.responses.get(actor, active).await?)
            }
            None => None,
        };
        Ok(StoppedChat { name: name.as_str().to_owned(), response })
    }

    async fn find(
        &self,
        actor: &Actor,
        name: &ChatName,
    ) -> Result<Option<Owned<conversation::Model>>> {
        let id = names::conversation(actor.user_id, name);
        Ok(crud::conversations::find(&self.core.db, actor.user_id, id).await?)
    }

    /// The message that shows a response's answer, and what it shows of the answers before.
    async fn shown(
        &self,
        actor: &Actor,
        response: &NewResponse,
    ) -> Result<(MessageId, Vec<Message>)> {
        let db = &self.core.db;
        let above = crud::messages::find(db, actor.user_id, response.user_message_id).await?;
        let Some(above) = above.filter(|row| !row.role.is_some_and(is_no_answer)) else {
            return Ok((response.message_id, Vec::new()));
        };
        let mut branch = Branch::new(db, above.conversation(), Some(above.id), above.seq, 8);
        let mut rows: Vec<message::Model> = Vec::new();
        while let Some(row) = branch.next().await? {
            if row.role.is_some_and(is_no_answer) || rows.len() == ANSWER_ITEMS {
                break;
            }
            rows.push(row);
        }
        rows.reverse();
        let first = rows.first().map_or(response.message_id, |row| row.id);
        let earlier =
            messages::describe(db, self.engine.running(), above.conversation(), rows).await?;
        Ok((first, earlier))
    }
}

/// Whether a message of this role is none of the model, so that the next answer is one of its own.
fn is_no_answer(role: Role) -> bool {
    matches!(role, Role::User | Role::System)
}
