//! UI messages: what a chat screen shows, as the AI SDK has it.

use models::Part;
use models::message::{MessageStatus, MessageType, Role};
use models::response::ResponseStatus;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::event::{Annotation, Ending};
use crate::response::Usage;
use crate::view::{self, Message, NewResponse, ToolCall};
use crate::{ConversationId, MessageId, ResponseId, Time};

/// A part of a UI message. `type` says which of the other fields there are:
///
/// - `text` and `reasoning`: `text`, `state`
/// - `file`: `mediaType`, `url`, `filename`
/// - `source-url`: `sourceId`, `url`, `title`
/// - `tool-NAME`: `toolCallId`, `state`, `input`, and `output` or `errorText`
/// - `step-start`: none
///
/// What this server does not know, such as `data-NAME`, is left alone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UiPart {
    /// What it is.
    #[serde(rename = "type")]
    #[schema(example = "text")]
    pub kind: String,
    /// The text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Of a text `done`; of a call `input-available`, `output-available` or `output-error`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "done")]
    pub state: Option<String>,
    /// Media type of a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Address of a file or a source; of a file also a data URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What a file is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// Id of a source within the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_id: Option<String>,
    /// Title of a source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The provider's id of a call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<String>,
    /// Of a `dynamic-tool`, which clients may send: the tool's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_name: Option<String>,
    /// The arguments of a call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// The arguments of a call as text, where they are no JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_input: Option<Value>,
    /// What a tool returned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// Why there is no output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_text: Option<String>,
}

/// What is known of a UI message beside its parts. A stream has the first four with `start` and the
/// others with `finish`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct UiMetadata {
    /// The conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
    pub conversation_id: Option<ConversationId>,
    /// The response that wrote it; the newest, where several did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "resp_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
    pub response_id: Option<ResponseId>,
    /// The model asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created_at: Option<Time>,
    /// Whether it is whole: `completed` or `incomplete`; in a stream also `cancelled` or `failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "completed")]
    pub status: Option<ResponseStatus>,
    /// Why it ended early.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "max_output_tokens")]
    pub incomplete_reason: Option<String>,
    /// Tokens read and written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}

impl UiMetadata {
    /// What is known of a stored message.
    fn of(row: &Message) -> Self {
        let status = match row.status {
            MessageStatus::InProgress => ResponseStatus::InProgress,
            MessageStatus::Completed => ResponseStatus::Completed,
            MessageStatus::Incomplete => ResponseStatus::Incomplete,
        };
        Self {
            conversation_id: Some(row.conversation_id),
            response_id: row.response_id,
            model: row.model.clone(),
            created_at: Some(row.created_at),
            status: Some(status),
            ..Self::default()
        }
    }

    /// What is known of an answer as it begins.
    pub(super) fn begun(response: &NewResponse) -> Self {
        Self {
            conversation_id: Some(response.conversation_id),
            response_id: Some(response.id),
            model: Some(response.model.clone()),
            created_at: Some(response.created_at),
            ..Self::default()
        }
    }

    /// What is known more of it when it has ended.
    pub(super) fn ended(ending: &Ending) -> Self {
        Self {
            status: Some(ending.status),
            incomplete_reason: ending.reason.as_ref().map(ToString::to_string),
            usage: ending.usage.map(Usage::from),
            ..Self::default()
        }
    }
}

impl UiPart {
    fn of(kind: &str) -> Self {
        Self { kind: kind.to_owned(), ..Self::default() }
    }

    /// A text.
    fn text(text: String) -> Self {
        Self { text: Some(text), state: Some("done".to_owned()), ..Self::of("text") }
    }

    /// Reasoning.
    fn reasoning(text: String) -> Self {
        Self { text: Some(text), state: Some("done".to_owned()), ..Self::of("reasoning") }
    }

