//! ChatGPT: a `mapping` of nodes; hidden and tool nodes stand between the visible ones.
//!
//! Newer exports omit `children` and often `metadata`, and say the model once a conversation.
//! Only `parent` is used here, so both read the same.

use crate::budget::Budget;
use crate::conversation::{Conversation, Message, Note, Notes, Role, Source};
use crate::json::{Object, Value};
use crate::loose::{self, Files, Joined};
use crate::tree::{Node, Nodes};
use crate::unreadable::Unreadable;

/// Whether `value` looks like a conversation of ChatGPT.
pub(crate) fn is(value: Object<'_>) -> bool {
    loose::object(value, "mapping").is_some()
}

/// Reads a conversation.
pub(crate) fn read(value: Object<'_>, budget: &mut Budget<'_>) -> Result<Conversation, Unreadable> {
    let mut conversation = Conversation::new(Source::Chatgpt);
    conversation.source_id = loose::id(value, "conversation_id").or_else(|| loose::id(value, "id"));
    conversation.title = loose::string(value, "title");
    conversation.model = loose::name(value, "default_model_slug");
    conversation.is_pinned = loose::is_true(value, "is_starred");
    conversation.archived = loose::is_true(value, "is_archived").then_some(None);
    conversation.created_at = loose::time(value, "create_time");
    conversation.updated_at = loose::time(value, "update_time");
    let mut nodes = Nodes::new(budget);
    for (key, node) in loose::object(value, "mapping").unwrap_or_default().entries() {
        let Some(node) = node.as_object() else { continue };
        let message = loose::object(node, "message");
        let part = message.map_or(Part::Nothing, |message| {
            part(message, conversation.model.as_deref(), &mut conversation.notes)
        });
        let (message_out, reasoning) = match part {
            Part::Message(message) => (Some(*message), None),
            Part::Reasoning(text) => (None, Some(text)),
            Part::Nothing => (None, None),
        };
        nodes.push(Node {
            id: key.into_owned(),
            parent: loose::id(node, "parent"),
            message: message_out,
            reasoning,
            at: message.and_then(|message| loose::time(message, "create_time")),
        })?;
    }
    nodes.plant(loose::text(value, "current_node").as_deref(), &mut conversation)?;
    Ok(conversation)
}

enum Part {
    Message(Box<Message>),
    /// Belongs to the next message below.
    Reasoning(String),
    Nothing,
}

fn part(message: Object<'_>, model: Option<&str>, notes: &mut Notes) -> Part {
    let author = loose::object(message, "author").and_then(|author| loose::text(author, "role"));
    let metadata = loose::object(message, "metadata").unwrap_or_default();
    let content = loose::object(message, "content").unwrap_or_default();
    let kind = loose::text(content, "content_type");
    let kind = kind.as_deref().unwrap_or("text");
    let (text, mut files) = spoken(content, kind, notes);
    if loose::is_true(metadata, "is_visually_hidden_from_conversation")
        || matches!(kind, "user_editable_context" | "model_editable_context")
    {
        if !text.trim().is_empty() {
            notes.add(Note::HiddenSkipped);
        }
        return Part::Nothing;
    }
    match kind {
        "thoughts" => return Part::Reasoning(thoughts(content)),
        // "Thought for 12 seconds": says nothing that the thoughts do not.
        "reasoning_recap" => return Part::Nothing,
        _ => {}
    }
    let is_to_tool = loose::text(message, "recipient").is_some_and(|to| to != "all");
    let role = match author.as_deref() {
        Some("user") => Role::User,
        Some("assistant") if !is_to_tool => Role::Assistant,
        Some("system") => {
            if !text.trim().is_empty() {
                notes.add(Note::SystemSkipped);
            }
            return Part::Nothing;
        }
        _ => {
            notes.add(Note::ToolSkipped);
            return Part::Nothing;
        }
    };
    // The part of the message that shows an image and its entry here are the same file.
    for file in loose::objects(metadata, "attachments").take(loose::MAX_FILES) {
        files.add_or_name(file);
    }
    notes.add_many(Note::AttachmentNotStored, files.count());
    let attachments = files.get();
    if text.trim().is_empty() && attachments.is_empty() {
        notes.add(Note::EmptySkipped);
        return Part::Nothing;
    }
    let status = loose::text(message, "status");
    let model = || loose::name(metadata, "model_slug").or_else(|| model.map(str::to_owned));
    Part::Message(Box::new(Message {
        source_id: loose::id(message, "id"),
        parent: None,
        role,
        text,
        reasoning: None,
        calls: Vec::new(),
        call_id: None,
        parts: Vec::new(),
        model: (role == Role::Assistant).then(model).flatten(),
        is_complete: status.is_none_or(|status| status == "finished_successfully"),
        annotations: Vec::new(),
        attachments,
        response: None,
        created_at: loose::time(message, "create_time"),
        updated_at: loose::time(message, "update_time"),
    }))
}

/// Text and files of a message.
fn spoken(content: Object<'_>, kind: &str, notes: &mut Notes) -> (String, Files) {
    let mut texts = Joined::default();
    let mut files = Files::default();
    for part in loose::array(content, "parts") {
        if let Some(text) = part.as_str() {
            texts.add("\n", &text);
        } else if let Some(part) = part.as_object() {
            if let Some(place) = loose::text(part, "asset_pointer") {
                files.add_place(&place, part.get("size_bytes").and_then(Value::as_u64));
            } else if let Some(text) = loose::text(part, "text") {
                texts.add("\n", &text);
            } else {
                notes.add(Note::UnknownPartSkipped);
            }
        }
    }
    if texts.is_none()
        && let Some(text) = loose::text(content, "text").or_else(|| loose::text(content, "result"))
    {
        let language = loose::text(content, "language").filter(|language| language != "unknown");
        texts.add(
            "",
            &match (kind, language) {
                ("code", language) => {
                    format!("```{}\n{text}\n```", language.unwrap_or_default()).into()
                }
                _ => text,
            },
        );
    }
    (texts.get().unwrap_or_default(), files)
}

fn thoughts(content: Object<'_>) -> String {
    let mut all = Joined::default();
    for thought in loose::objects(content, "thoughts") {
        if let Some(summary) = loose::text(thought, "summary") {
            all.add("\n\n", &format!("**{summary}**"));
        }
        if let Some(text) = loose::text(thought, "content") {
            all.add("\n\n", &text);
        }
    }
    all.get().unwrap_or_default()
}
