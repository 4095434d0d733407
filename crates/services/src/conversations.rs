//! Conversations. The messages in them are read in `reading`.

pub(crate) mod emptying;
mod items;
mod prune;
mod reading;
mod trash;

use std::sync::Arc;

use auth::Actor;
use crud::Owned;
use crud::conversations::{Changed, Changes, Filter, Version};
use engine::{Engine, branch};
use models::conversation::{self, ConversationKind, TitleSource};
use models::{Context, ConversationId, MessageId, UserId};
use schemas::conversation::{
    After, BulkArchive, BulkArchived, ConversationCreate, ConversationPatch, Metadata, PageCursor,
    Selection,
};
use schemas::view::{Conversation, Page};
use schemas::{Invalid, Patch};

pub use items::{AddedItems, ItemListQuery};
pub use reading::MessageListQuery;

use crate::core::Core;
use crate::error::{Error, Result};
use crate::repeat;

/// How many bytes of text a page has before it ends, though its limit allows more.
const PAGE_BYTES: usize = crud::messages::STEP_BYTES;

/// A page of conversations.
#[derive(Debug, Clone, Copy)]
pub struct ListQuery {
    /// How many at the most.
    pub limit: u32,
    /// Where the page begins.
    pub after: Option<After>,
    /// Archived ones or the others; without it the others, and in the trash both.
    pub archived: Option<bool>,
    /// Only pinned ones, or only others.
    pub pinned: Option<bool>,
    /// What is in the trash.
    pub deleted: bool,
    /// The longest without activity first, in the trash what was deleted first.
    pub ascending: bool,
}

/// A conversation that was opened now, or before by the same request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedConversation {
    /// The conversation.
    pub conversation: Conversation,
    /// Whether it was opened before.
    pub repeated: bool,
}

/// The use cases of conversations.
#[derive(Debug, Clone)]
pub struct Conversations {
    core: Arc<Core>,
    engine: Arc<Engine>,
}

impl Conversations {
    pub(crate) fn new(core: Arc<Core>, engine: Arc<Engine>) -> Self {
        Self { core, engine }
    }

    /// Opens a conversation. The same request with the same key opens it once.
    pub async fn create(
        &self,
        actor: &Actor,
        body: ConversationCreate,
        idempotency_key: Option<String>,
    ) -> Result<OpenedConversation> {
        let owner = actor.user_id;
        body.validate()?;
        if let Some(model) = &body.model {
            self.core.catalog.check(model).await?;
        }
        let key = repeat::idempotency_key(&self.core, idempotency_key, || {
            let ConversationCreate { title, model, instructions, metadata } = &body;
            match metadata {
                None => serde_json::json!(["conversation", title, model, instructions]),
                Some(pairs) => {
                    serde_json::json!(["conversation", title, model, instructions, pairs])
                }
            }
        });
        let row = new_row(&self.core.context, owner, body);
        self.core.quota.take(&self.core.db, owner, text_bytes(&row)).await?;
        match crud::conversations::open(&self.core.db, row.clone(), key).await? {
            crud::conversations::OpenOutcome::New => {
                Ok(OpenedConversation { conversation: view(&self.core, row), repeated: false })
            }
            crud::conversations::OpenOutcome::Repeated(id) => {
                Ok(OpenedConversation { conversation: self.get(actor, id).await?, repeated: true })
            }
            crud::conversations::OpenOutcome::KeyReused => Err(Error::IdempotencyKeyReused),
        }
    }

