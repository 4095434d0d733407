//! Links to a new password.

use models::password_reset::{Column, Entity, Model};
use models::{Time, UserId, user};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::{end_sessions, update, visible};
use crate::accounts::with_owner;
use crate::db::{Db, Tx};
use crate::error::Result;
use crate::{expiry, insert};

/// Stores a link in the place of the account's earlier one; `false` when there is no such account.
pub async fn replace(db: &Db, reset: Model) -> Result<bool> {
    db.write(reset, |tx, reset| {
        Box::pin(async move {
            if !crate::accounts::lock(tx, reset.user_id).await?
                || visible().filter(user::Column::Id.eq(reset.user_id)).one(tx).await?.is_none()
            {
                return Ok(false);
            }
            remove(tx, reset.user_id).await?;
            insert(tx, reset.clone()).await?;
            Ok(true)
        })
    })
    .await
}

/// The e-mail address of the account that a link with this hash is for, if it can be used.
pub async fn find(db: &Db, hash: Vec<u8>, now: Time) -> Result<Option<String>> {
    let query = Entity::find()
        .select_only()
        .column(user::Column::Email)
        .filter(Column::Hash.eq(hash))
        .filter(Column::ExpiresAt.gt(now))
        .filter(user::Column::DeletedAt.is_null());
    Ok(with_owner(query, Column::UserId).into_tuple().one(db.read()).await?)
}

/// Removes the link of an account.
pub(super) async fn remove(tx: &Tx, user: UserId) -> Result<()> {
    Entity::delete_by_id(user).exec(tx).await?;
    Ok(())
}

/// When the next link expires, or has expired; `None` if there are none.
pub async fn oldest(db: &Db) -> Result<Option<Time>> {
    expiry::first::<Entity>(db, Column::ExpiresAt).await
}

/// Removes the links that have expired. How many it were.
pub async fn purge(db: &Db, now: Time) -> Result<u64> {
    expiry::remove::<Entity>(db, Column::ExpiresAt, now).await
}

/// Uses a link: its account gets this password hash, and all its sessions end. Whose it is; none
/// when the link cannot be used.
pub async fn spend(
    db: &Db,
    hash: Vec<u8>,
    password_hash: String,
    now: Time,
) -> Result<Option<UserId>> {
    db.write((hash, password_hash, now), |tx, (hash, password_hash, now)| {
        Box::pin(spend_in(tx, hash, password_hash, *now))
    })
    .await
}

async fn spend_in(tx: &Tx, hash: &[u8], password_hash: &str, now: Time) -> Result<Option<UserId>> {
    let same = || Entity::find().filter(Column::Hash.eq(hash)).filter(Column::ExpiresAt.gt(now));
    let Some(found) = same().one(tx).await? else { return Ok(None) };
    let spent = Entity::delete_many().filter(Column::Hash.eq(hash)).exec(tx).await?;
    if spent.rows_affected == 0 {
        // Another request was quicker.
        return Ok(None);
    }
    let changed = update(found.user_id)
        .col_expr(user::Column::PasswordHash, password_hash.into())
        .col_expr(user::Column::UpdatedAt, now.into())
        .exec(tx)
        .await?;
    if changed.rows_affected == 0 {
        return Ok(None);
    }
    end_sessions(tx, found.user_id, None, now).await?;
    Ok(Some(found.user_id))
}
