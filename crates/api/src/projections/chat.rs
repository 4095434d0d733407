//! Chunks of chat completions, as `OpenAI`'s clients read them.
//!
//! A stream of several answers is several projections that share what they cost together: each
//! writes the chunks of its own, and the last one to end writes what stands behind all of them.

use std::io::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use schemas::ResponseId;
use schemas::error::ErrorDetail;
use schemas::event::{Annotation, Ending, ItemKind};
use schemas::stream::{Item, StreamEvent};
use schemas::v1::chat::{ChatAnnotation, ChatCompletion, ChatUsage, FinishReason};
use schemas::view::NewResponse;
use serde::Serialize;
use serde_json::json;
use services::Numbered;
use tokio_util::sync::CancellationToken;

use super::{Frames, Head, Projection};
use crate::error::ApiError;

/// What the answers of one stream share.
#[derive(Debug, Clone)]
pub(crate) struct Together {
    state: Arc<Mutex<State>>,
    /// Whether the stream tells what it cost.
    include_usage: bool,
    /// Whether one of them has failed, so that nothing more is written.
    failed: CancellationToken,
}

#[derive(Debug)]
struct State {
    /// How many answers have not ended.
    left: usize,
    usage: ChatUsage,
}

impl Together {
    /// Of so many answers.
    pub(crate) fn new(answers: usize, include_usage: bool) -> Self {
        let state = State { left: answers, usage: ChatUsage::default() };
        let state = Arc::new(Mutex::new(state));
        Self { state, include_usage, failed: CancellationToken::new() }
    }

    /// Ends when one of them has failed and its error was written.
    pub(crate) fn failed(&self) -> CancellationToken {
        self.failed.clone()
    }

