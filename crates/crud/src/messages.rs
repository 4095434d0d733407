//! Messages: always by conversation and `seq`, always through their owner.

use models::message::{Column, Entity, MessageType, Model};
use models::{ConversationId, MessageId, ResponseId, UserId, conversation};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::db::Db;
use crate::error::Result;

/// Finds a message of `owner`, in a conversation that is not deleted.
pub async fn find(db: &Db, owner: UserId, id: MessageId) -> Result<Option<Model>> {
    let mut query = Entity::find().filter(Column::Id.eq(id));
    let same = Expr::col((conversation::Entity, conversation::Column::Id))
        .equals((Entity, Column::ConversationId));
    QuerySelect::query(&mut query).inner_join(conversation::Entity, same);
    Ok(query
        .filter(conversation::Column::UserId.eq(owner))
        .filter(conversation::Column::DeletedAt.is_null())
        .one(db.read())
        .await?)
}

/// At most `limit` rows of a conversation with `seq` up to `seq`, newest first.
///
/// The caller has found the conversation through its owner.
pub async fn list_down(
    db: &Db,
    conversation: ConversationId,
    seq: i64,
    limit: u64,
) -> Result<Vec<Model>> {
    Ok(Entity::find()
        .filter(Column::ConversationId.eq(conversation))
        .filter(Column::Seq.lte(seq))
        .order_by_desc(Column::Seq)
        .limit(limit)
        .all(db.read())
        .await?)
}

/// At most `limit` rows of a conversation with `seq` from `seq`, oldest first.
pub async fn list_up(
    db: &Db,
    conversation: ConversationId,
    seq: i64,
    limit: u64,
) -> Result<Vec<Model>> {
    Ok(Entity::find()
        .filter(Column::ConversationId.eq(conversation))
        .filter(Column::Seq.gte(seq))
        .order_by_asc(Column::Seq)
        .limit(limit)
        .all(db.read())
        .await?)
}

/// `seq` of a message of a conversation.
pub async fn find_seq(db: &Db, conversation: ConversationId, id: MessageId) -> Result<Option<i64>> {
    Ok(Entity::find()
        .select_only()
        .column(Column::Seq)
        .filter(Column::ConversationId.eq(conversation))
        .filter(Column::Id.eq(id))
        .into_tuple()
        .one(db.read())
        .await?)
}

/// The messages proper below each of `parents`: parent and id, in the order of `seq`.
pub async fn list_children(
    db: &Db,
    conversation: ConversationId,
    parents: &[MessageId],
) -> Result<Vec<(MessageId, MessageId)>> {
    if parents.is_empty() {
        return Ok(Vec::new());
    }
    Ok(Entity::find()
        .select_only()
        .columns([Column::ParentId, Column::Id])
        .filter(Column::ConversationId.eq(conversation))
        .filter(Column::ParentId.is_in(parents.iter().copied()))
        .filter(Column::Kind.eq(MessageType::Message))
        .order_by_asc(Column::Seq)
        .into_tuple()
        .all(db.read())
        .await?)
}

/// The messages proper without a parent, in the order of `seq`.
pub async fn list_roots(db: &Db, conversation: ConversationId) -> Result<Vec<MessageId>> {
    Ok(Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::ConversationId.eq(conversation))
        .filter(Column::ParentId.is_null())
        .filter(Column::Kind.eq(MessageType::Message))
        .order_by_asc(Column::Seq)
        .into_tuple()
        .all(db.read())
        .await?)
}

/// The reasoning that the given responses produced: response and text, in the order of `seq`.
pub async fn list_reasoning(
    db: &Db,
    responses: &[ResponseId],
) -> Result<Vec<(Option<ResponseId>, String)>> {
    if responses.is_empty() {
        return Ok(Vec::new());
    }
    Ok(Entity::find()
        .select_only()
        .columns([Column::ResponseId, Column::Content])
        .filter(Column::ResponseId.is_in(responses.iter().copied()))
        .filter(Column::Kind.eq(MessageType::Reasoning))
        .order_by_asc(Column::Seq)
        .into_tuple()
        .all(db.read())
        .await?)
}

/// The rows that a response produced, in the order of `seq`.
pub async fn list_of_response(db: &Db, response: ResponseId) -> Result<Vec<Model>> {
    Ok(Entity::find()
        .filter(Column::ResponseId.eq(response))
        .order_by_asc(Column::Seq)
        .all(db.read())
        .await?)
}
