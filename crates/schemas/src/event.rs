//! The compact log of a response: what happened, numbered by position.
//!
//! One event is one line of JSON. The same lines are kept in memory while a response runs and
//! in `response_events` afterwards; wire formats are made from them and never stored.
//! Each event becomes exactly one event of every wire format, so numbers mean the same everywhere.

pub use models::ending::{About, EndReason, FailureCode};
use models::response::ResponseStatus;
pub use models::word::{OrUnknown, Words};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::context::ContextReport;
use crate::{MessageId, Time};

/// A call of a tool, without its arguments, which are the item's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The provider's id of it, or ours.
    pub call_id: String,
    /// The tool's name.
    pub name: String,
    /// How many UTF-16 code units of the answer came before it.
    #[serde(default)]
    pub offset: u32,
    /// What the provider says of it beside that and wants back: the fields of an object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<Map<String, Value>>,
}

/// What an output item is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// The answer.
    Message,
    /// The reasoning before it.
    Reasoning,
    /// A call of a tool.
    FunctionCall(ToolCall),
}

/// Tokens of a response.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Tokens read.
    pub input: u64,
    /// Tokens written.
    pub output: u64,
    /// Of those read, served from a cache.
    #[serde(default)]
    pub cached: u64,
    /// Of those written, spent on reasoning.
    #[serde(default)]
    pub reasoning: u64,
    /// Whether the numbers are our estimate, because the provider gave none.
    #[serde(default)]
    pub estimated: bool,
}

/// Why a response failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Stable code.
    pub code: OrUnknown<FailureCode>,
    /// What happened, in words fit for the user.
    pub message: String,
}

impl Failure {
    /// A failure with one of our codes.
    pub fn new(code: FailureCode, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }
}

/// A source that an answer names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Annotation {
    /// Its address, `http` or `https`.
    pub url: String,
    /// Its title; the address where the provider gave none.
    pub title: String,
    /// The part of the text that it supports, in characters: from here …
    pub start: u32,
    /// … to here. Both are 0 when nobody knows.
    pub end: u32,
}

/// Why nothing comes of an answer for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitReason {
    /// The request failed and is sent again after a pause.
    Retrying,
    /// The same, and the provider asked for the pause.
    AskedToWait,
    /// The model, which is known to reason, says nothing.
    Thinking,
    /// The model says nothing.
    Silent,
}

/// A wait of a running response. It is over when another event comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// Why.
    pub reason: WaitReason,
    /// When it will be over, in Unix seconds, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
}

/// How a response ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// A final status.
    pub status: ResponseStatus,
    /// Why it is not `completed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<OrUnknown<EndReason>>,
    /// The provider's own word for the end, such as `stop`; at most 40 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<String>,
    /// Set when the status is `failed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// Absent when nothing was asked of the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Tokens>,
    /// What was sent to the model; absent when nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<ContextReport>,
    /// When.
    pub at: Time,
}

/// One event. `i` is the position of the output item it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Event {
    /// The response exists.
    Created,
    /// The model is being asked, or a wait is over without anything to show.
    InProgress,
    /// Nothing comes for a while.
    Waiting(Wait),
    /// An output item begins.
    ItemAdded {
        /// Position, from 0.
        i: u32,
        /// Its id; the id of the stored message.
        id: MessageId,
        /// What it is.
        kind: ItemKind,
    },
    /// Its text begins. A call has no parts.
    PartAdded {
        /// Position of the item.
        i: u32,
    },
    /// More text.
    Delta {
        /// Position of the item.
        i: u32,
        /// The text.
        s: String,
    },
    /// A source of its text.
    Cited {
        /// Position of the item.
        i: u32,
        /// The source; its place is one in the text of the item.
        a: Annotation,
    },
    /// Its text is whole: the deltas joined.
    TextDone {
        /// Position of the item.
        i: u32,
    },
    /// Its part is closed.
    PartDone {
        /// Position of the item.
        i: u32,
    },
    /// The item is closed.
    ItemDone {
        /// Position of the item.
        i: u32,
        /// Whether it is whole.
        ok: bool,
    },
    /// Something went wrong; `Ended` follows.
    Error(Failure),
    /// The response is over. Always the last event.
    Ended(Ending),
}

impl Event {
    /// Appends the event to `out` as one line.
    pub fn encode(&self, out: &mut Vec<u8>) {
        // Writing plain data to memory has no way to fail.
        if serde_json::to_writer(&mut *out, self).is_ok() {
            out.push(b'\n');
        }
    }

    /// Reads one line.
    pub fn decode(line: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_is_one_line_and_reads_back(s in ".*") {
            let event = Event::Delta { i: 0, s };
            let mut line = Vec::new();
            event.encode(&mut line);
            prop_assert_eq!(line.iter().position(|b| *b == b'\n'), Some(line.len() - 1));
            prop_assert_eq!(Event::decode(&line).unwrap(), event);
        }
    }
}
