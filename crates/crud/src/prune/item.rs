//! Removing one item alone: what hangs below it is hung below the item above it.

use std::collections::HashSet;

use models::conversation;
use models::message::{self, Column, Entity, MessageStatus, MessageType};
use models::{ConversationId, MessageId, ResponseId, UserId, response, response_event};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::responses_of;
use crate::db::{Db, Tx};
use crate::error::{CrudError, Result};
use crate::messages;

/// How many rows one statement changes.
const STEP: usize = 500;

/// How removing an item ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemRemoved {
    /// It is gone.
    Removed,
    /// It is no item of the conversation.
    NoItem,
    /// The conversation does not exist, or belongs to another user.
    NoConversation,
    /// A response runs in the conversation.
    Locked(ResponseId),
}

/// Removes one item of a conversation of `owner`; what hangs below it stays. An answer goes with
/// its responses, and with the calls and the reasoning that stand beside it. A call or reasoning
/// that stands beside an answer goes alone, and the last thing that an answer without a text has
/// takes the answer with it.
pub async fn remove_item(
    db: &Db,
    owner: UserId,
    conversation: ConversationId,
    id: MessageId,
) -> Result<ItemRemoved> {
    db.write((owner, conversation, id), |tx, (owner, conversation, id)| {
        Box::pin(remove_in(tx, *owner, *conversation, *id))
    })
    .await
}

async fn remove_in(
    tx: &Tx,
    owner: UserId,
    conversation: ConversationId,
    id: MessageId,
) -> Result<ItemRemoved> {
    // Before anything is written: what is refused changes nothing.
    let is_there = find(tx, conversation, id).await?.is_some();
    let row = match claim(tx, owner, conversation, is_there).await? {
        Claimed::Now(row) => row,
        Claimed::Not(outcome) => return Ok(outcome),
    };
    // Should it have gone since it was looked at.
    let item = find(tx, conversation, id).await?.ok_or_else(look_again)?;
    match item.response_id {
        Some(response) if !item.is_in_tree() => {
            remove_beside(tx, &row, &item, response).await?;
        }
        _ => unlink(tx, &row, &item).await?,
    }
    Ok(ItemRemoved::Removed)
}

fn look_again() -> CrudError {
    CrudError::Serialization(DbErr::RecordNotUpdated)
}

#[expect(clippy::large_enum_variant, reason = "returned once and taken apart at once")]
enum Claimed {
    Now(conversation::Model),
    Not(ItemRemoved),
}

/// Keeps everybody else from changing a conversation until the end of the transaction, unless
/// there is nothing to be removed or a response runs in it.
async fn claim(tx: &Tx, owner: UserId, id: ConversationId, is_there: bool) -> Result<Claimed> {
    use conversation::{Column, Entity};
    let mine = Condition::all()
        .add(Column::Id.eq(id))
        .add(Column::UserId.eq(owner))
        .add(Column::DeletedAt.is_null());
    let is_claimed = is_there
        && Entity::update_many()
            .col_expr(Column::Version, Expr::col(Column::Version).add(1))
            .filter(mine.clone())
            .filter(Column::ActiveResponseId.is_null())
            .exec(tx)
            .await?
            .rows_affected
            == 1;
    let Some(row) = Entity::find().filter(mine).one(tx).await? else {
        return Ok(Claimed::Not(ItemRemoved::NoConversation));
    };
    match row.active_response_id {
        _ if is_claimed => Ok(Claimed::Now(row)),
        _ if !is_there => Ok(Claimed::Not(ItemRemoved::NoItem)),
        Some(active) => Ok(Claimed::Not(ItemRemoved::Locked(active))),
        // It ended between the two statements.
        None => Err(look_again()),
    }
}

async fn find(
    tx: &Tx,
    conversation: ConversationId,
    id: MessageId,
) -> Result<Option<message::Model>> {
    let of = Column::ConversationId.eq(conversation);
    Ok(Entity::find().filter(of).filter(Column::Id.eq(id)).one(tx).await?)
}

