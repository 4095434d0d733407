//! Where messages stand among those with the same parent.

use std::collections::{BTreeSet, HashSet};

use models::message::{Column, Entity, Model};
use models::{ConversationId, MessageId};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, WindowStatement};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::in_tree;
use crate::db::Db;
use crate::dialect;
use crate::error::Result;
use crate::owned::Owned;

/// How many siblings of all families together are read. Few messages have more than one or two.
const READ: u64 = 1000;

/// The place of an item among those with the same parent, in the order of `seq`.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct SiblingPosition {
    /// The message.
    pub id: MessageId,
    /// Its place, from 1.
    pub place: i64,
    /// How many there are.
    pub siblings: i64,
    /// The one before it.
    pub previous: Option<MessageId>,
    /// The one after it.
    pub next: Option<MessageId>,
}

/// Where `rows`, all of one conversation, stand among their siblings, in no order. Rows that are
/// not in the tree stand nowhere.
pub async fn list_places(
    db: &Db,
    conversation: Owned<ConversationId>,
    rows: &[Model],
) -> Result<Vec<SiblingPosition>> {
    let wanted: HashSet<MessageId> =
        rows.iter().filter(|row| row.is_in_tree()).map(|row| row.id).collect();
    let in_tree = || rows.iter().filter(|row| row.is_in_tree());
    let parents: BTreeSet<MessageId> = in_tree().filter_map(|row| row.parent_id).collect();
    let mut places = Vec::with_capacity(wanted.len());
    if !parents.is_empty() {
        let families = || Column::ParentId.is_in(parents.iter().copied());
        places.extend(list_among(db, conversation, families, &wanted).await?);
    }
    if in_tree().any(|row| row.parent_id.is_none()) {
        // Apart from the others: together no engine finds both by the index.
        let family = || dialect::is_rarely_null(db.read(), Column::ParentId);
        places.extend(list_among(db, conversation, family, &wanted).await?);
    }
    Ok(places)
}

/// The places of those `wanted` that are among the items that `families` describes.
async fn list_among(
    db: &Db,
    conversation: Owned<ConversationId>,
    families: impl Fn() -> Expr,
    wanted: &HashSet<MessageId>,
) -> Result<Vec<SiblingPosition>> {
    // Through the index of parents and numbers, which is in this order.
    let siblings: Vec<(Option<MessageId>, MessageId)> = Entity::find()
        .select_only()
        .columns([Column::ParentId, Column::Id])
        .filter(Column::ConversationId.eq(*conversation))
        .filter(families())
        .filter(in_tree())
        .order_by_asc(Column::ParentId)
        .order_by_asc(Column::Seq)
        .limit(READ + 1)
        .into_tuple()
        .all(db.read())
        .await?;
    if siblings.len() as u64 > READ {
        return list_in_database(db, conversation, families(), wanted).await;
    }
    let mut places = Vec::with_capacity(wanted.len());
    for family in siblings.chunk_by(|(one, _), (other, _)| one == other) {
        let of = family.len().try_into().unwrap_or(i64::MAX);
        let id = |place: usize| family.get(place).map(|(_, id)| *id);
        for ((at, (_, this)), place) in family.iter().enumerate().zip(1..) {
            if wanted.contains(this) {
                let previous = at.checked_sub(1).and_then(id);
                places.push(SiblingPosition {
                    id: *this,
                    place,
                    siblings: of,
                    previous,
                    next: id(at + 1),
                });
            }
        }
    }
    Ok(places)
}

/// The same for families so large that they shall not leave the database.
async fn list_in_database(
    db: &Db,
    conversation: Owned<ConversationId>,
    families: Expr,
    wanted: &HashSet<MessageId>,
) -> Result<Vec<SiblingPosition>> {
    let siblings = || WindowStatement::partition_by(Column::ParentId);
    let in_order = || siblings().order_by(Column::Seq, Order::Asc).take();
    let places = Query::select()
        .column(Column::Id)
        // The count up to the row itself: what ROW_NUMBER() would say, signed on every engine.
        .expr_window_as(Expr::cust("COUNT(*)"), in_order(), "place")
        .expr_window_as(Expr::cust("COUNT(*)"), siblings(), "siblings")
        .expr_window_as(Expr::cust("LAG(id)"), in_order(), "previous")
        .expr_window_as(Expr::cust("LEAD(id)"), in_order(), "next")
        .from(Entity)
        .and_where(Column::ConversationId.eq(*conversation))
        .and_where(in_tree())
        .and_where(families)
        .take();
    let query = Query::select()
        .columns(["id", "place", "siblings", "previous", "next"])
        .from_subquery(places, "places")
        .and_where(Expr::col("id").is_in(wanted.iter().copied()))
        .take();
    let statement = db.read().get_database_backend().build(&query);
    Ok(SiblingPosition::find_by_statement(statement).all(db.read()).await?)
}
