//! Conversations.

use models::conversation::TitleSource;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::validate::{self, Invalid, Patch};
use crate::{ConversationId, MessageId, ResponseId, Time};

/// Body of `POST /api/conversations`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConversationCreate {
    /// Title; without one it becomes the first line of the first message.
    #[serde(default)]
    #[schema(example = "Plans for Sunday")]
    pub title: Option<String>,
    /// The model used when a message names none.
    #[serde(default)]
    pub model: Option<String>,
    /// System message put before the conversation's messages.
    #[serde(default)]
    pub instructions: Option<String>,
}

impl ConversationCreate {
    /// Checks every bound.
    pub fn validate(&self) -> Result<(), Invalid> {
        check(self.title.as_deref(), self.model.as_deref(), self.instructions.as_deref())
    }
}

/// Body of `PATCH /api/conversations/{id}`: only the fields sent are changed.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConversationPatch {
    /// New title; `null` gives the title back to the server.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Plans for Sunday")]
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
    #[schema(value_type = Option<String>)]
    pub head_id: Patch<MessageId>,
}

impl ConversationPatch {
    /// Checks every bound.
    pub fn validate(&self) -> Result<(), Invalid> {
        if self.head_id == Patch::Null {
            return Err(Invalid::new("head_id", "head_id must be a message of this conversation"));
        }
        check(
            self.title.value().map(String::as_str),
            self.model.value().map(String::as_str),
            self.instructions.value().map(String::as_str),
        )
    }
}

fn check(
    title: Option<&str>,
    model: Option<&str>,
    instructions: Option<&str>,
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
    /// The response running in it, if one is.
    #[schema(value_type = Option<String>)]
    pub active_response_id: Option<ResponseId>,
    /// The newest message of the selected branch.
    #[schema(value_type = Option<String>)]
    pub head_id: Option<MessageId>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// Its newest activity.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Time,
}

/// What `DELETE` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Deleted {
    /// Id of what is gone.
    pub id: String,
    /// What it was.
    #[schema(example = "conversation")]
    pub object: &'static str,
    /// Always `true`.
    pub deleted: bool,
}
