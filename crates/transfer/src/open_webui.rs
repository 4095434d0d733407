//! Open WebUI: `chat.history.messages`, a map of nodes, or in old exports a list.

use crate::budget::Budget;
use crate::conversation::{Conversation, Message, Note, Notes, Role, Source};
use crate::json::{Object, Value};
use crate::loose::{self, Files, Joined};
use crate::tree::{Node, Nodes};
use crate::unreadable::Unreadable;

/// Whether `value` looks like a chat of Open WebUI.
pub(crate) fn is(value: Object<'_>) -> bool {
    let chat = loose::object(value, "chat").unwrap_or(value);
    let history = loose::object(chat, "history");
    history.is_some_and(|history| loose::object(history, "messages").is_some())
        || (value.get("chat").is_some() && loose::is_array(chat, "messages"))
}

/// Reads a chat.
pub(crate) fn read(value: Object<'_>, budget: &mut Budget<'_>) -> Result<Conversation, Unreadable> {
    let chat = loose::object(value, "chat").unwrap_or(value);
    let mut conversation = Conversation::new(Source::OpenWebui);
    conversation.source_id = loose::id(value, "id").or_else(|| loose::id(chat, "id"));
    conversation.title = loose::string(value, "title").or_else(|| loose::string(chat, "title"));
    let model = loose::array(chat, "models").find_map(Value::as_str);
    conversation.model = model.map(|model| loose::short(&model));
    conversation.instructions = loose::string(chat, "system").or_else(|| {
        loose::object(chat, "params").and_then(|params| loose::string(params, "system"))
    });
    conversation.is_pinned = loose::is_true(value, "pinned");
    conversation.archived = loose::is_true(value, "archived").then_some(None);
    conversation.created_at =
        loose::time(value, "created_at").or_else(|| loose::time(chat, "timestamp"));
    conversation.updated_at = loose::time(value, "updated_at");
    let history = loose::object(chat, "history").unwrap_or_default();
    let mut nodes = Nodes::new(budget);
    if let Some(messages) = loose::object(history, "messages").filter(|map| !map.is_empty()) {
        for (key, message) in messages.entries() {
            let Some(message) = message.as_object() else { continue };
            let id = loose::id(message, "id").unwrap_or_else(|| key.into_owned());
            let parent = loose::id(message, "parentId");
            nodes.push(node(message, id, parent, &mut conversation))?;
        }
    } else {
        let mut before = None;
        for (at, message) in loose::array(chat, "messages").enumerate() {
            let Some(message) = message.as_object() else { continue };
            let id = loose::id(message, "id").unwrap_or_else(|| format!("#{at}"));
            let parent = before.replace(id.clone());
            nodes.push(node(message, id, parent, &mut conversation))?;
        }
    }
    nodes.plant(loose::text(history, "currentId").as_deref(), &mut conversation)?;
    Ok(conversation)
}

