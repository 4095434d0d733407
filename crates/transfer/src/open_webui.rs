//! Open WebUI: `chat.history.messages`, a map of nodes, or in old exports a list.

use serde_json::Value;

use crate::conversation::{Attachment, Conversation, Message, Note, Notes, Role, Source};
use crate::loose::{self, Object};
use crate::tree::{self, Node};

/// Whether `value` looks like a chat of Open WebUI.
pub(crate) fn is(value: &Object) -> bool {
    let chat = loose::object(value, "chat").unwrap_or(value);
    let history = loose::object(chat, "history");
    history.is_some_and(|history| loose::object(history, "messages").is_some())
        || (value.contains_key("chat") && chat.get("messages").is_some_and(Value::is_array))
}

/// Reads a chat.
pub(crate) fn read(value: &Object) -> Conversation {
    let chat = loose::object(value, "chat").unwrap_or(value);
    let mut conversation = Conversation::new(Source::OpenWebui);
    conversation.source_id = loose::id(value, "id").or_else(|| loose::id(chat, "id"));
    conversation.title = loose::string(value, "title").or_else(|| loose::string(chat, "title"));
    conversation.model =
        loose::array(chat, "models").iter().find_map(Value::as_str).map(str::to_owned);
    conversation.instructions = loose::string(chat, "system").or_else(|| {
        loose::object(chat, "params").and_then(|params| loose::string(params, "system"))
    });
    conversation.is_pinned = loose::is_true(value, "pinned");
    conversation.archived = loose::is_true(value, "archived").then_some(None);
    conversation.created_at =
        loose::time(value, "created_at").or_else(|| loose::time(chat, "timestamp"));
    conversation.updated_at = loose::time(value, "updated_at");
    let empty = Object::new();
    let history = loose::object(chat, "history").unwrap_or(&empty);
    let mut nodes = Vec::new();
    if let Some(messages) = loose::object(history, "messages").filter(|map| !map.is_empty()) {
        for (key, message) in messages {
            let Some(message) = message.as_object() else { continue };
            let id = loose::id(message, "id").unwrap_or_else(|| key.clone());
            nodes.push(node(message, id, loose::id(message, "parentId"), &mut conversation));
        }
    } else {
        let mut before = None;
        for (at, message) in loose::array(chat, "messages").iter().enumerate() {
            let Some(message) = message.as_object() else { continue };
            let id = loose::id(message, "id").unwrap_or_else(|| format!("#{at}"));
            let parent = before.replace(id.clone());
            nodes.push(node(message, id, parent, &mut conversation));
        }
    }
    tree::plant(nodes, loose::text(history, "currentId"), &mut conversation);
    conversation
}

fn node(
    message: &Object,
    id: String,
    parent: Option<String>,
    conversation: &mut Conversation,
) -> Node {
    Node {
        parent,
        at: loose::time(message, "timestamp"),
        message: read_message(message, &id, conversation),
        reasoning: None,
        id,
    }
}

fn read_message(message: &Object, id: &str, conversation: &mut Conversation) -> Option<Message> {
    let notes = &mut conversation.notes;
    let role = match loose::text(message, "role") {
        Some("user") => Role::User,
        Some("assistant") => Role::Assistant,
        Some("system") => {
            // The first one stands for the chat's instructions.
            if let (None, Some(text)) =
                (&conversation.instructions, loose::string(message, "content"))
            {
                conversation.instructions = Some(text);
            } else {
                notes.add(Note::SystemSkipped);
            }
            return None;
        }
        _ => {
            notes.add(Note::ToolSkipped);
            return None;
        }
    };
    let mut attachments = Vec::new();
    let (text, reasoning) = spoken(message, &mut attachments, notes);
    for file in loose::array(message, "files") {
        let Some(file) = file.as_object() else { continue };
        attachments.extend(loose::attachment(loose::object(file, "file").unwrap_or(file)));
    }
    notes.add_many(Note::AttachmentNotStored, attachments.len());
    if text.trim().is_empty() && attachments.is_empty() {
        notes.add(Note::EmptySkipped);
        return None;
    }
    let has_failed = message.get("error").is_some_and(|error| !error.is_null() && error != false);
    Some(Message {
        source_id: Some(id.to_owned()),
        parent: None,
        role,
        text,
        reasoning,
        calls: Vec::new(),
        model: (role == Role::Assistant).then(|| loose::string(message, "model")).flatten(),
        is_complete: message.get("done") != Some(&Value::Bool(false)) && !has_failed,
        attachments,
        response: None,
        created_at: loose::time(message, "timestamp"),
        updated_at: None,
    })
}

