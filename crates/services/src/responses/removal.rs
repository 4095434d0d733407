//! Deleting a response, as the `OpenAI` API has it.

use auth::Actor;
use crud::Owned;
use crud::messages::Link;
use crud::prune::{Head, Prune, Pruned};
use engine::branch;
use models::conversation::ConversationKind;
use models::{MessageId, ResponseId, conversation, message};

use super::Responses;
use crate::conversations::Conversations;
use crate::error::{Error, Result};

impl Responses {
    /// Deletes a response of the actor: it can no longer be read, continued or followed. One that
    /// runs is stopped first. The messages of a conversation stay, they are the conversation's. Of
    /// a chain, which nobody else shows, goes what nothing hangs below any more, and the chain with
    /// its last item.
    pub async fn delete(&self, actor: &Actor, id: ResponseId) -> Result<()> {
        let (here, actor) = (self.clone(), *actor);
        // A client that goes away now must not leave half of it.
        self.core.to_the_end(async move { here.withdraw(&actor, id).await }).await
    }

    async fn withdraw(&self, actor: &Actor, id: ResponseId) -> Result<()> {
        self.cancel(actor, id).await?;
        let row = self.find(actor, id).await?;
        let db = &self.core.db;
        if !crud::responses::withdraw(db, row.owned_id(), self.core.context.now()).await? {
            // Another server makes it, and has not stopped yet.
            return Err(Error::Busy);
        }
        let conversation =
            crud::conversations::find(db, actor.user_id, row.conversation_id).await?;
        let chain = conversation.filter(|row| row.kind == ConversationKind::Chain);
        let Some(chain) = chain else { return Ok(()) };
        let Some((unused, above)) = self.unused(actor, &chain, row.message_id).await? else {
            return Ok(());
        };
        let head = Some(above.map_or(Head::Nothing, Head::Message));
        for messages in unused.chunks(crud::prune::STEP) {
            let messages = messages.to_vec();
            let prune = Prune { owner: actor.user_id, conversation_id: chain.id, messages, head };
            match crud::prune::remove(db, prune).await? {
                Pruned::Removed => {}
                // Somebody has gone on from here meanwhile.
                Pruned::Changed | Pruned::NoConversation => return Ok(()),
            }
        }
        let left = crud::messages::list_links(db, chain.owned_id(), 0, 1).await?;
        if left.is_empty() {
            let conversations = Conversations::new(self.core.clone(), self.engine.clone());
            conversations.delete(actor, chain.id, None, true).await?;
        }
        Ok(())
    }

    /// The items from an answer upwards that nothing else hangs below, the lowest first, as far as
    /// no response is left that wrote them; and the item above them.
    async fn unused(
        &self,
        actor: &Actor,
        chain: &Owned<conversation::Model>,
        answer: MessageId,
    ) -> Result<Option<(Vec<Link>, Option<MessageId>)>> {
        let db = &self.core.db;
        let find = |id| crud::messages::find(db, actor.user_id, id);
        let Some(mut row) = find(answer).await? else { return Ok(None) };
        if branch::subtree(db, &row).await?.len() > 1 {
            return Ok(None);
        }
        let mut unused = vec![link(&row)];
        loop {
            let rows = std::slice::from_ref(&*row);
            let places = crud::messages::list_places(db, chain.owned_id(), rows).await?;
            let has_siblings = places.iter().any(|place| place.siblings > 1);
            let Some(above) = row.parent_id else { return Ok(Some((unused, None))) };
            let found = if has_siblings { None } else { find(above).await? };
            let Some(parent) = found else { return Ok(Some((unused, Some(above)))) };
            if let Some(wrote) = parent.response_id
                && crud::responses::find(db, actor.user_id, wrote).await?.is_some()
            {
                return Ok(Some((unused, Some(above))));
            }
            unused.push(link(&parent));
            row = parent;
        }
    }
}

fn link(row: &message::Model) -> Link {
    let message::Model { seq, id, parent_id, response_id, .. } = *row;
    Link { seq, id, parent_id, response_id }
}
