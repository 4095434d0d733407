//! Claude: `chat_messages` in time order; newer exports name each message's parent.

use crate::budget::Budget;
use crate::conversation::{Conversation, Message, Note, Notes, Role, Source};
use crate::json::{Object, Value};
use crate::loose::{self, Files, Joined};
use crate::tree::{Node, Nodes};
use crate::unreadable::Unreadable;

/// What stands for "no parent".
const ROOT: &str = "00000000-0000-4000-8000-000000000000";

/// Whether `value` looks like a conversation of Claude.
pub(crate) fn is(value: Object<'_>) -> bool {
    loose::is_array(value, "chat_messages")
}

/// Reads a conversation.
pub(crate) fn read(value: Object<'_>, budget: &mut Budget<'_>) -> Result<Conversation, Unreadable> {
    let mut conversation = Conversation::new(Source::Claude);
    conversation.source_id = loose::id(value, "uuid");
    conversation.title = loose::string(value, "name");
    conversation.model = loose::name(value, "model");
    conversation.is_pinned = loose::is_true(value, "is_starred");
    conversation.created_at = loose::time(value, "created_at");
    conversation.updated_at = loose::time(value, "updated_at");
    let messages = loose::array(value, "chat_messages").map(Value::as_object).enumerate();
    let mut nodes = Nodes::new(budget);
    let mut before: Option<String> = None;
    for (at, message) in messages {
        let Some(message) = message else { continue };
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
        })?;
    }
    let head = loose::text(value, "current_leaf_message_uuid");
    nodes.plant(head.as_deref(), &mut conversation)?;
    Ok(conversation)
}

fn read_message(message: Object<'_>, model: Option<&str>, notes: &mut Notes) -> Option<Message> {
    let role = match loose::text(message, "sender").as_deref() {
        Some("human" | "user") => Role::User,
        Some("assistant") => Role::Assistant,
        _ => {
            notes.add(Note::UnknownPartSkipped);
            return None;
        }
    };
    let (mut texts, mut thoughts) = (Joined::default(), Joined::default());
    let add = |texts: &mut Joined, block: Object<'_>, key: &str| {
        if let Some(text) = loose::text(block, key) {
            texts.add("\n\n", &text);
        }
    };
    for block in loose::objects(message, "content") {
        match loose::text(block, "type").as_deref() {
            Some("text") => add(&mut texts, block, "text"),
            Some("thinking") => add(&mut thoughts, block, "thinking"),
            Some("tool_use" | "tool_result") => notes.add(Note::ToolSkipped),
            // Says how much of an answer's allowance was used.
            Some("token_budget") => {}
            _ => notes.add(Note::UnknownPartSkipped),
        }
    }
    // Older exports have the text only here.
    if texts.is_none() {
        add(&mut texts, message, "text");
    }
    let mut files = Files::default();
    for file in loose::objects(message, "attachments").chain(loose::objects(message, "files")) {
        // A pasted text: the export holds all of it, so it is kept with the message.
        if let Some(pasted) = loose::text(file, "extracted_content") {
            let name = loose::text(file, "file_name");
            texts.add("\n\n", name.as_deref().unwrap_or("attachment"));
            texts.add(":\n\n", &pasted);
        } else if files.add(file) {
            notes.add(Note::AttachmentNotStored);
        }
    }
    let text = texts.get().unwrap_or_default();
    let attachments = files.get();
    if text.trim().is_empty() && attachments.is_empty() {
        notes.add(Note::EmptySkipped);
        return None;
    }
    let stop_reason = loose::text(message, "stop_reason");
    Some(Message {
        source_id: loose::id(message, "uuid"),
        parent: None,
        role,
        text,
        reasoning: thoughts.get(),
        calls: Vec::new(),
        call_id: None,
        parts: Vec::new(),
        model: (role == Role::Assistant).then(|| model.map(str::to_owned)).flatten(),
        is_complete: stop_reason.as_deref() != Some("user_canceled"),
        annotations: Vec::new(),
        attachments,
        response: None,
        created_at: loose::time(message, "created_at"),
        updated_at: loose::time(message, "updated_at"),
    })
}
