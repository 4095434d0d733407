//! The event vocabulary of Open Responses (2026-04-24).
//!
//! Reasoning is shown as `response.reasoning_summary_*`, the only names that the compliance suite
//! and all client libraries understand. A stopped response ends with `response.incomplete`,
//! status and reason `cancelled`.

use std::io::Write as _;

use schemas::MessageId;
use schemas::event::{Ending, ItemKind};
use schemas::output::{OutputItem, OutputText, SummaryText};
use schemas::response::ResponseResource;
use schemas::response_event::{
    ContentPartAdded, ContentPartDone, ErrorEvent, FunctionCallArgumentsDelta,
    FunctionCallArgumentsDone, OutputItemAdded, OutputItemDone, OutputTextAnnotationAdded,
    OutputTextDelta, OutputTextDone, ReasoningDelta, ReasoningDone, ReasoningPartAdded,
    ReasoningPartDone, ResponseCompleted, ResponseCreated, ResponseEvent, ResponseFailed,
    ResponseInProgress, ResponseIncomplete,
};
use schemas::stream::{DoneItem, Item, StreamEvent};
use schemas::tagged::Tagged;
use serde::Serialize;
use services::Numbered;

use super::{Frames, Head, Projection};

/// Renders the events of one response.
///
/// Deltas are nearly all of a stream, so they are written without an intermediate tree, and the
/// part of them that names the item is made once per item.
#[derive(Debug, Clone)]
pub(crate) struct Projector {
    base: ResponseResource,
    /// What its clients expect.
    dialect: Dialect,
    /// The item of the newest delta, and its members as they stand before the text.
    delta: Option<(MessageId, Vec<u8>)>,
}

/// What clients expect of the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// Numbers in `id:`, and why nothing comes at the moment.
    Ours,
    /// Neither: the standard knows no `id:`, and `response.in_progress` is not repeated, so a
    /// number is left out where we tell of a wait. Numbers are places in the log, with which a
    /// client goes on, so they are not made contiguous.
    OpenAi {
        /// Whether the last event was the first one, which `response.in_progress` follows.
        is_begun: bool,
    },
}

impl Projection for Projector {
    fn event(&mut self, Numbered { seq, event }: &Numbered, frames: &mut impl Frames) {
        let id = match &mut self.dialect {
            Dialect::Ours => Some(*seq),
            Dialect::OpenAi { is_begun } => {
                // Who goes on behind the first event has not seen the second.
                let is_second =
                    std::mem::replace(is_begun, matches!(event, StreamEvent::Created)) || *seq == 1;
                match event {
                    StreamEvent::Waiting(_) => return,
                    StreamEvent::InProgress if !is_second => return,
                    _ => None,
                }
            }
        };
        let head = Head { id, name: Some(event_type(event)) };
        frames.frame(head, |out| self.write(*seq, event, out));
    }

    /// It has no number: a client that reconnects anyway asks for what follows the terminal event.
    fn end(&mut self, frames: &mut impl Frames) {
        frames.frame(Head::default(), |out| out.extend_from_slice(b"[DONE]"));
    }
}

impl Projector {
    /// For the response that began as `base` (status `in_progress`, no output).
    pub(crate) fn new(base: ResponseResource) -> Self {
        Self { base, dialect: Dialect::Ours, delta: None }
    }

    /// The same for clients of the `OpenAI` API.
    pub(crate) fn openai(base: ResponseResource) -> Self {
        Self { dialect: Dialect::OpenAi { is_begun: false }, ..Self::new(base) }
    }

