//! The items of a conversation's selected branch, as `OpenAI` counts them: read, added, removed.

use std::collections::HashSet;

use auth::Actor;
use crud::Owned;
use crud::prune::ItemRemoved;
use crud::turns::{AddOutcome, NewAddition, NewItem, NewItems};
use engine::branch::{self, Branch};
use models::message::{self, Role};
use models::{ConversationId, MessageId, conversation};
use schemas::Invalid;
use schemas::v1::{ConversationCreate, ItemsCreate};
use schemas::view::{Conversation, Item, Page};

use super::{Conversations, OpenedConversation, PAGE_BYTES, new_row, text_bytes, view};
use crate::error::{Error, Result};
use crate::{items, repeat, titles};

/// A page of items.
#[derive(Debug, Clone, Copy)]
pub struct ItemListQuery {
    /// How many at the most.
    pub limit: u32,
    /// Only items behind this one, in the order asked.
    pub after: Option<MessageId>,
    /// Oldest first instead of newest first.
    pub ascending: bool,
}

/// Items that were added now, or before by the same request.
#[derive(Debug, Clone, PartialEq)]
pub struct AddedItems {
    /// The items in their order. Of a repeated request those that are still there.
    pub items: Vec<Item>,
    /// Whether they were added before.
    pub repeated: bool,
}

impl Conversations {
    /// Opens a conversation with items, all of it or nothing. The same request with the same key
    /// opens it once.
    pub async fn create_with_items(
        &self,
        actor: &Actor,
        body: ConversationCreate,
        idempotency_key: Option<String>,
    ) -> Result<OpenedConversation> {
        let (told, body) = body.split()?;
        if told.is_empty() {
            return self.create(actor, body, idempotency_key).await;
        }
        let core = &self.core;
        if let Some(model) = &body.model {
            core.catalog.check(model).await?;
        }
        let key = repeat::idempotency_key(core, idempotency_key, || {
            let asked = (&body.title, &body.model, &body.instructions, &body.metadata);
            serde_json::json!(["conversation with items", asked, told])
        });
        let told = items::told(core, actor.user_id, "items", told).await?;
        let title = title(&told);
        let row = new_row(&core.context, actor.user_id, body);
        let bytes = told.iter().map(NewItem::bytes).sum::<usize>() + text_bytes(&row);
        core.quota.take(&core.db, actor.user_id, bytes).await?;
        let id = row.id;
        let Some(items) = NewItems::new(told) else { return Err(Error::NotFound("item")) };
        let new = NewAddition {
            owner: actor.user_id,
            conversation_id: id,
            opening: Some(row),
            items,
            title,
            idempotency: key,
            now: core.context.now(),
        };
        let (id, repeated) = match crud::turns::add(&core.db, new).await? {
            AddOutcome::Added(_) => (id, false),
            AddOutcome::Reopened(id) => (id, true),
            AddOutcome::NoConversation => return Err(Error::NotFound("conversation")),
            AddOutcome::Locked(running) => return Err(Error::ConversationLocked(running)),
            AddOutcome::Repeated(_) | AddOutcome::KeyReused => {
                return Err(Error::IdempotencyKeyReused);
            }
        };
        Ok(OpenedConversation { conversation: self.get(actor, id).await?, repeated })
    }

