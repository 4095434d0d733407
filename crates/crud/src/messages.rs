//! Messages: always by conversation and `seq`, always through their owner.

mod places;

use std::collections::HashMap;

use models::message::{Column, Entity, MessageType, Model};
use models::{ConversationId, MessageId, ResponseId, UserId, conversation};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, Func, Order};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, Iterable, QueryFilter, QueryOrder, QuerySelect,
};

pub use places::{SiblingPosition, list_places};

use crate::db::{Db, Tx};
use crate::error::Result;
use crate::owned::Owned;

/// Finds a message of `owner`, in a conversation that is not deleted.
pub async fn find(db: &Db, owner: UserId, id: MessageId) -> Result<Option<Owned<Model>>> {
    let mut query = Entity::find().filter(Column::Id.eq(id));
    let same = Expr::col((conversation::Entity, conversation::Column::Id))
        .equals((Entity, Column::ConversationId));
    QuerySelect::query(&mut query).inner_join(conversation::Entity, same);
    let found = query
        .filter(conversation::Column::UserId.eq(owner))
        .filter(conversation::Column::DeletedAt.is_null())
        .one(db.read())
        .await?;
    Ok(found.map(Owned::found))
}

/// The newest item that hangs below this one.
pub async fn find_newest_below(db: &Db, above: &Owned<Model>) -> Result<Option<Model>> {
    Ok(Entity::find()
        .filter(Column::ConversationId.eq(above.conversation_id))
        .filter(Column::ParentId.eq(above.id))
        .filter(Column::Kind.is_in(MessageType::IN_TREE))
        .order_by_desc(Column::Seq)
        .limit(1)
        .one(db.read())
        .await?)
}

/// The bytes of a row's texts: of what was said, and of what stands beside it.
pub fn text_bytes(row: &Model) -> usize {
    row.content.len() + row.data.as_ref().map_or(0, String::len)
}

/// How many bytes of text one step of rows has before it ends early, though `limit` allows more:
/// with the row after the one that brings it there. A caller that cuts its rows at this many bytes
/// can tell by that row whether there are more.
pub const STEP_BYTES: usize = 2 << 20;

/// Texts of up to so many bytes are read with their rows, longer ones only of the rows of a step.
const SHORT_BYTES: usize = 16 << 10;

/// At most `limit` rows of a conversation with `seq` up to `seq`, newest first; fewer where their
/// texts have [`STEP_BYTES`].
pub async fn list_down(
    db: &Db,
    conversation: Owned<ConversationId>,
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
    conversation: Owned<ConversationId>,
    seq: i64,
    limit: u64,
) -> Result<Vec<Model>> {
    let above = Column::Seq.gte(seq);
    list_step(db, conversation, above, Order::Asc, limit).await
}

async fn list_step(
    db: &Db,
    conversation: Owned<ConversationId>,
    range: Expr,
    order: Order,
    limit: u64,
) -> Result<Vec<Model>> {
    let texts = |column: &Column| matches!(column, Column::Content | Column::Data);
    let columns = Column::iter().filter(|column| !texts(column));
    let length = |column| Func::cust("OCTET_LENGTH").arg(Expr::col(column));
    let data = Func::coalesce([length(Column::Data).into(), Expr::val(0)]);
    let bytes = Expr::expr(length(Column::Content)).add(data);
    let most = i64::try_from(SHORT_BYTES).unwrap_or(i64::MAX);
    let if_short = |column| CaseStatement::new().case(bytes.clone().lte(most), Expr::col(column));
    let mut rows: Vec<Measured> = Entity::find()
        .select_only()
        .columns(columns)
        .expr_as(if_short(Column::Content).finally(""), "content")
        .expr_as(if_short(Column::Data), "data")
        .expr_as(bytes, "bytes")
        .filter(Column::ConversationId.eq(*conversation))
        .filter(range)
        .order_by(Column::Seq, order)
        .limit(limit)
        .into_model::<Measured>()
        .all(db.read())
        .await?;

    // All but the row before decides whether a row is still of this step.
    let (mut before, mut previous) = (0, 0);
    rows.retain(|row| {
        let is_within = before < STEP_BYTES;
        before = before.saturating_add(std::mem::replace(&mut previous, row.bytes()));
        is_within
    });
    with_long_texts(db, conversation, rows).await
}

/// A row without its texts if they are long.
#[derive(Debug, FromQueryResult)]
struct Measured {
    #[sea_orm(nested)]
    row: Model,
    /// Of its texts: what was said, and what stands beside it.
    bytes: i64,
}

