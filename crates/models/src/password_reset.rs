//! Table `password_resets`.

use sea_orm::entity::prelude::*;

use crate::{Time, UserId};

/// A link with which the owner of an account gives it a new password.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "password_resets")]
pub struct Model {
    /// Whose password it is; an account has one link at a time.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// SHA-256 of the token; unique.
    pub hash: Vec<u8>,
    /// When it stops working.
    pub expires_at: Time,
    /// When it was made.
    pub created_at: Time,
}

/// No relations: `crud` joins by hand.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