/// Text and reasoning, from whichever of the three places has them.
fn spoken(
    message: &Object,
    attachments: &mut Vec<Attachment>,
    notes: &mut Notes,
) -> (String, Option<String>) {
    let mut texts = Vec::new();
    let mut thoughts = Vec::new();
    for item in loose::array(message, "output") {
        let Some(item) = item.as_object() else { continue };
        match loose::text(item, "type") {
            Some("message") => texts.extend(parts(item, "content")),
            Some("reasoning") => {
                let summary = parts(item, "summary");
                let all = parts(item, "content");
                thoughts.extend(if all.is_empty() { summary } else { all });
            }
            Some("function_call" | "function_call_output") => notes.add(Note::ToolSkipped),
            _ => notes.add(Note::UnknownPartSkipped),
        }
    }
    if texts.is_empty() {
        match message.get("content") {
            Some(Value::String(text)) => {
                let (text, inside) = without_details(text, notes);
                texts.push(text);
                if thoughts.is_empty() {
                    thoughts = inside;
                }
            }
            Some(Value::Array(list)) => {
                for part in list.iter().filter_map(Value::as_object) {
                    if let Some(text) = loose::string(part, "text") {
                        texts.push(text);
                    } else if let Some(image) = loose::object(part, "image_url") {
                        attachments.extend(loose::attachment(image));
                    } else {
                        notes.add(Note::UnknownPartSkipped);
                    }
                }
            }
            _ => {}
        }
    }
    let thoughts = thoughts.join("\n\n");
    (texts.join("\n\n"), (!thoughts.is_empty()).then_some(thoughts))
}

/// The texts of a list of parts, or the one text there is instead.
fn parts(item: &Object, key: &str) -> Vec<String> {
    if let Some(text) = loose::string(item, key) {
        return vec![text];
    }
    let part = |part: &Value| match part {
        Value::String(text) => Some(text.clone()),
        Value::Object(part) => loose::string(part, "text"),
        _ => None,
    };
    loose::array(item, key).iter().filter_map(part).collect()
}

/// Takes the `<details type="…">` blocks out of a text: reasoning is returned, tool calls are
/// noted. Blocks without a type are the author's own and stay.
fn without_details(text: &str, notes: &mut Notes) -> (String, Vec<String>) {
    let (mut rest, mut kept, mut thoughts) = (text, String::new(), Vec::new());
    while let Some(start) = rest.find("<details type=\"") {
        let Some((block, after)) = rest.get(start..).and_then(|tail| tail.split_once("</details>"))
        else {
            break;
        };
        let kind = block.trim_start_matches("<details type=\"");
        kept.push_str(rest.get(..start).unwrap_or_default());
        if kind.starts_with("reasoning\"") {
            thoughts.push(quoted(block));
        } else {
            notes.add(Note::ToolSkipped);
        }
        rest = after.trim_start_matches('\n');
    }
    kept.push_str(rest);
    (kept, thoughts)
}

/// The quoted lines of a block of reasoning, without its summary.
fn quoted(block: &str) -> String {
    let inner = block.split_once("</summary>").map_or(block, |(_, inner)| inner);
    let inner = if inner.len() == block.len() {
        inner.split_once('>').map_or("", |(_, inner)| inner)
    } else {
        inner
    };
    let line = |line: &str| {
        let line = line.strip_prefix("&gt;").or_else(|| line.strip_prefix('>')).unwrap_or(line);
        line.strip_prefix(' ').unwrap_or(line).to_owned()
    };
    let text = inner.trim().lines().map(line).collect::<Vec<_>>().join("\n");
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}
