//! Conversations.

mod bulk;
mod cursor;

use models::conversation::TitleSource;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use crate::view::Metadata;
pub use bulk::{BulkArchive, BulkArchived, BulkDelete, BulkDeleted, Selection};
pub use cursor::{After, PageCursor};

use crate::validate::{self, Invalid, Patch};
use crate::view;
use crate::{ConversationId, MessageId, ResponseId, Time};

/// Body of `POST /api/conversations`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConversationCreate {
    /// Title; without one it becomes the first line of the first message.
    #[serde(default)]
    #[schema(example = "Plans for Sunday", min_length = 1, max_length = 255)]
    pub title: Option<String>,
    /// The model used when a message names none.
    #[serde(default)]
    pub model: Option<String>,
    /// System message put before the conversation's messages.
    #[serde(default)]
    pub instructions: Option<String>,
    /// The client's own pairs: at most 16, keys of at most 64 and values of at most 512 characters.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub metadata: Option<Metadata>,
}

impl ConversationCreate {
    /// Checks every bound.
    pub fn validate(&self) -> Result<(), Invalid> {
        let Self { title, model, instructions, metadata } = self;
        check(title.as_deref(), model.as_deref(), instructions.as_deref(), metadata.as_ref())
    }
}

/// Body of `PATCH /api/conversations/{id}`: only the fields sent are changed.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConversationPatch {
    /// New title; `null` gives the title back to the server.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Plans for Sunday", min_length = 1, max_length = 255)]
    pub title: Patch<String>,
    /// New default model; `null` for the server's default.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub model: Patch<String>,
    /// New instructions; `null` removes them.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub instructions: Patch<String>,
    /// Selects a branch by any of its messages: it is shown, and gone on with, from its first
    /// message to the newest below the one named, along the newest answer wherever there are
    /// several.
    #[serde(default)]
    #[schema(value_type = String, required = false)]
    pub head_id: Patch<MessageId>,
    /// Whether to keep it on top.
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    pub pinned: Patch<bool>,
    /// Whether to put it aside: out of the list, not into the trash.
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    pub archived: Patch<bool>,
    /// New pairs in place of all old ones; `null` removes them.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub metadata: Patch<Metadata>,
}

impl ConversationPatch {
    /// Checks every bound.
    pub fn validate(&self) -> Result<(), Invalid> {
        let Self { title, model, instructions, head_id, pinned, archived, metadata } = self;
        if *head_id == Patch::Null {
            return Err(Invalid::new("head_id", "head_id must be a message of this conversation"));
        }
        for (field, value) in [("pinned", pinned), ("archived", archived)] {
            if *value == Patch::Null {
                return Err(Invalid::new(field, format!("{field} must be true or false")));
            }
        }
        check(
            title.value().map(String::as_str),
            model.value().map(String::as_str),
            instructions.value().map(String::as_str),
            metadata.value(),
        )
    }
}

fn check(
    title: Option<&str>,
    model: Option<&str>,
    instructions: Option<&str>,
    metadata: Option<&Metadata>,
) -> Result<(), Invalid> {
    if let Some(title) = title {
        validate::not_blank("title", title)?;
        validate::chars_at_most("title", title, validate::MAX_TITLE_CHARS)?;
    }
    if let Some(model) = model {
        validate::model_name("model", model)?;
    }
    if let Some(text) = instructions {
        validate::bytes_at_most("instructions", text, validate::MAX_INSTRUCTIONS_BYTES)?;
    }
    if let Some(pairs) = metadata {
        validate::metadata("metadata", pairs)?;
    }
    Ok(())
}

/// A conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConversationOut {
    /// Id.
    #[schema(value_type = String, example = "conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
    pub id: ConversationId,
    /// Title; empty until the first message.
    pub title: String,
    /// Who wrote the title: `none`, `first_line`, `model` or `user`.
    #[schema(value_type = String, example = "first_line")]
    pub title_source: TitleSource,
    /// The model used when a message names none; `null` for the server's default.
    pub model: Option<String>,
    /// System message put before the conversation's messages.
    pub instructions: Option<String>,
    /// Whether it is kept on top. Lists do not sort by it; `?pinned=true` gets these alone.
    pub pinned: bool,
    /// Whether it was put aside.
    pub archived: bool,
    /// The client's own pairs.
    #[schema(value_type = BTreeMap<String, String>)]
    pub metadata: Metadata,
    /// The response running in it, if one is.
    #[schema(value_type = Option<String>)]
    pub active_response_id: Option<ResponseId>,
    /// The newest message of the selected branch.
    #[schema(value_type = Option<String>)]
    pub head_id: Option<MessageId>,
    /// Raised at every change; in quotes it is the `ETag`.
    pub version: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When a message was last sent or answered in it. Other changes leave it as it is.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Time,
    /// When it was put into the trash; `null` elsewhere.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub deleted_at: Option<Time>,
    /// When it will be removed from the trash; `null` elsewhere.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub purge_at: Option<Time>,
}

impl From<view::Conversation> for ConversationOut {
    fn from(conversation: view::Conversation) -> Self {
        let view::Conversation {
            id,
            title,
            title_source,
            model,
            instructions,
            pinned,
            archived_at,
            metadata,
            active_response_id,
            head_id,
            version,
            created_at,
            updated_at,
            deleted_at,
            purge_at,
        } = conversation;
        Self {
            id,
            title,
            title_source,
            model,
            instructions,
            pinned,
            archived: archived_at.is_some(),
            metadata,
            active_response_id,
            head_id,
            version,
            created_at,
            updated_at,
            deleted_at,
            purge_at,
        }
    }
}

/// What `DELETE` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Deleted {
    /// Id of what was deleted.
    pub id: String,
    /// What it was.
    #[schema(example = "conversation")]
    pub object: &'static str,
    /// Always `true`.
    pub deleted: bool,
    /// Until when it can be restored from the trash; absent if it is gone for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub purge_at: Option<Time>,
}
