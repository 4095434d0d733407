//! What use cases hand out of a conversation, before it has the form of any wire.
//!
//! Each wire format has bodies of its own that are made `From` these; those of `/api` stand in
//! [`conversation`](crate::conversation), [`message`](crate::message) and
//! [`response`](crate::response). They are nobody's JSON: nothing here serialises.

mod chat;
mod conversation;
mod item;
mod message;
mod response;

pub use chat::{Chat, StoppedChat};
pub use conversation::{Conversation, Metadata};
pub use item::{Item, ItemBody};
pub use message::{Attachment, Message, Siblings, ToolCall, Turn};
pub use models::Parameters;
pub use response::{NewResponse, Response, State};

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// In the order of the list.
    pub items: Vec<T>,
    /// Whether another page follows in the direction asked.
    pub has_more: bool,
}
