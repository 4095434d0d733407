//! What people bring along and take away: conversations as other products export them, and as we do.
//!
//! [`read()`] takes a file (JSON, JSON Lines or a ZIP archive of such files) and gives one
//! [`Record`] after the other: a [`Conversation`] in the same shape whatever product it came from,
//! or the reason why one could not be read. One conversation is in memory at a time, and one that
//! cannot be read never takes others with it. [`own`] and [`markdown`] write.
//!
//! Knows nothing of accounts, databases or HTTP. Every input is a file of a user: it may be cut,
//! damaged, cyclic or enormous, and none of this is a panic.
//!
//! ```
//! use std::io::Cursor;
//! use std::ops::ControlFlow;
//! use transfer::{Limits, Record, Room};
//!
//! let file = r#"[{"uuid":"c1","name":"Sky","chat_messages":[
//!     {"uuid":"m1","sender":"human","text":"Why is it blue?"}]}]"#;
//! let mut found = Vec::new();
//! transfer::read(Cursor::new(file), Limits::default(), &Room::default(), |record| {
//!     found.push(record);
//!     ControlFlow::Continue(())
//! })
//! .unwrap();
//! let [Record::Conversation(conversation)] = found.as_slice() else { panic!("one conversation") };
//! assert_eq!(conversation.title.as_deref(), Some("Sky"));
//! assert_eq!(conversation.messages[0].text, "Why is it blue?");
//! ```

pub mod archive;
mod budget;
mod chatgpt;
mod claude;
mod conversation;
mod json;
mod librechat;
mod loose;
pub mod markdown;
mod open_webui;
pub mod own;
pub mod plain;
mod read;
mod split;
mod tree;
mod unreadable;

pub use budget::Room;
pub use conversation::{
    Annotation, Attachment, Conversation, Message, Note, Notes, Part, Response, Role, Source,
    ToolCall, Usage,
};
pub use loose::time_in;
pub use read::{Limits, ReadError, Record, read};
pub use unreadable::Unreadable;
