//! The UI message stream of the AI SDK, version 1: what `useChat` reads.
//!
//! A stream is always whole: its client rebuilds the message from `start` on, so frames have no
//! numbers. Nothing is shown while a response waits; the comments of the transport keep the
//! connection alive.

use schemas::MessageId;
use schemas::chat::{
    UiAbort, UiChunk, UiError, UiFinish, UiFinishStep, UiPart, UiReasoningDelta, UiReasoningEnd,
    UiReasoningStart, UiSourceUrl, UiStart, UiStartStep, UiTextDelta, UiTextEnd, UiTextStart,
    UiToolInputAvailable, UiToolInputError, UiToolInputStart, UiToolOutputAvailable, arguments_of,
};
use schemas::event::{Ending, ItemKind, ToolCall};
use schemas::stream::{DoneItem, Item, StreamEvent};
use schemas::view::NewResponse;
use serde::Serialize;
use serde_json::Value;
use services::Numbered;

use super::{Frames, Head, Projection};

/// What a reader is told whose server goes before the answer has ended.
const AWAY: &str = "The connection to this answer was closed. The answer goes on: load the chat \
                    again to follow it.";

/// Renders the events of one response.
///
/// Deltas are nearly all of a stream, so they are written without an intermediate tree, and what
/// stands before their text is made once per item.
#[derive(Debug, Clone)]
pub(crate) struct UiMessages {
    start: UiStart,
    /// What the message shows of earlier answers, which called the tools whose results this one is
    /// the answer to.
    earlier: Vec<UiPart>,
    /// The item of the newest delta, and its chunk up to the place of the text.
    delta: Option<(MessageId, Vec<u8>)>,
    /// Items that have begun and not ended.
    open: Vec<Item>,
}

impl Projection for UiMessages {
    fn begin(&mut self, frames: &mut impl Frames) {
        put(frames, &self.start);
        replay(std::mem::take(&mut self.earlier), frames);
        put(frames, &UiStartStep::new());
    }

    fn event(&mut self, Numbered { event, .. }: &Numbered, frames: &mut impl Frames) {
        match event {
            StreamEvent::Delta(item, text) => self.delta(item, text, frames),
            StreamEvent::ItemAdded(item) => {
                // An answer that only calls tools has no text, so none is begun before it comes.
                if item.is_call() {
                    self.begin_item(item, frames);
                }
            }
            StreamEvent::ItemDone(done) => {
                if let Some(at) = self.open.iter().position(|item| item.id == done.item.id) {
                    self.open.remove(at);
                    put(frames, &ended(&done.item, &done.text, done.complete));
                }
            }
            StreamEvent::Cited(item, place, source) => {
                put(frames, &UiSourceUrl::of(item, *place, source));
            }
            StreamEvent::Error(failure) => put(frames, &UiError::of(failure)),
            StreamEvent::Ended(ending, output) => self.finish(ending, output, frames),
            // A part is its item, and the first chunk said that the answer is being made.
            StreamEvent::Created
            | StreamEvent::InProgress
            | StreamEvent::Waiting(_)
            | StreamEvent::PartAdded(_)
            | StreamEvent::TextDone(..)
            | StreamEvent::PartDone(..) => {}
        }
    }

    fn end(&mut self, frames: &mut impl Frames) {
        frames.frame(Head::default(), |out| out.extend_from_slice(b"[DONE]"));
    }

    /// This client would take the end of the stream for that of the answer, and does not know what
    /// an event stream says to be asked again.
    fn away(&mut self, frames: &mut impl Frames) {
        put(frames, &UiError::new(AWAY.to_owned()));
    }
}

impl UiMessages {
    /// For a response whose answer is shown in the message `message_id`, below what that shows of
    /// `earlier` ones.
    pub(crate) fn new(message_id: MessageId, response: &NewResponse, earlier: Vec<UiPart>) -> Self {
        let start = UiStart::of(message_id, response);
        Self { start, earlier, delta: None, open: Vec::new() }
    }

    fn begin_item(&mut self, item: &Item, frames: &mut impl Frames) {
        if !self.open.iter().any(|open| open.id == item.id) {
            put(frames, &begun(item));
            self.open.push(item.clone());
        }
    }

    fn delta(&mut self, item: &Item, text: &str, frames: &mut impl Frames) {
        if self.delta.as_ref().is_none_or(|(id, _)| *id != item.id) {
            self.begin_item(item, frames);
        }
        let before = match &mut self.delta {
            Some((id, before)) if *id == item.id => before,
            delta => &mut delta.insert((item.id, before_text(item))).1,
        };
        frames.frame(Head::default(), |out| {
            out.extend_from_slice(before);
            json(out, text);
            out.push(b'}');
        });
    }

