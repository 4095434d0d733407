//! Table `login_failures`.

use sea_orm::entity::prelude::*;

use crate::Time;

/// How many passwords were wrong lately, for an account, an address, or an account at an address.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "login_failures")]
pub struct Model {
    /// SHA-256 of what it is counted for.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject: Vec<u8>,
    /// How many.
    pub wrong: i32,
    /// When the last of them was checked.
    pub last_at: Time,
}

/// No relations: nothing refers to it.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
