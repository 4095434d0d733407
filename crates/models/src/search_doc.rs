//! Table `search_docs`.

use sea_orm::entity::prelude::*;

use crate::{ConversationId, UserId};

/// What can be found of a message, or of a conversation's title.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "search_docs")]
pub struct Model {
    /// Primary key, in the order of storing.
    #[sea_orm(primary_key)]
    pub doc: i64,
    /// Who can find it.
    pub user_id: UserId,
    /// The conversation it stands in, or whose title it is.
    pub conversation_id: ConversationId,
    /// The message's number; none for a title.
    pub seq: Option<i64>,
    /// Whether it is a title.
    pub is_title: bool,
    /// Its terms, with a space before and after each.
    pub terms: String,
}

/// No relations: `crud` joins by hand.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
