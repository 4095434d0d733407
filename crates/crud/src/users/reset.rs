//! Links to a new password.

use models::password_reset::{Column, Entity, Model};
use models::{Time, UserId, user};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{end_sessions, update, visible};
use crate::db::{Db, Tx};
use crate::error::Result;
use crate::insert;

/// Stores a link in the place of the account's earlier one; `false` when there is no such account.
pub async fn replace(db: &Db, reset: Model) -> Result<bool> {
    db.write(reset, |tx, reset| {
        Box::pin(async move {
            if !crate::accounts::lock(tx, reset.user_id).await?
                || visible().filter(user::Column::Id.eq(reset.user_id)).one(tx).await?.is_none()
            {
                return Ok(false);
            }
            Entity::delete_by_id(reset.user_id).exec(tx).await?;
            insert(tx, reset.clone()).await?;
            Ok(true)
        })
    })
    .await
}

/// Whether a link with this hash can be used.
pub async fn is_good(db: &Db, hash: Vec<u8>, now: Time) -> Result<bool> {
    let query = Entity::find().filter(Column::Hash.eq(hash)).filter(Column::ExpiresAt.gt(now));
    Ok(query.one(db.read()).await?.is_some())
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
        // Somebody else was quicker.
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