/// Removes an item of the tree; the conversation is the transaction's.
async fn unlink(tx: &Tx, row: &conversation::Model, item: &message::Model) -> Result<()> {
    let id = row.id;
    let of = || Column::ConversationId.eq(id);
    for seqs in below(tx, item).await?.chunks(STEP) {
        Entity::update_many()
            .col_expr(Column::Depth, Expr::col(Column::Depth).sub(1))
            .filter(of())
            .filter(Column::Seq.is_in(seqs.iter().copied()))
            .exec(tx)
            .await?;
    }
    Entity::update_many()
        .col_expr(Column::ParentId, item.parent_id.into())
        .filter(of())
        .filter(Column::ParentId.eq(item.id))
        .exec(tx)
        .await?;
    if let Some(above) = item.parent_id {
        // The answers to it answer what stands above it now.
        response::Entity::update_many()
            .col_expr(response::Column::UserMessageId, above.into())
            .filter(response::Column::ConversationId.eq(id))
            .filter(response::Column::UserMessageId.eq(item.id))
            .exec(tx)
            .await?;
    }
    let responses = responses_of(tx, id, &[item.id]).await?;
    // Their events go with them.
    response::Entity::delete_many()
        .filter(response::Column::Id.is_in(responses.iter().copied()))
        .exec(tx)
        .await?;
    let theirs =
        Condition::any().add(Column::Id.eq(item.id)).add(Column::ResponseId.is_in(responses));
    Entity::delete_many().filter(of()).filter(theirs).exec(tx).await?;
    if row.head_id == Some(item.id) {
        let head = match item.parent_id {
            Some(above) => Some(above),
            None => newest(tx, id).await?,
        };
        conversation::Entity::update_many()
            .col_expr(conversation::Column::HeadId, head.into())
            .filter(conversation::Column::Id.eq(id))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// The numbers of the items below one. What stands beside an answer has no depth.
async fn below(tx: &Tx, item: &message::Model) -> Result<Vec<i64>> {
    let later: Vec<(i64, MessageId, Option<MessageId>)> = Entity::find()
        .select_only()
        .columns([Column::Seq, Column::Id, Column::ParentId])
        .filter(Column::ConversationId.eq(item.conversation_id))
        .filter(Column::Seq.gt(item.seq))
        .filter(Column::Depth.gt(0))
        .order_by_asc(Column::Seq)
        .into_tuple()
        .all(tx)
        .await?;
    let (mut ids, mut seqs) = (HashSet::from([item.id]), Vec::new());
    for (seq, id, parent) in later {
        if parent.is_some_and(|parent| ids.contains(&parent)) {
            ids.insert(id);
            seqs.push(seq);
        }
    }
    Ok(seqs)
}

/// The newest item of the tree, which nothing hangs below.
async fn newest(tx: &Tx, conversation: ConversationId) -> Result<Option<MessageId>> {
    Ok(Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::ConversationId.eq(conversation))
        .filter(messages::in_tree())
        .order_by_desc(Column::Seq)
        .limit(1)
        .into_tuple()
        .one(tx)
        .await?)
}

/// Removes what stands beside an answer, and the answer if it says nothing without it.
async fn remove_beside(
    tx: &Tx,
    row: &conversation::Model,
    item: &message::Model,
    response: ResponseId,
) -> Result<()> {
    let of = || Column::ConversationId.eq(row.id);
    Entity::delete_many().filter(of()).filter(Column::Id.eq(item.id)).exec(tx).await?;
    // They tell of it, too. Without them the response is told from its rows.
    response_event::Entity::delete_many()
        .filter(response_event::Column::ResponseId.eq(response))
        .exec(tx)
        .await?;
    let Some(response) = response::Entity::find_by_id(response).one(tx).await? else {
        return Ok(());
    };
    let Some(answer) = find(tx, row.id, response.message_id).await? else { return Ok(()) };
    if !answer.content.is_empty() || answer.status != MessageStatus::Completed {
        return Ok(());
    }
    let responses = responses_of(tx, row.id, &[answer.id]).await?;
    let beside: Option<MessageId> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(of())
        .filter(Column::ResponseId.is_in(responses))
        .filter(Column::Kind.ne(MessageType::Message))
        .limit(1)
        .into_tuple()
        .one(tx)
        .await?;
    if beside.is_none() {
        unlink(tx, row, &answer).await?;
    }
    Ok(())
}
