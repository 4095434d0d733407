//! Rows that have had their time: when the first of a table has, and their removal.

use models::Time;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::db::Db;
use crate::error::Result;

/// The earliest time in `column`; `None` if there is none.
pub(crate) async fn first<E: EntityTrait>(db: &Db, column: E::Column) -> Result<Option<Time>> {
    let query = E::find().select_only().column(column).filter(column.is_not_null());
    Ok(query.order_by_asc(column).limit(1).into_tuple().one(db.read()).await?)
}

/// Removes the rows whose `column` is not after `until`, all at once: for tables that stay small.
/// How many it were.
pub(crate) async fn remove<E: EntityTrait>(db: &Db, column: E::Column, until: Time) -> Result<u64> {
    db.write((column, until), |tx, (column, until)| {
        Box::pin(async move {
            let expired = E::delete_many().filter(column.lte(*until));
            Ok(expired.exec(tx).await?.rows_affected)
        })
    })
    .await
}