    /// Adds items below the newest message of the selected branch, all of them or none. The same
    /// request with the same key adds them once.
    pub async fn add_items(
        &self,
        actor: &Actor,
        id: ConversationId,
        body: ItemsCreate,
        idempotency_key: Option<String>,
    ) -> Result<AddedItems> {
        let core = &self.core;
        let told = body.items()?;
        let key = repeat::idempotency_key(core, idempotency_key, || {
            serde_json::json!(["conversation items", id, told])
        });
        let row = self.find(actor.user_id, id).await?;
        let told = items::told(core, actor.user_id, "items", told).await?;
        core.quota.take(&core.db, actor.user_id, told.iter().map(NewItem::bytes).sum()).await?;
        let title = title(&told);
        let Some(items) = NewItems::new(told) else { return Err(Error::NotFound("item")) };
        let new = NewAddition {
            owner: actor.user_id,
            conversation_id: id,
            opening: None,
            items,
            title,
            idempotency: key,
            now: core.context.now(),
        };
        match crud::turns::add(&core.db, new).await? {
            AddOutcome::Added(rows) => {
                let items = items::describe(&core.db, row.owned_id(), rows).await?;
                Ok(AddedItems { items: items.into_iter().flatten().collect(), repeated: false })
            }
            AddOutcome::Repeated(ids) => {
                let mut rows = Vec::with_capacity(ids.len());
                for id in ids {
                    let found = crud::messages::find(&core.db, actor.user_id, id).await?;
                    rows.extend(found.map(Owned::into_inner));
                }
                let items = items::describe(&core.db, row.owned_id(), rows).await?;
                Ok(AddedItems { items: items.into_iter().flatten().collect(), repeated: true })
            }
            AddOutcome::NoConversation => Err(Error::NotFound("conversation")),
            AddOutcome::Locked(running) => Err(Error::ConversationLocked(running)),
            AddOutcome::Reopened(_) | AddOutcome::KeyReused => Err(Error::IdempotencyKeyReused),
        }
    }

    /// A page of the items of the selected branch.
    pub async fn items(
        &self,
        actor: &Actor,
        id: ConversationId,
        query: ItemListQuery,
    ) -> Result<Page<Item>> {
        let row = self.find(actor.user_id, id).await?;
        let end = row.head_id.map(|head| (head, i64::MAX));
        self.items_up_to(actor, &row, end, query).await
    }

    /// A page of the items of the branch that ends with `end`, whose number is at most the one given.
    pub(crate) async fn items_up_to(
        &self,
        actor: &Actor,
        row: &Owned<conversation::Model>,
        end: Option<(MessageId, i64)>,
        query: ItemListQuery,
    ) -> Result<Page<Item>> {
        let after = match query.after {
            Some(after) => Some(self.place_of_item(actor, row, after).await?),
            None => None,
        };
        let mut walk = if query.ascending {
            self.upwards(row, end.map(|(id, _)| id), after).await?
        } else {
            let from = after.or(end);
            let seq = from.map_or(-1, |(_, seq)| seq);
            Walk::Down(self.branch(row, from.map(|(id, _)| id), seq, query.limit))
        };
        let wanted = query.limit as usize + 1;
        let mut page: Vec<Item> = Vec::with_capacity(wanted);
        let mut skip = query.after;
        loop {
            let step = walk.step(self, row, wanted).await?;
            let has_ended = step.is_empty();
            let is_large = step.iter().map(crud::messages::text_bytes).sum::<usize>() >= PAGE_BYTES;
            for mut of_row in items::describe(&self.core.db, row.owned_id(), step).await? {
                if !query.ascending {
                    of_row.reverse();
                }
                // The first row is that of the item behind which the page begins.
                if let Some(after) = skip.take() {
                    let place = of_row.iter().position(|item| item.id == after);
                    of_row.drain(..place.map_or(of_row.len(), |place| place + 1));
                }
                page.extend(of_row);
            }
            let has_more = page.len() >= wanted || (is_large && !page.is_empty());
            if has_more || has_ended {
                page.truncate(query.limit as usize);
                return Ok(Page { items: page, has_more });
            }
        }
    }

    /// One item of the conversation, on whichever branch.
    pub async fn item(&self, actor: &Actor, id: ConversationId, item: MessageId) -> Result<Item> {
        let row = self.find(actor.user_id, id).await?;
        let found = crud::messages::find(&self.core.db, actor.user_id, item).await?;
        let found = found.filter(|found| found.conversation_id == row.id);
        let found = found.ok_or(Error::NotFound("item"))?.into_inner();
        let shown = if found.is_in_tree() {
            let of_rows = items::describe(&self.core.db, row.owned_id(), vec![found]).await?;
            of_rows.into_iter().flatten().find(|shown| shown.id == item)
        } else {
            items::beside(found)
        };
        shown.ok_or(Error::NotFound("item"))
    }

