//! One output item and its parts.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Rule, text};

/// A broken rule and how.
pub(super) type Finding = (Rule, String);

/// Where the parts of an item stand in it, and the index field that numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum PartsField {
    Content,
    Summary,
}

impl PartsField {
    fn of(event: &Value) -> Option<(Self, u64)> {
        let index = |field| event.get(field).and_then(Value::as_u64);
        index("content_index")
            .map(|index| (Self::Content, index))
            .or_else(|| index("summary_index").map(|index| (Self::Summary, index)))
    }

    fn field(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::Summary => "summary",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Open,
    TextDone,
    Done,
}

#[derive(Debug)]
struct Part {
    stage: Stage,
    kind: String,
    /// The deltas so far.
    text: String,
    annotations: Vec<Value>,
    /// Its beginning was not seen: the deltas are only the end of its text.
    middle: bool,
    done: Option<Value>,
}

#[derive(Debug)]
pub(super) struct Item {
    id: String,
    kind: String,
    /// Id and name of a call.
    call: [Option<String>; 2],
    middle: bool,
    parts: BTreeMap<(PartsField, u64), Part>,
    /// Arguments of a function call: the deltas so far.
    arguments: String,
    arguments_done: bool,
    done: Option<Value>,
}

impl Item {
    /// An item as `response.output_item.added` shows it.
    pub(super) fn added(item: &Value) -> (Self, Vec<Finding>) {
        let kind = text(item, "type");
        let id = text(item, "id");
        let mut findings = Vec::new();
        if id.is_empty() {
            findings.push((Rule::OutputIndex, "the item has no id".to_owned()));
        }
        if text(item, "status") != "in_progress" {
            let message = format!("{id} is added with the status {}", text(item, "status"));
            findings.push((Rule::InvalidItemTransition, message));
        }
        let empty = match kind {
            "message" => item.get("content") == Some(&Value::Array(Vec::new())),
            "reasoning" => item.get("summary") == Some(&Value::Array(Vec::new())),
            "function_call" => item.get("arguments").and_then(Value::as_str) == Some(""),
            _ => true,
        };
        if !empty {
            findings.push((Rule::NotEmptyAtStart, format!("{id} is added with content")));
        }
        if kind == "function_call"
            && call(item).iter().flatten().filter(|s| !s.is_empty()).count() < 2
        {
            findings.push((Rule::CallFields, format!("{id} has no call id or no name")));
        }
        let item = Self {
            id: id.to_owned(),
            kind: kind.to_owned(),
            call: call(item),
            ..Self::met_in_the_middle(id)
        };
        (Self { middle: false, ..item }, findings)
    }

