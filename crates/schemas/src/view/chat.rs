use super::{Message, Response};
use crate::{ConversationId, ResponseId};

/// A conversation as a chat screen shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chat {
    /// Its id, as the client named it.
    pub name: String,
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The selected branch, oldest first, without the answer that is being made and what belongs
    /// to the same message.
    pub messages: Vec<Message>,
    /// The response that is being made.
    pub active_response_id: Option<ResponseId>,
    /// Whether there are older messages.
    pub has_more: bool,
}

/// What was stopped in a chat.
#[derive(Debug, Clone, PartialEq)]
pub struct StoppedChat {
    /// Its id, as the client named it.
    pub name: String,
    /// The response that was being made, as it is now; none if none was.
    pub response: Option<Response>,
}
