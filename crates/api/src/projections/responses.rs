//! The event vocabulary of Open Responses (2026-04-24).
//!
//! Reasoning is shown as `response.reasoning_summary_*`, the only names that the compliance suite
//! and all client libraries understand. A stopped response ends with `response.incomplete`,
//! status and reason `cancelled`.

use std::io::Write as _;

use schemas::MessageId;
use schemas::event::{Annotation, Ending, Failure, ItemKind};
use schemas::response::{AnnotationOut, ResponseResource, annotations, function_call, output_item};
use schemas::stream::{DoneItem, Item, StreamEvent};
use serde::Serialize;
use serde_json::{Value, json};

/// Renders the events of one response.
///
/// Deltas are nearly all of a stream, so they are written without an intermediate tree, and the
/// part of them that names the item is made once per item.
#[derive(Debug, Clone)]
pub struct Projector {
    base: ResponseResource,
    /// The item of the newest delta, and its members as they stand before the text.
    delta: Option<(MessageId, Vec<u8>)>,
}

impl Projector {
    /// For the response that began as `base` (status `in_progress`, no output).
    pub fn new(base: ResponseResource) -> Self {
        Self { base, delta: None }
    }

    /// Appends the event numbered `seq` to `out` as one line of JSON, without a line end.
    pub fn write(&mut self, seq: u64, event: &StreamEvent, out: &mut Vec<u8>) {
        if let StreamEvent::Delta(item, text) = event {
            self.write_delta(seq, event_type(event), item, text, out);
        } else {
            put(out, &self.render(seq, event));
        }
    }

    fn write_delta(&mut self, seq: u64, kind: &str, item: &Item, text: &str, out: &mut Vec<u8>) {
        // Writing to memory cannot fail.
        let _ = write!(out, r#"{{"type":"{kind}","sequence_number":{seq}"#);
        match &self.delta {
            Some((id, members)) if *id == item.id => out.extend_from_slice(members),
            _ => {
                let members = item_members(item);
                out.extend_from_slice(&members);
                self.delta = Some((item.id, members));
            }
        }
        put(out, text);
        out.extend_from_slice(match item.kind {
            ItemKind::Message => br#","logprobs":[]}"#,
            ItemKind::Reasoning | ItemKind::FunctionCall(_) => b"}",
        });
    }

    fn render(&self, seq: u64, event: &StreamEvent) -> Value {
        let kind = event_type(event);
        let head = json!({"type": kind, "sequence_number": seq});
        let rest = match event {
            StreamEvent::Created | StreamEvent::InProgress => json!({"response": self.base}),
            StreamEvent::Waiting(wait) => {
                let waiting = Some((*wait).into());
                json!({"response": ResponseResource { waiting, ..self.base.clone() }})
            }
            StreamEvent::ItemAdded(item) => {
                json!({"output_index": item.index, "item": begun_item(item)})
            }
            StreamEvent::PartAdded(item) => with_part(item, "", &[]),
            StreamEvent::Delta(item, text) => with_text(item, "delta", text),
            StreamEvent::TextDone(item, text) => with_text(item, whole_name(&item.kind), text),
            StreamEvent::PartDone(item, text, sources) => with_part(item, text, sources),
            StreamEvent::Cited(item, place, source) => {
                let annotation = AnnotationOut::from(source.clone());
                with_item(item, json!({"annotation_index": place, "annotation": annotation}))
            }
            StreamEvent::ItemDone(done) => {
                json!({"output_index": done.item.index, "item": output_item(done)})
            }
            StreamEvent::Error(failure) => error_members(failure),
            StreamEvent::Ended(ending, output) => {
                json!({"response": self.ended(ending, output)})
            }
        };
        join(head, rest)
    }

    fn ended(&self, ending: &Ending, output: &[DoneItem]) -> ResponseResource {
        let mut ending = ending.clone();
        if Terminal::of(&ending) == Terminal::Incomplete && ending.reason.is_none() {
            ending.reason = status_word(&ending);
        }
        self.base.ended(&ending, output)
    }
}

/// The `type` of the event, which is also the `event:` line of its frame.
pub fn event_type(event: &StreamEvent) -> &'static str {
    match event {
        StreamEvent::Created => "response.created",
        StreamEvent::InProgress | StreamEvent::Waiting(_) => "response.in_progress",
        StreamEvent::ItemAdded(_) => "response.output_item.added",
        StreamEvent::PartAdded(item) => match item.kind {
            ItemKind::Message => "response.content_part.added",
            ItemKind::Reasoning | ItemKind::FunctionCall(_) => {
                "response.reasoning_summary_part.added"
            }
        },
        StreamEvent::Delta(item, _) => match item.kind {
            ItemKind::Message => "response.output_text.delta",
            ItemKind::Reasoning => "response.reasoning_summary_text.delta",
            ItemKind::FunctionCall(_) => "response.function_call_arguments.delta",
        },
        StreamEvent::TextDone(item, _) => match item.kind {
            ItemKind::Message => "response.output_text.done",
            ItemKind::Reasoning => "response.reasoning_summary_text.done",
            ItemKind::FunctionCall(_) => "response.function_call_arguments.done",
        },
        StreamEvent::Cited(..) => "response.output_text.annotation.added",
        StreamEvent::PartDone(item, ..) => match item.kind {
            ItemKind::Message => "response.content_part.done",
            ItemKind::Reasoning | ItemKind::FunctionCall(_) => {
                "response.reasoning_summary_part.done"
            }
        },
        StreamEvent::ItemDone(_) => "response.output_item.done",
        StreamEvent::Error(_) => "error",
        StreamEvent::Ended(ending, _) => match Terminal::of(ending) {
            Terminal::Completed => "response.completed",
            Terminal::Incomplete => "response.incomplete",
            Terminal::Failed => "response.failed",
        },
    }
}

