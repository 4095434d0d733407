//! Removing messages, leaves first, so that whatever interrupts it leaves a whole tree behind.

mod item;

use models::{ConversationId, MessageId, ResponseId, UserId, conversation, message, response};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect};

use crate::db::{Db, Tx};
use crate::error::Result;
use crate::messages::{self, Link};

pub use item::{ItemRemoved, remove_item};

/// How many messages one step should remove, so that other writers get their turn.
pub const STEP: usize = 100;

/// Messages to be removed together.
#[derive(Debug, Clone)]
pub struct Prune {
    /// Whose they are.
    pub owner: UserId,
    /// Where.
    pub conversation_id: ConversationId,
    /// The messages, with every message below each of them; about [`STEP`].
    pub messages: Vec<Link>,
    /// What the selected branch shall end with instead of one of them; `None` when it is not
    /// known to end with one of them.
    pub head: Option<Head>,
}

/// The end of the selected branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// No message is left.
    Nothing,
    /// This one.
    Message(MessageId),
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pruned {
    /// They are gone, with their responses and whatever these produced.
    Removed,
    /// Nothing was removed: the conversation has changed since it was looked at.
    Changed,
    /// The conversation is gone.
    NoConversation,
}

/// Removes messages. Whatever is added to the conversation, or selected in it, waits for this or
/// is seen by it, so that nothing is left hanging below a message that is gone.
pub async fn remove(db: &Db, prune: Prune) -> Result<Pruned> {
    db.write(prune, |tx, prune| Box::pin(remove_in(tx, prune))).await
}

async fn remove_in(tx: &Tx, prune: &Prune) -> Result<Pruned> {
    use message::{Column, Entity};
    let id = prune.conversation_id;
    let Some(row) = lock(tx, prune.owner, id).await? else { return Ok(Pruned::NoConversation) };
    let gone: Vec<MessageId> = prune.messages.iter().map(|link| link.id).collect();
    let responses = responses_of(tx, id, &gone).await?;
    if has_others_below(tx, id, &gone).await? {
        return Ok(Pruned::Changed);
    }
    if row.head_id.is_some_and(|head| gone.contains(&head)) {
        let head = match prune.head {
            Some(Head::Nothing) => None,
            Some(Head::Message(head)) if messages::find_in(tx, id, head).await?.is_some() => {
                Some(head)
            }
            _ => return Ok(Pruned::Changed),
        };
        conversation::Entity::update_many()
            .col_expr(conversation::Column::HeadId, Expr::value(head))
            .filter(conversation::Column::Id.eq(id))
            .exec(tx)
            .await?;
    }
    if row.active_response_id.is_some_and(|active| responses.contains(&active)) {
        conversation::Entity::update_many()
            .col_expr(
                conversation::Column::ActiveResponseId,
                Expr::value(Option::<ResponseId>::None),
            )
            .filter(conversation::Column::Id.eq(id))
            .exec(tx)
            .await?;
    }
    // Their events go with them.
    response::Entity::delete_many()
        .filter(response::Column::Id.is_in(responses.iter().copied()))
        .exec(tx)
        .await?;
    // Reasoning and calls hang beside the answer, not below it.
    let theirs = Condition::any()
        .add(Column::Id.is_in(gone))
        .add(Column::ResponseId.is_in(responses.iter().copied()));
    Entity::delete_many().filter(Column::ConversationId.eq(id)).filter(theirs).exec(tx).await?;
    Ok(Pruned::Removed)
}

/// Keeps everybody else from changing a conversation of `owner` until the end of the transaction.
async fn lock(tx: &Tx, owner: UserId, id: ConversationId) -> Result<Option<conversation::Model>> {
    use conversation::{Column, Entity};
    let locked = Entity::update_many()
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(id))
        .filter(Column::UserId.eq(owner))
        .filter(Column::DeletedAt.is_null())
        .exec(tx)
        .await?;
    if locked.rows_affected == 0 {
        return Ok(None);
    }
    Ok(Entity::find_by_id(id).one(tx).await?)
}

/// The responses that wrote messages: several of one, where some continued others.
async fn responses_of(
    tx: &Tx,
    id: ConversationId,
    messages: &[MessageId],
) -> Result<Vec<ResponseId>> {
    use response::{Column, Entity};
    Ok(Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::ConversationId.eq(id))
        .filter(Column::MessageId.is_in(messages.iter().copied()))
        .into_tuple()
        .all(tx)
        .await?)
}

async fn has_others_below(tx: &Tx, id: ConversationId, gone: &[MessageId]) -> Result<bool> {
    use message::{Column, Entity};
    let child: Option<MessageId> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::ConversationId.eq(id))
        .filter(Column::ParentId.is_in(gone.iter().copied()))
        .filter(messages::in_tree())
        .filter(Column::Id.is_not_in(gone.iter().copied()))
        .limit(1)
        .into_tuple()
        .one(tx)
        .await?;
    Ok(child.is_some())
}
