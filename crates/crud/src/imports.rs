//! Conversations that come from elsewhere, stored in steps that let others write.
//!
//! Until its last step an imported conversation is hidden like one that is being removed, so a
//! stop of the server leaves nothing visible behind, and the next start removes the rest.

use models::import::{Entity, Model};
use models::message::MessageType;
use models::{
    ConversationId, MessageId, ResponseId, Time, UserId, conversation, message, response,
};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::conversations;
use crate::db::{Db, Tx};
use crate::error::{CrudError, Result};
use crate::search_docs::{self, Terms};
use crate::{insert, insert_all};

/// The version of a conversation whose import goes on. A removal has raised it: another
/// server, at its start, takes it for one that was left over.
const OPEN: i64 = 1;
/// How many ids one query asks for.
const ID_STEP: usize = 500;

/// What `owner`'s conversation from elsewhere became, if it was imported before and is not deleted.
pub async fn find(
    db: &Db,
    owner: UserId,
    source: &str,
    source_id: &str,
) -> Result<Option<ConversationId>> {
    find_in(db.read(), owner, source, source_id).await
}

async fn find_in(
    connection: &impl ConnectionTrait,
    owner: UserId,
    source: &str,
    source_id: &str,
) -> Result<Option<ConversationId>> {
    let key = (owner, source.to_owned(), source_id.to_owned());
    let Some(import) = Entity::find_by_id(key).one(connection).await? else { return Ok(None) };
    let found =
        conversations::of(owner).filter(conversation::Column::Id.eq(import.conversation_id));
    Ok(found.one(connection).await?.map(|row| row.id))
}

/// Whether it was imported before and is in the trash, or on its way out of it.
pub async fn is_deleted(db: &Db, owner: UserId, source: &str, source_id: &str) -> Result<bool> {
    let key = (owner, source.to_owned(), source_id.to_owned());
    let Some(import) = Entity::find_by_id(key).one(db.read()).await? else { return Ok(false) };
    let row = conversation::Entity::find_by_id(import.conversation_id).one(db.read()).await?;
    Ok(row.is_some_and(|row| row.deleted_at.is_some()))
}

