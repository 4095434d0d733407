//! Table `conversations`.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{ConversationId, MessageId, ResponseId, Time, UserId};

/// What a conversation is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))")]
pub enum ConversationKind {
    /// A person's conversation, shown in lists.
    #[sea_orm(string_value = "chat")]
    Chat,
    /// Opened silently for a stored response without a conversation: in no list and found by no
    /// search. Its owner finds it by its id and in an export.
    #[sea_orm(string_value = "chain")]
    Chain,
}

/// Who wrote the title.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))")]
#[serde(rename_all = "snake_case")]
pub enum TitleSource {
    /// Nobody yet; the title is empty.
    #[sea_orm(string_value = "none")]
    None,
    /// The first line of the first message.
    #[sea_orm(string_value = "first_line")]
    FirstLine,
    /// The model.
    #[sea_orm(string_value = "model")]
    Model,
    /// The user; never overwritten.
    #[sea_orm(string_value = "user")]
    User,
}

/// A conversation. Its title is stored here so that a list never loads messages.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "conversations")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ConversationId,
    /// Its owner.
    pub user_id: UserId,
    /// What it is for.
    pub kind: ConversationKind,
    /// Shown in lists; at most 255 characters.
    pub title: String,
    /// Who wrote the title.
    pub title_source: TitleSource,
    /// The model used when a message names none.
    pub model: Option<String>,
    /// The system message put before its messages.
    pub instructions: Option<String>,
    /// Whether it is kept on top of lists.
    pub pinned: bool,
    /// When it was archived.
    pub archived_at: Option<Time>,
    /// When it was deleted; in the trash from then on.
    pub deleted_at: Option<Time>,
    /// When the removal of its rows began; nothing brings it back from then on.
    pub removed_at: Option<Time>,
    /// Up to 16 pairs of strings, as a JSON object.
    pub metadata: Option<String>,
    /// The number its next message gets; raised by one atomic update, never read first.
    pub next_seq: i64,
    /// The response running in it.
    pub active_response_id: Option<ResponseId>,
    /// The newest message of the selected branch.
    pub head_id: Option<MessageId>,
    /// Raised at every change; the `ETag`.
    pub version: i64,
    /// When it was made.
    pub created_at: Time,
    /// When a message was last sent or answered; lists are in this order.
    pub updated_at: Time,
}

/// No relations: `crud` joins by hand.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
