//! The bodies of `/api/chat`: the UI messages and the UI message stream (`v1`) of the AI SDK.
//!
//! Names are those of the npm package `ai`: camelCase inside of messages and chunks. What stands in
//! `metadata` is ours and has the names of the rest of the API.

mod chunk;
mod message;
mod request;

pub use chunk::{
    UiAbort, UiChunk, UiError, UiFinish, UiFinishStep, UiReasoningDelta, UiReasoningEnd,
    UiReasoningStart, UiSourceUrl, UiStart, UiStartStep, UiTextDelta, UiTextEnd, UiTextStart,
    UiToolInputAvailable, UiToolInputDelta, UiToolInputError, UiToolInputStart,
    UiToolOutputAvailable,
};
pub use message::{ChatOut, ChatStopped, UiMessage, UiMetadata, UiPart, arguments_of, ui_messages};
pub use request::{ChatCreate, ChatInput, ChatName, ChatTrigger, Returned, UiMessageIn};
