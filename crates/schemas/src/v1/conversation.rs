//! Conversations: the fields of `OpenAI`, and ours beside them.

use models::conversation::TitleSource;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Input;
use super::input::InputItem;
use crate::conversation::{ConversationPatch, PageCursor};
use crate::list::List;
use crate::validate::{Invalid, Patch, Rule};
use crate::view::{self, Metadata, Page};
use crate::{ConversationId, MessageId, ResponseId};

/// The most items that one request adds.
const MAX_NEW_ITEMS: usize = 20;

/// Body of `POST /v1/conversations`; it may be left out. Fields that are not here are left alone.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, ToSchema)]
#[schema(as = V1ConversationCreate)]
pub struct ConversationCreate {
    /// What it begins with: at most 20 input items.
    #[serde(default)]
    #[schema(value_type = Option<Vec<serde_json::Value>>, max_items = 20)]
    pub items: Option<Input>,
    /// The client's own pairs: at most 16, keys of at most 64 and values of at most 512 characters.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub metadata: Option<Metadata>,
    /// Ours: the title; without one it becomes the first line of the first message of the user.
    #[serde(default)]
    #[schema(example = "Plans for Sunday", min_length = 1, max_length = 255)]
    pub title: Option<String>,
    /// Ours: the model used when a request names none.
    #[serde(default)]
    pub model: Option<String>,
    /// Ours: system message put before the conversation's messages.
    #[serde(default)]
    pub instructions: Option<String>,
}

impl ConversationCreate {
    /// The items that it begins with, checked, and the conversation as `/api` opens one.
    pub fn split(
        self,
    ) -> Result<(Vec<InputItem>, crate::conversation::ConversationCreate), Invalid> {
        let Self { items, metadata, title, model, instructions } = self;
        let items = match items {
            Some(Input::Items(items)) if items.is_empty() => Vec::new(),
            Some(items) => new_items(items)?,
            None => Vec::new(),
        };
        let conversation =
            crate::conversation::ConversationCreate { title, model, instructions, metadata };
        conversation.validate()?;
        Ok((items, conversation))
    }
}

/// Body of `POST /v1/conversations/{id}`: only the fields sent are changed. Fields that are not
/// here are left alone.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, ToSchema)]
#[schema(as = V1ConversationUpdate)]
pub struct ConversationUpdate {
    /// New pairs in place of all old ones; `null` removes them.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub metadata: Patch<Metadata>,
    /// Ours: the new title; `null` gives it back to the server.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    pub title: Patch<String>,
    /// Ours: the new default model; `null` for the server's default.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub model: Patch<String>,
    /// Ours: new instructions; `null` removes them.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub instructions: Patch<String>,
    /// Ours: selects the branch of this message.
    #[serde(default)]
    #[schema(value_type = String, required = false)]
    pub head_id: Patch<MessageId>,
    /// Ours: whether to keep it on top.
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    pub pinned: Patch<bool>,
    /// Ours: whether to put it aside.
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    pub archived: Patch<bool>,
}

impl ConversationUpdate {
    /// The same as a change of `/api`. One without a field that is known here is refused: the
    /// official clients always send `metadata`.
    pub fn patch(self) -> Result<ConversationPatch, Invalid> {
        if self == Self::default() {
            return Err(Invalid::new("metadata", "metadata is needed").of(Rule::Required));
        }
        let Self { metadata, title, model, instructions, head_id, pinned, archived } = self;
        Ok(ConversationPatch { title, model, instructions, head_id, pinned, archived, metadata })
    }
}

/// Body of `POST /v1/conversations/{id}/items`. Fields that are not here are left alone.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, ToSchema)]
#[schema(as = V1ItemsCreate)]
pub struct ItemsCreate {
    /// What is added: 1 to 20 input items.
    #[serde(default)]
    #[schema(value_type = Vec<serde_json::Value>, required = true, min_items = 1, max_items = 20)]
    pub items: Option<Input>,
}