impl Measured {
    fn bytes(&self) -> usize {
        usize::try_from(self.bytes).unwrap_or(0)
    }
}

/// The same rows with the texts that were not read with them.
async fn with_long_texts(
    db: &Db,
    conversation: Owned<ConversationId>,
    rows: Vec<Measured>,
) -> Result<Vec<Model>> {
    let long = |row: &&Measured| row.bytes() > SHORT_BYTES;
    let seqs: Vec<i64> = rows.iter().filter(long).map(|row| row.row.seq).collect();
    let mut texts: HashMap<i64, (String, Option<String>)> = HashMap::new();
    if !seqs.is_empty() {
        let found: Vec<(i64, String, Option<String>)> = Entity::find()
            .select_only()
            .columns([Column::Seq, Column::Content, Column::Data])
            .filter(Column::ConversationId.eq(*conversation))
            .filter(Column::Seq.is_in(seqs))
            .into_tuple()
            .all(db.read())
            .await?;
        texts.extend(found.into_iter().map(|(seq, content, data)| (seq, (content, data))));
    }
    // One that was deleted meanwhile is left out.
    let whole = rows.into_iter().filter_map(|row| {
        if !long(&&row) {
            return Some(row.row);
        }
        let (content, data) = texts.remove(&row.row.seq)?;
        Some(Model { content, data, ..row.row })
    });
    Ok(whole.collect())
}

/// `seq` of a message of a conversation.
pub async fn find_seq(
    db: &Db,
    conversation: Owned<ConversationId>,
    id: MessageId,
) -> Result<Option<i64>> {
    Ok(Entity::find()
        .select_only()
        .column(Column::Seq)
        .filter(Column::ConversationId.eq(*conversation))
        .filter(Column::Id.eq(id))
        .into_tuple()
        .one(db.read())
        .await?)
}

/// Of the rows of a conversation those of its tree; the same as
/// [`Model::is_in_tree`](models::message::Model::is_in_tree). No index knows it: it is asked of the
/// rows that another condition has found.
pub(crate) fn in_tree() -> Expr {
    Column::Kind.is_in(MessageType::IN_TREE).or(Column::ResponseId.is_null())
}

/// The depth of an item in the tree of a conversation, within a transaction.
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
        .filter(in_tree())
        .into_tuple()
        .one(tx)
        .await?)
}

/// Finds an item in the tree of a conversation, within a transaction.
pub(crate) async fn find_in(
    tx: &Tx,
    conversation: ConversationId,
    id: MessageId,
) -> Result<Option<Model>> {
    Ok(Entity::find()
        .filter(Column::ConversationId.eq(conversation))
        .filter(Column::Id.eq(id))
        .filter(in_tree())
        .one(tx)
        .await?)
}

/// An item in the tree of a conversation and what it hangs below.
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

/// At most `limit` items of the tree with `seq` from `seq`, oldest first, without their texts.
pub async fn list_links(
    db: &Db,
    conversation: Owned<ConversationId>,
    seq: i64,
    limit: u64,
) -> Result<Vec<Link>> {
    Ok(Entity::find()
        .select_only()
        .columns([Column::Seq, Column::Id, Column::ParentId, Column::ResponseId])
        .filter(Column::ConversationId.eq(*conversation))
        .filter(Column::Seq.gte(seq))
        .filter(in_tree())
        .order_by_asc(Column::Seq)
        .limit(limit)
        .into_model()
        .all(db.read())
        .await?)
}

/// What the given responses of a conversation produced beside their answers, in the order of `seq`.
pub async fn list_beside(
    db: &Db,
    conversation: Owned<ConversationId>,
    responses: &[ResponseId],
) -> Result<Vec<Model>> {
    if responses.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows = Entity::find()
        .filter(Column::ResponseId.is_in(responses.iter().copied()))
        .filter(Column::Kind.ne(MessageType::Message))
        .order_by_asc(Column::Seq)
        .all(db.read())
        .await?;
    // Not a condition of the query: an engine might read the whole conversation for it.
    rows.retain(|row| row.conversation_id == *conversation);
    Ok(rows)
}

/// The rows that a response produced, in the order of `seq`.
pub async fn list_of_response(db: &Db, response: Owned<ResponseId>) -> Result<Vec<Model>> {
    Ok(Entity::find()
        .filter(Column::ResponseId.eq(*response))
        .order_by_asc(Column::Seq)
        .all(db.read())
        .await?)
}
