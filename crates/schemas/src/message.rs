//! Messages and turns.

mod part;

use models::message::{MessageStatus, MessageType, Role};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::conversation::ConversationCreate;
use crate::response::{AnnotationOut, ResponseResource};
use crate::validate::{self, Invalid, Patch};
use crate::view;
use crate::{ConversationId, MessageId, ResponseId, Time};

pub use part::{PartFile, PartImage, PartOut, PartText};

/// Body of `POST /api/conversations/{id}/messages`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageCreate {
    /// What the person says; at most 524,288 bytes of UTF-8.
    #[schema(example = "Why is the sky blue?", min_length = 1)]
    pub content: String,
    /// The model to ask; without one the conversation's, else the server's default.
    #[serde(default)]
    pub model: Option<String>,
    /// The message to hang it below. Left out: the newest of the selected branch. `null`: none,
    /// it begins a branch of its own. To edit a message, send its `parent_id` as it is.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub parent_id: Patch<MessageId>,
    /// `true` answers with the response's events (`text/event-stream`), else with the whole turn.
    #[serde(default)]
    pub stream: bool,
}

impl MessageCreate {
    /// Checks every bound.
    pub fn validate(&self) -> Result<(), Invalid> {
        check_text(&self.content, self.model.as_deref())
    }
}

/// Body of `POST /api/messages`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FirstMessageCreate {
    /// What the person says; at most 524,288 bytes of UTF-8.
    #[schema(example = "Why is the sky blue?", min_length = 1)]
    pub content: String,
    /// The model to ask; without one the new conversation's, else the server's default.
    #[serde(default)]
    pub model: Option<String>,
    /// `true` answers with the response's events (`text/event-stream`), else with the whole turn.
    #[serde(default)]
    pub stream: bool,
    /// The conversation to be made; left out, as `{}`.
    #[serde(default)]
    pub conversation: ConversationCreate,
}

impl FirstMessageCreate {
    /// Checks every bound.
    pub fn validate(&self) -> Result<(), Invalid> {
        check_text(&self.content, self.model.as_deref())?;
        self.conversation.validate().map_err(|invalid| invalid.within("conversation"))
    }
}

/// Checks what a person sends, and the name of the model that shall answer.
fn check_text(content: &str, model: Option<&str>) -> Result<(), Invalid> {
    validate::not_blank("content", content)?;
    validate::bytes_at_most("content", content, validate::MAX_CONTENT_BYTES)?;
    model.map_or(Ok(()), |model| validate::model_name("model", model))
}

/// Body of `POST /api/messages/{id}/regenerate`; it may be left out.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageRegenerate {
    /// The model to ask; without one the conversation's, else the server's default.
    #[serde(default)]
    pub model: Option<String>,
    /// `true` answers with the response's events (`text/event-stream`), else with the whole turn.
    #[serde(default)]
    pub stream: bool,
}

impl MessageRegenerate {
    /// Checks every bound.
    pub fn validate(&self) -> Result<(), Invalid> {
        self.model.as_ref().map_or(Ok(()), |model| validate::model_name("model", model))
    }
}

/// Body of `POST /api/responses/{id}/continue`; it may be left out.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResponseContinue {
    /// The model to ask; without one that of the response.
    #[serde(default)]
    pub model: Option<String>,
    /// `true` answers with the response's events (`text/event-stream`), else with the whole turn.
    #[serde(default)]
    pub stream: bool,
}

impl ResponseContinue {
    /// Checks every bound.
    pub fn validate(&self) -> Result<(), Invalid> {
        self.model.as_ref().map_or(Ok(()), |model| validate::model_name("model", model))
    }
}

