//! Holds a stream of response events against the standard (Open Responses 2026-04-24), as the
//! strictest reader we know of would.
//!
//! The only gap in the numbers that passes is the one our servers document: after a crash a
//! log goes on at a multiple of 1,000,000.

mod item;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::sse::Frame;
use item::{Finding, Item};

/// After a crash the numbers go on at a multiple of this.
const CRASH_STEP: u64 = 1_000_000;

/// What a stream got wrong; the names of the standard's own validator where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// Numbers begin at 0 and rise by 1.
    NonMonotonicSequence,
    /// created, perhaps queued, in progress, then an end; snapshots agree with their event.
    InvalidResponseTransition,
    /// Exactly one terminal event, and nothing but `[DONE]` after it.
    ResponseNotTerminated,
    /// An item is added once.
    DuplicateItem,
    /// An item is added before anything else is said of it.
    UnknownItem,
    /// An item goes from `in_progress` to `completed` or `incomplete`, then nothing more.
    InvalidItemTransition,
    /// Every item is done before the response is.
    ItemNotTerminated,
    /// A part is added once.
    DuplicateContentPart,
    /// A part is added before anything else is said of it.
    UnknownContentPart,
    /// A part takes deltas, then its whole text, then it is done.
    InvalidContentPartTransition,
    /// Every part is done before its item is.
    ContentPartNotTerminated,
    /// Deltas, whole texts, done parts, done items and the final output agree.
    TextMismatch,
    /// A call has an id and a name; it has arguments and no parts, and other items have none.
    CallFields,
    /// Ids, types, call ids and names never change.
    IdentityChanged,
    /// Output indexes begin at 0 and have no holes; each item has one.
    OutputIndex,
    /// Items and parts begin empty.
    NotEmptyAtStart,
    /// The `event` field is the type, the `id` field, when there is one, the number.
    FrameFields,
}

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub rule: Rule,
    /// At which frame, counted from 0.
    pub frame: usize,
    /// How.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "frame {}: {:?}: {}", self.frame, self.rule, self.message)
    }
}

/// What is wrong with a whole stream, from the first event to the terminal one.
pub fn check(frames: &[Frame]) -> Vec<Violation> {
    Validator::whole().read(frames).finish()
}

/// What is wrong with a stream that was resumed; what came before is not held against it.
pub fn check_from_middle(frames: &[Frame]) -> Vec<Violation> {
    Validator::from_middle().read(frames).finish()
}

/// Fails the test when a whole stream breaks a rule.
#[track_caller]
pub fn assert_valid(frames: &[Frame]) {
    report(&check(frames), frames);
}

/// Fails the test when a resumed stream breaks a rule.
#[track_caller]
pub fn assert_valid_from_middle(frames: &[Frame]) {
    report(&check_from_middle(frames), frames);
}

#[track_caller]
fn report(violations: &[Violation], frames: &[Frame]) {
    if violations.is_empty() {
        return;
    }
    let broken: Vec<String> = violations.iter().map(Violation::to_string).collect();
    let lines: Vec<&str> = frames.iter().map(|frame| frame.data.as_str()).collect();
    panic!("the stream is not valid:\n{}\nframes:\n{}", broken.join("\n"), lines.join("\n"));
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing seen of a whole stream.
    Start,
    /// Nothing seen of a resumed stream.
    Middle,
    Created,
    Queued,
    InProgress,
    Ended,
    Done,
}

/// Reads a stream frame by frame.
#[derive(Debug)]
pub struct Validator {
    from_middle: bool,
    phase: Phase,
    frame: usize,
    last: Option<u64>,
    response_id: Option<String>,
    /// The last event said that the response waits.
    waits: bool,
    /// An `error` event came; only `response.failed` may end the stream.
    errored: bool,
    items: BTreeMap<u64, Item>,
    violations: Vec<Violation>,
}

impl Validator {
    /// For a stream read from its beginning.
    pub fn whole() -> Self {
        Self::new(false)
    }

    /// For a stream resumed somewhere. One that begins with `response.created` is whole.
    pub fn from_middle() -> Self {
        Self::new(true)
    }

    fn new(from_middle: bool) -> Self {
        Self {
            from_middle,
            phase: if from_middle { Phase::Middle } else { Phase::Start },
            frame: 0,
            last: None,
            response_id: None,
            waits: false,
            errored: false,
            items: BTreeMap::new(),
            violations: Vec::new(),
        }
    }

