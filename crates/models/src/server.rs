//! Table `servers`.

use sea_orm::entity::prelude::*;

use crate::ServerId;

/// A running server. `(epoch, liveness)` shows others that it lives.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "servers")]
pub struct Model {
    /// Primary key; new at every start.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ServerId,
    /// Raised by the server that takes its responses over.
    pub epoch: i64,
    /// The liveness counter, incremented every 2 s while the server runs something.
    #[sea_orm(column_name = "beat")]
    pub liveness: i64,
}

/// No relations: `crud` joins by hand.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
