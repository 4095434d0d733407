//! Table `users`.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Time, UserId};

/// What a user may do beyond their own data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))")]
#[serde(rename_all = "snake_case")]
pub enum UserRole {
    /// Only their own data.
    #[sea_orm(string_value = "user")]
    User,
    /// Also the administration routes.
    #[sea_orm(string_value = "admin")]
    Admin,
}

/// A person with an account.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    /// Canonical e-mail address: trimmed, lower case; unique.
    pub email: String,
    /// Argon2id hash in PHC string format; of an account that was moved in from another program
    /// its hash, until the first login here.
    pub password_hash: String,
    /// Display name; may be empty.
    pub name: String,
    /// What the user may do.
    pub role: UserRole,
    /// When an administrator disabled the account.
    pub disabled_at: Option<Time>,
    /// When the account was deleted: nobody sees it any more, its rows are being removed.
    pub deleted_at: Option<Time>,
    /// Raised to end every access token at once.
    pub token_version: i32,
    /// When the account was made.
    pub created_at: Time,
    /// When the row last changed.
    pub updated_at: Time,
}

/// No relations: `crud` joins by hand.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