    /// Reads frames.
    #[must_use]
    pub fn read(mut self, frames: &[Frame]) -> Self {
        for frame in frames {
            self.push(frame);
        }
        self
    }

    /// What is wrong so far; a stream that goes on is not held against it.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// What is wrong with the stream, which ends here.
    pub fn finish(mut self) -> Vec<Violation> {
        if !matches!(self.phase, Phase::Ended | Phase::Done) {
            self.note(Rule::ResponseNotTerminated, "the stream ended without a terminal event");
        }
        self.violations
    }

    /// Reads one frame.
    pub fn push(&mut self, frame: &Frame) {
        if frame.is_done_marker() {
            if self.phase != Phase::Ended {
                self.note(Rule::ResponseNotTerminated, "[DONE] is not right after the end");
            }
            self.phase = Phase::Done;
        } else {
            let event = frame.json();
            let kind = text(&event, "type").to_owned();
            if self.last.is_none() && kind == "response.created" {
                self.from_middle = false;
                self.phase = Phase::Start;
            }
            self.fields(frame, &event, &kind);
            self.sequence(&event);
            self.event(&event, &kind);
        }
        self.frame += 1;
    }

    fn note(&mut self, rule: Rule, message: impl Into<String>) {
        self.violations.push(Violation { rule, frame: self.frame, message: message.into() });
    }

    fn fields(&mut self, frame: &Frame, event: &Value, kind: &str) {
        if frame.event != kind {
            self.note(Rule::FrameFields, format!("event: {} but type {kind}", frame.event));
        }
        let number = event.get("sequence_number").map(Value::to_string);
        if frame.id.is_some() && frame.id != number {
            self.note(Rule::FrameFields, format!("id: {:?} but number {number:?}", frame.id));
        }
    }

    fn sequence(&mut self, event: &Value) {
        let Some(number) = event.get("sequence_number").and_then(Value::as_u64) else {
            return self.note(Rule::NonMonotonicSequence, "there is no sequence_number");
        };
        let expected = match self.last {
            Some(last) => last + 1,
            None if self.from_middle => number,
            None => 0,
        };
        let after_crash = number > expected && number.is_multiple_of(CRASH_STEP);
        if number != expected && !after_crash {
            self.note(Rule::NonMonotonicSequence, format!("{number} instead of {expected}"));
        }
        self.last = Some(number);
    }

    fn event(&mut self, event: &Value, kind: &str) {
        if matches!(self.phase, Phase::Ended | Phase::Done) {
            return self.note(Rule::ResponseNotTerminated, format!("{kind} after the end"));
        }
        match kind {
            "response.created" | "response.queued" | "response.in_progress" => {
                return self.begins(event, kind);
            }
            "response.completed" | "response.failed" | "response.incomplete" => {
                self.ends(event, kind);
            }
            "error" => {
                self.must_be_in_progress(kind);
                self.errored = true;
            }
            _ if event.get("output_index").is_some() => {
                self.must_be_in_progress(kind);
                self.of_item(event, kind);
            }
            // Extensions are numbered like everything else; nothing more is known of them.
            _ => {}
        }
        self.waits = false;
    }

    fn must_be_in_progress(&mut self, kind: &str) {
        match self.phase {
            Phase::InProgress => {}
            Phase::Middle => self.phase = Phase::InProgress,
            phase => self.note(Rule::InvalidResponseTransition, format!("{kind} in {phase:?}")),
        }
    }

    fn begins(&mut self, event: &Value, kind: &str) {
        // A wait is told by another response.in_progress, and so may be its end.
        let waits = event.pointer("/response/waiting").is_some_and(|waiting| !waiting.is_null());
        let (allowed, next, statuses): (&[Phase], _, &[&str]) = match kind {
            "response.in_progress" if waits || self.waits => (
                &[Phase::Created, Phase::Queued, Phase::Middle, Phase::InProgress],
                Phase::InProgress,
                &["in_progress"],
            ),
            "response.created" => (&[Phase::Start], Phase::Created, &["queued", "in_progress"]),
            "response.queued" => (&[Phase::Created, Phase::Middle], Phase::Queued, &["queued"]),
            _ => (
                &[Phase::Created, Phase::Queued, Phase::Middle],
                Phase::InProgress,
                &["in_progress"],
            ),
        };
        if !allowed.contains(&self.phase) {
            let phase = self.phase;
            self.note(Rule::InvalidResponseTransition, format!("{kind} in {phase:?}"));
        }
        self.phase = next;
        self.waits = waits;
        self.snapshot(event, kind, statuses);
    }

