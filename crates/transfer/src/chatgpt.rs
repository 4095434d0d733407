//! ChatGPT: a `mapping` of nodes; hidden and tool nodes stand between the visible ones.
//!
//! Newer exports omit `children` and often `metadata`, and say the model once a conversation.
//! Only `parent` is used here, so both read the same.

use serde_json::Value;

use crate::conversation::{Attachment, Conversation, Message, Note, Notes, Role, Source};
use crate::loose::{self, Object};
use crate::tree::{self, Node};

/// Whether `value` looks like a conversation of ChatGPT.
pub(crate) fn is(value: &Object) -> bool {
    loose::object(value, "mapping").is_some()
}

/// Reads a conversation.
pub(crate) fn read(value: &Object) -> Conversation {
    let mut conversation = Conversation::new(Source::Chatgpt);
    conversation.source_id = loose::id(value, "conversation_id").or_else(|| loose::id(value, "id"));
    conversation.title = loose::string(value, "title");
    conversation.model = loose::string(value, "default_model_slug");
    conversation.is_pinned = loose::is_true(value, "is_starred");
    conversation.archived = loose::is_true(value, "is_archived").then_some(None);
    conversation.created_at = loose::time(value, "create_time");
    conversation.updated_at = loose::time(value, "update_time");
    let mut nodes = Vec::new();
    for (key, node) in loose::object(value, "mapping").into_iter().flatten() {
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
            id: key.clone(),
            parent: loose::id(node, "parent"),
            message: message_out,
            reasoning,
            at: message.and_then(|message| loose::time(message, "create_time")),
        });
    }
    tree::plant(nodes, loose::text(value, "current_node"), &mut conversation);
    conversation
}

enum Part {
    Message(Box<Message>),
    /// Belongs to the next message below.
    Reasoning(String),
    Nothing,
}

fn part(message: &Object, model: Option<&str>, notes: &mut Notes) -> Part {
    let empty = Object::new();
    let author = loose::object(message, "author").and_then(|author| loose::text(author, "role"));
    let metadata = loose::object(message, "metadata").unwrap_or(&empty);
    let content = loose::object(message, "content").unwrap_or(&empty);
    let kind = loose::text(content, "content_type").unwrap_or("text");
    let (text, mut attachments) = spoken(content, kind, notes);
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
    let role = match author {
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
    for file in loose::array(metadata, "attachments") {
        let Some(file) = file.as_object().and_then(loose::attachment) else { continue };
        // The part of the message that shows an image and its entry here are the same file.
        if let Some(shown) = attachments.iter_mut().find(|shown| shown.place.contains(&file.place))
        {
            shown.name = file.name;
            shown.media_type = file.media_type;
        } else {
            attachments.push(file);
        }
    }
    notes.add_many(Note::AttachmentNotStored, attachments.len());
    if text.trim().is_empty() && attachments.is_empty() {
        notes.add(Note::EmptySkipped);
        return Part::Nothing;
    }
    let status = loose::text(message, "status");
    Part::Message(Box::new(Message {
        source_id: loose::id(message, "id"),
        parent: None,
        role,
        text,
        reasoning: None,
        calls: Vec::new(),
        model: (role == Role::Assistant)
            .then(|| loose::text(metadata, "model_slug").or(model).map(str::to_owned))
            .flatten(),
        is_complete: status.is_none_or(|status| status == "finished_successfully"),
        attachments,
        response: None,
        created_at: loose::time(message, "create_time"),
        updated_at: loose::time(message, "update_time"),
    }))
}

/// Text and files of a message.
fn spoken(content: &Object, kind: &str, notes: &mut Notes) -> (String, Vec<Attachment>) {
    let mut texts: Vec<String> = Vec::new();
    let mut attachments = Vec::new();
    for part in loose::array(content, "parts") {
        match part {
            Value::String(text) => texts.push(text.clone()),
            Value::Object(part) => {
                if let Some(place) = loose::string(part, "asset_pointer") {
                    attachments.push(Attachment {
                        name: None,
                        media_type: None,
                        size: part.get("size_bytes").and_then(Value::as_u64),
                        place,
                    });
                } else if let Some(text) = loose::string(part, "text") {
                    texts.push(text);
                } else {
                    notes.add(Note::UnknownPartSkipped);
                }
            }
            _ => {}
        }
    }
    if texts.is_empty()
        && let Some(text) = loose::text(content, "text").or_else(|| loose::text(content, "result"))
    {
        texts.push(match (kind, loose::text(content, "language")) {
            ("code", Some(language)) if language != "unknown" => {
                format!("```{language}\n{text}\n```")
            }
            ("code", _) => format!("```\n{text}\n```"),
            _ => text.to_owned(),
        });
    }
    (texts.join("\n"), attachments)
}

fn thoughts(content: &Object) -> String {
    let thought = |value: &Value| {
        let value = value.as_object()?;
        let summary = loose::text(value, "summary").map(|summary| format!("**{summary}**"));
        let text = loose::string(value, "content");
        Some(summary.into_iter().chain(text).collect::<Vec<_>>().join("\n\n"))
    };
    let all: Vec<String> = loose::array(content, "thoughts").iter().filter_map(thought).collect();
    all.join("\n\n")
}