    /// A part of a message.
    fn part(part: Part) -> Self {
        let (url, filename, other) = match part {
            Part::Text(text) => return Self::text(text),
            Part::Image { url, .. } => (Some(url), None, "image/*"),
            Part::File { filename, data, url } => {
                (data.or(url), filename, "application/octet-stream")
            }
        };
        // That of a data URL stands in it (RFC 2397); of an address nobody knows more.
        let data = url.as_deref().and_then(|url| url.strip_prefix("data:"));
        let named = data.and_then(|data| data.split([';', ',']).next());
        let media_type = named.filter(|named| !named.is_empty()).unwrap_or(other);
        let media_type = Some(media_type.to_owned());
        Self { media_type, url, filename, ..Self::of("file") }
    }

    /// Where an answer of the model begins.
    fn step_start() -> Self {
        Self::of("step-start")
    }

    /// A source; `place` others of the message come before it.
    fn source(message: MessageId, place: usize, source: Annotation) -> Self {
        Self {
            source_id: Some(format!("{message}-{place}")),
            url: Some(source.url),
            title: Some(source.title),
            ..Self::of("source-url")
        }
    }

    /// A call of a tool.
    fn call(call: ToolCall) -> Self {
        let ToolCall { call_id, name, arguments, status, .. } = call;
        let part = Self { tool_call_id: Some(call_id), ..Self::of(&format!("tool-{name}")) };
        match arguments_of(&arguments, status == MessageStatus::Completed) {
            Ok(input) => {
                Self { state: Some("input-available".to_owned()), input: Some(input), ..part }
            }
            Err(error) => Self {
                state: Some("output-error".to_owned()),
                raw_input: Some(Value::String(arguments)),
                error_text: Some(error),
                ..part
            },
        }
    }

    /// The name of the tool that it is a call of.
    pub fn tool(&self) -> Option<&str> {
        match self.kind.strip_prefix("tool-") {
            Some(name) => Some(name),
            None if self.kind == "dynamic-tool" => self.tool_name.as_deref(),
            None => None,
        }
    }
}

/// The arguments of a call, or what is wrong with them. Many models write nothing for a tool that
/// takes nothing.
pub fn arguments_of(text: &str, is_whole: bool) -> Result<Value, String> {
    if !is_whole {
        return Err("the answer ended before the arguments were whole".to_owned());
    }
    if text.trim().is_empty() {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    serde_json::from_str(text).map_err(|error| format!("the arguments are not JSON: {error}"))
}

/// What a tool returned, which is stored as text: JSON where it is some.
fn output_of(text: String) -> Value {
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

/// A UI message.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct UiMessage {
    /// Id of the stored message; of an answer in several steps, that of the first.
    #[schema(value_type = String, example = "msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
    pub id: MessageId,
    /// Who speaks: `user`, `assistant` or `system`.
    #[schema(value_type = String, example = "assistant")]
    pub role: Role,
    /// What is known beside the parts.
    pub metadata: UiMetadata,
    /// What it says.
    pub parts: Vec<UiPart>,
}

/// A chat: the selected branch of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChatOut {
    /// Its id, as it was asked for.
    #[schema(example = "kX9fPq2LmZ7wRt4B")]
    pub id: String,
    /// The conversation that it is.
    #[schema(value_type = String, example = "conv_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
    pub conversation_id: ConversationId,
    /// The messages, oldest first. An answer that is being made is not among them: resume its
    /// stream, which tells it from the beginning.
    pub messages: Vec<UiMessage>,
    /// The response that is being made; `null` when there is nothing to resume.
    #[schema(value_type = Option<String>, example = "resp_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
    pub active_stream_id: Option<ResponseId>,
    /// Whether there are older messages, which are too many to be told here.
    pub has_more: bool,
}

/// What was stopped.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChatStopped {
    /// The chat, as it was asked for.
    #[schema(example = "kX9fPq2LmZ7wRt4B")]
    pub id: String,
    /// Whether an answer was stopped.
    pub stopped: bool,
    /// The response that was being made; `null` if none was.
    #[schema(value_type = Option<String>, example = "resp_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
    pub response_id: Option<ResponseId>,
    /// The message that it writes.
    #[schema(value_type = Option<String>, example = "msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
    pub message_id: Option<MessageId>,
    /// How the response stands now: `cancelled`, or how it ended just before.
    #[schema(value_type = Option<String>, example = "cancelled")]
    pub status: Option<ResponseStatus>,
}

