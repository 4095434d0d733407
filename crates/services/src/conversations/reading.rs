//! The messages of a conversation, a page at a time.

use auth::Actor;
use crud::Owned;
use engine::branch::Branch;
use models::{ConversationId, MessageId, conversation, message};
use schemas::Invalid;
use schemas::view::{Message, Page};

use super::{Conversations, PAGE_BYTES, rows_of_page};
use crate::error::{Error, Result};
use crate::messages;

/// A page of messages.
#[derive(Debug, Clone, Copy)]
pub struct MessageListQuery {
    /// How many at the most.
    pub limit: u32,
    /// Only messages before this one.
    pub before: Option<MessageId>,
    /// Only messages after this one; with `all` only.
    pub after: Option<MessageId>,
    /// Every row of the conversation instead of the selected branch.
    pub all: bool,
}

impl Conversations {
    /// A page of messages, in time order inside the page: of the selected branch, newest page
    /// first, or of all rows by `seq` in either direction.
    pub async fn messages(
        &self,
        actor: &Actor,
        id: ConversationId,
        query: MessageListQuery,
    ) -> Result<Page<Message>> {
        let owner = actor.user_id;
        let row = self.find(owner, id).await?;
        let (rows, has_more) = match query {
            MessageListQuery { all: true, after: Some(after), .. } => {
                self.rows_after(&row, after, query.limit).await?
            }
            MessageListQuery { all: true, .. } => self.rows_before(&row, query).await?,
            MessageListQuery { after: Some(_), .. } => {
                return Err(Invalid::new("after", "after needs all=true; use before").into());
            }
            MessageListQuery { .. } => self.branch_before(&row, query).await?,
        };
        let items =
            messages::describe(&self.core.db, self.engine.running(), row.owned_id(), rows).await?;
        Ok(Page { items, has_more })
    }

    /// One message of the owner.
    pub async fn message(&self, actor: &Actor, id: MessageId) -> Result<Message> {
        let owner = actor.user_id;
        let found = crud::messages::find(&self.core.db, owner, id).await?;
        let row = found.ok_or(Error::NotFound("message"))?;
        let conversation = row.conversation();
        let mut out = messages::describe(
            &self.core.db,
            self.engine.running(),
            conversation,
            vec![row.into_inner()],
        )
        .await?;
        out.pop().ok_or(Error::NotFound("message"))
    }

    async fn seq_of(
        &self,
        row: &Owned<conversation::Model>,
        field: &'static str,
        id: MessageId,
    ) -> Result<i64> {
        let seq = crud::messages::find_seq(&self.core.db, row.owned_id(), id).await?;
        seq.ok_or_else(|| {
            Invalid::new(field, format!("{field} must be a message of this conversation")).into()
        })
    }

    async fn rows_after(
        &self,
        row: &Owned<conversation::Model>,
        after: MessageId,
        limit: u32,
    ) -> Result<(Vec<message::Model>, bool)> {
        let seq = self.seq_of(row, "after", after).await? + 1;
        let wanted = u64::from(limit) + 1;
        let rows = crud::messages::list_up(&self.core.db, row.owned_id(), seq, wanted).await?;
        Ok(page(rows, limit))
    }

    async fn rows_before(
        &self,
        row: &Owned<conversation::Model>,
        query: MessageListQuery,
    ) -> Result<(Vec<message::Model>, bool)> {
        let seq = match query.before {
            Some(before) => self.seq_of(row, "before", before).await? - 1,
            None => i64::MAX,
        };
        let wanted = u64::from(query.limit) + 1;
        let rows = crud::messages::list_down(&self.core.db, row.owned_id(), seq, wanted).await?;
        let (mut rows, has_more) = page(rows, query.limit);
        rows.reverse();
        Ok((rows, has_more))
    }

    async fn branch_before(
        &self,
        row: &Owned<conversation::Model>,
        query: MessageListQuery,
    ) -> Result<(Vec<message::Model>, bool)> {
        let (from, seq) = match query.before {
            Some(before) => {
                let seq = self.seq_of(row, "before", before).await?;
                let rows = crud::messages::list_up(&self.core.db, row.owned_id(), seq, 1).await?;
                (rows.first().and_then(|message| message.parent_id), seq - 1)
            }
            None => (row.head_id, i64::MAX),
        };
        let wanted = u64::from(query.limit) + 1;
        let mut branch = Branch::new(&self.core.db, row.owned_id(), from, seq, wanted);
        let (mut rows, mut bytes, mut has_more) = (Vec::new(), 0, false);
        while let Some(message) = branch.next().await? {
            if rows.len() == query.limit as usize || bytes >= PAGE_BYTES {
                has_more = true;
                break;
            }
            bytes += branch.bytes();
            rows.push(message);
        }
        rows.reverse();
        Ok((rows, has_more))
    }
}

/// The rows of a page that was read with one more, and whether there are more.
fn page(mut rows: Vec<message::Model>, limit: u32) -> (Vec<message::Model>, bool) {
    let count = rows_of_page(&rows, limit, crud::messages::text_bytes);
    let has_more = count < rows.len();
    rows.truncate(count);
    (rows, has_more)
}