    fn finish(&mut self, ending: &Ending, output: &[DoneItem], frames: &mut impl Frames) {
        // The log closes every item; a client must not wait for one should it ever not.
        for item in std::mem::take(&mut self.open) {
            put(frames, &ended(&item, "", false));
        }
        put(frames, &UiFinishStep::new());
        if let Some(abort) = UiAbort::of(ending) {
            put(frames, &abort);
        }
        put(frames, &UiFinish::of(ending, output));
    }
}

/// The chunk of a delta up to the place of its text.
fn before_text(item: &Item) -> Vec<u8> {
    let mut out = Vec::with_capacity(96);
    let kind = match &item.kind {
        ItemKind::FunctionCall(call) => {
            out.extend_from_slice(br#"{"type":"tool-input-delta","toolCallId":"#);
            json(&mut out, &call.call_id);
            out.extend_from_slice(br#","inputTextDelta":"#);
            return out;
        }
        ItemKind::Message => "text-delta",
        ItemKind::Reasoning => "reasoning-delta",
    };
    out.extend_from_slice(format!(r#"{{"type":"{kind}","id":"{}","delta":"#, item.id).as_bytes());
    out
}

fn begun(item: &Item) -> UiChunk {
    match &item.kind {
        ItemKind::Message => UiTextStart::new(item.id.to_string()).into(),
        ItemKind::Reasoning => UiReasoningStart::new(item.id.to_string()).into(),
        ItemKind::FunctionCall(ToolCall { call_id, name, .. }) => {
            UiToolInputStart::new(call_id.clone(), name.clone()).into()
        }
    }
}

fn ended(item: &Item, text: &str, is_complete: bool) -> UiChunk {
    match &item.kind {
        ItemKind::Message => UiTextEnd::new(item.id.to_string()).into(),
        ItemKind::Reasoning => UiReasoningEnd::new(item.id.to_string()).into(),
        ItemKind::FunctionCall(ToolCall { call_id, name, .. }) => {
            call_ended(call_id.clone(), name.clone(), text, arguments_of(text, is_complete))
        }
    }
}

fn call_ended(id: String, name: String, text: &str, arguments: Result<Value, String>) -> UiChunk {
    match arguments {
        Ok(input) => UiToolInputAvailable::new(id, name, input).into(),
        Err(error) => UiToolInputError::new(id, name, text.into(), error).into(),
    }
}

/// What a message shows already, as chunks: a step for each answer.
fn replay(parts: Vec<UiPart>, frames: &mut impl Frames) {
    let mut is_in_step = false;
    for (part, at) in parts.into_iter().zip(0_u32..) {
        if part.kind == "step-start" {
            if is_in_step {
                put(frames, &UiFinishStep::new());
            }
            put(frames, &UiStartStep::new());
            is_in_step = true;
            continue;
        }
        let tool = part.tool().map(str::to_owned);
        let UiPart { kind, text, url, title, source_id, tool_call_id, .. } = part;
        match (kind.as_str(), text, tool, tool_call_id) {
            ("text", Some(text), ..) => {
                put(frames, &UiTextStart::new(at.to_string()));
                put(frames, &UiTextDelta::new(at.to_string(), text));
                put(frames, &UiTextEnd::new(at.to_string()));
            }
            ("reasoning", Some(text), ..) => {
                put(frames, &UiReasoningStart::new(at.to_string()));
                put(frames, &UiReasoningDelta::new(at.to_string(), text));
                put(frames, &UiReasoningEnd::new(at.to_string()));
            }
            ("source-url", ..) => {
                let [id, url, title] = [source_id, url, title].map(Option::unwrap_or_default);
                put(frames, &UiSourceUrl::new(id, url, title));
            }
            (_, _, Some(tool), Some(id)) => {
                put(frames, &UiToolInputStart::new(id.clone(), tool.clone()));
                let arguments = match (part.input, part.error_text) {
                    (Some(input), _) => Ok(input),
                    (None, error) => Err(error.unwrap_or_default()),
                };
                let raw = part.raw_input.as_ref().and_then(Value::as_str).unwrap_or_default();
                put(frames, &call_ended(id.clone(), tool, raw, arguments));
                if let Some(output) = part.output {
                    put(frames, &UiToolOutputAvailable::new(id, output));
                }
            }
            _ => {}
        }
    }
    if is_in_step {
        put(frames, &UiFinishStep::new());
    }
}

/// Appends a chunk.
fn put<T: Serialize>(frames: &mut impl Frames, chunk: &T) {
    frames.frame(Head::default(), |out| json(out, chunk));
}

/// Appends a value as JSON. Writing plain data to memory cannot fail.
fn json<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    let _ = serde_json::to_writer(out, value);
}

#[cfg(test)]
mod tests;
