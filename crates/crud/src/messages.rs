//! Messages: always by conversation and `seq`, always through their owner.

mod places;

use models::message::{Column, Entity, MessageType, Model};
use models::{ConversationId, MessageId, ResponseId, UserId, conversation};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};

pub use places::{Place, list_places};

use crate::db::{Db, Tx};
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

/// How many bytes of text one step of rows has before it ends early, though `limit` allows more:
/// with the row after the one that brings it there. Whoever cuts its rows at this many bytes can
/// tell by that row whether there are more.
pub const STEP_BYTES: usize = 2 << 20;

/// At most `limit` rows of a conversation with `seq` up to `seq`, newest first; fewer where their
/// texts have [`STEP_BYTES`].
///
/// The caller has found the conversation through its owner.
pub async fn list_down(
    db: &Db,
    conversation: ConversationId,
    seq: i64,
    limit: u64,
) -> Result<Vec<Model>> {
    let below = Column::Seq.lte(seq);
    list_step(db, conversation, below, Order::Desc, limit).await
}

/// At most `limit` rows of a conversation with `seq` from `seq`, oldest first; fewer where their
/// texts have [`STEP_BYTES`].
pub async fn list_up(
    db: &Db,
    conversation: ConversationId,
    seq: i64,
    limit: u64,
) -> Result<Vec<Model>> {
    let above = Column::Seq.gte(seq);
    list_step(db, conversation, above, Order::Asc, limit).await
}

async fn list_step(
    db: &Db,
    conversation: ConversationId,
    range: Expr,
    order: Order,
    limit: u64,
) -> Result<Vec<Model>> {
    let mut query = Entity::find()
        .filter(Column::ConversationId.eq(conversation))
        .filter(range.clone())
        .order_by(Column::Seq, order.clone())
        .limit(limit);
    // Two are read in any case.
    if limit > 2 {
        // The texts of all rows but the one before: their lengths are known without reading them.
        let direction = if order == Order::Asc { "ASC" } else { "DESC" };
        let before = format!(
            "SUM(OCTET_LENGTH(content)) OVER \
             (ORDER BY seq {direction} ROWS BETWEEN UNBOUNDED PRECEDING AND 2 PRECEDING)"
        );
        let sized = Query::select()
            .column(Column::Seq)
            .expr_as(Expr::cust(before), "bytes")
            .from(Entity)
            .and_where(Column::ConversationId.eq(conversation))
            .and_where(range)
            .order_by(Column::Seq, order)
            .limit(limit)
            .take();
        let step = i64::try_from(STEP_BYTES).unwrap_or(i64::MAX);
        let within = Query::select()
            .column("seq")
            .from_subquery(sized, "sized")
            .and_where(Expr::cust("COALESCE(bytes, 0)").lt(step))
            .take();
        query = query.filter(Expr::col(Column::Seq).in_subquery(within));
    }
    Ok(query.all(db.read()).await?)
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

/// The depth of a message proper of a conversation, within a transaction.
pub(crate) async fn find_depth_in(
    tx: &Tx,
    conversation: ConversationId,
    id: MessageId,
) -> Result<Option<i32>> {
    Ok(Entity::find()
        .select_only()
        .column(Column::Depth)
        .filter(Column::ConversationId.eq(conversation))
        .filter(Column::Id.eq(id))
        .filter(Column::Kind.eq(MessageType::Message))
        .into_tuple()
        .one(tx)
        .await?)
}

/// Finds a message proper of a conversation, within a transaction.
pub(crate) async fn find_in(
    tx: &Tx,
    conversation: ConversationId,
    id: MessageId,
) -> Result<Option<Model>> {
    Ok(Entity::find()
        .filter(Column::ConversationId.eq(conversation))
        .filter(Column::Id.eq(id))
        .filter(Column::Kind.eq(MessageType::Message))
        .one(tx)
        .await?)
}

/// A message proper and what it hangs below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromQueryResult)]
pub struct Link {
    /// Its number.
    pub seq: i64,
    /// Its id.
    pub id: MessageId,
    /// The message above it.
    pub parent_id: Option<MessageId>,
    /// The response that wrote it.
    pub response_id: Option<ResponseId>,
}

/// At most `limit` messages proper with `seq` from `seq`, oldest first, without their texts.
pub async fn list_links(
    db: &Db,
    conversation: ConversationId,
    seq: i64,
    limit: u64,
) -> Result<Vec<Link>> {
    Ok(Entity::find()
        .select_only()
        .columns([Column::Seq, Column::Id, Column::ParentId, Column::ResponseId])
        .filter(Column::ConversationId.eq(conversation))
        .filter(Column::Seq.gte(seq))
        .filter(Column::Kind.eq(MessageType::Message))
        .order_by_asc(Column::Seq)
        .limit(limit)
        .into_model()
        .all(db.read())
        .await?)
}

/// What the given responses produced beside their answers, in the order of `seq`.
pub async fn list_beside(db: &Db, responses: &[ResponseId]) -> Result<Vec<Model>> {
    if responses.is_empty() {
        return Ok(Vec::new());
    }
    Ok(Entity::find()
        .filter(Column::ResponseId.is_in(responses.iter().copied()))
        .filter(Column::Kind.ne(MessageType::Message))
        .order_by_asc(Column::Seq)
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
