//! The output items of a response, as they stand in `output` and in its events.

use models::message::{MessageStatus, Role};
use serde::Serialize;
use utoipa::ToSchema;

use crate::MessageId;
use crate::event::{Annotation, ItemKind, ToolCall};
use crate::stream::{DoneItem, Item};
use crate::tagged::{tagged, union};

tagged! {
    mod words;

    /// The answer.
    OutputMessage = "message" {
        /// Id of the stored message.
        #[schema(value_type = String, example = "msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
        id: MessageId,
        /// `in_progress`, `completed`, or `incomplete`: cut off.
        #[schema(value_type = String, example = "completed")]
        status: MessageStatus,
        /// Always `assistant`.
        #[schema(value_type = String, example = "assistant")]
        role: Role,
        /// Its text; empty as it begins.
        content: Vec<OutputText>,
    }

    /// What the model reasoned before it answered.
    OutputReasoning = "reasoning" {
        /// Id of the item.
        #[schema(value_type = String, example = "msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
        id: MessageId,
        /// `in_progress`, `completed`, or `incomplete`: cut off.
        #[schema(value_type = String, example = "completed")]
        status: MessageStatus,
        /// Its text; empty as it begins.
        summary: Vec<SummaryText>,
    }

    /// A call of a tool.
    OutputFunctionCall = "function_call" {
        /// Id of the item.
        #[schema(value_type = String, example = "msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
        id: MessageId,
        /// The provider's id of the call.
        #[schema(example = "call_1")]
        call_id: String,
        /// The tool's name.
        #[schema(example = "get_weather")]
        name: String,
        /// Its arguments, which should be JSON; empty as it begins.
        #[schema(example = "{\"city\":\"Lisbon\"}")]
        arguments: String,
        /// `in_progress`, `completed`, or `incomplete`: cut off.
        #[schema(value_type = String, example = "completed")]
        status: MessageStatus,
    }

    /// The text of an answer.
    OutputText = "output_text" {
        /// The text.
        text: String,
        /// The sources that it names, in their order.
        annotations: Vec<AnnotationOut>,
        /// Always empty: providers are not asked for them.
        #[schema(value_type = Vec<serde_json::Value>)]
        logprobs: [(); 0],
    }

    /// The text of reasoning.
    SummaryText = "summary_text" {
        /// The text.
        text: String,
    }
}

union! {
    /// An item of a response's output.
    OutputItem, "An item of a response's output." {
        OutputMessage,
        OutputReasoning,
        OutputFunctionCall,
    }
}

/// A source of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AnnotationOut {
    /// Always `url_citation`.
    #[serde(rename = "type")]
    #[schema(example = "url_citation")]
    pub kind: &'static str,
    /// Its address, `http` or `https`.
    #[schema(example = "https://example.org/sky")]
    pub url: String,
    /// Its title; the address where the provider gave none.
    pub title: String,
    /// Where the part of the text begins that it supports, in characters; where the provider does
    /// not say, the place of its number in brackets, such as `[1]`.
    pub start_index: u32,
    /// Where that part ends. Both are 0 when nobody knows.
    pub end_index: u32,
}

impl From<Annotation> for AnnotationOut {
    fn from(Annotation { url, title, start, end }: Annotation) -> Self {
        Self { kind: "url_citation", url, title, start_index: start, end_index: end }
    }
}

impl OutputText {
    /// A text with its sources.
    pub fn with_sources(text: String, sources: Vec<Annotation>) -> Self {
        Self::new(text, sources.into_iter().map(AnnotationOut::from).collect(), [])
    }
}

impl OutputItem {
    /// The item as it begins: clients append what follows, so it is empty.
    pub fn begun(item: &Item) -> Self {
        let status = MessageStatus::InProgress;
        match &item.kind {
            ItemKind::Message => message(item.id, status, Vec::new()),
            ItemKind::Reasoning => OutputReasoning::new(item.id, status, Vec::new()).into(),
            ItemKind::FunctionCall(call) => function_call(item.id, call, String::new(), status),
        }
    }

    /// The item as it stands in `output`.
    pub fn done(done: DoneItem) -> Self {
        let DoneItem { item: Item { id, kind, .. }, text, annotations, complete } = done;
        let status = if complete { MessageStatus::Completed } else { MessageStatus::Incomplete };
        match kind {
            ItemKind::Message => {
                message(id, status, vec![OutputText::with_sources(text, annotations)])
            }
            ItemKind::Reasoning => {
                OutputReasoning::new(id, status, vec![SummaryText::new(text)]).into()
            }
            ItemKind::FunctionCall(call) => function_call(id, &call, text, status),
        }
    }
}

fn message(id: MessageId, status: MessageStatus, content: Vec<OutputText>) -> OutputItem {
    OutputMessage::new(id, status, Role::Assistant, content).into()
}

fn function_call(
    id: MessageId,
    call: &ToolCall,
    arguments: String,
    status: MessageStatus,
) -> OutputItem {
    let ToolCall { call_id, name, .. } = call.clone();
    OutputFunctionCall::new(id, call_id, name, arguments, status).into()
}
