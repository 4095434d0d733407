//! Invitations: links with which accounts are made.

use models::invitation::{Column, Entity, Model};
use models::user::{self, UserRole};
use models::{InvitationId, Time};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
};

use crate::db::{Db, Tx};
use crate::error::Result;
use crate::{expiry, insert};

/// Those that are neither used up nor expired.
fn open(now: Time) -> Condition {
    Condition::all()
        .add(Column::ExpiresAt.gt(now))
        .add(Expr::col((Entity, Column::Uses)).lt(Expr::col((Entity, Column::MaxUses))))
}

/// Those that can be used: also their author may still invite people. One that was made at the
/// command line has none.
fn usable(now: Time) -> Condition {
    let administrators = user::Entity::find()
        .select_only()
        .column(user::Column::Id)
        .filter(user::Column::Role.eq(UserRole::Admin))
        .filter(user::Column::DisabledAt.is_null())
        .filter(user::Column::DeletedAt.is_null());
    let author = Column::CreatedBy.in_subquery(administrators.into_query());
    open(now).add(Condition::any().add(Column::CreatedBy.is_null()).add(author))
}

/// Stores an invitation, unless there are `limit` that can be used; whether it did. Those that are
/// over are removed.
pub async fn add(db: &Db, invitation: Model, limit: u64) -> Result<bool> {
    db.write((invitation, limit), |tx, (invitation, limit)| {
        Box::pin(async move {
            let now = invitation.created_at;
            Entity::delete_many().filter(open(now).not()).exec(tx).await?;
            if Entity::find().filter(usable(now)).count(tx).await? >= *limit {
                return Ok(false);
            }
            insert(tx, invitation.clone()).await?;
            Ok(true)
        })
    })
    .await
}

/// Those that can be used, newest first, `limit` at the most.
pub async fn list(db: &Db, now: Time, limit: u64) -> Result<Vec<Model>> {
    let query = Entity::find().filter(usable(now)).order_by_desc(Column::CreatedAt);
    Ok(query.order_by_desc(Column::Id).limit(limit).all(db.read()).await?)
}

/// Takes an invitation back; whether there was one.
pub async fn remove(db: &Db, id: InvitationId) -> Result<bool> {
    db.write(id, |tx, id| {
        Box::pin(async move {
            let gone = Entity::delete_many().filter(Column::Id.eq(*id)).exec(tx).await?;
            Ok(gone.rows_affected == 1)
        })
    })
    .await
}

/// The invitation with this hash, if it can be used.
pub async fn find(db: &Db, hash: Vec<u8>, now: Time) -> Result<Option<Model>> {
    find_in(db.read(), hash, now).await
}

async fn find_in(
    connection: &impl ConnectionTrait,
    hash: Vec<u8>,
    now: Time,
) -> Result<Option<Model>> {
    let query = Entity::find().filter(Column::Hash.eq(hash)).filter(usable(now));
    Ok(query.one(connection).await?)
}

/// When the next invitation expires, or has expired; `None` if there are none.
pub async fn oldest(db: &Db) -> Result<Option<Time>> {
    expiry::first::<Entity>(db, Column::ExpiresAt).await
}

/// Removes the invitations that have expired. How many it were.
pub async fn purge(db: &Db, now: Time) -> Result<u64> {
    expiry::remove::<Entity>(db, Column::ExpiresAt, now).await
}

/// Uses an invitation once, for an account with this address: what that account may do; none when
/// it cannot be used for it.
pub(crate) async fn spend(
    tx: &Tx,
    hash: Vec<u8>,
    email: &str,
    now: Time,
) -> Result<Option<UserRole>> {
    let found = find_in(tx, hash, now).await?;
    let found = found.filter(|found| found.email.as_deref().is_none_or(|only| only == email));
    let Some(found) = found else { return Ok(None) };
    let spent = Entity::update_many()
        .col_expr(Column::Uses, Expr::col(Column::Uses).add(1))
        .filter(Column::Id.eq(found.id))
        .filter(open(now))
        .exec(tx)
        .await?;
    Ok((spent.rows_affected == 1).then_some(found.role))
}
