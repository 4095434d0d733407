//! Table `sessions`.

use sea_orm::entity::prelude::*;

use crate::{SessionId, Time, UserId};

/// One login of a user.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    /// Primary key; the `sid` claim of its access tokens.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    /// Whose login it is.
    pub user_id: UserId,
    /// The client's `User-Agent`, cut to 255 characters.
    pub user_agent: String,
    /// The client's address.
    pub address: String,
    /// When the login happened.
    pub created_at: Time,
    /// When its tokens were last refreshed.
    pub last_used_at: Time,
    /// When it ends at the latest.
    pub expires_at: Time,
    /// When it was ended early.
    pub revoked_at: Option<Time>,
}

/// No relations: `crud` joins by hand.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
