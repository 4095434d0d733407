use models::Part;
use models::message::{MessageStatus, MessageType, Role};

use super::Response;
use crate::event::Annotation;
use crate::{ConversationId, MessageId, ResponseId, Time};

/// A message, with what stands beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Id.
    pub id: MessageId,
    /// The conversation it belongs to.
    pub conversation_id: ConversationId,
    /// Its number in the conversation, from 0.
    pub seq: i64,
    /// The message above it.
    pub parent_id: Option<MessageId>,
    /// Its place among the messages with the same parent.
    pub siblings: Siblings,
    /// The response that wrote it; the newest, where several went on with it.
    pub response_id: Option<ResponseId>,
    /// What it is.
    pub kind: MessageType,
    /// Of a tool's result: the provider's id of the call that it belongs to. Of a call in the tree:
    /// its own.
    pub call_id: Option<String>,
    /// Of a call in the tree, which a client has told: the tool's name.
    pub name: Option<String>,
    /// Of such a call: its arguments, which should be JSON.
    pub arguments: Option<String>,
    /// Who speaks; none of a tool's result.
    pub role: Option<Role>,
    /// Whether a person wrote it.
    pub is_user: bool,
    /// Whether it is whole.
    pub status: MessageStatus,
    /// Its text; of an answer in progress the text so far. A call in the tree has none.
    pub content: String,
    /// All its parts in their order, where they are not text only.
    pub parts: Vec<Part>,
    /// Of an answer in progress: the number of the last event that `content` covers.
    pub covers_seq: Option<u64>,
    /// What the model reasoned before it answered; of an answer in progress so far.
    pub reasoning: Option<String>,
    /// The calls of tools that the model made while it answered, in order.
    pub calls: Vec<ToolCall>,
    /// The sources that the answer names, in their order.
    pub annotations: Vec<Annotation>,
    /// Files that belonged to it where it was imported from.
    pub attachments: Vec<Attachment>,
    /// The model that wrote it.
    pub model: Option<String>,
    /// When it was stored.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

/// A place among the messages with the same parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Siblings {
    /// From 0.
    pub index: u32,
    /// How many there are, this one included.
    pub count: u32,
    /// The one before it.
    pub previous: Option<MessageId>,
    /// The one after it.
    pub next: Option<MessageId>,
}

impl Siblings {
    /// The place of what stands alone.
    pub const NONE: Self = Self { index: 0, count: 1, previous: None, next: None };
}

/// A call of a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall {
    /// Id of the item.
    pub id: MessageId,
    /// The provider's id of the call.
    pub call_id: String,
    /// The tool's name.
    pub name: String,
    /// Its arguments, which should be JSON; of a call in progress those so far.
    pub arguments: String,
    /// Whether it is whole.
    pub status: MessageStatus,
    /// How many UTF-16 code units of the answer's text came before it.
    pub offset: u32,
}

/// A file that belonged to an imported message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// What it was called.
    pub name: Option<String>,
    /// Its media type, as the other product called it.
    pub media_type: Option<String>,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// Where the other product kept it.
    pub place: String,
}

/// A message and its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// What the person said.
    pub user_message: Message,
    /// The answer, as far as it is.
    pub message: Message,
    /// How the answer was made.
    pub response: Response,
}
