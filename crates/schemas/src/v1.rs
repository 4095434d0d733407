//! The bodies of `/v1`, as the official `OpenAI` clients and Open Responses (2026-04-24) have them.
//!
//! Requests are read leniently: clients are newer than this server, so what it does not know is
//! left alone. What it knows is checked, and an error names the field as the client wrote it, such
//! as `input.3.content.0.image_url`.

pub mod chat;
mod conversation;
mod input;
mod item;
mod model;
mod request;
mod response;
mod tools;

pub use conversation::{
    ConversationCreate, ConversationDeleted, ConversationList, ConversationOut, ConversationUpdate,
    ItemsCreate,
};
pub use input::{Input, InputItem, InputPart, Spoken};
pub use item::{
    Item, ItemFile, ItemFunctionCallOutput, ItemImage, ItemList, ItemMessage, ItemOutput, ItemPart,
    ItemText,
};
pub use model::{V1Model, V1ModelList};
pub use request::{
    ConversationParam, ReasoningParam, ResponseCreate, TextFormat, TextParam, Truncation,
};
pub use response::{InputTokens, ResponseDeleted};
pub use tools::{AllowedTools, Tool, ToolChoice, ToolMode};
