//! What crosses the wire: request and response bodies, stream events, validation.
//!
//! Pure types without IO. [`event`] is the compact log of a response, [`stream`] the same
//! events with everything a wire format needs to render them, [`response_event`] what is sent;
//! [`view`] is what use cases hand out, which each wire format has its own bodies for.

pub mod account;
pub mod admin;
pub mod answer_data;
pub mod chat;
pub mod context;
pub mod conversation;
pub mod error;
pub mod event;
pub mod import;
pub mod key;
pub mod list;
pub mod message;
pub mod model;
pub mod moving;
pub mod output;
pub mod response;
pub mod response_event;
pub mod search;
pub mod stream;
pub mod tagged;
pub mod v1;
pub mod validate;
pub mod view;

pub use models::api_key::Scope;
pub use models::user::UserRole;
pub use models::{
    ApiKeyId, ConversationId, InvitationId, MessageId, ParseIdError, ResponseId, SessionId, Time,
    UserId,
};
pub use validate::{Invalid, Patch};
