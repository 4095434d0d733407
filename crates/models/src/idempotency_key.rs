//! Table `idempotency_keys`.

use sea_orm::entity::prelude::*;

use crate::{Time, UserId};

/// What a request with an `Idempotency-Key` led to.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_keys")]
pub struct Model {
    /// Whose key it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// The key as sent.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// SHA-256 of the request's method, path and body.
    pub request_hash: Vec<u8>,
    /// What the request led to, as JSON.
    pub result: String,
    /// When the key may be forgotten.
    pub expires_at: Time,
}

/// No relations: `crud` joins by hand.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