/// The three ways a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Terminal {
    Completed,
    Incomplete,
    Failed,
}

impl Terminal {
    fn of(ending: &Ending) -> Self {
        match status_word(ending).as_deref() {
            Some("completed") => Self::Completed,
            Some("incomplete" | "cancelled") => Self::Incomplete,
            _ => Self::Failed,
        }
    }
}

/// The status in the word of the wire; its enum belongs to a layer this crate does not know.
fn status_word(ending: &Ending) -> Option<String> {
    serde_json::to_value(ending.status).ok()?.as_str().map(str::to_owned)
}

/// `,"item_id":…` up to the place of the text.
fn item_members(item: &Item) -> Vec<u8> {
    let part = part_index(&item.kind).map(|name| format!(r#","{name}":0"#)).unwrap_or_default();
    format!(r#","item_id":"{}","output_index":{}{part},"delta":"#, item.id, item.index).into_bytes()
}

/// What the position of a part is called. Every item has one part, the first; a call has none.
fn part_index(kind: &ItemKind) -> Option<&'static str> {
    match kind {
        ItemKind::Message => Some("content_index"),
        ItemKind::Reasoning => Some("summary_index"),
        ItemKind::FunctionCall(_) => None,
    }
}

fn with_item(item: &Item, rest: Value) -> Value {
    let members = json!({"item_id": item.id, "output_index": item.index});
    let part = part_index(&item.kind).map_or_else(|| json!({}), |name| json!({name: 0}));
    join(join(members, part), rest)
}

/// What the whole text of an item is called.
fn whole_name(kind: &ItemKind) -> &'static str {
    match kind {
        ItemKind::Message | ItemKind::Reasoning => "text",
        ItemKind::FunctionCall(_) => "arguments",
    }
}

fn with_text(item: &Item, name: &str, text: &str) -> Value {
    with_item(
        item,
        match item.kind {
            ItemKind::Message => json!({name: text, "logprobs": []}),
            ItemKind::Reasoning | ItemKind::FunctionCall(_) => json!({name: text}),
        },
    )
}

fn with_part(item: &Item, text: &str, sources: &[Annotation]) -> Value {
    let part = match item.kind {
        ItemKind::Message => {
            let sources = annotations(sources);
            json!({"type": "output_text", "text": text, "annotations": sources, "logprobs": []})
        }
        ItemKind::Reasoning | ItemKind::FunctionCall(_) => {
            json!({"type": "summary_text", "text": text})
        }
    };
    with_item(item, json!({"part": part}))
}

/// The item as it begins: helpers append what follows, so it must be empty.
fn begun_item(item: &Item) -> Value {
    match &item.kind {
        ItemKind::Message => json!({
            "type": "message",
            "id": item.id,
            "status": "in_progress",
            "role": "assistant",
            "content": [],
        }),
        ItemKind::Reasoning => json!({
            "type": "reasoning",
            "id": item.id,
            "status": "in_progress",
            "summary": [],
        }),
        ItemKind::FunctionCall(call) => function_call(item.id, call, "", "in_progress"),
    }
}

/// Both shapes that clients look for.
fn error_members(failure: &Failure) -> Value {
    let Failure { code, message } = failure;
    json!({
        "error": {"type": "server_error", "code": code, "message": message, "param": null},
        "code": code,
        "message": message,
        "param": null,
    })
}

/// One object with the members of both, in order.
fn join(head: Value, rest: Value) -> Value {
    match (head, rest) {
        (Value::Object(mut head), Value::Object(rest)) => {
            head.extend(rest);
            Value::Object(head)
        }
        (head, _) => head,
    }
}

/// Appends a value as JSON. Writing plain data to memory cannot fail.
fn put<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    let _ = serde_json::to_writer(out, value);
}

#[cfg(test)]
mod tests;
