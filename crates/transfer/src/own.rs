//! Our own export: JSON Lines, one conversation a line, readable with any JSON tool.
//!
//! The first line says what the file is, the last one how much should be in it, so that a cut file
//! is noticed. A line is written in pieces ([`open`], [`message`], [`close`]), so that the longest
//! conversation needs no more memory than its longest message.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::conversation::{Attachment, Call, Conversation, Message, Response, Role, Source};
use crate::loose::{self, Object};
use crate::tree::{self, Node};

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
    pub calls: Vec<Call>,
    /// The model that wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
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

/// What a line of our own export says.
#[derive(Debug)]
pub(crate) enum Parsed {
    /// The first line, of this version.
    Header(u64),
    /// A conversation.
    Conversation(Box<Conversation>),
    /// The last line.
    End,
    /// Not what it should be.
    Broken(String),
}

/// Whether `value` is a line of our own export.
pub(crate) fn is(value: &Object) -> bool {
    match loose::text(value, "type") {
        Some("export") => loose::text(value, "format") == Some("chatapp"),
        Some("conversation") => value.get("messages").is_some_and(Value::is_array),
        Some("end") => value.contains_key("conversations"),
        _ => false,
    }
}

/// Reads a line.
pub(crate) fn read(mut value: Object) -> Parsed {
    match loose::text(&value, "type") {
        Some("export") => {
            return Parsed::Header(value.get("version").and_then(Value::as_u64).unwrap_or(0));
        }
        Some("end") => return Parsed::End,
        _ => {}
    }
    let messages = value.remove("messages").unwrap_or_default();
    let head: Head = match serde_json::from_value(Value::Object(value)) {
        Ok(head) => head,
        Err(error) => return Parsed::Broken(error.to_string()),
    };
    match serde_json::from_value::<Vec<Line>>(messages) {
        Ok(lines) => Parsed::Conversation(Box::new(assemble(head, lines))),
        Err(error) => Parsed::Broken(format!("messages: {error}")),
    }
}

fn assemble(head: Head, lines: Vec<Line>) -> Conversation {
    let mut conversation = Conversation::new(Source::Chatapp);
    let mut nodes = Vec::with_capacity(lines.len());
    for line in lines {
        let response = line.response.map(|response| {
            conversation.responses.push(response);
            conversation.responses.len() - 1
        });
        let message = Message {
            source_id: Some(line.id.clone()),
            parent: None,
            role: line.role,
            text: line.content,
            reasoning: line.reasoning,
            calls: line.calls,
            model: line.model,
            is_complete: line.status == "completed",
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
        });
    }
    tree::plant(nodes, head.head_id.as_deref(), &mut conversation);
    conversation.source_id = Some(head.id);
    conversation.title = (!head.title.is_empty()).then_some(head.title);
    conversation.title_source = Some(head.title_source);
    conversation.model = head.model;
    conversation.instructions = head.instructions;
    conversation.is_pinned = head.pinned;
    conversation.archived = head.archived_at.map(Some);
    conversation.metadata = head.metadata;
    conversation.created_at = Some(head.created_at);
    conversation.updated_at = Some(head.updated_at);
    conversation
}
