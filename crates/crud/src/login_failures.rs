//! Wrong passwords, counted.

use std::time::Duration;

use models::Time;
use models::login_failure::{ActiveModel, Column, Entity, Model};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
};

use crate::db::{Db, Tx};
use crate::error::Result;
use crate::expiry;

/// How many rows go at once.
const STEP: u64 = 1000;

/// What is counted for these subjects; nothing for those without a wrong password.
pub async fn find(db: &Db, subjects: Vec<Vec<u8>>) -> Result<Vec<Model>> {
    Ok(find_in(subjects).all(db.read()).await?)
}

fn find_in(subjects: Vec<Vec<u8>>) -> sea_orm::Select<Entity> {
    Entity::find().filter(Column::Subject.is_in(subjects))
}

/// Counts one wrong password for each of the subjects, and begins anew where the last one was
/// longer ago than `remembered`; the rows as they are now.
///
/// The time of the last one goes on only: attempts are stored in another order than they were made
/// in, and servers' clocks differ. So of two rows the later or larger one is the newer one. Only a
/// time more than `remembered` ahead, of a clock that was set back since, gives way to `now`.
pub async fn add(
    db: &Db,
    subjects: Vec<Vec<u8>>,
    now: Time,
    remembered: Duration,
) -> Result<Vec<Model>> {
    db.write((subjects, now, remembered), |tx, (subjects, now, remembered)| {
        Box::pin(add_in(tx, subjects, *now, *remembered))
    })
    .await
}

async fn add_in(
    tx: &Tx,
    subjects: &[Vec<u8>],
    now: Time,
    remembered: Duration,
) -> Result<Vec<Model>> {
    let row = |subject: &Vec<u8>| {
        let row = Model { subject: subject.clone(), wrong: 1, last_at: now };
        row.into_active_model().reset_all()
    };
    // In the order of the key, so that two servers that count the same do not wait for each other.
    let mut sorted = subjects.to_vec();
    sorted.sort_unstable();
    let rows: Vec<ActiveModel> = sorted.iter().map(row).collect();
    // The count before the time: MySQL gives a later assignment what an earlier one has left.
    let last = || Expr::col((Entity, Column::LastAt));
    let (past, ahead) = (now - remembered, now + remembered);
    let count = Expr::case(last().lte(past), 1).finally(Expr::col((Entity, Column::Wrong)).add(1));
    let time = Expr::case(last().gt(now).and(last().lt(ahead)), last()).finally(Expr::val(now));
    let there = OnConflict::column(Column::Subject)
        .value(Column::Wrong, count)
        .value(Column::LastAt, time)
        .to_owned();
    Entity::insert_many(rows).on_conflict(there).exec_without_returning(tx).await?;
    Ok(find_in(sorted).all(tx).await?)
}

/// Forgets what is counted for these subjects.
pub async fn forget(db: &Db, subjects: Vec<Vec<u8>>) -> Result<()> {
    db.write(subjects, |tx, subjects| {
        Box::pin(async move {
            let gone = Entity::delete_many().filter(Column::Subject.is_in(subjects.clone()));
            gone.exec(tx).await?;
            Ok(())
        })
    })
    .await
}

/// When the oldest count was raised last; `None` if there are none.
pub async fn oldest(db: &Db) -> Result<Option<Time>> {
    expiry::first::<Entity>(db, Column::LastAt).await
}

/// Removes up to 1,000 counts that were not raised since `until`; how many it were.
pub async fn purge(db: &Db, until: Time) -> Result<u64> {
    db.write(until, |tx, until| {
        Box::pin(async move {
            let old: Vec<Vec<u8>> = Entity::find()
                .select_only()
                .column(Column::Subject)
                .filter(Column::LastAt.lte(*until))
                .limit(STEP)
                .into_tuple()
                .all(tx)
                .await?;
            if old.is_empty() {
                return Ok(0);
            }
            let gone = Entity::delete_many()
                .filter(Column::Subject.is_in(old))
                .filter(Column::LastAt.lte(*until));
            Ok(gone.exec(tx).await?.rows_affected)
        })
    })
    .await
}
