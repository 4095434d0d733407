//! LibreChat: the export of one conversation, its messages as a list or each inside its parent.

use crate::budget::Budget;
use crate::conversation::{Conversation, Message, Note, Notes, Role, Source};
use crate::json::{Items, Object, Value};
use crate::loose::{self, Files, Joined};
use crate::tree::{Node, Nodes};
use crate::unreadable::Unreadable;

/// What stands for "no parent".
const ROOT: &str = "00000000-0000-0000-0000-000000000000";

/// Whether `value` looks like a conversation of LibreChat.
pub(crate) fn is(value: Object<'_>) -> bool {
    value.get("conversationId").is_some()
        && (loose::is_array(value, "messages") || loose::is_array(value, "messagesTree"))
}

/// Reads a conversation.
pub(crate) fn read(value: Object<'_>, budget: &mut Budget<'_>) -> Result<Conversation, Unreadable> {
    let mut conversation = Conversation::new(Source::Librechat);
    conversation.source_id = loose::id(value, "conversationId");
    conversation.title = loose::string(value, "title");
    let options = loose::object(value, "options").unwrap_or_default();
    conversation.model = loose::name(options, "model").or_else(|| loose::name(value, "model"));
    conversation.instructions = ["promptPrefix", "system", "instructions"]
        .iter()
        .find_map(|key| loose::string(options, key).or_else(|| loose::string(value, key)));
    conversation.is_pinned = loose::is_true(value, "pinned");
    conversation.archived = loose::is_true(value, "isArchived").then_some(None);
    conversation.created_at = loose::time(value, "createdAt");
    conversation.updated_at = loose::time(value, "updatedAt");
    let is_list = loose::is_array(value, "messages");
    let messages = loose::array(value, if is_list { "messages" } else { "messagesTree" });
    let mut nodes = Nodes::new(budget);
    flatten(messages, &mut nodes, &mut conversation)?;
    nodes.plant(None, &mut conversation)?;
    Ok(conversation)
}

/// Messages side by side, and the id of the one that they are in.
struct Level<'d> {
    messages: Items<'d>,
    above: Option<String>,
}

/// All messages, without recursion: a long conversation is nested as deep as it is long.
fn flatten(
    messages: Items<'_>,
    nodes: &mut Nodes<'_, '_>,
    conversation: &mut Conversation,
) -> Result<(), Unreadable> {
    let has_parent = |value: Value<'_>| {
        value
            .as_object()
            .and_then(|value| value.get("parentMessageId"))
            .is_some_and(Value::is_string)
    };
    let is_linked = messages.clone().any(has_parent);
    let mut open = vec![Level { messages, above: None }];
    let mut before: Option<String> = None;
    while let Some(level) = open.last_mut() {
        let Some(message) = level.messages.next() else {
            open.pop();
            continue;
        };
        let Some(message) = message.as_object() else { continue };
        let id = loose::id(message, "messageId").unwrap_or_else(|| format!("#{}", nodes.len()));
        let parent = match loose::id(message, "parentMessageId") {
            Some(parent) if parent == ROOT => None,
            Some(parent) => Some(parent),
            None if is_linked => level.above.clone(),
            // A list without any links is in order.
            None => level.above.clone().or_else(|| before.clone()),
        };
        before = Some(id.clone());
        let children = loose::array(message, "children");
        open.push(Level { messages: children, above: Some(id.clone()) });
        nodes.push(Node {
            parent,
            at: loose::time(message, "createdAt"),
            message: read_message(message, &id, conversation),
            reasoning: None,
            id,
        })?;
    }
    Ok(())
}

fn read_message(message: Object<'_>, id: &str, conversation: &mut Conversation) -> Option<Message> {
    let role =
        if loose::is_true(message, "isCreatedByUser") { Role::User } else { Role::Assistant };
    let (text, reasoning) = spoken(message, &mut conversation.notes);
    let notes = &mut conversation.notes;
    let mut files = Files::default();
    for key in ["files", "attachments"] {
        for file in loose::objects(message, key) {
            files.add(file);
        }
    }
    notes.add_many(Note::AttachmentNotStored, files.count());
    let attachments = files.get();
    if text.trim().is_empty() && attachments.is_empty() {
        notes.add(Note::EmptySkipped);
        return None;
    }
    let model = || loose::name(message, "model").or_else(|| conversation.model.clone());
    Some(Message {
        source_id: Some(id.to_owned()),
        parent: None,
        role,
        text,
        reasoning,
        calls: Vec::new(),
        call_id: None,
        parts: Vec::new(),
        model: (role == Role::Assistant).then(model).flatten(),
        is_complete: !loose::is_true(message, "unfinished") && !loose::is_true(message, "error"),
        annotations: Vec::new(),
        attachments,
        response: None,
        created_at: loose::time(message, "createdAt"),
        updated_at: loose::time(message, "updatedAt"),
    })
}

fn spoken(message: Object<'_>, notes: &mut Notes) -> (String, Option<String>) {
    let (mut texts, mut thoughts) = (Joined::default(), Joined::default());
    for part in loose::objects(message, "content") {
        match loose::text(part, "type").as_deref() {
            Some(kind @ ("text" | "think")) => {
                let inner = loose::object(part, kind);
                let text = inner
                    .and_then(|inner| loose::text(inner, "value"))
                    .or_else(|| loose::text(part, kind));
                let texts = if kind == "text" { &mut texts } else { &mut thoughts };
                if let Some(text) = text {
                    texts.add("\n\n", &text);
                }
            }
            Some("tool_call") => notes.add(Note::ToolSkipped),
            // The files of a message are listed beside its content, too.
            Some("image_file" | "image_url") => {}
            Some("error") => {
                if let Some(text) = loose::text(part, "error") {
                    texts.add("\n\n", &text);
                }
            }
            _ => notes.add(Note::UnknownPartSkipped),
        }
    }
    if texts.is_none()
        && let Some(text) = loose::text(message, "text")
    {
        texts.add("", &text);
    }
    (texts.get().unwrap_or_default(), thoughts.get())
}