impl ItemsCreate {
    /// The items, checked.
    pub fn items(self) -> Result<Vec<InputItem>, Invalid> {
        let missing = || Invalid::new("items", "items is needed").of(Rule::Required);
        new_items(self.items.ok_or_else(missing)?)
    }
}

fn new_items(items: Input) -> Result<Vec<InputItem>, Invalid> {
    match &items {
        Input::Text(_) => return Err(Invalid::new("items", "items must be an array")),
        Input::Items(items) if items.len() > MAX_NEW_ITEMS => {
            let message = format!("items must have at most {MAX_NEW_ITEMS} items");
            return Err(Invalid::new("items", message));
        }
        Input::Items(_) => {}
    }
    items.items("items")
}

/// A conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = V1Conversation)]
pub struct ConversationOut {
    /// Id.
    #[schema(value_type = String, example = "conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
    pub id: ConversationId,
    /// Always `conversation`.
    #[schema(example = "conversation")]
    pub object: &'static str,
    /// When it was made, in whole seconds since 1970.
    pub created_at: i64,
    /// The client's own pairs.
    #[schema(value_type = BTreeMap<String, String>)]
    pub metadata: Metadata,
    /// Ours: the title; empty until the first message.
    pub title: String,
    /// Ours: who wrote the title: `none`, `first_line`, `model` or `user`.
    #[schema(value_type = String, example = "first_line")]
    pub title_source: TitleSource,
    /// Ours: the model used when a request names none; `null` for the server's default.
    pub model: Option<String>,
    /// Ours: system message put before the conversation's messages.
    pub instructions: Option<String>,
    /// Ours: whether it is kept on top.
    pub pinned: bool,
    /// Ours: whether it was put aside.
    pub archived: bool,
    /// Ours: the response running in it, if one is.
    #[schema(value_type = Option<String>)]
    pub active_response_id: Option<ResponseId>,
    /// Ours: the newest message of the selected branch, whose items are listed.
    #[schema(value_type = Option<String>)]
    pub head_id: Option<MessageId>,
    /// Ours: when a message was last sent or answered in it, in whole seconds since 1970.
    pub updated_at: i64,
}

impl From<view::Conversation> for ConversationOut {
    fn from(conversation: view::Conversation) -> Self {
        Self {
            id: conversation.id,
            object: "conversation",
            created_at: conversation.created_at.timestamp(),
            metadata: conversation.metadata,
            title: conversation.title,
            title_source: conversation.title_source,
            model: conversation.model,
            instructions: conversation.instructions,
            pinned: conversation.pinned,
            archived: conversation.archived_at.is_some(),
            active_response_id: conversation.active_response_id,
            head_id: conversation.head_id,
            updated_at: conversation.updated_at.timestamp(),
        }
    }
}

/// A page of conversations.
pub type ConversationList = List<ConversationOut>;

impl From<Page<view::Conversation>> for ConversationList {
    fn from(Page { items, has_more }: Page<view::Conversation>) -> Self {
        let last = items.last().map(|last| PageCursor { time: last.listed_at(), id: last.id });
        let data = items.into_iter().map(ConversationOut::from).collect();
        let page =
            Self::new(data, has_more, |conversation: &ConversationOut| conversation.id.to_string());
        page.continued_at(last)
    }
}

/// What `DELETE` of a conversation returns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = V1ConversationDeleted)]
pub struct ConversationDeleted {
    /// Id of what was deleted.
    #[schema(value_type = String)]
    pub id: ConversationId,
    /// Always `conversation.deleted`.
    #[schema(example = "conversation.deleted")]
    pub object: &'static str,
    /// Always `true`.
    pub deleted: bool,
}

impl ConversationDeleted {
    /// Of this conversation.
    pub fn new(id: ConversationId) -> Self {
        Self { id, object: "conversation.deleted", deleted: true }
    }
}
