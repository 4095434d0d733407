//! Our own export: JSON Lines, one conversation a line, readable with any JSON tool.
//!
//! The first line says what the file is, the last one how much should be in it, so that a cut file
//! is noticed. A line is written in pieces ([`open`], [`message`], [`close`]), so that the longest
//! conversation needs no more memory than its longest message.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::budget::Budget;
use crate::conversation::{
    Annotation, Attachment, Conversation, Message, Part, Response, Role, Source, ToolCall, Usage,
};
use crate::json::{Object, Value};
use crate::loose;
use crate::tree::{Node, Nodes};
use crate::unreadable::Unreadable;

/// The version of the format this program writes. It reads this one and older ones.
pub const VERSION: u64 = 1;

/// A conversation without its messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Id.
    pub id: String,
    /// Title; may be empty.
    pub title: String,
    /// Who wrote it: `none`, `first_line`, `model` or `user`.
    pub title_source: String,
    /// The model used when a message names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The system message before its messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<String>,
    /// Whether it is kept on top of lists.
    #[serde(default)]
    pub pinned: bool,
    /// When it was archived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<DateTime<Utc>>,
    /// Whether no list shows it: it was opened for a stored response that named no conversation.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub chain: bool,
    /// Pairs of strings.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// The newest message of the selected branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_id: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Its newest activity.
    pub updated_at: DateTime<Utc>,
}

/// A message as it is exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Id.
    pub id: String,
    /// The message above it; none at the top.
    #[serde(default)]
    pub parent_id: Option<String>,
    /// Who speaks.
    pub role: Role,
    /// `completed` or `incomplete`.
    pub status: String,
    /// Its text.
    pub content: String,
    /// What the model reasoned before it answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<String>,
    /// The calls of tools that the model made, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<ToolCall>,
    /// Of what a tool returned: the provider's id of the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_id: Option<String>,
    /// All its parts in their order, where images or files are among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// The model that wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The sources that it names, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<Annotation>,
    /// Files that belonged to it: their places, not their bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// How the answer was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<Response>,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// The first line of an export.
pub fn header(now: DateTime<Utc>) -> String {
    let line = serde_json::json!({
        "type": "export", "format": "chatapp", "version": VERSION, "exported_at": now,
    });
    format!("{line}\n")
}

/// Begins the line of a conversation.
pub fn open(head: &Head) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string(head)?;
    text.replace_range(..1, "{\"type\":\"conversation\",");
    text.pop();
    text.push_str(",\"messages\":[");
    Ok(text)
}

/// One message of the line; `is_first` says whether it is the first one.
pub fn message(line: &Line, is_first: bool) -> Result<String, serde_json::Error> {
    let text = serde_json::to_string(line)?;
    Ok(if is_first { text } else { format!(",{text}") })
}

/// Ends the line of a conversation.
pub const fn close() -> &'static str {
    "]}\n"
}

/// The last line of an export.
pub fn end(conversations: u64, messages: u64) -> String {
    let line =
        serde_json::json!({ "type": "end", "conversations": conversations, "messages": messages });
    format!("{line}\n")
}

/// The most pairs of metadata, files and calls of tools that are read of one conversation or
/// message. None that this program writes has as many.
const MAX_PAIRS: usize = 1000;
const MAX_CALLS: usize = 10_000;
/// The most tokens that one response may have used.
const MAX_TOKENS: i64 = 1_000_000_000_000;

/// What a line of our own export says.
#[derive(Debug)]
pub(crate) enum Parsed {
    /// The first line, of this version.
    Header(u64),
    /// A conversation.
    Conversation(Box<Conversation>),
    /// The last line.
    End,
}

/// Whether `value` is a line of our own export.
pub(crate) fn is(value: Object<'_>) -> bool {
    match loose::text(value, "type").as_deref() {
        Some("export") => loose::text(value, "format").as_deref() == Some("chatapp"),
        Some("conversation") => loose::is_array(value, "messages"),
        Some("end") => value.get("conversations").is_some(),
        _ => false,
    }
}

/// Whether a line of our own export is its first.
pub(crate) fn is_header(value: Object<'_>) -> bool {
    loose::text(value, "type").as_deref() == Some("export")
}

/// Reads a line.
pub(crate) fn read(value: Object<'_>, budget: &mut Budget<'_>) -> Result<Parsed, Unreadable> {
    match loose::text(value, "type").as_deref() {
        Some("export") => {
            return Ok(Parsed::Header(value.get("version").and_then(Value::as_u64).unwrap_or(0)));
        }
        Some("end") => return Ok(Parsed::End),
        _ => {}
    }
    let pairs = loose::object(value, "metadata").unwrap_or_default().entries();
    at_most(MAX_PAIRS, "pairs of metadata", pairs)?;
    // What stands beside the messages is copied as a whole.
    let messages = value.get("messages").map_or(0, |messages| messages.raw().len());
    budget.take(value.raw().len().saturating_sub(messages))?;
    let head: Head = serde_json::from_str(value.raw()).map_err(|error| damaged(&error))?;
    short_ids([Some(&head.id), head.head_id.as_ref()].into_iter().flatten())?;
    plausible(&[Some(head.created_at), Some(head.updated_at), head.archived_at])?;
    Ok(Parsed::Conversation(Box::new(assemble(head, value, budget)?)))
}