fn node(
    message: Object<'_>,
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

fn read_message(message: Object<'_>, id: &str, conversation: &mut Conversation) -> Option<Message> {
    let notes = &mut conversation.notes;
    let role = match loose::text(message, "role").as_deref() {
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
    let mut files = Files::default();
    let (text, reasoning) = spoken(message, &mut files, notes);
    for file in loose::objects(message, "files") {
        files.add(loose::object(file, "file").unwrap_or(file));
    }
    notes.add_many(Note::AttachmentNotStored, files.count());
    let attachments = files.get();
    if text.trim().is_empty() && attachments.is_empty() {
        notes.add(Note::EmptySkipped);
        return None;
    }
    let has_failed =
        message.get("error").is_some_and(|error| !error.is_null() && !error.is_false());
    Some(Message {
        source_id: Some(id.to_owned()),
        parent: None,
        role,
        text,
        reasoning,
        calls: Vec::new(),
        call_id: None,
        parts: Vec::new(),
        model: (role == Role::Assistant).then(|| loose::name(message, "model")).flatten(),
        is_complete: !message.get("done").is_some_and(Value::is_false) && !has_failed,
        annotations: Vec::new(),
        attachments,
        response: None,
        created_at: loose::time(message, "timestamp"),
        updated_at: None,
    })
}

/// Text and reasoning, from whichever of the three places has them.
fn spoken(message: Object<'_>, files: &mut Files, notes: &mut Notes) -> (String, Option<String>) {
    let (mut texts, mut thoughts) = (Joined::default(), Joined::default());
    for item in loose::objects(message, "output") {
        match loose::text(item, "type").as_deref() {
            Some("message") => parts(item, "content", &mut texts),
            Some("reasoning") => {
                let mut all = Joined::default();
                parts(item, "content", &mut all);
                if all.is_none() {
                    parts(item, "summary", &mut all);
                }
                if let Some(all) = all.get() {
                    thoughts.add("\n\n", &all);
                }
            }
            Some("function_call" | "function_call_output") => notes.add(Note::ToolSkipped),
            _ => notes.add(Note::UnknownPartSkipped),
        }
    }
    let content = message.get("content").filter(|_| texts.is_none());
    if let Some(text) = content.and_then(Value::as_str) {
        let mut inside = Joined::default();
        texts.add("", &without_details(&text, &mut inside, notes));
        if thoughts.is_none() {
            thoughts = inside;
        }
    }
    for part in content.map(Value::items).unwrap_or_default().filter_map(Value::as_object) {
        if let Some(text) = loose::text(part, "text") {
            texts.add("\n\n", &text);
        } else if let Some(image) = loose::object(part, "image_url") {
            files.add(image);
        } else {
            notes.add(Note::UnknownPartSkipped);
        }
    }
    let thoughts = thoughts.get().filter(|thoughts| !thoughts.is_empty());
    (texts.get().unwrap_or_default(), thoughts)
}

/// Adds the texts of a list of parts, or the one text there is instead.
fn parts(item: Object<'_>, key: &str, texts: &mut Joined) {
    if let Some(text) = loose::text(item, key) {
        texts.add("\n\n", &text);
    }
    for part in loose::array(item, key) {
        let inner = part.as_object().and_then(|part| loose::text(part, "text"));
        if let Some(text) = part.as_str().or(inner) {
            texts.add("\n\n", &text);
        }
    }
}

/// Takes the `<details type="…">` blocks out of a text: reasoning is added to `thoughts`, tool calls
/// are noted. Blocks without a type are the author's own and stay.
fn without_details(text: &str, thoughts: &mut Joined, notes: &mut Notes) -> String {
    let (mut rest, mut kept) = (text, String::new());
    while let Some(start) = rest.find("<details type=\"") {
        let Some((block, after)) = rest.get(start..).and_then(|tail| tail.split_once("</details>"))
        else {
            break;
        };
        let kind = block.trim_start_matches("<details type=\"");
        kept.push_str(rest.get(..start).unwrap_or_default());
        if kind.starts_with("reasoning\"") {
            thoughts.add("\n\n", &quoted(block));
        } else {
            notes.add(Note::ToolSkipped);
        }
        rest = after.trim_start_matches('\n');
    }
    kept.push_str(rest);
    kept
}

/// The quoted lines of a block of reasoning, without its summary.
fn quoted(block: &str) -> String {
    let inner = block.split_once("</summary>").map_or(block, |(_, inner)| inner);
    let inner = if inner.len() == block.len() {
        inner.split_once('>').map_or("", |(_, inner)| inner)
    } else {
        inner
    };
    let mut text = Joined::default();
    for line in inner.trim().lines() {
        let line = line.strip_prefix("&gt;").or_else(|| line.strip_prefix('>')).unwrap_or(line);
        text.add("\n", line.strip_prefix(' ').unwrap_or(line));
    }
    let text = text.get().unwrap_or_default();
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}