/// A message.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MessageOut {
    /// Id.
    #[schema(value_type = String, example = "msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
    pub id: MessageId,
    /// The conversation it belongs to.
    #[schema(value_type = String)]
    pub conversation_id: ConversationId,
    /// Its number in the conversation, from 0.
    pub seq: i64,
    /// The message above it.
    #[schema(value_type = Option<String>)]
    pub parent_id: Option<MessageId>,
    /// Its place among the messages with the same parent, from 0.
    pub sibling_index: u32,
    /// How many messages have the same parent, this one included.
    pub sibling_count: u32,
    /// The one before it among them. To show its branch, make it the conversation's `head_id`.
    #[schema(value_type = Option<String>)]
    pub previous_sibling_id: Option<MessageId>,
    /// The one after it.
    #[schema(value_type = Option<String>)]
    pub next_sibling_id: Option<MessageId>,
    /// The response that wrote it; the newest, where several went on with it.
    #[schema(value_type = Option<String>)]
    pub response_id: Option<ResponseId>,
    /// `message`, `reasoning`, `function_call` or `function_call_output`.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "message")]
    pub kind: MessageType,
    /// Of a tool's result: the provider's id of the call that it belongs to. Its `content` is the
    /// output. Of a call that is an item of its own: its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "call_1")]
    pub call_id: Option<String>,
    /// Of a call that is an item of its own, since a client told it: the tool's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "get_weather")]
    pub name: Option<String>,
    /// Of such a call: its arguments, which should be JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "{\"city\":\"Lisbon\"}")]
    pub arguments: Option<String>,
    /// `user`, `assistant` or `system`; none of a tool's result, nor of a call or reasoning that is
    /// an item of its own.
    #[schema(value_type = Option<String>, example = "user")]
    pub role: Option<Role>,
    /// Whether a person wrote it.
    pub is_user: bool,
    /// `in_progress`, `completed` or `incomplete`.
    #[schema(value_type = String, example = "completed")]
    pub status: MessageStatus,
    /// Its text; of an answer in progress the text so far.
    pub content: String,
    /// All its parts in their order, where images or files are among them; else left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartOut>,
    /// Of an answer in progress: the number of the last event that `content` covers. Follow the
    /// response after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub covers_seq: Option<u64>,
    /// What the model reasoned before it answered; of an answer in progress so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<String>,
    /// The calls of tools that the model made while it answered, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<CallOut>,
    /// The sources that the answer names, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<AnnotationOut>,
    /// Files that belonged to it where it was imported from. Their bytes are not kept here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<AttachmentOut>,
    /// The model that wrote it.
    pub model: Option<String>,
    /// When it was stored.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Time,
}

impl From<view::Message> for MessageOut {
    fn from(message: view::Message) -> Self {
        let view::Siblings { index, count, previous, next } = message.siblings;
        Self {
            id: message.id,
            conversation_id: message.conversation_id,
            seq: message.seq,
            parent_id: message.parent_id,
            sibling_index: index,
            sibling_count: count,
            previous_sibling_id: previous,
            next_sibling_id: next,
            response_id: message.response_id,
            kind: message.kind,
            call_id: message.call_id,
            name: message.name,
            arguments: message.arguments,
            role: message.role,
            is_user: message.is_user,
            status: message.status,
            content: message.content,
            parts: message.parts.into_iter().map(PartOut::from).collect(),
            covers_seq: message.covers_seq,
            reasoning: message.reasoning,
            calls: message.calls.into_iter().map(CallOut::from).collect(),
            annotations: message.annotations.into_iter().map(AnnotationOut::from).collect(),
            attachments: message.attachments.into_iter().map(AttachmentOut::from).collect(),
            model: message.model,
            created_at: message.created_at,
            updated_at: message.updated_at,
        }
    }
}

/// A call of a tool that the model made. Its result, where a client has sent one, is an item below
/// the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CallOut {
    /// Id of the item, as the response's events name it.
    #[schema(value_type = String, example = "msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
    pub id: MessageId,
    /// The provider's id of the call.
    #[schema(example = "call_1")]
    pub call_id: String,
    /// The tool's name.
    #[schema(example = "get_weather")]
    pub name: String,
    /// Its arguments, which should be JSON; of a call in progress those so far.
    #[schema(example = "{\"city\":\"Lisbon\"}")]
    pub arguments: String,
    /// `in_progress`, `completed` or `incomplete`.
    #[schema(value_type = String, example = "completed")]
    pub status: MessageStatus,
    /// How many UTF-16 code units of `content`, as JavaScript counts, came before it.
    pub offset: u32,
}

impl From<view::ToolCall> for CallOut {
    fn from(call: view::ToolCall) -> Self {
        let view::ToolCall { id, call_id, name, arguments, status, offset } = call;
        Self { id, call_id, name, arguments, status, offset }
    }
}

/// A file that belonged to an imported message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AttachmentOut {
    /// What it was called.
    pub name: Option<String>,
    /// Its media type, as the other product called it.
    #[serde(rename = "type")]
    pub media_type: Option<String>,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// Where the other product kept it: a path in its archive, a URL or an id.
    pub place: String,
}

impl From<view::Attachment> for AttachmentOut {
    fn from(file: view::Attachment) -> Self {
        let view::Attachment { name, media_type, size, place } = file;
        Self { name, media_type, size, place }
    }
}

/// A message and its answer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TurnOut {
    /// What the person said.
    pub user_message: MessageOut,
    /// The answer, as far as it is.
    pub message: MessageOut,
    /// How the answer was made.
    pub response: ResponseResource,
}

impl From<view::Turn> for TurnOut {
    fn from(view::Turn { user_message, message, response }: view::Turn) -> Self {
        Self {
            user_message: user_message.into(),
            message: message.into(),
            response: response.into(),
        }
    }
}
