//! Table `meta`.

use sea_orm::entity::prelude::*;

/// A fact about the database itself: key fingerprints, the first administrator.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "meta")]
pub struct Model {
    /// What the fact is called.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// The fact.
    pub value: String,
}

/// No relations: `crud` joins by hand.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