    /// An item whose beginning was not seen.
    pub(super) fn met_in_the_middle(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            kind: String::new(),
            call: [None, None],
            middle: true,
            parts: BTreeMap::new(),
            arguments: String::new(),
            arguments_done: false,
            done: None,
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn is_incomplete(&self) -> bool {
        self.done.as_ref().is_some_and(|done| text(done, "status") == "incomplete")
    }

    /// What is wrong with it when the response ends, whose output shows it as `shown`.
    pub(super) fn at_end(&self, shown: Option<&Value>) -> Option<Finding> {
        match &self.done {
            None => Some((Rule::ItemNotTerminated, format!("{} is not done", self.id))),
            done if done.as_ref() == shown => None,
            _ => Some((Rule::TextMismatch, format!("the output shows {} otherwise", self.id))),
        }
    }

    /// Reads an event about this item, which says that the item's id is `id`.
    pub(super) fn event(&mut self, event: &Value, kind: &str, id: &str) -> Vec<Finding> {
        if id != self.id {
            return vec![(Rule::IdentityChanged, format!("{kind}: {} became {id:?}", self.id))];
        }
        if self.done.is_some() {
            return vec![(Rule::InvalidItemTransition, format!("{kind}: {id} is done"))];
        }
        let of_call = kind.starts_with("response.function_call_arguments.");
        let of_part = !of_call && PartsField::of(event).is_some();
        let is_call = self.kind == "function_call";
        if !self.middle && ((of_call && !is_call) || (of_part && is_call)) {
            return vec![(Rule::CallFields, format!("{kind}: {id} is a {}", self.kind))];
        }
        match (kind, PartsField::of(event)) {
            ("response.output_item.done", _) => self.finish(event),
            ("response.function_call_arguments.delta", _) => {
                self.arguments.push_str(text(event, "delta"));
                self.arguments_stay_open(kind)
            }
            ("response.function_call_arguments.done", _) => {
                let mut findings = self.arguments_stay_open(kind);
                self.arguments_done = true;
                findings.extend(self.compare_arguments(text(event, "arguments"), kind));
                findings
            }
            (_, Some(place)) => self.part_event(event, kind, place).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    fn arguments_stay_open(&self, kind: &str) -> Vec<Finding> {
        let message = format!("{kind}: the arguments are done");
        let finding = (Rule::InvalidContentPartTransition, message);
        self.arguments_done.then_some(finding).into_iter().collect()
    }

    fn compare_arguments(&self, whole: &str, kind: &str) -> Option<Finding> {
        (!agrees(whole, &self.arguments, self.middle))
            .then(|| (Rule::TextMismatch, format!("{kind}: not what the deltas said")))
    }

    fn finish(&mut self, event: &Value) -> Vec<Finding> {
        let item = event.get("item").unwrap_or(&Value::Null);
        let kind = text(item, "type");
        let mut findings = Vec::new();
        if !self.middle && (kind != self.kind || call(item) != self.call) {
            let message = format!("{}: type, call id or name changed", self.id);
            findings.push((Rule::IdentityChanged, message));
        }
        if !matches!(text(item, "status"), "completed" | "incomplete") {
            let message = format!("{} is done with the status {}", self.id, text(item, "status"));
            findings.push((Rule::InvalidItemTransition, message));
        }
        if kind == "function_call" {
            let whole = text(item, "arguments");
            findings.extend(self.compare_arguments(whole, "response.output_item.done"));
            if !self.arguments_done && !self.middle {
                let message = format!("{}: its arguments are not done", self.id);
                findings.push((Rule::ContentPartNotTerminated, message));
            }
        }
        findings.extend(self.compare_parts(item));
        self.done = Some(item.clone());
        findings
    }

    fn compare_parts(&self, item: &Value) -> Vec<Finding> {
        let mut findings = Vec::new();
        for ((place, index), part) in &self.parts {
            let shown = item
                .get(place.field())
                .and_then(|parts| usize::try_from(*index).ok().and_then(|index| parts.get(index)));
            if part.done.is_none() {
                let message = format!("{}: part {index} is not done", self.id);
                findings.push((Rule::ContentPartNotTerminated, message));
            } else if part.done.as_ref() != shown {
                let message = format!("{}: part {index} is shown otherwise", self.id);
                findings.push((Rule::TextMismatch, message));
            }
        }
        for place in [PartsField::Content, PartsField::Summary] {
            let shown = item.get(place.field()).and_then(Value::as_array).map_or(0, Vec::len);
            let streamed = self.parts.keys().filter(|(of, _)| *of == place).count();
            if !self.middle && shown != streamed {
                let message = format!("{}: {streamed} parts were streamed, {shown} shown", self.id);
                findings.push((Rule::TextMismatch, message));
            }
        }
        findings
    }

    fn part_event(
        &mut self,
        event: &Value,
        kind: &str,
        place: (PartsField, u64),
    ) -> Option<Finding> {
        let what = format!("{kind} of part {} of {}", place.1, self.id);
        if matches!(kind, "response.content_part.added" | "response.reasoning_summary_part.added") {
            return self.part_added(event, place, &what);
        }
        if !self.parts.contains_key(&place) {
            if !self.middle {
                return Some((Rule::UnknownContentPart, what));
            }
            self.parts.insert(place, Part::met_in_the_middle());
        }
        self.parts.get_mut(&place)?.event(event, kind, what)
    }

    fn part_added(
        &mut self,
        event: &Value,
        place: (PartsField, u64),
        what: &str,
    ) -> Option<Finding> {
        let next = self.parts.keys().filter(|(of, _)| *of == place.0).map(|(_, index)| index + 1);
        let expected = next.max().or((!self.middle).then_some(0));
        if self.parts.contains_key(&place) {
            return Some((Rule::DuplicateContentPart, what.to_owned()));
        }
        let part = event.get("part").unwrap_or(&Value::Null);
        let kind = text(part, "type").to_owned();
        let empty = whole_text(part).is_empty()
            && part.get("annotations").and_then(Value::as_array).is_none_or(Vec::is_empty);
        let new = Part { kind, middle: false, ..Part::met_in_the_middle() };
        self.parts.insert(place, new);
        if expected.is_some_and(|expected| expected != place.1) {
            return Some((Rule::UnknownContentPart, format!("{what}: expected {expected:?}")));
        }
        (!empty).then(|| (Rule::NotEmptyAtStart, format!("{what} with content")))
    }
}

impl Part {
    fn met_in_the_middle() -> Self {
        Self {
            stage: Stage::Open,
            kind: String::new(),
            text: String::new(),
            annotations: Vec::new(),
            middle: true,
            done: None,
        }
    }

    fn event(&mut self, event: &Value, kind: &str, what: String) -> Option<Finding> {
        match (kind, kind.rsplit('.').next()) {
            ("response.content_part.done" | "response.reasoning_summary_part.done", _) => {
                self.finish(event, what)
            }
            ("response.output_text.annotation.added", _) => {
                self.annotations.push(event.get("annotation").cloned().unwrap_or_default());
                self.advance(Stage::Open, what)
            }
            (_, Some("delta")) => {
                self.text.push_str(text(event, "delta"));
                self.advance(Stage::Open, what)
            }
            (_, Some("done")) => self.advance(Stage::TextDone, what.clone()).or_else(|| {
                (!agrees(whole_text(event), &self.text, self.middle))
                    .then(|| (Rule::TextMismatch, format!("{what}: not what the deltas said")))
            }),
            _ => None,
        }
    }

    /// Goes to `next`, which only an open part may.
    fn advance(&mut self, next: Stage, what: String) -> Option<Finding> {
        let from = std::mem::replace(&mut self.stage, next);
        (from != Stage::Open).then_some((Rule::InvalidContentPartTransition, what))
    }

    fn finish(&mut self, event: &Value, what: String) -> Option<Finding> {
        let part = event.get("part").unwrap_or(&Value::Null);
        let from = std::mem::replace(&mut self.stage, Stage::Done);
        let twice = self.done.replace(part.clone()).is_some();
        if twice || (from != Stage::TextDone && !self.middle) {
            return Some((Rule::InvalidContentPartTransition, what));
        }
        if !self.middle && text(part, "type") != self.kind {
            return Some((Rule::IdentityChanged, format!("{what}: its type changed")));
        }
        let annotations = part.get("annotations").and_then(Value::as_array);
        let annotated = annotations.map_or(&[] as &[Value], Vec::as_slice);
        let same = agrees(whole_text(part), &self.text, self.middle)
            && (self.middle || annotated == self.annotations);
        let outside = annotated.iter().any(|annotation| !is_within(annotation, whole_text(part)));
        match (same, outside) {
            (false, _) => Some((Rule::TextMismatch, format!("{what}: not what was streamed"))),
            (true, true) => Some((Rule::TextMismatch, format!("{what}: a place beyond the text"))),
            (true, false) => None,
        }
    }
}

/// Whether the place of an annotation is one in the text, in characters.
fn is_within(annotation: &Value, text: &str) -> bool {
    let index = |name: &str| annotation.get(name).and_then(Value::as_u64);
    let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    match (index("start_index"), index("end_index")) {
        (Some(start), Some(end)) => start <= end && end <= length,
        _ => false,
    }
}

/// The text of a part or of a `.done` event, whatever its kind.
fn whole_text(value: &Value) -> &str {
    let text = text(value, "text");
    if text.is_empty() { super::text(value, "refusal") } else { text }
}

/// Whether the deltas are the whole text, or its end when their beginning was not seen.
fn agrees(whole: &str, deltas: &str, middle: bool) -> bool {
    if middle { whole.ends_with(deltas) } else { whole == deltas }
}

fn call(item: &Value) -> [Option<String>; 2] {
    ["call_id", "name"].map(|field| item.get(field).and_then(Value::as_str).map(str::to_owned))
}