    /// A page of the owner's conversations: newest activity first, in the trash what was deleted
    /// last.
    pub async fn list(&self, actor: &Actor, query: ListQuery) -> Result<Page<Conversation>> {
        let owner = actor.user_id;
        let ListQuery { limit, after, archived, pinned, deleted, ascending } = query;
        let archived = archived.or((!deleted).then_some(false));
        let filter = Filter { archived, pinned, deleted, ascending };
        let after = match after {
            Some(After::Cursor(PageCursor { time, id })) => Some((time, id)),
            Some(After::Conversation(id)) => Some(self.place_of(owner, id, deleted).await?),
            None => None,
        };
        let wanted = u64::from(limit);
        let mut rows =
            crud::conversations::list(&self.core.db, owner, filter, after, wanted + 1).await?;
        let count = rows_of_page(&rows, limit, text_bytes);
        let has_more = count < rows.len();
        rows.truncate(count);
        let items = rows.into_iter().map(|row| view(&self.core, row)).collect();
        Ok(Page { items, has_more })
    }

    /// Where a conversation is now in the list, or in the trash.
    async fn place_of(
        &self,
        owner: UserId,
        id: ConversationId,
        deleted: bool,
    ) -> Result<(models::Time, ConversationId)> {
        let db = &self.core.db;
        let found = if deleted {
            crud::conversations::trash::find(db, owner, id).await?
        } else {
            crud::conversations::find(db, owner, id).await?
        };
        // An unknown cursor is the client's mistake, not a missing resource.
        let row = found.ok_or_else(|| {
            Invalid::new(
                "after",
                "after must be the next_cursor of a page, or one of the conversations listed",
            )
        })?;
        Ok((time_of(&row), row.id))
    }

    /// One conversation.
    pub async fn get(&self, actor: &Actor, id: ConversationId) -> Result<Conversation> {
        let owner = actor.user_id;
        let row = self.find(owner, id).await?;
        Ok(view(&self.core, row.into_inner()))
    }

    /// Changes a conversation, if it has one of the versions `expected`; `None` expects nothing.
    pub async fn update(
        &self,
        actor: &Actor,
        id: ConversationId,
        expected: Option<Vec<Version>>,
        body: ConversationPatch,
    ) -> Result<Conversation> {
        let owner = actor.user_id;
        body.validate()?;
        if let Patch::Value(model) = &body.model {
            self.core.catalog.check(model).await?;
        }
        let ConversationPatch { title, model, instructions, head_id, pinned, archived, metadata } =
            body;
        let head = match head_id.value() {
            Some(head) => Some(self.branch_of(owner, id, *head).await?),
            None => None,
        };
        let title = match title {
            Patch::Absent => None,
            Patch::Null => Some((String::new(), TitleSource::None)),
            Patch::Value(title) => Some((title.trim().to_owned(), TitleSource::User)),
        };
        let instructions_bytes = instructions.value().map_or(0, String::len);
        self.core.quota.take(&self.core.db, owner, instructions_bytes).await?;
        let now = self.core.context.now();
        let changes = Changes {
            title,
            model: model.into_change(),
            instructions: instructions.into_change(),
            pinned: pinned.value().copied(),
            archived: archived.value().map(|archived| (*archived, now)),
            metadata: metadata.into_change().map(|pairs| pairs.as_ref().and_then(stored)),
            head,
        };
        let outcome =
            crud::conversations::update(&self.core.db, owner, id, expected, changes).await?;
        Ok(view(&self.core, done(outcome)?))
    }

    /// Archives many conversations, or takes them back into the list.
    pub async fn archive_many(&self, actor: &Actor, body: BulkArchive) -> Result<BulkArchived> {
        let owner = actor.user_id;
        let (ids, mut not_found) = match body.selection()? {
            Selection::Ids(ids) => (Some(ids.clone()), ids),
            Selection::All | Selection::Trash => (None, Vec::new()),
        };
        let (db, now) = (&self.core.db, self.core.context.now());
        let mut changed = 0;
        loop {
            let ids = ids.clone();
            let is_one_step = ids.is_some();
            let found =
                crud::conversations::archive_some(db, owner, ids, body.archived, now).await?;
            changed += found.len() as u64;
            not_found.retain(|id| !found.contains(id));
            if found.is_empty() || is_one_step {
                return Ok(BulkArchived { changed, not_found });
            }
        }
    }

