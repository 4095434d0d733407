//! The items of a branch as the model is given them: what of a conversation is sent, and as what.

use models::message::{MessageType, Model, Role};
use models::{Content, MessageId, Part};
use provider::{ChatMessage, ChatRole};
use schemas::validate;

/// An item that the model is given.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) id: MessageId,
    pub(crate) seq: i64,
    /// How many items stand above it on its branch.
    pub(crate) depth: i32,
    pub(crate) role: Role,
    pub(crate) content: Content,
}

impl Item {
    /// What is sent of a row; none if nothing is.
    pub(crate) fn of(row: Model) -> Option<Self> {
        let role = match row.kind {
            MessageType::Message => row.role?,
            // The model is not told of its calls yet, so a result would answer nothing. Reasoning
            // and calls stand beside an answer.
            MessageType::FunctionCallOutput
            | MessageType::Reasoning
            | MessageType::FunctionCall => return None,
        };
        let Model { id, seq, depth, content, .. } = row;
        let content = Content::from(content);
        // An answer that failed before its first word is one of those.
        (!says_nothing(&content)).then_some(Self { id, seq, depth, role, content })
    }

    /// The same as a message of a request.
    pub(crate) fn into_message(self) -> ChatMessage {
        said(self.role, self.content)
    }
}

/// What somebody says, as a message of a request.
pub(crate) fn said(role: Role, content: Content) -> ChatMessage {
    let role = match role {
        Role::User => ChatRole::User,
        Role::Assistant => ChatRole::Assistant,
        Role::System => ChatRole::System,
    };
    let part = |part| match part {
        Part::Text(text) => provider::Part::Text(text),
        Part::Image { url, detail } => provider::Part::Image { url, detail },
        Part::File { filename, data, url } => provider::Part::File { filename, data, url },
    };
    ChatMessage::Said { role, parts: content.into_parts().into_iter().map(part).collect() }
}

/// Whether a content says nothing to anybody.
pub(crate) fn says_nothing(content: &Content) -> bool {
    content.parts().iter().all(|part| match part {
        Part::Text(text) => validate::says_nothing(text),
        Part::Image { .. } | Part::File { .. } => false,
    })
}
