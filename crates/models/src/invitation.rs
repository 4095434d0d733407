//! Table `invitations`.

use sea_orm::entity::prelude::*;

use crate::user::UserRole;
use crate::{InvitationId, Time, UserId};

/// A link with which people make accounts who could not otherwise.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invitations")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: InvitationId,
    /// SHA-256 of the token; unique.
    pub hash: Vec<u8>,
    /// The one canonical address that it is for; none for any.
    pub email: Option<String>,
    /// What the accounts may do that are made with it.
    pub role: UserRole,
    /// How many accounts were made with it.
    pub uses: i32,
    /// How many may be.
    pub max_uses: i32,
    /// The administrator who made it; none at the command line.
    pub created_by: Option<UserId>,
    /// When it stops working.
    pub expires_at: Time,
    /// When it was made.
    pub created_at: Time,
}

/// No relations: `crud` joins by hand.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
