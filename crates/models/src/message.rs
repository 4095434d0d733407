//! Table `messages`.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Content, ConversationId, MessageId, ResponseId, Time};

/// What a row of a conversation is (what `OpenAI` calls an item).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(24))")]
#[serde(rename_all = "snake_case")]
pub enum MessageType {
    /// A message proper.
    #[sea_orm(string_value = "message")]
    Message,
    /// The model's reasoning, kept apart from its answer.
    #[sea_orm(string_value = "reasoning")]
    Reasoning,
    /// A call of a function.
    #[sea_orm(string_value = "function_call")]
    FunctionCall,
    /// What a called function returned.
    #[sea_orm(string_value = "function_call_output")]
    FunctionCallOutput,
}

impl MessageType {
    /// The types whose rows are always part of the tree of a conversation; see
    /// [`Model::is_in_tree`].
    pub const IN_TREE: [Self; 2] = [Self::Message, Self::FunctionCallOutput];
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))")]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A person.
    #[sea_orm(string_value = "user")]
    User,
    /// The model.
    #[sea_orm(string_value = "assistant")]
    Assistant,
    /// The operator or the application.
    #[sea_orm(string_value = "system")]
    System,
}

/// How far a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))")]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
    /// Being generated.
    #[sea_orm(string_value = "in_progress")]
    InProgress,
    /// Whole.
    #[sea_orm(string_value = "completed")]
    Completed,
    /// Ended early; the text so far is kept.
    #[sea_orm(string_value = "incomplete")]
    Incomplete,
}

/// A row of a conversation.
///
/// `is_user` is true only for a person's message; [`is_user`] is the one function that says so.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "messages")]
pub struct Model {
    /// The conversation it belongs to; with `seq` the primary key, so that a
    /// conversation's messages lie together on disk.
    #[sea_orm(primary_key, auto_increment = false)]
    pub conversation_id: ConversationId,
    /// Its number in the conversation, from 0; gaps are left by deleted ones.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// Unique.
    pub id: MessageId,
    /// The message it answers or follows; none at a root.
    pub parent_id: Option<MessageId>,
    /// How many messages stand above it on its branch.
    pub depth: i32,
    /// The response that produced it; none for a person's message.
    pub response_id: Option<ResponseId>,
    /// What it is.
    #[sea_orm(column_name = "type")]
    pub kind: MessageType,
    /// Who speaks; none for items without a speaker.
    pub role: Option<Role>,
    /// Whether a person wrote it.
    pub is_user: bool,
    /// How far it is.
    pub status: MessageStatus,
    /// Its text; of an answer in progress empty until the answer ends.
    pub content: String,
    /// What does not fit into text (parts, call ids, annotations), as JSON.
    pub data: Option<String>,
    /// The model that wrote it.
    pub model: Option<String>,
    /// When it was stored.
    pub created_at: Time,
    /// When the row last changed.
    pub updated_at: Time,
}

impl Model {
    /// Whether the row is part of the tree of its conversation: it has a parent, children and
    /// siblings. Reasoning and calls that a response brought stand beside its answer; those that a
    /// client told have no response, and are part of the tree.
    pub fn is_in_tree(&self) -> bool {
        self.response_id.is_none() || MessageType::IN_TREE.contains(&self.kind)
    }
}

/// The `data` of a result, as JSON: what stands beside the output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultData {
    /// The provider's id of the call.
    pub call_id: String,
}

impl ResultData {
    /// Reads what a row holds; none if a person broke it by hand.
    pub fn read(data: Option<&str>) -> Option<Self> {
        serde_json::from_str(data?).ok()
    }

    /// As it is stored beside this output.
    pub fn stored(&self, output: &Content) -> String {
        let mut data = Map::from_iter([("call_id".to_owned(), Value::from(self.call_id.as_str()))]);
        output.put_parts(&mut data);
        Value::from(data).to_string()
    }
}

/// The `data` of a call that a client tells of, as JSON: what stands beside the arguments. What the
/// engine stores beside an answer's own call has these fields, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallData {
    /// The provider's id of the call.
    pub call_id: String,
    /// The tool's name.
    pub name: String,
}

impl CallData {
    /// As it is stored.
    pub fn stored(&self) -> String {
        serde_json::json!({ "call_id": self.call_id, "name": self.name }).to_string()
    }
}

/// The value of `is_user` for a row of this type and role.
pub fn is_user(kind: MessageType, role: Option<Role>) -> bool {
    kind == MessageType::Message && role == Some(Role::User)
}

/// No relations: `crud` joins by hand.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