    /// Removes one item for good; what hangs below it stays. The conversation as it is then.
    pub async fn delete_item(
        &self,
        actor: &Actor,
        id: ConversationId,
        item: MessageId,
    ) -> Result<Conversation> {
        self.find(actor.user_id, id).await?;
        match crud::prune::remove_item(&self.core.db, actor.user_id, id, item).await? {
            ItemRemoved::Removed => {}
            ItemRemoved::NoItem => return Err(Error::NotFound("item")),
            ItemRemoved::NoConversation => return Err(Error::NotFound("conversation")),
            ItemRemoved::Locked(running) => return Err(Error::ConversationLocked(running)),
        }
        tracing::info!(item = %item, conversation = %id, "deleted");
        let row = self.find(actor.user_id, id).await?;
        Ok(view(&self.core, row.into_inner()))
    }

    /// The row of the tree that an item belongs to, and its number.
    async fn place_of_item(
        &self,
        actor: &Actor,
        row: &Owned<conversation::Model>,
        after: MessageId,
    ) -> Result<(MessageId, i64)> {
        let unknown = || Invalid::new("after", "after must be an item of this conversation");
        let db = &self.core.db;
        let found = crud::messages::find(db, actor.user_id, after).await?;
        let found = found.filter(|found| found.conversation_id == row.id).ok_or_else(unknown)?;
        let Some(response) = found.response_id.filter(|_| !found.is_in_tree()) else {
            return Ok((found.id, found.seq));
        };
        let response = crud::responses::find_in(db, row.owned_id(), response).await?;
        let answer = response.ok_or_else(unknown)?.message_id;
        let seq = crud::messages::find_seq(db, row.owned_id(), answer).await?;
        Ok((answer, seq.ok_or_else(unknown)?))
    }

    fn branch(
        &self,
        row: &Owned<conversation::Model>,
        from: Option<MessageId>,
        seq: i64,
        limit: u32,
    ) -> Branch<'_> {
        Branch::new(&self.core.db, row.owned_id(), from, seq, u64::from(limit) + 1)
    }

    /// The branch up to `end` from its first message on, or from the one named.
    async fn upwards(
        &self,
        row: &Owned<conversation::Model>,
        end: Option<MessageId>,
        after: Option<(MessageId, i64)>,
    ) -> Result<Walk<'_>> {
        let (from, seq) = after.map_or((None, 0), |(id, seq)| (Some(id), seq));
        let path = branch::path(&self.core.db, row.owned_id(), end, seq).await?;
        if from.is_some_and(|from| !path.contains(&from)) {
            let rule = "after must be an item of the branch of this conversation that is selected";
            return Err(Invalid::new("after", rule).into());
        }
        Ok(Walk::Up { path, seq })
    }
}

/// A walk along a branch.
enum Walk<'a> {
    /// Towards its root.
    Down(Branch<'a>),
    /// Towards its end: what is on the branch and still to come, and from which number on.
    Up { path: HashSet<MessageId>, seq: i64 },
}

impl Walk<'_> {
    /// The next rows of the branch, at most `wanted`; none at its end.
    async fn step(
        &mut self,
        conversations: &Conversations,
        row: &Owned<conversation::Model>,
        wanted: usize,
    ) -> Result<Vec<message::Model>> {
        let mut rows = Vec::new();
        match self {
            Self::Down(branch) => {
                let mut bytes = 0;
                while rows.len() < wanted && bytes < PAGE_BYTES {
                    let Some(row) = branch.next().await? else { break };
                    bytes += branch.bytes();
                    rows.push(row);
                }
            }
            Self::Up { path, seq } => {
                let db = &conversations.core.db;
                while rows.is_empty() && !path.is_empty() {
                    let read =
                        crud::messages::list_up(db, row.owned_id(), *seq, wanted as u64).await?;
                    // Rows that were removed meanwhile are not met.
                    let Some(last) = read.last() else { break };
                    *seq = last.seq + 1;
                    rows.extend(read.into_iter().filter(|row| path.remove(&row.id)));
                }
            }
        }
        Ok(rows)
    }
}

/// The title that items give a conversation: the first line of what the user says first.
fn title(items: &[NewItem]) -> Option<String> {
    let said = items.iter().filter_map(|item| match item {
        NewItem::Message { role: Role::User, content, .. } => Some(content),
        _ => None,
    });
    said.map(|content| titles::first_line(&content.text())).find(|title| !title.is_empty())
}