    // A panic while the lock is held leaves the numbers whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Renders one answer.
///
/// Deltas are nearly all of a stream, so they are written without an intermediate tree, between
/// what every chunk of the answer begins and ends with.
#[derive(Debug)]
pub(crate) struct Projector {
    /// A chunk up to its choices.
    head: Vec<u8>,
    /// The choice up to its delta.
    choice: Vec<u8>,
    /// What follows a delta behind which more comes.
    tail: &'static [u8],
    /// Characters of the answer in the items before the open one, and in that.
    written: (u32, u32),
    /// The positions of the calls among the output items, in their order.
    calls: Vec<u32>,
    ended: bool,
    together: Together,
}

impl Projection for Projector {
    fn begin(&mut self, frames: &mut impl Frames) {
        self.delta(frames, |out| out.extend_from_slice(br#"{"role":"assistant","content":""}"#));
    }

    fn event(&mut self, Numbered { event, .. }: &Numbered, frames: &mut impl Frames) {
        match event {
            StreamEvent::Delta(item, text) => self.text(item, text, frames),
            StreamEvent::ItemAdded(item) => self.item(item, frames),
            StreamEvent::Cited(_, _, source) => self.source(source, frames),
            StreamEvent::Error(failure) => {
                self.fail(&ApiError::from(failure).of_messages(), frames);
            }
            StreamEvent::Ended(ending, _) => self.finish(ending, frames),
            StreamEvent::Created
            | StreamEvent::InProgress
            | StreamEvent::Waiting(_)
            | StreamEvent::PartAdded(_)
            | StreamEvent::TextDone(..)
            | StreamEvent::PartDone(..)
            | StreamEvent::ItemDone(_) => {}
        }
    }

    fn end(&mut self, frames: &mut impl Frames) {
        if self.together.failed.is_cancelled() {
            return;
        }
        let usage = {
            let mut state = self.together.lock();
            state.left = state.left.saturating_sub(1);
            if state.left > 0 {
                return;
            }
            state.usage
        };
        if self.together.include_usage {
            frames.frame(Head::default(), |out| {
                out.extend_from_slice(&self.head);
                out.extend_from_slice(br#"[],"usage":"#);
                put(out, &usage);
                out.push(b'}');
            });
        }
        frames.frame(Head::default(), |out| out.extend_from_slice(b"[DONE]"));
    }

    fn silence(&mut self, frames: &mut impl Frames) {
        if !self.ended {
            frames.heartbeat();
        }
    }

    /// Nobody can come back to a chat completion.
    fn away(&mut self, frames: &mut impl Frames) {
        self.fail(&ApiError::shutting_down(), frames);
    }
}

impl Projector {
    /// For the answer number `index` of the completion that is named after the response `id`; it
    /// began as `begun`.
    pub(crate) fn new(
        begun: &NewResponse,
        (id, index): (ResponseId, usize),
        together: Together,
    ) -> Self {
        let head = json!({
            "id": ChatCompletion::id_of(id),
            "object": "chat.completion.chunk",
            "created": begun.created_at.timestamp(),
            "model": begun.model,
        });
        let mut head = head.to_string().into_bytes();
        head.pop();
        head.extend_from_slice(br#","choices":"#);
        let mut choice = Vec::new();
        // Writing to memory cannot fail.
        let _ = write!(choice, r#"[{{"index":{index},"delta":"#);
        let tail: &[u8] = if together.include_usage {
            br#","logprobs":null,"finish_reason":null}],"usage":null}"#
        } else {
            br#","logprobs":null,"finish_reason":null}]}"#
        };
        let (written, calls) = ((0, 0), Vec::new());
        Self { head, choice, tail, written, calls, ended: false, together }
    }

    /// Appends a chunk with the delta that `write` appends.
    fn delta(&self, frames: &mut impl Frames, write: impl FnOnce(&mut Vec<u8>)) {
        frames.frame(Head::default(), |out| {
            out.extend_from_slice(&self.head);
            out.extend_from_slice(&self.choice);
            write(out);
            out.extend_from_slice(self.tail);
        });
    }

    fn text(&mut self, item: &Item, text: &str, frames: &mut impl Frames) {
        match item.kind {
            ItemKind::Message => {
                self.delta(frames, |out| {
                    out.extend_from_slice(br#"{"content":"#);
                    put(out, text);
                    out.push(b'}');
                });
                let more = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
                self.written.1 = self.written.1.saturating_add(more);
            }
            // Some clients read the one, some the other.
            ItemKind::Reasoning => self.delta(frames, |out| {
                out.extend_from_slice(br#"{"reasoning_content":"#);
                put(out, text);
                out.extend_from_slice(br#","reasoning":"#);
                put(out, text);
                out.push(b'}');
            }),
            ItemKind::FunctionCall(_) => {
                let place = self.calls.iter().position(|index| *index == item.index).unwrap_or(0);
                self.delta(frames, |out| {
                    // Writing to memory cannot fail.
                    let _ = write!(
                        out,
                        r#"{{"tool_calls":[{{"index":{place},"function":{{"arguments":"#
                    );
                    put(out, text);
                    out.extend_from_slice(b"}}]}");
                });
            }
        }
    }

    fn item(&mut self, item: &Item, frames: &mut impl Frames) {
        match &item.kind {
            ItemKind::Message => {
                self.written = (self.written.0.saturating_add(self.written.1), 0);
            }
            ItemKind::Reasoning => {}
            ItemKind::FunctionCall(call) => {
                let begun = json!({"tool_calls": [{
                    "index": self.calls.len(),
                    "id": call.call_id,
                    "type": "function",
                    "function": {"name": call.name, "arguments": ""},
                }]});
                self.calls.push(item.index);
                self.delta(frames, |out| put(out, &begun));
            }
        }
    }

    fn source(&self, source: &Annotation, frames: &mut impl Frames) {
        let source = ChatAnnotation::of(source.clone(), self.written.0);
        self.delta(frames, |out| put(out, &json!({"annotations": [source]})));
    }

    fn finish(&mut self, ending: &Ending, frames: &mut impl Frames) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let Some(reason) = FinishReason::of(ending, self.calls.len()) else {
            return self.fail(&ApiError::shutting_down(), frames);
        };
        if let Some(tokens) = ending.usage {
            self.together.lock().usage.add(tokens);
        }
        frames.frame(Head::default(), |out| {
            out.extend_from_slice(&self.head);
            out.extend_from_slice(&self.choice);
            out.extend_from_slice(br#"{},"logprobs":null,"finish_reason":"#);
            put(out, &reason);
            out.extend_from_slice(b"}]");
            if self.together.include_usage {
                out.extend_from_slice(br#","usage":null"#);
            }
            out.push(b'}');
        });
    }

    /// Appends what went wrong, behind which nothing comes.
    fn fail(&mut self, error: &ApiError, frames: &mut impl Frames) {
        self.ended = true;
        if self.together.failed.is_cancelled() {
            return;
        }
        self.together.failed.cancel();
        let failed = Failed { error: error.detail() };
        frames.frame(Head::default(), |out| put(out, &failed));
    }
}

#[derive(Serialize)]
struct Failed {
    error: ErrorDetail,
}

/// Appends a value as JSON. Writing plain data to memory cannot fail.
fn put<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    let _ = serde_json::to_writer(out, value);
}

#[cfg(test)]
mod tests;