impl From<view::Chat> for ChatOut {
    fn from(chat: view::Chat) -> Self {
        let view::Chat { name, conversation_id, messages, active_response_id, has_more } = chat;
        Self {
            id: name,
            conversation_id,
            messages: ui_messages(messages),
            active_stream_id: active_response_id,
            has_more,
        }
    }
}

impl From<view::StoppedChat> for ChatStopped {
    fn from(view::StoppedChat { name, response }: view::StoppedChat) -> Self {
        let status = response.as_ref().map(view::Response::status);
        let begun = response.map(|response| response.begun);
        Self {
            id: name,
            stopped: status == Some(ResponseStatus::Cancelled),
            response_id: begun.as_ref().map(|begun| begun.id),
            message_id: begun.map(|begun| begun.message_id),
            status,
        }
    }
}

/// The messages of a branch, in its order, as UI messages: an answer, the results of the tools
/// that it called and what was answered to them are one.
pub fn ui_messages(rows: Vec<Message>) -> Vec<UiMessage> {
    let mut messages: Vec<UiMessage> = Vec::new();
    // Whether what the model says next belongs to the answer before.
    let mut goes_on = false;
    for row in rows {
        let answer = messages.last_mut().filter(|last| last.role == Role::Assistant);
        let is_message = row.kind == MessageType::Message;
        let role = row.role.unwrap_or(Role::Assistant);
        match answer {
            Some(answer) if row.kind == MessageType::FunctionCallOutput => answer.take_result(row),
            // Without a call there is no place for it.
            None if row.kind == MessageType::FunctionCallOutput => {}
            Some(answer) if role == Role::Assistant && (goes_on || !is_message) => {
                let created_at = answer.metadata.created_at;
                answer.metadata = UiMetadata { created_at, ..UiMetadata::of(&row) };
                answer.parts.extend(parts_of(row));
            }
            _ => messages.push(UiMessage {
                id: row.id,
                role,
                metadata: UiMetadata::of(&row),
                parts: parts_of(row),
            }),
        }
        goes_on = !is_message;
    }
    messages
}

impl UiMessage {
    /// Puts what a tool returned to its call: the newest with that id that has no result.
    fn take_result(&mut self, row: Message) {
        let is_call = |part: &&mut UiPart| {
            part.tool_call_id.is_some() && part.tool_call_id == row.call_id && part.output.is_none()
        };
        if let Some(call) = self.parts.iter_mut().rev().find(is_call) {
            call.state = Some("output-available".to_owned());
            call.input = call.input.take().or(call.raw_input.take());
            call.error_text = None;
            call.output = Some(output_of(row.content));
        }
    }
}

/// The parts of a row, an answer of the model with the step that it is.
fn parts_of(row: Message) -> Vec<UiPart> {
    let mut parts = Vec::new();
    if let (Some(name), Some(arguments)) = (row.name, row.arguments) {
        // A call that a client has told is an item of its own.
        let call_id = row.call_id.unwrap_or_default();
        let (id, status) = (row.id, row.status);
        return vec![UiPart::call(ToolCall { id, call_id, name, arguments, status, offset: 0 })];
    }
    if row.kind == MessageType::Message && row.role == Some(Role::Assistant) {
        parts.push(UiPart::step_start());
    }
    parts.extend(row.reasoning.map(UiPart::reasoning));
    let (before, after): (Vec<ToolCall>, Vec<ToolCall>) =
        row.calls.into_iter().partition(|call| call.offset == 0);
    parts.extend(before.into_iter().map(UiPart::call));
    match row.kind {
        MessageType::Message if !row.parts.is_empty() => {
            parts.extend(row.parts.into_iter().map(UiPart::part));
        }
        MessageType::Message if !row.content.is_empty() => parts.push(UiPart::text(row.content)),
        MessageType::Reasoning => parts.push(UiPart::reasoning(row.content)),
        MessageType::Message | MessageType::FunctionCall | MessageType::FunctionCallOutput => {}
    }
    parts.extend(after.into_iter().map(UiPart::call));
    let sources = row.annotations.into_iter().enumerate();
    parts.extend(sources.map(|(place, source)| UiPart::source(row.id, place, source)));
    parts
}
