//! From deleted to gone: into the trash, out of it, or removed row by row.
//!
//! A row with `deleted_at` is in the trash. One with `removed_at` too is on its way out: its
//! messages may be gone already, so nothing finds it any more but its own removal.

use models::conversation::{Column, Entity, Model};
use models::{ConversationId, ResponseId, Time, UserId, message, response, response_event};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, UpdateMany,
};

use super::{Changed, STEP, Version, changed, owned};
use crate::db::{Db, Tx};
use crate::dialect;
use crate::error::Result;
use crate::owned::Owned;

/// How many rows one step of a removal takes, so that other writers get their turn.
const REMOVE_STEP: i64 = 1000;

/// What becomes of a deleted conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It can be restored.
    Trash,
    /// Its rows are removed; the caller sees to that.
    Removal,
}

/// Which conversations of an owner are deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// These.
    Ids(Vec<ConversationId>),
    /// All.
    All,
    /// Those in the trash.
    Trash,
}

/// A conversation that was deleted: its id, and the response that was running in it.
pub type DeletedRow = (ConversationId, Option<ResponseId>);

/// In the trash and not on its way out.
fn in_trash() -> Condition {
    Condition::all().add(Column::DeletedAt.is_not_null()).add(Column::RemovedAt.is_null())
}

/// The conversations in the trash of `owner`.
pub(super) fn of(owner: UserId) -> Select<Entity> {
    Entity::find().filter(owned(owner)).filter(in_trash())
}

/// Finds a conversation in the trash of `owner`.
pub async fn find(db: &Db, owner: UserId, id: ConversationId) -> Result<Option<Owned<Model>>> {
    Ok(of(owner).filter(Column::Id.eq(id)).one(db.read()).await?.map(Owned::found))
}

/// The conversations of `owner` that a delete with this fate applies to.
fn deletable(owner: UserId, fate: Fate) -> Condition {
    let still = match fate {
        Fate::Trash => Column::DeletedAt.is_null(),
        Fate::Removal => Column::RemovedAt.is_null(),
    };
    owned(owner).add(still)
}

fn delete_many(fate: Fate, now: Time) -> UpdateMany<Entity> {
    let update = Entity::update_many()
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        // One that comes from the trash keeps its time.
        .col_expr(Column::DeletedAt, Expr::col(Column::DeletedAt).if_null(now));
    match fate {
        Fate::Trash => update,
        Fate::Removal => update.col_expr(Column::RemovedAt, now.into()),
    }
}

/// Deletes a conversation of `owner`: hidden at once. Answers with the row as it is now.
pub async fn delete(
    db: &Db,
    owner: UserId,
    id: ConversationId,
    expected: Option<Vec<Version>>,
    fate: Fate,
    now: Time,
) -> Result<Changed> {
    db.write((id, expected), move |tx, (id, expected)| {
        let which = deletable(owner, fate).add(Column::Id.eq(*id));
        Box::pin(changed(tx, delete_many(fate, now), which, expected.as_deref(), *id))
    })
    .await
}

/// What a delete of many applies to, of what was made before `now`.
fn selected(owner: UserId, selection: &Selection, fate: Fate, now: Time) -> Condition {
    let which = deletable(owner, fate);
    match selection {
        Selection::Ids(ids) => which.add(Column::Id.is_in(ids.iter().copied())),
        Selection::All => which.add(Column::CreatedAt.lte(now)),
        Selection::Trash => which.add(in_trash()),
    }
}

/// The next step of deleting many conversations of `owner` that were made before `now`: ids for
/// [`delete_some`]. To be called until there are none.
pub async fn list_deletable(
    db: &Db,
    owner: UserId,
    selection: &Selection,
    fate: Fate,
    now: Time,
) -> Result<Vec<ConversationId>> {
    Ok(Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(selected(owner, selection, fate, now))
        .limit(STEP)
        .into_tuple()
        .all(db.read())
        .await?)
}

