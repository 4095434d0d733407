//! Repeated requests: what a request with an `Idempotency-Key` led to, stored in the same
//! transaction as its effect, so that after any crash either both are there or neither.

use models::idempotency_key::{Column, Entity, Model};
use models::{Time, UserId};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::db::{Db, Tx};
use crate::error::Result;
use crate::{expiry, insert};

/// How many keys are forgotten at once.
const STEP: u64 = 1000;

/// A key as a client sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The key; 255 characters at most.
    pub key: String,
    /// SHA-256 of what was asked.
    pub request_hash: Vec<u8>,
    /// When the key may be forgotten.
    pub expires_at: Time,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Nothing, or it has expired.
    New,
    /// The same was asked before and led to this.
    Same(String),
    /// Something else was asked with it.
    Other,
}

/// Looks a key of `owner` up outside of a transaction.
pub async fn find(db: &Db, owner: UserId, key: &IdempotencyKey, now: Time) -> Result<Seen> {
    check(db.read(), owner, Some(key), now).await
}

/// Looks a key of `owner` up.
pub(crate) async fn check(
    tx: &impl ConnectionTrait,
    owner: UserId,
    key: Option<&IdempotencyKey>,
    now: Time,
) -> Result<Seen> {
    let Some(key) = key else { return Ok(Seen::New) };
    let found = Entity::find_by_id((owner, key.key.clone())).one(tx).await?;
    Ok(match found.filter(|found| found.expires_at > now) {
        None => Seen::New,
        Some(found) if found.request_hash == key.request_hash => Seen::Same(found.result),
        Some(_) => Seen::Other,
    })
}

/// Keeps what a new key led to.
pub(crate) async fn keep(
    tx: &Tx,
    owner: UserId,
    key: Option<&IdempotencyKey>,
    now: Time,
    result: String,
) -> Result<()> {
    let Some(IdempotencyKey { key, request_hash, expires_at }) = key.cloned() else {
        return Ok(());
    };
    // An expired one may be in the way. One that another transaction has stored since the check
    // is left there: the insert runs into it, and the closure is run again and finds it.
    Entity::delete_by_id((owner, key.clone())).filter(Column::ExpiresAt.lte(now)).exec(tx).await?;
    insert(tx, Model { user_id: owner, key, request_hash, result, expires_at }).await
}

/// When the next key expires, or has expired; `None` if there are none.
pub async fn oldest(db: &Db) -> Result<Option<Time>> {
    expiry::first::<Entity>(db, Column::ExpiresAt).await
}

/// Forgets up to 1,000 keys that have expired; how many it were.
pub async fn purge(db: &Db, now: Time) -> Result<u64> {
    db.write(now, |tx, now| {
        Box::pin(async move {
            let expired: Vec<(UserId, String)> = Entity::find()
                .select_only()
                .columns([Column::UserId, Column::Key])
                .filter(Column::ExpiresAt.lte(*now))
                .limit(STEP)
                .into_tuple()
                .all(tx)
                .await?;
            let mut gone = 0;
            for (owner, key) in expired {
                let delete = Entity::delete_by_id((owner, key));
                gone += delete.filter(Column::ExpiresAt.lte(*now)).exec(tx).await?.rows_affected;
            }
            Ok(gone)
        })
    })
    .await
}