    fn ends(&mut self, event: &Value, kind: &str) {
        // A failure may be the very first event; everything else was in progress before.
        let known = matches!(self.phase, Phase::InProgress | Phase::Middle);
        let at_once = kind == "response.failed" && self.phase == Phase::Start;
        if !known && !at_once {
            let phase = self.phase;
            self.note(Rule::InvalidResponseTransition, format!("{kind} in {phase:?}"));
        }
        if self.errored && kind != "response.failed" {
            self.note(Rule::InvalidResponseTransition, format!("{kind} after an error"));
        }
        self.phase = Phase::Ended;
        let statuses: &[&str] = match kind {
            "response.completed" => &["completed"],
            "response.failed" => &["failed"],
            _ => &["incomplete", "cancelled"],
        };
        self.snapshot(event, kind, statuses);
        self.output(event, kind);
    }

    fn snapshot(&mut self, event: &Value, kind: &str, statuses: &[&str]) {
        let response = event.get("response").unwrap_or(&Value::Null);
        let status = text(response, "status");
        if !statuses.contains(&status) {
            let message = format!("{kind} with the status {status:?}");
            self.note(Rule::InvalidResponseTransition, message);
        }
        let id = text(response, "id").to_owned();
        match &self.response_id {
            _ if id.is_empty() => self.note(Rule::IdentityChanged, "the response has no id"),
            Some(first) if *first != id => {
                let message = format!("the response {first} became {id}");
                self.note(Rule::IdentityChanged, message);
            }
            _ => self.response_id = Some(id),
        }
    }

    fn output(&mut self, event: &Value, kind: &str) {
        let output = event.pointer("/response/output").and_then(Value::as_array);
        let output = output.map_or(&[] as &[Value], Vec::as_slice);
        let mut findings: Vec<Finding> = Vec::new();
        if !self.from_middle && output.len() != self.items.len() {
            let message = format!(
                "{} items were streamed, {} are in the output",
                self.items.len(),
                output.len()
            );
            findings.push((Rule::TextMismatch, message));
        }
        let last = self.items.keys().next_back().copied();
        for (index, item) in &self.items {
            let shown = usize::try_from(*index).ok().and_then(|index| output.get(index));
            findings.extend(item.at_end(shown));
            if item.is_incomplete() && (Some(*index) != last || kind == "response.completed") {
                let message = format!("item {index} is incomplete, yet {kind} or another follows");
                findings.push((Rule::InvalidItemTransition, message));
            }
        }
        self.note_all(findings);
    }

    fn of_item(&mut self, event: &Value, kind: &str) {
        let Some(index) = event.get("output_index").and_then(Value::as_u64) else {
            return self.note(Rule::OutputIndex, format!("{kind} without a number as index"));
        };
        if kind == "response.output_item.added" {
            return self.item_added(event, index);
        }
        let id = match kind {
            "response.output_item.done" => event.pointer("/item/id").and_then(Value::as_str),
            _ => event.get("item_id").and_then(Value::as_str),
        };
        let id = id.unwrap_or_default().to_owned();
        if !self.items.contains_key(&index) {
            if !self.from_middle || !self.items.is_empty() {
                return self.note(Rule::UnknownItem, format!("{kind} of item {index}"));
            }
            self.items.insert(index, Item::met_in_the_middle(&id));
        }
        let Some(item) = self.items.get_mut(&index) else { return };
        let findings = item.event(event, kind, &id);
        self.note_all(findings);
    }

    fn item_added(&mut self, event: &Value, index: u64) {
        let item = event.get("item").unwrap_or(&Value::Null);
        let id = text(item, "id");
        if self.items.contains_key(&index) || self.items.values().any(|other| other.id() == id) {
            return self.note(Rule::DuplicateItem, format!("{id} at {index} is there already"));
        }
        let next = self.items.keys().next_back().map(|last| last + 1);
        let expected = next.or((!self.from_middle).then_some(0));
        if expected.is_some_and(|expected| expected != index) {
            self.note(Rule::OutputIndex, format!("an item at {index} instead of {expected:?}"));
        }
        let (item, findings) = Item::added(item);
        self.items.insert(index, item);
        self.note_all(findings);
    }

    fn note_all(&mut self, findings: Vec<Finding>) {
        for (rule, message) in findings {
            self.note(rule, message);
        }
    }
}

/// A text field; empty when it is absent.
fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}
