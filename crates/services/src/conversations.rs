//! Conversations and the messages in them.

mod prune;

use std::sync::Arc;
use std::time::Duration;

use crud::conversations::Changes;
use models::conversation::{self, ConversationKind, TitleSource};
use models::message::MessageType;
use models::{ConversationId, MessageId, UserId, message};
use schemas::conversation::{ConversationCreate, ConversationOut, ConversationPatch};
use schemas::list::List;
use schemas::message::MessageOut;
use schemas::{Invalid, Patch};

use crate::branch::Branch;
use crate::error::{Error, Result};
use crate::responses::Follower;
use crate::responses::engine::Engine;
use crate::{branch, messages, repeat};

/// How long a delete waits for the running answer to end before it removes rows under it.
const DELETE_WAIT: Duration = Duration::from_secs(5);
/// How many conversations left over from an interrupted delete are taken up at a start.
const LEFT_OVER: u64 = 1000;

/// A page of conversations.
#[derive(Debug, Clone, Copy)]
pub struct ListQuery {
    /// How many at the most.
    pub limit: u32,
    /// The last one of the page before.
    pub after: Option<ConversationId>,
}

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

/// A conversation that was opened now, or before by the same request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The conversation.
    pub conversation: ConversationOut,
    /// Whether it was opened before.
    pub repeated: bool,
}

/// The use cases of conversations.
#[derive(Debug, Clone)]
pub struct Conversations {
    engine: Arc<Engine>,
}