fn damaged(reason: &impl std::fmt::Display) -> Unreadable {
    // A parser may quote what it did not expect.
    Unreadable::Damaged(loose::short(&reason.to_string()))
}

fn at_most<I: Iterator>(max: usize, what: &str, mut all: I) -> Result<(), Unreadable> {
    let is_more = all.nth(max).is_some();
    if is_more { Err(damaged(&format_args!("it has more than {max} {what}"))) } else { Ok(()) }
}

/// Ids are copied often, and stand in the reports of imports, which no budget counts.
fn short_ids<'a>(mut ids: impl Iterator<Item = &'a String>) -> Result<(), Unreadable> {
    if ids.any(|id| id.len() > loose::MAX_ID) {
        let max = loose::MAX_ID;
        return Err(damaged(&format_args!("an id in it is longer than {max} bytes")));
    }
    Ok(())
}

fn plausible(times: &[Option<DateTime<Utc>>]) -> Result<(), Unreadable> {
    let is_odd = |time: &DateTime<Utc>| loose::plausible(*time).is_none();
    if times.iter().flatten().any(is_odd) {
        return Err(damaged(&"a time of it is not in the years 1970 to 9999"));
    }
    Ok(())
}

/// Reads a message.
fn line(value: Value<'_>) -> Result<Line, Unreadable> {
    if let Some(object) = value.as_object() {
        at_most(MAX_PAIRS, "files at a message", loose::array(object, "attachments"))?;
        at_most(MAX_PAIRS, "sources at a message", loose::array(object, "annotations"))?;
        at_most(MAX_CALLS, "calls of tools at a message", loose::array(object, "calls"))?;
        at_most(MAX_PAIRS, "parts of a message", loose::array(object, "parts"))?;
    }
    let mut line: Line = serde_json::from_str(value.raw())
        .map_err(|error| damaged(&format_args!("messages: {error}")))?;
    line.attachments = loose::fitting(line.attachments);
    if line.role == Role::Call && line.calls.len() != 1 {
        return Err(damaged(&"a call has to be one call"));
    }
    let response = line.response.as_ref().map(|response| &response.id);
    let ids = [Some(&line.id), line.parent_id.as_ref(), response, line.call_id.as_ref()];
    let ids = ids.into_iter().flatten();
    short_ids(ids.chain(line.calls.iter().flat_map(|call| [&call.id, &call.name])))?;
    plausible(&[Some(line.created_at), Some(line.updated_at)])?;
    if let Some(response) = &line.response {
        plausible(&[Some(response.created_at), response.completed_at])?;
        let Usage { input_tokens, output_tokens, cached_tokens, reasoning_tokens, .. } =
            response.usage;
        let counts = [input_tokens, output_tokens, cached_tokens, reasoning_tokens];
        if !counts.iter().flatten().all(|count| (0..=MAX_TOKENS).contains(count)) {
            return Err(damaged(&format_args!(
                "a number of tokens is not between 0 and {MAX_TOKENS}"
            )));
        }
    }
    Ok(line)
}

/// What a response takes, in bytes.
fn response_bytes(response: &Response) -> usize {
    let Response { id, status, model, provider, .. } = response;
    let Response { incomplete_reason, finish_reason, error_code, error_message, .. } = response;
    let known = [incomplete_reason, finish_reason, error_code, error_message];
    let texts = [id, status, model, provider].into_iter().chain(known.into_iter().flatten());
    size_of::<Response>() + texts.map(String::len).sum::<usize>()
}

fn assemble(
    head: Head,
    value: Object<'_>,
    budget: &mut Budget<'_>,
) -> Result<Conversation, Unreadable> {
    let mut conversation = Conversation::new(Source::Chatapp);
    let mut nodes = Nodes::new(budget);
    for item in loose::array(value, "messages") {
        let line = line(item)?;
        let mut response = None;
        if let Some(known) = line.response {
            nodes.take(response_bytes(&known))?;
            response = Some(conversation.responses.len());
            conversation.responses.push(known);
        }
        let message = Message {
            source_id: Some(line.id.clone()),
            parent: None,
            role: line.role,
            text: line.content,
            reasoning: line.reasoning,
            calls: line.calls,
            call_id: line.call_id.filter(|_| line.role == Role::Tool),
            parts: line.parts,
            model: line.model,
            is_complete: line.status == "completed",
            annotations: line.annotations,
            attachments: line.attachments,
            response,
            created_at: Some(line.created_at),
            updated_at: Some(line.updated_at),
        };
        nodes.push(Node {
            id: line.id,
            parent: line.parent_id,
            message: Some(message),
            reasoning: None,
            // The lines stand in their order already.
            at: None,
        })?;
    }
    nodes.plant(head.head_id.as_deref(), &mut conversation)?;
    conversation.source_id = Some(head.id);
    conversation.title = (!head.title.is_empty()).then_some(head.title);
    conversation.title_source = Some(head.title_source);
    conversation.model = head.model;
    conversation.instructions = head.instructions;
    conversation.is_pinned = head.pinned;
    conversation.is_chain = head.chain;
    conversation.archived = head.archived_at.map(Some);
    conversation.metadata = head.metadata;
    conversation.created_at = Some(head.created_at);
    conversation.updated_at = Some(head.updated_at);
    Ok(conversation)
}