/// Deletes these of the selected conversations of `owner`: the rows it deleted. One that the
/// selection does not apply to any more stays as it is.
pub async fn delete_some(
    db: &Db,
    owner: UserId,
    (selection, ids): (Selection, Vec<ConversationId>),
    fate: Fate,
    now: Time,
) -> Result<Vec<DeletedRow>> {
    db.write((owner, selection, ids), move |tx, (owner, selection, ids)| {
        let these = Column::Id.is_in(ids.iter().copied());
        let which = selected(*owner, selection, fate, now).add(these);
        Box::pin(async move {
            let rows: Vec<DeletedRow> = Entity::find()
                .select_only()
                .columns([Column::Id, Column::ActiveResponseId])
                .filter(which.clone())
                .into_tuple()
                .all(tx)
                .await?;
            if !rows.is_empty() {
                let ids = rows.iter().map(|(id, _)| *id);
                delete_many(fate, now).filter(which).filter(Column::Id.is_in(ids)).exec(tx).await?;
            }
            Ok(rows)
        })
    })
    .await
}

/// Takes a conversation of `owner` out of the trash; its row, or `None` when it is not there.
/// One that is not deleted stays as it is.
pub async fn restore(db: &Db, owner: UserId, id: ConversationId) -> Result<Option<Model>> {
    db.write((owner, id), |tx, (owner, id)| {
        Box::pin(async move {
            Entity::update_many()
                .col_expr(Column::Version, Expr::col(Column::Version).add(1))
                .col_expr(Column::DeletedAt, Expr::value(Option::<Time>::None))
                .filter(Column::Id.eq(*id))
                .filter(Column::UserId.eq(*owner))
                .filter(in_trash())
                .exec(tx)
                .await?;
            Ok(super::of(*owner).filter(Column::Id.eq(*id)).one(tx).await?)
        })
    })
    .await
}

/// When the conversation that has been in the trash the longest was deleted.
pub async fn find_oldest(db: &Db) -> Result<Option<Time>> {
    Ok(Entity::find()
        .select_only()
        .column(Column::DeletedAt)
        .filter(in_trash())
        .order_by_asc(Column::DeletedAt)
        .limit(1)
        .into_tuple()
        .one(db.read())
        .await?)
}

/// One step of emptying the trash: ids of what was deleted until `until`, of every owner, what has
/// lain there the longest first.
pub async fn list_due(db: &Db, until: Time) -> Result<Vec<ConversationId>> {
    Ok(Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(in_trash().add(Column::DeletedAt.lte(until)))
        .order_by_asc(Column::DeletedAt)
        .limit(STEP)
        .into_tuple()
        .all(db.read())
        .await?)
}

/// Takes conversations out of the trash to be removed. One that is not there any more stays as it
/// is.
pub async fn take(db: &Db, ids: Vec<ConversationId>, now: Time) -> Result<()> {
    db.write((ids, now), |tx, (ids, now)| {
        Box::pin(async move {
            let these = Column::Id.is_in(ids.iter().copied());
            delete_many(Fate::Removal, *now).filter(in_trash()).filter(these).exec(tx).await?;
            Ok(())
        })
    })
    .await
}

/// One step of removing all that `owner` has, of every kind and in the trash too: the ids to be
/// removed, behind `after` in their order. To be called until there are none.
pub(crate) async fn take_all(
    db: &Db,
    owner: UserId,
    after: Option<ConversationId>,
    now: Time,
) -> Result<Vec<ConversationId>> {
    db.write((owner, after, now), |tx, (owner, after, now)| {
        Box::pin(async move {
            let mut theirs = Condition::all().add(Column::UserId.eq(*owner));
            if let Some(after) = *after {
                theirs = theirs.add(Column::Id.gt(after));
            }
            let ids: Vec<ConversationId> = Entity::find()
                .select_only()
                .column(Column::Id)
                .filter(theirs)
                .order_by_asc(Column::Id)
                .limit(STEP)
                .into_tuple()
                .all(tx)
                .await?;
            if !ids.is_empty() {
                delete_many(Fate::Removal, *now)
                    .filter(Column::Id.is_in(ids.iter().copied()))
                    .filter(Column::RemovedAt.is_null())
                    .exec(tx)
                    .await?;
            }
            Ok(ids)
        })
    })
    .await
}