    /// The newest leaf of the branch that a message of the conversation is on.
    async fn branch_of(
        &self,
        owner: UserId,
        id: ConversationId,
        message: MessageId,
    ) -> Result<MessageId> {
        let row = self.find(owner, id).await?;
        let found = crud::messages::find(&self.core.db, owner, message).await?;
        let found = found
            .filter(|found| found.conversation_id == row.id && found.is_in_tree())
            .ok_or_else(|| {
                Invalid::new("head_id", "head_id must be a message of this conversation")
            })?;
        Ok(branch::newest_leaf(&self.core.db, row.owned_id(), found.id, found.seq).await?)
    }

    async fn find(&self, owner: UserId, id: ConversationId) -> Result<Owned<conversation::Model>> {
        let found = crud::conversations::find(&self.core.db, owner, id).await?;
        found.ok_or(Error::NotFound("conversation"))
    }
}

/// How many of `rows` are in a page that ends by rows and by bytes.
fn rows_of_page<R>(rows: &[R], limit: u32, bytes: impl Fn(&R) -> usize) -> usize {
    let mut before = 0;
    let fits = |row: &&R| {
        let is_within = before < PAGE_BYTES;
        before += bytes(row);
        is_within
    };
    rows.iter().take(limit as usize).take_while(fits).count()
}

/// The bytes of a conversation's texts.
pub(crate) fn text_bytes(row: &conversation::Model) -> usize {
    let texts = [&row.instructions, &row.metadata, &row.model];
    row.title.len() + texts.into_iter().flatten().map(String::len).sum::<usize>()
}

/// The row that a change left, or why there was none.
fn done(changed: Changed) -> Result<conversation::Model> {
    match changed {
        Changed::Done(row) => Ok(row),
        Changed::Missing => Err(Error::NotFound("conversation")),
        Changed::Stale => Err(Error::Stale("conversation")),
    }
}

/// The time that the list a row is in is ordered by.
fn time_of(row: &conversation::Model) -> models::Time {
    row.deleted_at.unwrap_or(row.updated_at)
}

/// A conversation as it is when it is opened.
pub(crate) fn new_row(
    context: &Context,
    owner: UserId,
    body: ConversationCreate,
) -> conversation::Model {
    let ConversationCreate { title, model, instructions, metadata } = body;
    let now = context.now();
    let title_source = if title.is_some() { TitleSource::User } else { TitleSource::None };
    conversation::Model {
        id: context.new_id(),
        user_id: owner,
        kind: ConversationKind::Chat,
        title: title.map(|title| title.trim().to_owned()).unwrap_or_default(),
        title_source,
        model,
        instructions,
        pinned: false,
        archived_at: None,
        deleted_at: None,
        removed_at: None,
        metadata: metadata.as_ref().and_then(stored),
        next_seq: 0,
        active_response_id: None,
        head_id: None,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

/// Pairs as they are stored; none are no value.
fn stored(pairs: &Metadata) -> Option<String> {
    // Texts always serialise.
    (!pairs.is_empty()).then(|| serde_json::to_string(pairs).unwrap_or_default())
}

fn view(core: &Core, row: conversation::Model) -> Conversation {
    let purge_at = row.deleted_at.map(|deleted_at| deleted_at + core.settings.trash_retention);
    // What a person broke by hand is shown as nothing.
    let metadata = row.metadata.as_deref().and_then(|text| serde_json::from_str(text).ok());
    Conversation {
        id: row.id,
        title: row.title,
        title_source: row.title_source,
        model: row.model,
        instructions: row.instructions,
        pinned: row.pinned,
        archived_at: row.archived_at,
        metadata: metadata.unwrap_or_default(),
        active_response_id: row.active_response_id,
        head_id: row.head_id,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
        deleted_at: row.deleted_at,
        purge_at,
    }
}
