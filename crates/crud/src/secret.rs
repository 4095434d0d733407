//! Which secret the servers of a database sign tokens with, as a fingerprint.
//!
//! Servers that share a database and not the secret refuse each other's tokens: a client behind a
//! balancer is logged out at every second request.

use models::meta;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait};

use crate::db::Db;
use crate::error::Result;
use crate::insert;

/// The name of the fact.
const FACT: &str = "secret_fingerprint";

/// Notes the fingerprint of the secret that a starting server signs with. Whether it is none of
/// those that are `accepted`: those of the secrets whose tokens this server takes.
pub async fn note(db: &Db, current: String, accepted: Vec<String>) -> Result<bool> {
    db.write((current, accepted), |tx, (current, accepted)| {
        Box::pin(async move {
            let known = meta::Entity::find_by_id(FACT.to_owned()).one(tx).await?;
            let is_other = known.as_ref().is_some_and(|row| !accepted.contains(&row.value));
            if known.as_ref().is_none_or(|row| row.value != *current) {
                meta::Entity::delete_by_id(FACT.to_owned()).exec(tx).await?;
                insert(tx, meta::Model { name: FACT.to_owned(), value: current.clone() }).await?;
            }
            Ok(is_other)
        })
    })
    .await
}

/// The fingerprint that was noted last; none before the first start that noted one.
pub(crate) async fn noted(db: &impl ConnectionTrait) -> Result<Option<String>, DbErr> {
    Ok(meta::Entity::find_by_id(FACT.to_owned()).one(db).await?.map(|row| row.value))
}
