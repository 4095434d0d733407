//! Table `response_events`.

use sea_orm::entity::prelude::*;

use crate::ResponseId;

/// A run of consecutive events of a response, as one checkpoint stored them.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "response_events")]
pub struct Model {
    /// Primary key, in the order of storing.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The response.
    pub response_id: ResponseId,
    /// Number of the first event in `payload`; unique with the response.
    pub first_seq: i64,
    /// Number of the last one.
    pub last_seq: i64,
    /// One event a line in the compact form of `schemas::event`.
    pub payload: String,
}

/// No relations: `crud` joins by hand.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