    /// Appends the event numbered `seq` to `out` as one line of JSON, without a line end.
    fn write(&mut self, seq: u64, event: &StreamEvent, out: &mut Vec<u8>) {
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

    fn render(&self, seq: u64, event: &StreamEvent) -> ResponseEvent {
        match event {
            StreamEvent::Created => {
                let begun = self.base.clone();
                let begun = if begun.background { begun.queued() } else { begun };
                ResponseCreated::new(seq, begun).into()
            }
            StreamEvent::InProgress => ResponseInProgress::new(seq, self.base.clone()).into(),
            StreamEvent::Waiting(wait) => {
                let waiting = Some((*wait).into());
                let response = ResponseResource { waiting, ..self.base.clone() };
                ResponseInProgress::new(seq, response).into()
            }
            StreamEvent::ItemAdded(item) => {
                OutputItemAdded::new(seq, item.index, OutputItem::begun(item)).into()
            }
            StreamEvent::PartAdded(item) => match item.kind {
                ItemKind::Message => {
                    let part = OutputText::with_sources(String::new(), Vec::new());
                    ContentPartAdded::new(seq, item.id, item.index, 0, part).into()
                }
                ItemKind::Reasoning | ItemKind::FunctionCall(_) => {
                    let part = SummaryText::new(String::new());
                    ReasoningPartAdded::new(seq, item.id, item.index, 0, part).into()
                }
            },
            StreamEvent::Delta(item, text) => delta(seq, item, text.clone()),
            StreamEvent::TextDone(item, text) => whole(seq, item, text.clone()),
            StreamEvent::PartDone(item, text, sources) => match item.kind {
                ItemKind::Message => {
                    let part = OutputText::with_sources(text.clone(), sources.clone());
                    ContentPartDone::new(seq, item.id, item.index, 0, part).into()
                }
                ItemKind::Reasoning | ItemKind::FunctionCall(_) => {
                    let part = SummaryText::new(text.clone());
                    ReasoningPartDone::new(seq, item.id, item.index, 0, part).into()
                }
            },
            StreamEvent::Cited(item, place, source) => {
                let (id, index) = (item.id, item.index);
                let source = source.clone().into();
                OutputTextAnnotationAdded::new(seq, id, index, 0, *place, source).into()
            }
            StreamEvent::ItemDone(done) => {
                let index = done.item.index;
                OutputItemDone::new(seq, index, OutputItem::done(done.clone())).into()
            }
            StreamEvent::Error(failure) => ErrorEvent::of(seq, failure).into(),
            StreamEvent::Ended(ending, output) => {
                let response = self.ended(ending, output);
                match Terminal::of(ending) {
                    Terminal::Completed => ResponseCompleted::new(seq, response).into(),
                    Terminal::Incomplete => ResponseIncomplete::new(seq, response).into(),
                    Terminal::Failed => ResponseFailed::new(seq, response).into(),
                }
            }
        }
    }

    fn ended(&self, ending: &Ending, output: &[DoneItem]) -> ResponseResource {
        let mut ending = ending.clone();
        if Terminal::of(&ending) == Terminal::Incomplete && ending.reason.is_none() {
            ending.reason = status_word(&ending).map(|word| word.as_str().into());
        }
        self.base.ended(&ending, output)
    }
}

/// The `type` of the event, which is also the `event:` line of its frame.
fn event_type(event: &StreamEvent) -> &'static str {
    match event {
        StreamEvent::Created => ResponseCreated::TYPE,
        StreamEvent::InProgress | StreamEvent::Waiting(_) => ResponseInProgress::TYPE,
        StreamEvent::ItemAdded(_) => OutputItemAdded::TYPE,
        StreamEvent::PartAdded(item) => match item.kind {
            ItemKind::Message => ContentPartAdded::TYPE,
            ItemKind::Reasoning | ItemKind::FunctionCall(_) => ReasoningPartAdded::TYPE,
        },
        StreamEvent::Delta(item, _) => match item.kind {
            ItemKind::Message => OutputTextDelta::TYPE,
            ItemKind::Reasoning => ReasoningDelta::TYPE,
            ItemKind::FunctionCall(_) => FunctionCallArgumentsDelta::TYPE,
        },
        StreamEvent::TextDone(item, _) => match item.kind {
            ItemKind::Message => OutputTextDone::TYPE,
            ItemKind::Reasoning => ReasoningDone::TYPE,
            ItemKind::FunctionCall(_) => FunctionCallArgumentsDone::TYPE,
        },
        StreamEvent::Cited(..) => OutputTextAnnotationAdded::TYPE,
        StreamEvent::PartDone(item, ..) => match item.kind {
            ItemKind::Message => ContentPartDone::TYPE,
            ItemKind::Reasoning | ItemKind::FunctionCall(_) => ReasoningPartDone::TYPE,
        },
        StreamEvent::ItemDone(_) => OutputItemDone::TYPE,
        StreamEvent::Error(_) => ErrorEvent::TYPE,
        StreamEvent::Ended(ending, _) => match Terminal::of(ending) {
            Terminal::Completed => ResponseCompleted::TYPE,
            Terminal::Incomplete => ResponseIncomplete::TYPE,
            Terminal::Failed => ResponseFailed::TYPE,
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

fn delta(seq: u64, item: &Item, text: String) -> ResponseEvent {
    let (id, index) = (item.id, item.index);
    match item.kind {
        ItemKind::Message => OutputTextDelta::new(seq, id, index, 0, text, []).into(),
        ItemKind::Reasoning => ReasoningDelta::new(seq, id, index, 0, text).into(),
        ItemKind::FunctionCall(_) => FunctionCallArgumentsDelta::new(seq, id, index, text).into(),
    }
}

fn whole(seq: u64, item: &Item, text: String) -> ResponseEvent {
    let (id, index) = (item.id, item.index);
    match item.kind {
        ItemKind::Message => OutputTextDone::new(seq, id, index, 0, text, []).into(),
        ItemKind::Reasoning => ReasoningDone::new(seq, id, index, 0, text).into(),
        ItemKind::FunctionCall(_) => FunctionCallArgumentsDone::new(seq, id, index, text).into(),
    }
}

/// Appends a value as JSON. Writing plain data to memory cannot fail.
fn put<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    let _ = serde_json::to_writer(out, value);
}

#[cfg(test)]
mod tests;
