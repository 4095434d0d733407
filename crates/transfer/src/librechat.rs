//! LibreChat: the export of one conversation, its messages as a list or each inside its parent.

use serde_json::Value;

use crate::conversation::{Conversation, Message, Note, Notes, Role, Source};
use crate::loose::{self, Object};
use crate::tree::{self, Node};

/// What stands for "no parent".
const ROOT: &str = "00000000-0000-0000-0000-000000000000";

/// Whether `value` looks like a conversation of LibreChat.
pub(crate) fn is(value: &Object) -> bool {
    value.contains_key("conversationId") && (list(value, "messages") || list(value, "messagesTree"))
}

fn list(value: &Object, key: &str) -> bool {
    value.get(key).is_some_and(Value::is_array)
}

/// Reads a conversation. Messages are taken out of `value`, so that dropping it later does not
/// descend as deep as the messages are nested.
pub(crate) fn read(value: &mut Object) -> Conversation {
    let mut conversation = Conversation::new(Source::Librechat);
    conversation.source_id = loose::id(value, "conversationId");
    conversation.title = loose::string(value, "title");
    let empty = Object::new();
    {
        let options = loose::object(value, "options").unwrap_or(&empty);
        conversation.model =
            loose::string(options, "model").or_else(|| loose::string(value, "model"));
        conversation.instructions = ["promptPrefix", "system", "instructions"]
            .iter()
            .find_map(|key| loose::string(options, key).or_else(|| loose::string(value, key)));
    }
    conversation.is_pinned = loose::is_true(value, "pinned");
    conversation.archived = loose::is_true(value, "isArchived").then_some(None);
    conversation.created_at = loose::time(value, "createdAt");
    conversation.updated_at = loose::time(value, "updatedAt");
    let key = if list(value, "messages") { "messages" } else { "messagesTree" };
    let Some(Value::Array(messages)) = value.remove(key) else { return conversation };
    let nodes = flatten(messages, &mut conversation);
    tree::plant(nodes, None, &mut conversation);
    conversation
}

/// All messages, without recursion: a long conversation is nested as deep as it is long.
fn flatten(messages: Vec<Value>, conversation: &mut Conversation) -> Vec<Node> {
    let has_parents = |value: &Value| value.get("parentMessageId").is_some_and(Value::is_string);
    let is_linked = messages.iter().any(has_parents);
    let mut nodes = Vec::new();
    // From the back, so that the first message comes out first.
    let mut open: Vec<(Value, Option<String>)> =
        messages.into_iter().rev().map(|message| (message, None)).collect();
    let mut before: Option<String> = None;
    while let Some((message, above)) = open.pop() {
        let Value::Object(mut message) = message else { continue };
        let children = message.remove("children");
        let id = loose::id(&message, "messageId").unwrap_or_else(|| format!("#{}", nodes.len()));
        let parent = match loose::id(&message, "parentMessageId") {
            Some(parent) if parent == ROOT => None,
            Some(parent) => Some(parent),
            None if is_linked => above,
            // A list without any links is in order.
            None => above.or_else(|| before.clone()),
        };
        before = Some(id.clone());
        if let Some(Value::Array(children)) = children {
            open.extend(children.into_iter().rev().map(|child| (child, Some(id.clone()))));
        }
        nodes.push(Node {
            parent,
            at: loose::time(&message, "createdAt"),
            message: read_message(&message, &id, conversation),
            reasoning: None,
            id,
        });
    }
    nodes
}

fn read_message(message: &Object, id: &str, conversation: &mut Conversation) -> Option<Message> {
    let role =
        if loose::is_true(message, "isCreatedByUser") { Role::User } else { Role::Assistant };
    let (text, reasoning) = spoken(message, &mut conversation.notes);
    let notes = &mut conversation.notes;
    let mut attachments = Vec::new();
    for key in ["files", "attachments"] {
        for file in loose::array(message, key) {
            attachments.extend(file.as_object().and_then(loose::attachment));
        }
    }
    notes.add_many(Note::AttachmentNotStored, attachments.len());
    if text.trim().is_empty() && attachments.is_empty() {
        notes.add(Note::EmptySkipped);
        return None;
    }
    let model = loose::string(message, "model").or_else(|| conversation.model.clone());
    Some(Message {
        source_id: Some(id.to_owned()),
        parent: None,
        role,
        text,
        reasoning,
        calls: Vec::new(),
        model: (role == Role::Assistant).then_some(model).flatten(),
        is_complete: !loose::is_true(message, "unfinished") && !loose::is_true(message, "error"),
        attachments,
        response: None,
        created_at: loose::time(message, "createdAt"),
        updated_at: loose::time(message, "updatedAt"),
    })
}

fn spoken(message: &Object, notes: &mut Notes) -> (String, Option<String>) {
    let (mut texts, mut thoughts) = (Vec::new(), Vec::new());
    for part in loose::array(message, "content").iter().filter_map(Value::as_object) {
        match loose::text(part, "type") {
            Some(kind @ ("text" | "think")) => {
                let inner = loose::object(part, kind);
                let text = inner
                    .and_then(|inner| loose::string(inner, "value"))
                    .or_else(|| loose::string(part, kind));
                if kind == "text" { texts.extend(text) } else { thoughts.extend(text) }
            }
            Some("tool_call") => notes.add(Note::ToolSkipped),
            // The files of a message are listed beside its content, too.
            Some("image_file" | "image_url") => {}
            Some("error") => texts.extend(loose::string(part, "error")),
            _ => notes.add(Note::UnknownPartSkipped),
        }
    }
    if texts.is_empty() {
        texts.extend(loose::string(message, "text"));
    }
    (texts.join("\n\n"), (!thoughts.is_empty()).then(|| thoughts.join("\n\n")))
}