impl Conversations {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self { engine }
    }

    /// Opens a conversation. The same request with the same key opens it once.
    pub async fn create(
        &self,
        owner: UserId,
        body: ConversationCreate,
        idempotency_key: Option<String>,
    ) -> Result<Opened> {
        body.validate()?;
        if let Some(model) = &body.model {
            self.engine.catalog.check(model).await?;
        }
        let key = repeat::idempotency_key(&self.engine.context, idempotency_key, || {
            serde_json::json!(["conversation", body.title, body.model, body.instructions])
        });
        let ConversationCreate { title, model, instructions } = body;
        let now = self.engine.context.now();
        let title_source = if title.is_some() { TitleSource::User } else { TitleSource::None };
        let row = conversation::Model {
            id: self.engine.context.new_id(),
            user_id: owner,
            kind: ConversationKind::Chat,
            title: title.map(|title| title.trim().to_owned()).unwrap_or_default(),
            title_source,
            model,
            instructions,
            pinned: false,
            archived_at: None,
            deleted_at: None,
            metadata: None,
            next_seq: 0,
            active_response_id: None,
            head_id: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        match crud::conversations::open(&self.engine.db, row.clone(), key).await? {
            crud::conversations::Opened::New => {
                Ok(Opened { conversation: out(row), repeated: false })
            }
            crud::conversations::Opened::Repeated(id) => {
                Ok(Opened { conversation: self.get(owner, id).await?, repeated: true })
            }
            crud::conversations::Opened::KeyReused => Err(Error::IdempotencyKeyReused),
        }
    }

    /// A page of the owner's conversations, newest activity first.
    pub async fn list(&self, owner: UserId, query: ListQuery) -> Result<List<ConversationOut>> {
        let after = match query.after {
            Some(id) => Some(self.find(owner, id).await.map_err(|error| {
                cursor_gone(error, "after", "after must be one of your conversations")
            })?),
            None => None,
        };
        let wanted = u64::from(query.limit);
        let mut rows =
            crud::conversations::list(&self.engine.db, owner, after.as_ref(), wanted + 1).await?;
        let has_more = rows.len() as u64 > wanted;
        rows.truncate(query.limit as usize);
        let data = rows.into_iter().map(out).collect();
        Ok(List::new(data, has_more, |conversation: &ConversationOut| conversation.id.to_string()))
    }

    /// One conversation.
    pub async fn get(&self, owner: UserId, id: ConversationId) -> Result<ConversationOut> {
        self.find(owner, id).await.map(out)
    }

    /// Changes a conversation.
    pub async fn update(
        &self,
        owner: UserId,
        id: ConversationId,
        body: ConversationPatch,
    ) -> Result<ConversationOut> {
        body.validate()?;
        if let Patch::Value(model) = &body.model {
            self.engine.catalog.check(model).await?;
        }
        let ConversationPatch { title, model, instructions, head_id } = body;
        let head = match head_id.value() {
            Some(head) => Some(self.branch_of(owner, id, *head).await?),
            None => None,
        };
        let title = match title {
            Patch::Absent => None,
            Patch::Null => Some((String::new(), TitleSource::None)),
            Patch::Value(title) => Some((title.trim().to_owned(), TitleSource::User)),
        };
        let (model, instructions) = (model.into_change(), instructions.into_change());
        let changes = Changes { title, model, instructions, head };
        let now = self.engine.context.now();
        let row = crud::conversations::update(&self.engine.db, owner, id, changes, now).await?;
        row.map(out).ok_or(Error::NotFound("conversation"))
    }

    /// Deletes a conversation: it is gone for everybody at once, a running answer is stopped, and
    /// its rows are removed in the background, in steps.
    pub async fn delete(&self, owner: UserId, id: ConversationId) -> Result<()> {
        let now = self.engine.context.now();
        let hidden = crud::conversations::hide(&self.engine.db, owner, id, now).await?;
        let row = hidden.ok_or(Error::NotFound("conversation"))?;
        if let Some(generation) = row.active_response_id.and_then(|id| self.engine.find(id)) {
            generation.stop(crate::responses::Stop::Deleted);
            let (resource, log) = (generation.resource.clone(), generation.log.clone());
            let mut follower = Follower::new(resource, log, None);
            let _ = tokio::time::timeout(DELETE_WAIT, follower.wait_end()).await;
        }
        self.remove_in_background(vec![id]);
        Ok(())
    }

    /// Goes on with deletes that a stop of the server interrupted.
    pub(crate) async fn remove_left_over(&self) -> Result<()> {
        let ids = crud::conversations::list_hidden(&self.engine.db, LEFT_OVER).await?;
        if !ids.is_empty() {
            self.remove_in_background(ids);
        }
        Ok(())
    }

    fn remove_in_background(&self, ids: Vec<ConversationId>) {
        let db = self.engine.db.clone();
        self.engine.tasks.spawn(async move {
            for id in ids {
                if let Err(error) = crud::conversations::remove(&db, id).await {
                    // It stays hidden, and the next start tries again.
                    tracing::warn!(conversation = %id, %error, "removing a conversation failed");
                }
            }
        });
    }

    /// A page of messages, in time order inside the page: of the selected branch, newest page
    /// first, or of all rows by `seq` in either direction.
    pub async fn messages(
        &self,
        owner: UserId,
        id: ConversationId,
        query: MessageListQuery,
    ) -> Result<List<MessageOut>> {
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
        let data = messages::describe(&self.engine, id, rows).await?;
        Ok(List::new(data, has_more, |message: &MessageOut| message.id.to_string()))
    }

    /// One message of the owner.
    pub async fn message(&self, owner: UserId, id: MessageId) -> Result<MessageOut> {
        let found = crud::messages::find(&self.engine.db, owner, id).await?;
        let row = found.ok_or(Error::NotFound("message"))?;
        let conversation = row.conversation_id;
        let mut out = messages::describe(&self.engine, conversation, vec![row]).await?;
        out.pop().ok_or(Error::NotFound("message"))
    }

    /// The newest leaf of the branch that a message of the conversation is on.
    async fn branch_of(
        &self,
        owner: UserId,
        id: ConversationId,
        message: MessageId,
    ) -> Result<MessageId> {
        let row = self.find(owner, id).await?;
        let found = crud::messages::find(&self.engine.db, owner, message).await?;
        let found = found
            .filter(|found| found.conversation_id == row.id && found.kind == MessageType::Message)
            .ok_or_else(|| {
                Invalid::new("head_id", "head_id must be a message of this conversation")
            })?;
        branch::newest_leaf(&self.engine.db, row.id, found.id, found.seq).await
    }

    async fn find(&self, owner: UserId, id: ConversationId) -> Result<conversation::Model> {
        let found = crud::conversations::find(&self.engine.db, owner, id).await?;
        found.ok_or(Error::NotFound("conversation"))
    }

    async fn seq_of(
        &self,
        row: &conversation::Model,
        field: &'static str,
        id: MessageId,
    ) -> Result<i64> {
        let seq = crud::messages::find_seq(&self.engine.db, row.id, id).await?;
        seq.ok_or_else(|| {
            Invalid::new(field, format!("{field} must be a message of this conversation")).into()
        })
    }

    async fn rows_after(
        &self,
        row: &conversation::Model,
        after: MessageId,
        limit: u32,
    ) -> Result<(Vec<message::Model>, bool)> {
        let seq = self.seq_of(row, "after", after).await? + 1;
        let wanted = u64::from(limit);
        let mut rows = crud::messages::list_up(&self.engine.db, row.id, seq, wanted + 1).await?;
        let has_more = rows.len() as u64 > wanted;
        rows.truncate(limit as usize);
        Ok((rows, has_more))
    }

    async fn rows_before(
        &self,
        row: &conversation::Model,
        query: MessageListQuery,
    ) -> Result<(Vec<message::Model>, bool)> {
        let seq = match query.before {
            Some(before) => self.seq_of(row, "before", before).await? - 1,
            None => i64::MAX,
        };
        let wanted = u64::from(query.limit);
        let mut rows = crud::messages::list_down(&self.engine.db, row.id, seq, wanted + 1).await?;
        let has_more = rows.len() as u64 > wanted;
        rows.truncate(query.limit as usize);
        rows.reverse();
        Ok((rows, has_more))
    }

    async fn branch_before(
        &self,
        row: &conversation::Model,
        query: MessageListQuery,
    ) -> Result<(Vec<message::Model>, bool)> {
        let (from, seq) = match query.before {
            Some(before) => {
                let seq = self.seq_of(row, "before", before).await?;
                let rows = crud::messages::list_up(&self.engine.db, row.id, seq, 1).await?;
                (rows.first().and_then(|message| message.parent_id), seq - 1)
            }
            None => (row.head_id, i64::MAX),
        };
        let wanted = u64::from(query.limit) + 1;
        let mut branch = Branch::new(&self.engine.db, row.id, from, seq, wanted);
        let mut rows = Vec::new();
        while rows.len() <= query.limit as usize {
            let Some(message) = branch.next().await? else { break };
            rows.push(message);
        }
        let has_more = rows.len() > query.limit as usize;
        rows.truncate(query.limit as usize);
        rows.reverse();
        Ok((rows, has_more))
    }
}

/// An unknown cursor is the client's mistake, not a missing resource.
fn cursor_gone(error: Error, field: &'static str, rule: &'static str) -> Error {
    match error {
        Error::NotFound(_) => Invalid::new(field, rule).into(),
        error => error,
    }
}

fn out(row: conversation::Model) -> ConversationOut {
    ConversationOut {
        id: row.id,
        title: row.title,
        title_source: row.title_source,
        model: row.model,
        instructions: row.instructions,
        active_response_id: row.active_response_id,
        head_id: row.head_id,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}
