//! Table `servers`.

use sea_orm::entity::prelude::*;

use crate::ServerId;

/// A running server. `(epoch, beat)` shows others that it lives.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "servers")]
pub struct Model {
    /// Primary key; new at every start.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ServerId,
    /// Raised by whoever takes its responses over.
    pub epoch: i64,
    /// Raised every 2 s while it runs something.
    pub beat: i64,
}

/// No relations: `crud` joins by hand.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
