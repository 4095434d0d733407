//! Table `imports`.

use sea_orm::entity::prelude::*;

use crate::{ConversationId, Time, UserId};

/// Which conversation another product's conversation became.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "imports")]
pub struct Model {
    /// Who imported it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// The product it came from.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source: String,
    /// Its id there; a digest of its content when it had none.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source_id: String,
    /// What it became.
    pub conversation_id: ConversationId,
    /// When.
    pub created_at: Time,
}

/// No relations: `crud` joins by hand.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
