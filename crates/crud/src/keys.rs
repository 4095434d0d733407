//! API keys.

use std::time::Duration;

use models::api_key::{Column, Entity, Model};
use models::{ApiKeyId, SessionId, Time, UserId, session, user};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::accounts::{self, with_owner};
use crate::db::{Db, Tx};
use crate::error::Result;
use crate::insert;

/// How long the row of a revoked key is kept, for those who look into what happened.
const KEPT_AFTER_REVOCATION: Duration = Duration::from_hours(30 * 24);

/// What a request needs to know of the key it was made with.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct KeyBearer {
    /// The key.
    pub id: ApiKeyId,
    /// Whose key it is.
    pub user_id: UserId,
    /// The stored form of its scopes.
    pub scopes: String,
    /// When it stops working.
    pub expires_at: Option<Time>,
    /// When it was last used.
    pub last_used_at: Option<Time>,
    /// When it was revoked.
    pub revoked_at: Option<Time>,
    /// What its owner may do.
    pub role: user::UserRole,
    /// When the owner was disabled.
    pub disabled_at: Option<Time>,
}

/// Reads the state of the key with this hash and of its owner, in one query.
pub async fn find_bearer(db: &Db, hash: Vec<u8>) -> Result<Option<KeyBearer>> {
    let query = Entity::find()
        .select_only()
        .columns([Column::Id, Column::UserId, Column::Scopes, Column::ExpiresAt])
        .columns([Column::LastUsedAt, Column::RevokedAt])
        .column(user::Column::Role)
        .column(user::Column::DisabledAt)
        .filter(Column::Hash.eq(hash));
    let query = with_owner(query, Column::UserId);
    Ok(query.into_model::<KeyBearer>().one(db.read()).await?)
}

/// Those of the keys `ids` that were neither revoked nor have expired.
pub async fn list_live(db: &Db, ids: Vec<ApiKeyId>, now: Time) -> Result<Vec<ApiKeyId>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let query = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Id.is_in(ids))
        .filter(Column::RevokedAt.is_null())
        .filter(Condition::any().add(Column::ExpiresAt.is_null()).add(Column::ExpiresAt.gt(now)))
        .filter(user::Column::DisabledAt.is_null());
    Ok(with_owner(query, Column::UserId).into_tuple().all(db.read()).await?)
}

/// The keys of `owner` that are not revoked, newest first.
pub async fn list(db: &Db, owner: UserId) -> Result<Vec<Model>> {
    Ok(Entity::find()
        .filter(Column::UserId.eq(owner))
        .filter(Column::RevokedAt.is_null())
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .all(db.read())
        .await?)
}

/// How storing a new key ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is stored.
    Stored,
    /// Its owner has as many as allowed.
    TooMany,
    /// There is no such owner, or they have ended what it was made with.
    NoOwner,
}

/// With what a key is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maker {
    /// The command line.
    Operator,
    /// A session of its owner.
    Session(SessionId),
    /// Another key of its owner.
    Key(ApiKeyId),
}

/// Stores a key, unless its owner has `limit` keys that are not revoked, or what it is made with
/// has ended meanwhile: what ends all keys ends those that were about to be made, too.
pub async fn add(db: &Db, key: Model, maker: Maker, limit: u32) -> Result<Added> {
    db.write((key, maker, limit), |tx, (key, maker, limit)| {
        Box::pin(add_in(tx, key, *maker, *limit))
    })
    .await
}

async fn add_in(tx: &Tx, key: &Model, maker: Maker, limit: u32) -> Result<Added> {
    // Two that are made at once are counted one after the other.
    if !accounts::lock(tx, key.user_id).await? || !is_live(tx, maker).await? {
        return Ok(Added::NoOwner);
    }
    let owned = || Entity::find().filter(Column::UserId.eq(key.user_id));
    let count = owned().filter(Column::RevokedAt.is_null()).count(tx).await?;
    if count >= u64::from(limit) {
        return Ok(Added::TooMany);
    }
    Entity::delete_many()
        .filter(Column::UserId.eq(key.user_id))
        .filter(Column::RevokedAt.lt(key.created_at - KEPT_AFTER_REVOCATION))
        .exec(tx)
        .await?;
    insert(tx, key.clone()).await?;
    Ok(Added::Stored)
}

async fn is_live(tx: &Tx, maker: Maker) -> Result<bool> {
    let count = match maker {
        Maker::Operator => return Ok(true),
        Maker::Session(id) => {
            let revoked = session::Column::RevokedAt;
            session::Entity::find_by_id(id).filter(revoked.is_null()).count(tx).await?
        }
        Maker::Key(id) => {
            Entity::find_by_id(id).filter(Column::RevokedAt.is_null()).count(tx).await?
        }
    };
    Ok(count == 1)
}

/// Renames a key of `owner`; the row as it is afterwards.
pub async fn rename(db: &Db, owner: UserId, id: ApiKeyId, name: String) -> Result<Option<Model>> {
    db.write((owner, id, name), |tx, (owner, id, name)| {
        Box::pin(async move {
            let live = Condition::all()
                .add(Column::UserId.eq(*owner))
                .add(Column::Id.eq(*id))
                .add(Column::RevokedAt.is_null());
            Entity::update_many()
                .col_expr(Column::Name, name.clone().into())
                .filter(live.clone())
                .exec(tx)
                .await?;
            Ok(Entity::find().filter(live).one(tx).await?)
        })
    })
    .await
}

/// Revokes a key of `owner`; whether there was a live one.
pub async fn revoke(db: &Db, owner: UserId, id: ApiKeyId, now: Time) -> Result<bool> {
    db.write((owner, id, now), |tx, (owner, id, now)| {
        Box::pin(async move {
            let revoked = Entity::update_many()
                .col_expr(Column::RevokedAt, (*now).into())
                .filter(Column::UserId.eq(*owner))
                .filter(Column::Id.eq(*id))
                .filter(Column::RevokedAt.is_null())
                .exec(tx)
                .await?;
            Ok(revoked.rows_affected == 1)
        })
    })
    .await
}

/// Revokes the keys of `owner`, but for `keep`.
pub(crate) async fn end_all(
    tx: &Tx,
    owner: UserId,
    keep: Option<ApiKeyId>,
    now: Time,
) -> Result<()> {
    let mut end = Entity::update_many()
        .col_expr(Column::RevokedAt, now.into())
        .filter(Column::UserId.eq(owner))
        .filter(Column::RevokedAt.is_null());
    if let Some(keep) = keep {
        end = end.filter(Column::Id.ne(keep));
    }
    end.exec(tx).await?;
    Ok(())
}

/// Notes that a key was used at `now`.
pub async fn note_use(db: &Db, id: ApiKeyId, now: Time) -> Result<()> {
    db.write((id, now), |tx, (id, now)| {
        Box::pin(async move {
            Entity::update_many()
                .col_expr(Column::LastUsedAt, (*now).into())
                .filter(Column::Id.eq(*id))
                .exec(tx)
                .await?;
            Ok(())
        })
    })
    .await
}
