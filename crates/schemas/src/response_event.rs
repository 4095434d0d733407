//! The events of a response as they are sent: the vocabulary of Open Responses.
//!
//! Every event has the number of its place in the log of the response.

use crate::MessageId;
use crate::event::Failure;
use crate::output::{OutputItem, OutputText, SummaryText};
use crate::response::{AnnotationOut, ResponseResource};
use crate::tagged::{tagged, union};

tagged! {
    mod words;

    /// The response exists. Always the first event.
    ResponseCreated = "response.created" {
        /// The number of the event.
        sequence_number: u64,
        /// The response as it begins.
        response: ResponseResource,
    }

    /// The model is being asked, or nothing comes for a while (`response.waiting`).
    ResponseInProgress = "response.in_progress" {
        /// The number of the event.
        sequence_number: u64,
        /// The response as it begins, and why it waits.
        response: ResponseResource,
    }

    /// An item of the output begins.
    OutputItemAdded = "response.output_item.added" {
        /// The number of the event.
        sequence_number: u64,
        /// The item's place in `output`.
        output_index: u32,
        /// The item, empty.
        item: OutputItem,
    }

    /// The text of an answer begins.
    ContentPartAdded = "response.content_part.added" {
        /// The number of the event.
        sequence_number: u64,
        /// The item's id.
        #[schema(value_type = String, example = "msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
        item_id: MessageId,
        /// The item's place in `output`.
        output_index: u32,
        /// Always 0: an answer has one part.
        content_index: u32,
        /// The part, empty.
        part: OutputText,
    }

    /// More text of an answer.
    OutputTextDelta = "response.output_text.delta" {
        /// The number of the event.
        sequence_number: u64,
        /// The item's id.
        #[schema(value_type = String, example = "msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
        item_id: MessageId,
        /// The item's place in `output`.
        output_index: u32,
        /// Always 0: an answer has one part.
        content_index: u32,
        /// The text, to be appended.
        delta: String,
        /// Always empty: providers are not asked for them.
        #[schema(value_type = Vec<serde_json::Value>)]
        logprobs: [(); 0],
    }

    /// A source of the text.
    OutputTextAnnotationAdded = "response.output_text.annotation.added" {
        /// The number of the event.
        sequence_number: u64,
        /// The item's id.
        #[schema(value_type = String, example = "msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
        item_id: MessageId,
        /// The item's place in `output`.
        output_index: u32,
        /// Always 0: an answer has one part.
        content_index: u32,
        /// How many sources came before it.
        annotation_index: usize,
        /// The source.
        annotation: AnnotationOut,
    }

    /// The text of an answer is whole.
    OutputTextDone = "response.output_text.done" {
        /// The number of the event.
        sequence_number: u64,
        /// The item's id.
        #[schema(value_type = String, example = "msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
        item_id: MessageId,
        /// The item's place in `output`.
        output_index: u32,
        /// Always 0: an answer has one part.
        content_index: u32,
        /// The text: the deltas joined.
        text: String,
        /// Always empty: providers are not asked for them.
        #[schema(value_type = Vec<serde_json::Value>)]
        logprobs: [(); 0],
    }

    /// The part of an answer is closed.
    ContentPartDone = "response.content_part.done" {
        /// The number of the event.
        sequence_number: u64,
        /// The item's id.
        #[schema(value_type = String, example = "msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
        item_id: MessageId,
        /// The item's place in `output`.
        output_index: u32,
        /// Always 0: an answer has one part.
        content_index: u32,
        /// The part, whole.
        part: OutputText,
    }

    /// The text of reasoning begins.
    ReasoningPartAdded = "response.reasoning_summary_part.added" {
        /// The number of the event.
        sequence_number: u64,
        /// The item's id.
        #[schema(value_type = String, example = "msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
        item_id: MessageId,
        /// The item's place in `output`.
        output_index: u32,
        /// Always 0: reasoning has one part.
        summary_index: u32,
        /// The part, empty.
        part: SummaryText,
    }

    /// More of the reasoning.
    ReasoningDelta = "response.reasoning_summary_text.delta" {
        /// The number of the event.
        sequence_number: u64,
        /// The item's id.
        #[schema(value_type = String, example = "msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
        item_id: MessageId,
        /// The item's place in `output`.
        output_index: u32,
        /// Always 0: reasoning has one part.
        summary_index: u32,
        /// The text, to be appended.
        delta: String,
    }

    /// The text of reasoning is whole.
    ReasoningDone = "response.reasoning_summary_text.done" {
        /// The number of the event.
        sequence_number: u64,
        /// The item's id.
        #[schema(value_type = String, example = "msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
        item_id: MessageId,
        /// The item's place in `output`.
        output_index: u32,
        /// Always 0: reasoning has one part.
        summary_index: u32,
        /// The text: the deltas joined.
        text: String,
    }

    /// The part of reasoning is closed.
    ReasoningPartDone = "response.reasoning_summary_part.done" {
        /// The number of the event.
        sequence_number: u64,
        /// The item's id.
        #[schema(value_type = String, example = "msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
        item_id: MessageId,
        /// The item's place in `output`.
        output_index: u32,
        /// Always 0: reasoning has one part.
        summary_index: u32,
        /// The part, whole.
        part: SummaryText,
    }

    /// More of the arguments of a call.
    FunctionCallArgumentsDelta = "response.function_call_arguments.delta" {
        /// The number of the event.
        sequence_number: u64,
        /// The item's id.
        #[schema(value_type = String, example = "msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
        item_id: MessageId,
        /// The item's place in `output`.
        output_index: u32,
        /// The text, to be appended.
        delta: String,
    }

    /// The arguments of a call are whole.
    FunctionCallArgumentsDone = "response.function_call_arguments.done" {
        /// The number of the event.
        sequence_number: u64,
        /// The item's id.
        #[schema(value_type = String, example = "msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
        item_id: MessageId,
        /// The item's place in `output`.
        output_index: u32,
        /// The arguments: the deltas joined.
        arguments: String,
    }

    /// An item of the output is closed.
    OutputItemDone = "response.output_item.done" {
        /// The number of the event.
        sequence_number: u64,
        /// The item's place in `output`.
        output_index: u32,
        /// The item, whole or cut off.
        item: OutputItem,
    }

    /// Something went wrong; `response.failed` follows.
    ErrorEvent = "error" {
        /// The number of the event.
        sequence_number: u64,
        /// What went wrong.
        error: StreamError,
        /// As in `error`, for clients that look here.
        code: String,
        /// As in `error`.
        message: String,
        /// Always `null`.
        #[schema(value_type = Option<String>)]
        param: (),
    }

    /// The answer is whole. The last event.
    ResponseCompleted = "response.completed" {
        /// The number of the event.
        sequence_number: u64,
        /// The response with its output.
        response: ResponseResource,
    }

    /// The answer ended early or was stopped; the text so far is kept. The last event.
    ResponseIncomplete = "response.incomplete" {
        /// The number of the event.
        sequence_number: u64,
        /// The response with its output.
        response: ResponseResource,
    }

    /// The answer failed; the text so far is kept. The last event.
    ResponseFailed = "response.failed" {
        /// The number of the event.
        sequence_number: u64,
        /// The response with its output.
        response: ResponseResource,
    }

    /// What went wrong with an answer.
    StreamError = "server_error" {
        /// Stable code, as of a failed response.
        #[schema(example = "upstream_timeout")]
        code: String,
        /// What happened, in words.
        message: String,
        /// Always `null`.
        #[schema(value_type = Option<String>)]
        param: (),
    }
}

union! {
    /// An event of a response.
    ResponseEvent, "An event of a response: the `data` of a server-sent event, whose `event` is `type` \
     and whose `id` is `sequence_number`. Behind the last one comes `data: [DONE]`." {
        ResponseCreated,
        ResponseInProgress,
        OutputItemAdded,
        ContentPartAdded,
        OutputTextDelta,
        OutputTextAnnotationAdded,
        OutputTextDone,
        ContentPartDone,
        ReasoningPartAdded,
        ReasoningDelta,
        ReasoningDone,
        ReasoningPartDone,
        FunctionCallArgumentsDelta,
        FunctionCallArgumentsDone,
        OutputItemDone,
        ErrorEvent,
        ResponseCompleted,
        ResponseIncomplete,
        ResponseFailed,
    }
}

impl ErrorEvent {
    /// The event of this number in both shapes that clients look for.
    pub fn of(seq: u64, failure: &Failure) -> Self {
        let (code, message) = (failure.code.to_string(), failure.message.clone());
        let error = StreamError::new(code.clone(), message.clone(), ());
        Self::new(seq, error, code, message, ())
    }
}
