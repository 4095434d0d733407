//! Deleting a message with everything below it.

use std::collections::HashSet;

use auth::Actor;
use crud::Owned;
use crud::messages::Link;
use crud::prune::{Head, Prune, Pruned};
use engine::branch;
use models::{MessageId, UserId, message};
use schemas::Invalid;

use super::Conversations;
use crate::error::{Error, Result};

/// How often the conversation may change under a delete before the client is asked to try again.
const ATTEMPTS: u32 = 20;

impl Conversations {
    /// Deletes a message with everything below it, answers that are being made included. If the
    /// selected branch led through it, the neighbour's newest branch is selected, or what is left
    /// of the branch where there is no neighbour.
    ///
    /// It is done leaf by leaf: interrupted, it leaves a smaller tree, and may be repeated.
    pub async fn delete_message(&self, actor: &Actor, id: MessageId) -> Result<()> {
        let owner = actor.user_id;
        for _ in 0..ATTEMPTS {
            let found = crud::messages::find(&self.core.db, owner, id).await?;
            let row = found.ok_or(Error::NotFound("message"))?;
            if !row.is_in_tree() {
                let rule = "reasoning and calls are deleted with the answer they belong to";
                return Err(Invalid::new("id", rule).into());
            }
            if self.prune(owner, &row).await? {
                tracing::info!(message = %id, conversation = %row.conversation_id, "deleted");
                return Ok(());
            }
        }
        Err(Error::Busy)
    }

    /// One attempt; `false` when the conversation changed meanwhile and has to be looked at again.
    async fn prune(&self, owner: UserId, row: &Owned<message::Model>) -> Result<bool> {
        let conversation = self.find(owner, row.conversation_id).await?;
        let below = branch::subtree(&self.core.db, row).await?;
        let ids: HashSet<MessageId> = below.iter().map(|link| link.id).collect();
        let head = match conversation.head_id {
            Some(head) if ids.contains(&head) => Some(self.head_without(row).await?),
            _ => None,
        };
        let maker = self.engine.maker_elsewhere(conversation.active_response_id).await;
        // From the newest on: a child always has the higher number.
        for links in below.rchunks(crud::prune::STEP) {
            let prune =
                Prune { owner, conversation_id: conversation.id, messages: links.to_vec(), head };
            match crud::prune::remove(&self.core.db, prune).await? {
                Pruned::Removed => self.let_go(links),
                Pruned::Changed => return Ok(false),
                Pruned::NoConversation => return Err(Error::NotFound("message")),
            }
        }
        if let Some(maker) = maker {
            self.engine.ask_to_poll(maker);
        }
        Ok(true)
    }

    /// Ends the answers that were being made here for messages that are gone.
    fn let_go(&self, links: &[Link]) {
        for response in links.iter().filter_map(|link| link.response_id) {
            self.engine.let_go(response);
        }
    }

    /// What the selected branch ends with when `row` is gone.
    async fn head_without(&self, row: &Owned<message::Model>) -> Result<Head> {
        let db = &self.core.db;
        let conversation = row.conversation();
        let places = crud::messages::list_places(db, conversation, std::slice::from_ref(&**row));
        let place = places.await?.pop();
        let Some(neighbour) = place.and_then(|place| place.previous.or(place.next)) else {
            return Ok(row.parent_id.map_or(Head::Nothing, Head::Message));
        };
        // Should it be gone already, this is noticed when it is to be selected.
        let seq = crud::messages::find_seq(db, conversation, neighbour).await?.unwrap_or(i64::MAX);
        Ok(Head::Message(branch::newest_leaf(db, conversation, neighbour, seq).await?))
    }
}
