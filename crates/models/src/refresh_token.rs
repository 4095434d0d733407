//! Table `refresh_tokens`.

use sea_orm::entity::prelude::*;

use crate::{SessionId, Time};

/// One refresh token of a session; each is used once and then has a successor.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refresh_tokens")]
pub struct Model {
    /// SHA-256 of the token's 256 random bits.
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: Vec<u8>,
    /// The session it renews.
    pub session_id: SessionId,
    /// When it was exchanged.
    pub used_at: Option<Time>,
    /// Hash of the token it was exchanged for.
    pub successor: Option<Vec<u8>>,
    /// When it can no longer be exchanged.
    pub expires_at: Time,
    /// When it was issued.
    pub created_at: Time,
}

/// No relations: `crud` joins by hand.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