/// Whether a row with one of these ids exists, of any owner.
pub async fn is_any_taken(
    db: &Db,
    conversation: ConversationId,
    messages: &[MessageId],
    responses: &[ResponseId],
) -> Result<bool> {
    let found = conversation::Entity::find_by_id(conversation)
        .select_only()
        .column(conversation::Column::Id)
        .into_tuple::<ConversationId>()
        .one(db.read())
        .await?;
    if found.is_some() {
        return Ok(true);
    }
    for ids in messages.chunks(ID_STEP) {
        let found = message::Entity::find()
            .select_only()
            .column(message::Column::Id)
            .filter(message::Column::Id.is_in(ids.iter().copied()))
            .into_tuple::<MessageId>()
            .one(db.read())
            .await?;
        if found.is_some() {
            return Ok(true);
        }
    }
    for ids in responses.chunks(ID_STEP) {
        let found = response::Entity::find()
            .select_only()
            .column(response::Column::Id)
            .filter(response::Column::Id.is_in(ids.iter().copied()))
            .into_tuple::<ResponseId>()
            .one(db.read())
            .await?;
        if found.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Stores the conversation itself, hidden since `now`.
pub async fn open(db: &Db, mut row: conversation::Model, now: Time) -> Result<()> {
    (row.deleted_at, row.removed_at, row.version) = (Some(now), Some(now), OPEN);
    let title = Terms::of(&row.title);
    db.write((row, title), |tx, (row, title)| {
        Box::pin(async move {
            insert::<conversation::ActiveModel, _>(tx, row.clone()).await?;
            search_docs::set_title(tx, row.user_id, row.id, title.clone()).await
        })
    })
    .await
}

/// Rows of one step.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// Messages.
    pub messages: Vec<message::Model>,
    /// The responses that wrote some of them.
    pub responses: Vec<response::Model>,
}

/// Stores rows of a hidden conversation of `owner`.
pub async fn add(db: &Db, owner: UserId, conversation: ConversationId, rows: Rows) -> Result<()> {
    let said = rows.messages.iter().filter(|row| row.kind == MessageType::Message);
    let texts: Vec<_> = said.map(|row| (row.seq, Terms::of(&row.content))).collect();
    db.write((owner, conversation, rows, texts), |tx, (owner, conversation, rows, texts)| {
        Box::pin(async move {
            add_in(tx, *conversation, rows).await?;
            search_docs::add_messages(tx, *owner, *conversation, texts.iter().cloned()).await
        })
    })
    .await
}

async fn add_in(tx: &Tx, conversation: ConversationId, rows: &Rows) -> Result<()> {
    let Some(next) = rows.messages.iter().map(|row| row.seq + 1).max() else { return Ok(()) };
    let raised = conversation::Entity::update_many()
        .col_expr(conversation::Column::NextSeq, next.into())
        .filter(conversation::Column::Id.eq(conversation))
        .filter(conversation::Column::Version.eq(OPEN))
        .exec(tx)
        .await?;
    if raised.rows_affected == 0 {
        return Err(removed(conversation));
    }
    insert_all(tx, rows.messages.iter().cloned()).await?;
    if !rows.responses.is_empty() {
        insert_all(tx, rows.responses.iter().cloned()).await?;
    }
    Ok(())
}

/// Messages that follow the last one of a conversation which was imported before.
#[derive(Debug, Clone)]
pub struct More {
    /// Whose it is.
    pub owner: UserId,
    /// Which.
    pub conversation: ConversationId,
    /// The number of its next message, by which it is seen that nothing was written meanwhile.
    pub next_seq: i64,
    /// The messages and the responses that wrote some of them.
    pub rows: Rows,
    /// Its newest activity.
    pub updated_at: Time,
}

/// Adds messages to a conversation and shows them; `false` if it has changed, is being answered
/// or is not there any more.
pub async fn extend(db: &Db, more: More) -> Result<bool> {
    let said = more.rows.messages.iter().filter(|row| row.kind == MessageType::Message);
    let texts: Vec<_> = said.map(|row| (row.seq, Terms::of(&row.content))).collect();
    db.write((more, texts), |tx, (more, texts)| {
        Box::pin(async move {
            if !extend_in(tx, more).await? {
                return Ok(false);
            }
            let texts = texts.iter().cloned();
            search_docs::add_messages(tx, more.owner, more.conversation, texts).await?;
            Ok(true)
        })
    })
    .await
}

async fn extend_in(tx: &Tx, more: &More) -> Result<bool> {
    use conversation::{Column, Entity};
    let Some(last) = more.rows.messages.iter().max_by_key(|row| row.seq) else { return Ok(true) };
    let extended = Entity::update_many()
        .col_expr(Column::NextSeq, (last.seq + 1).into())
        .col_expr(Column::HeadId, last.id.into())
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .col_expr(Column::UpdatedAt, more.updated_at.into())
        .filter(Column::Id.eq(more.conversation))
        .filter(Column::UserId.eq(more.owner))
        .filter(Column::NextSeq.eq(more.next_seq))
        .filter(Column::DeletedAt.is_null())
        .filter(Column::ActiveResponseId.is_null())
        .exec(tx)
        .await?;
    if extended.rows_affected == 0 {
        return Ok(false);
    }
    insert_all(tx, more.rows.messages.iter().cloned()).await?;
    if !more.rows.responses.is_empty() {
        insert_all(tx, more.rows.responses.iter().cloned()).await?;
    }
    Ok(true)
}

/// Shows the conversation, and takes note of where it came from. `false` if another import of the
/// same came first: then the hidden one is left to [`crate::conversations::trash::remove`].
pub async fn publish(db: &Db, import: Model) -> Result<bool> {
    let published = db.write(import, |tx, import| Box::pin(publish_in(tx, import))).await;
    match published {
        // Another server was quicker by less than a transaction.
        Err(CrudError::Conflict(_)) => Ok(false),
        result => result,
    }
}

fn removed(conversation: ConversationId) -> CrudError {
    CrudError::Inconsistent {
        table: "conversations",
        id: conversation.to_string(),
        what: "an import was removed while it was stored",
    }
}

async fn publish_in(tx: &Tx, import: &Model) -> Result<bool> {
    let Model { user_id, source, source_id, conversation_id, .. } = import;
    if find_in(tx, *user_id, source, source_id).await?.is_some() {
        return Ok(false);
    }
    let shown = conversation::Entity::update_many()
        .col_expr(conversation::Column::DeletedAt, Expr::value(None::<Time>))
        .col_expr(conversation::Column::RemovedAt, Expr::value(None::<Time>))
        .filter(conversation::Column::Id.eq(*conversation_id))
        .filter(conversation::Column::Version.eq(OPEN))
        .exec(tx)
        .await?;
    if shown.rows_affected == 0 {
        return Err(removed(*conversation_id));
    }
    // One that was deleted, and whose rows are still being removed, may be in the way.
    Entity::delete_by_id((*user_id, source.clone(), source_id.clone())).exec(tx).await?;
    insert(tx, import.clone()).await?;
    Ok(true)
}