/// Ids of conversations whose removal has begun and whose rows are still there.
pub async fn list_removing(db: &Db) -> Result<Vec<ConversationId>> {
    Ok(Entity::find()
        .select_only()
        .column(Column::Id)
        // The first condition is the one the index begins with.
        .filter(Column::DeletedAt.is_not_null())
        .filter(Column::RemovedAt.is_not_null())
        .into_tuple()
        .all(db.read())
        .await?)
}

/// Removes a conversation on its way out with all that hangs below it, in steps that let others
/// write. Any other one stays.
pub async fn remove(db: &Db, id: ConversationId) -> Result<()> {
    remove_claimed(db, id, Condition::all().add(Column::RemovedAt.is_not_null())).await
}

/// The same for a conversation that a delete of `owner` at `now` may have hidden. What something
/// else has hidden stays: an import that runs is hidden like that.
pub async fn remove_hidden_by(
    db: &Db,
    (owner, now): (UserId, Time),
    id: ConversationId,
) -> Result<()> {
    remove_claimed(db, id, owned(owner).add(Column::RemovedAt.eq(now))).await
}

async fn remove_claimed(db: &Db, id: ConversationId, which: Condition) -> Result<()> {
    if !claim(db, id, which).await? {
        return Ok(());
    }
    let Some(row) = Entity::find_by_id(id).one(db.read()).await? else { return Ok(()) };
    let responses: Vec<ResponseId> = response::Entity::find()
        .select_only()
        .column(response::Column::Id)
        .filter(response::Column::ConversationId.eq(id))
        .into_tuple()
        .all(db.read())
        .await?;
    for chunk in responses.chunks(100) {
        db.write(chunk.to_vec(), |tx, ids| Box::pin(remove_events(tx, ids))).await?;
    }
    let mut below = 0;
    while below < row.next_seq {
        below += REMOVE_STEP;
        db.write((id, below), |tx, (id, below)| {
            Box::pin(async move {
                message::Entity::delete_many()
                    .filter(message::Column::ConversationId.eq(*id))
                    .filter(message::Column::Seq.lt(*below))
                    .exec(tx)
                    .await?;
                Ok(())
            })
        })
        .await?;
    }
    db.write(id, |tx, id| {
        Box::pin(async move {
            Entity::delete_by_id(*id).exec(tx).await?;
            if let Some(sql) = dialect::incremental_vacuum(tx) {
                sea_orm::ConnectionTrait::execute_unprepared(tx, sql).await?;
            }
            Ok(())
        })
    })
    .await
}

/// Raises the version of a conversation on its way out, so that an import, which is hidden like
/// one, is not shown once its rows are being removed.
///
/// It waits for a delete whose commit is still on its way.
async fn claim(db: &Db, id: ConversationId, which: Condition) -> Result<bool> {
    db.write((id, which), |tx, (id, which)| {
        Box::pin(async move {
            let claimed = Entity::update_many()
                .col_expr(Column::Version, Expr::col(Column::Version).add(1))
                .filter(Column::Id.eq(*id))
                .filter(which.clone())
                .exec(tx)
                .await?;
            Ok(claimed.rows_affected == 1)
        })
    })
    .await
}

async fn remove_events(tx: &Tx, responses: &[ResponseId]) -> Result<()> {
    response_event::Entity::delete_many()
        .filter(response_event::Column::ResponseId.is_in(responses.iter().copied()))
        .exec(tx)
        .await?;
    Ok(())
}
