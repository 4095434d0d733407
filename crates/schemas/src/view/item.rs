use models::Content;
use models::message::{MessageStatus, Role};

use crate::MessageId;
use crate::event::{Annotation, ItemKind};
use crate::stream::DoneItem;

/// An item of a conversation as `OpenAI` counts them: a message, and each call and each reasoning
/// by itself, whether it stands beside an answer or a client told it.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Id.
    pub id: MessageId,
    /// Whether it is whole.
    pub status: MessageStatus,
    /// What it says.
    pub body: ItemBody,
}

/// What an item says.
#[derive(Debug, Clone, PartialEq)]
pub enum ItemBody {
    /// A message.
    Message {
        /// Who speaks.
        role: Role,
        /// What is said.
        content: Content,
        /// The sources that an answer names, in their order.
        annotations: Vec<Annotation>,
    },
    /// A call of a tool.
    FunctionCall {
        /// The provider's id of the call.
        call_id: String,
        /// The tool's name.
        name: String,
        /// Its arguments, which should be JSON.
        arguments: String,
    },
    /// What a called tool returned.
    FunctionCallOutput {
        /// The provider's id of the call.
        call_id: String,
        /// What it returned.
        output: Content,
    },
    /// What the model reasoned.
    Reasoning {
        /// Its text.
        text: String,
    },
}

impl From<DoneItem> for Item {
    fn from(done: DoneItem) -> Self {
        let DoneItem { item, text, annotations, complete } = done;
        let status = if complete { MessageStatus::Completed } else { MessageStatus::Incomplete };
        let body = match item.kind {
            ItemKind::Message => {
                ItemBody::Message { role: Role::Assistant, content: text.into(), annotations }
            }
            ItemKind::Reasoning => ItemBody::Reasoning { text },
            ItemKind::FunctionCall(call) => {
                ItemBody::FunctionCall { call_id: call.call_id, name: call.name, arguments: text }
            }
        };
        Self { id: item.id, status, body }
    }
}
