//! What exists: typed ids, table rows, states.
//!
//! This crate knows no query, no HTTP and no clock but the one it is given.
//! Everything else in the workspace may use it; it uses nothing of ours.

pub mod api_key;
pub mod content;
pub mod context;
pub mod conversation;
pub mod ending;
pub mod id;
pub mod idempotency_key;
pub mod import;
pub mod invitation;
pub mod login_failure;
pub mod message;
pub mod meta;
pub mod parameters;
pub mod password_reset;
pub mod refresh_token;
pub mod response;
pub mod response_event;
pub mod search_doc;
pub mod server;
pub mod session;
pub mod user;
pub mod word;

pub use content::{Content, Part};
pub use context::{Clock, Context};
pub use id::{
    ApiKeyId, ConversationId, InvitationId, MessageId, ParseIdError, ResponseId, ServerId,
    SessionId, UserId,
};
pub use parameters::Parameters;

/// A point in time as stored: UTC, whole microseconds.
pub type Time = chrono::DateTime<chrono::Utc>;
