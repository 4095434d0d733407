//! Claude: `chat_messages` in time order; newer exports name each message's parent.

use serde_json::Value;

use crate::conversation::{Conversation, Message, Note, Notes, Role, Source};
use crate::loose::{self, Object};
use crate::tree::{self, Node};

/// What stands for "no parent".
const ROOT: &str = "00000000-0000-4000-8000-000000000000";

/// Whether `value` looks like a conversation of Claude.
pub(crate) fn is(value: &Object) -> bool {
    value.get("chat_messages").is_some_and(Value::is_array)
}

/// Reads a conversation.
pub(crate) fn read(value: &Object) -> Conversation {
    let mut conversation = Conversation::new(Source::Claude);
    conversation.source_id = loose::id(value, "uuid");
    conversation.title = loose::string(value, "name");
    conversation.model = loose::string(value, "model");
    conversation.is_pinned = loose::is_true(value, "is_starred");
    conversation.created_at = loose::time(value, "created_at");
    conversation.updated_at = loose::time(value, "updated_at");
    let messages = loose::array(value, "chat_messages");
    let mut nodes = Vec::new();
    let mut before: Option<String> = None;
    for (at, message) in messages.iter().enumerate() {
        let Some(message) = message.as_object() else { continue };
        let id = loose::id(message, "uuid").unwrap_or_else(|| format!("#{at}"));
        let parent = match loose::id(message, "parent_message_uuid") {
            Some(parent) if parent == ROOT => None,
            Some(parent) => Some(parent),
            None => before.replace(id.clone()),
        };
        before = Some(id.clone());
        nodes.push(Node {
            parent,
            at: loose::time(message, "created_at"),
            message: read_message(message, conversation.model.as_deref(), &mut conversation.notes),
            reasoning: None,
            id,
        });
    }
    let head = loose::text(value, "current_leaf_message_uuid");
    tree::plant(nodes, head, &mut conversation);
    conversation
}

fn read_message(message: &Object, model: Option<&str>, notes: &mut Notes) -> Option<Message> {
    let role = match loose::text(message, "sender") {
        Some("human" | "user") => Role::User,
        Some("assistant") => Role::Assistant,
        _ => {
            notes.add(Note::UnknownPartSkipped);
            return None;
        }
    };
    let mut texts = Vec::new();
    let mut thoughts = Vec::new();
    for block in loose::array(message, "content") {
        let Some(block) = block.as_object() else { continue };
        match loose::text(block, "type") {
            Some("text") => texts.extend(loose::string(block, "text")),
            Some("thinking") => thoughts.extend(loose::string(block, "thinking")),
            Some("tool_use" | "tool_result") => notes.add(Note::ToolSkipped),
            // Says how much of an answer's allowance was used.
            Some("token_budget") => {}
            _ => notes.add(Note::UnknownPartSkipped),
        }
    }
    // Older exports have the text only here.
    if texts.is_empty() {
        texts.extend(loose::string(message, "text"));
    }
    let mut attachments = Vec::new();
    for file in loose::array(message, "attachments").iter().chain(loose::array(message, "files")) {
        let Some(file) = file.as_object() else { continue };
        // A pasted text: the export holds all of it, so it is kept with the message.
        if let Some(pasted) = loose::text(file, "extracted_content") {
            let name = loose::text(file, "file_name").unwrap_or("attachment");
            texts.push(format!("{name}:\n\n{pasted}"));
        } else if let Some(file) = loose::attachment(file) {
            notes.add(Note::AttachmentNotStored);
            attachments.push(file);
        }
    }
    let text = texts.join("\n\n");
    if text.trim().is_empty() && attachments.is_empty() {
        notes.add(Note::EmptySkipped);
        return None;
    }
    Some(Message {
        source_id: loose::id(message, "uuid"),
        parent: None,
        role,
        text,
        reasoning: (!thoughts.is_empty()).then(|| thoughts.join("\n\n")),
        calls: Vec::new(),
        model: (role == Role::Assistant).then(|| model.map(str::to_owned)).flatten(),
        is_complete: !matches!(loose::text(message, "stop_reason"), Some("user_canceled")),
        attachments,
        response: None,
        created_at: loose::time(message, "created_at"),
        updated_at: loose::time(message, "updated_at"),
    })
}
