//! The chunks of a UI message stream, version 1 of the AI SDK's protocol.

use models::response::ResponseStatus;
use serde_json::Value;

use super::message::UiMetadata;
use crate::MessageId;
use crate::event::{Annotation, EndReason, Ending, Failure};
use crate::stream::{DoneItem, Item};
use crate::tagged::{tagged, union};
use crate::view::NewResponse;

tagged! {
    mod words;

    /// The answer begins. Always the first chunk.
    UiStart = "start" {
        /// Id of the stored message; of an answer that goes on behind a tool's result, that of the
        /// message whose call it was.
        #[serde(rename = "messageId")]
        #[schema(value_type = String, example = "msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
        message_id: MessageId,
        /// Which answer this is, and of which conversation.
        #[serde(rename = "messageMetadata")]
        message_metadata: UiMetadata,
    }

    /// A step begins: one answer of the model.
    #[derive(Default)]
    UiStartStep = "start-step" {}

    /// The step is over.
    #[derive(Default)]
    UiFinishStep = "finish-step" {}

    /// A text begins.
    UiTextStart = "text-start" {
        /// Id of the text, by which its deltas and its end name it.
        id: String,
    }

    /// More of a text.
    UiTextDelta = "text-delta" {
        /// Id of the text.
        id: String,
        /// What is to be appended.
        delta: String,
    }

    /// A text is whole.
    UiTextEnd = "text-end" {
        /// Id of the text.
        id: String,
    }

    /// Reasoning begins.
    UiReasoningStart = "reasoning-start" {
        /// Id of the reasoning, by which its deltas and its end name it.
        id: String,
    }

    /// More of reasoning.
    UiReasoningDelta = "reasoning-delta" {
        /// Id of the reasoning.
        id: String,
        /// What is to be appended.
        delta: String,
    }

    /// Reasoning is whole.
    UiReasoningEnd = "reasoning-end" {
        /// Id of the reasoning.
        id: String,
    }

    /// A call of a tool begins.
    UiToolInputStart = "tool-input-start" {
        /// The provider's id of the call.
        #[serde(rename = "toolCallId")]
        tool_call_id: String,
        /// The tool's name.
        #[serde(rename = "toolName")]
        tool_name: String,
    }

    /// More of the arguments of a call.
    UiToolInputDelta = "tool-input-delta" {
        /// The provider's id of the call.
        #[serde(rename = "toolCallId")]
        tool_call_id: String,
        /// A piece of JSON, to be appended.
        #[serde(rename = "inputTextDelta")]
        input_text_delta: String,
    }

    /// The arguments of a call are whole.
    UiToolInputAvailable = "tool-input-available" {
        /// The provider's id of the call.
        #[serde(rename = "toolCallId")]
        tool_call_id: String,
        /// The tool's name.
        #[serde(rename = "toolName")]
        tool_name: String,
        /// The arguments.
        input: Value,
    }

    /// The arguments of a call are no JSON, or were cut off.
    UiToolInputError = "tool-input-error" {
        /// The provider's id of the call.
        #[serde(rename = "toolCallId")]
        tool_call_id: String,
        /// The tool's name.
        #[serde(rename = "toolName")]
        tool_name: String,
        /// What there is of the arguments, as text.
        input: Value,
        /// What is wrong with them.
        #[serde(rename = "errorText")]
        error_text: String,
    }

    /// What a tool returned, in a replay.
    UiToolOutputAvailable = "tool-output-available" {
        /// The provider's id of the call.
        #[serde(rename = "toolCallId")]
        tool_call_id: String,
        /// What it returned.
        output: Value,
    }

    /// A source of the answer.
    UiSourceUrl = "source-url" {
        /// Its id within the message.
        #[serde(rename = "sourceId")]
        source_id: String,
        /// Its address, `http` or `https`.
        url: String,
        /// Its title.
        title: String,
    }

    /// Something went wrong; the stream ends.
    UiError = "error" {
        /// What, in words fit for the user.
        #[serde(rename = "errorText")]
        error_text: String,
    }

    /// The answer was stopped; the stream ends.
    UiAbort = "abort" {
        /// Why.
        reason: String,
    }

    /// The answer is over. Always the last chunk; `[DONE]` follows.
    UiFinish = "finish" {
        /// `stop`, `length`, `content-filter`, `tool-calls`, `error` or `other`.
        #[serde(rename = "finishReason")]
        #[schema(value_type = String, example = "stop")]
        finish_reason: &'static str,
        /// How it ended and what it cost; clients merge it into that of `start`.
        #[serde(rename = "messageMetadata")]
        message_metadata: UiMetadata,
    }
}

union! {
    /// A chunk of a UI message stream.
    UiChunk, "A chunk of a UI message stream." {
        UiStart,
        UiStartStep,
        UiFinishStep,
        UiTextStart,
        UiTextDelta,
        UiTextEnd,
        UiReasoningStart,
        UiReasoningDelta,
        UiReasoningEnd,
        UiToolInputStart,
        UiToolInputDelta,
        UiToolInputAvailable,
        UiToolInputError,
        UiToolOutputAvailable,
        UiSourceUrl,
        UiError,
        UiAbort,
        UiFinish,
    }
}

impl UiStart {
    /// The beginning of a response's answer, which is shown in the message `message_id`.
    pub fn of(message_id: MessageId, response: &NewResponse) -> Self {
        Self::new(message_id, UiMetadata::begun(response))
    }
}

impl UiSourceUrl {
    /// The source that `place` others of the item came before.
    pub fn of(item: &Item, place: usize, source: &Annotation) -> Self {
        let Annotation { url, title, .. } = source;
        Self::new(format!("{}-{place}", item.id), url.clone(), title.clone())
    }
}

impl UiError {
    /// What a failure says.
    pub fn of(failure: &Failure) -> Self {
        Self::new(failure.message.clone())
    }
}

impl UiAbort {
    /// The chunk of an answer that was stopped; none for another end.
    pub fn of(ending: &Ending) -> Option<Self> {
        (ending.status == ResponseStatus::Cancelled).then(|| Self::new("stopped".to_owned()))
    }
}

impl UiFinish {
    /// How an answer with this output ended.
    pub fn of(ending: &Ending, output: &[DoneItem]) -> Self {
        let ended_by = |word| ending.reason.as_ref().is_some_and(|reason| reason.is(word));
        let finish_reason = match ending.status {
            ResponseStatus::Completed if output.iter().any(|done| done.item.is_call()) => {
                "tool-calls"
            }
            ResponseStatus::Completed => "stop",
            ResponseStatus::Failed => "error",
            _ if ended_by(EndReason::MaxOutputTokens) => "length",
            _ if ended_by(EndReason::ContentFilter) => "content-filter",
            _ => "other",
        };
        Self::new(finish_reason, UiMetadata::ended(ending))
    }
}
