//! The state machine of a response: deltas in, numbered events out, and back from a stored log.
//!
//! Pure. [`Transcript::apply`] is the one place that knows what an event means, whether it was
//! just made or read from disk after a crash.

use models::MessageId;
use models::message::MessageStatus;
use provider::Citation;
use schemas::event::{Annotation, Event, ItemKind, ToolCall, Wait};
use schemas::stream::{DoneItem, Item, StreamEvent};
use schemas::view;

use super::sources::{Source, Sources, characters, whole_annotations};

/// How far an output item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Added,
    PartOpen,
    TextDone,
    PartDone,
    Done { complete: bool },
}

/// An output item with its text so far.
#[derive(Debug, Clone)]
struct Entry {
    item: Item,
    text: String,
    annotations: Vec<Annotation>,
    stage: Stage,
}

impl Entry {
    fn done(&self, complete: bool) -> DoneItem {
        let Self { item, text, annotations, stage: _ } = self.clone();
        DoneItem { item, text, annotations, complete }
    }
}

/// The output of a response as its events tell it.
#[derive(Debug, Clone)]
pub(crate) struct Transcript {
    /// The stored message that the answer is written to.
    message_id: MessageId,
    entries: Vec<Entry>,
    /// Reasoning that came after the answer had begun; it gets an item of its own at the end,
    /// since items do not overlap.
    late_reasoning: String,
    /// The sources that were named and have no place in the text yet.
    sources: Sources,
    /// How many characters of the answer were there before it was continued.
    kept: u32,
    /// What the response waits for since the last event.
    waiting: Option<Wait>,
}

impl Transcript {
    /// The empty output of a response that writes to `message_id`.
    pub(crate) fn new(message_id: MessageId) -> Self {
        Self {
            message_id,
            entries: Vec::new(),
            late_reasoning: String::new(),
            sources: Sources::default(),
            kept: 0,
            waiting: None,
        }
    }

    /// Takes note of an event and says everything about it that a wire format needs.
    /// `None` for an event that belongs to no known item: the log is damaged there.
    pub(crate) fn apply(&mut self, event: Event) -> Option<StreamEvent> {
        self.waiting = None;
        match &event {
            Event::Waiting(wait) => self.waiting = Some(*wait),
            Event::ItemAdded { i, id, kind } => {
                if *i as usize != self.entries.len() {
                    return None;
                }
                let item = Item { index: *i, id: *id, kind: kind.clone() };
                let (text, annotations) = (String::new(), Vec::new());
                self.entries.push(Entry { item, text, annotations, stage: Stage::Added });
            }
            Event::PartAdded { i } => self.entry(*i)?.stage = Stage::PartOpen,
            Event::Delta { i, s } => self.entry(*i)?.text.push_str(s),
            Event::Cited { i, a } => {
                self.entry(*i)?.annotations.push(a.clone());
                self.sources.placed(a);
            }
            Event::TextDone { i } => self.entry(*i)?.stage = Stage::TextDone,
            Event::PartDone { i } => self.entry(*i)?.stage = Stage::PartDone,
            Event::ItemDone { i, ok } => self.entry(*i)?.stage = Stage::Done { complete: *ok },
            Event::Created | Event::InProgress | Event::Error(_) | Event::Ended(_) => {}
        }
        self.describe(event)
    }

    /// Says everything about an event that was applied before.
    pub(crate) fn describe(&self, event: Event) -> Option<StreamEvent> {
        let at = |i: u32| self.entries.get(i as usize);
        Some(match event {
            Event::Created => StreamEvent::Created,
            Event::InProgress => StreamEvent::InProgress,
            Event::Waiting(wait) => StreamEvent::Waiting(wait),
            Event::ItemAdded { i, .. } => StreamEvent::ItemAdded(at(i)?.item.clone()),
            Event::PartAdded { i } => StreamEvent::PartAdded(at(i)?.item.clone()),
            Event::Delta { i, s } => StreamEvent::Delta(at(i)?.item.clone(), s),
            Event::TextDone { i } => {
                StreamEvent::TextDone(at(i)?.item.clone(), at(i)?.text.clone())
            }
            Event::Cited { i, a } => {
                let place = at(i)?.annotations.iter().position(|known| *known == a)?;
                StreamEvent::Cited(at(i)?.item.clone(), place, a)
            }
            Event::PartDone { i } => {
                let Entry { item, text, annotations, .. } = at(i)?.clone();
                StreamEvent::PartDone(item, text, annotations)
            }
            Event::ItemDone { i, ok } => StreamEvent::ItemDone(at(i)?.done(ok)),
            Event::Error(failure) => StreamEvent::Error(failure),
            Event::Ended(ending) => StreamEvent::Ended(ending, self.output()),
        })
    }

    fn entry(&mut self, i: u32) -> Option<&mut Entry> {
        self.entries.get_mut(i as usize)
    }

    /// The finished items in order.
    pub(crate) fn output(&self) -> Vec<DoneItem> {
        self.entries
            .iter()
            .filter_map(|entry| match entry.stage {
                Stage::Done { complete } => Some(entry.done(complete)),
                _ => None,
            })
            .collect()
    }

    /// The texts so far and what they are.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&ItemKind, &str)> {
        self.entries.iter().map(|entry| (&entry.item.kind, entry.text.as_str()))
    }

    /// What the response waits for, if it does.
    pub(crate) fn waiting(&self) -> Option<Wait> {
        self.waiting
    }

    /// The answer so far, which calls may cut into several items.
    pub(crate) fn answer(&self) -> String {
        let texts = self.texts().filter(|(kind, _)| **kind == ItemKind::Message);
        texts.map(|(_, text)| text).collect()
    }

    /// The reasoning so far, as far as events have told it.
    pub(crate) fn reasoned(&self) -> Option<String> {
        let texts = self.texts().filter(|(kind, _)| **kind == ItemKind::Reasoning);
        let whole: String = texts.map(|(_, text)| text).collect();
        (!whole.is_empty()).then_some(whole)
    }

    /// The calls so far.
    pub(crate) fn calls(&self) -> Vec<view::ToolCall> {
        let call = |entry: &Entry| {
            let ItemKind::FunctionCall(call) = &entry.item.kind else { return None };
            let status = match entry.stage {
                Stage::Done { complete: true } => MessageStatus::Completed,
                Stage::Done { complete: false } => MessageStatus::Incomplete,
                _ => MessageStatus::InProgress,
            };
            let ToolCall { call_id, name, offset, extra: _ } = call.clone();
            let arguments = entry.text.clone();
            Some(view::ToolCall { id: entry.item.id, call_id, name, arguments, status, offset })
        };
        self.entries.iter().filter_map(call).collect()
    }

    /// Takes note that the answer is continued from here: whoever names sources from now on
    /// speaks of what comes now.
    pub(crate) fn keep(&mut self) {
        let texts = self.texts().filter(|(kind, _)| **kind == ItemKind::Message);
        self.kept = characters(texts.map(|(_, text)| text));
        self.sources = Sources::behind(self.annotations().len());
    }

    /// The events that a source makes: none until its place is known. `range` is one in characters
    /// of what the provider has said.
    pub(crate) fn cite(&mut self, citation: Citation) -> Vec<Event> {
        let Some(source) = self.sources.add(citation) else { return Vec::new() };
        let Some(open) = self.open_answer() else { return Vec::new() };
        let place = source.place(&open.text, self.before(open), self.kept);
        place.and_then(|place| self.cited(open, &source, Some(place))).into_iter().collect()
    }

    /// The event that tells a source of an open part, unless it is told already: at this place, or
    /// at any where nobody knows it.
    fn cited(&self, open: &Entry, source: &Source, place: Option<(u32, u32)>) -> Option<Event> {
        let Source { url, title, .. } = source.clone();
        let (start, end) = place.unwrap_or_default();
        let before = self.before(open);
        let is_there = |known: &Annotation| {
            (known.start, known.end) == (start.saturating_add(before), end.saturating_add(before))
        };
        let known = self.annotations();
        let mut known = known.iter().filter(|known| known.url == url);
        if known.any(|known| place.is_none() || is_there(known)) {
            return None;
        }
        Some(Event::Cited { i: open.item.index, a: Annotation { url, title, start, end } })
    }

    /// The events that give all sources that are left their places in the answer that ends here.
    fn place_sources(&self) -> Vec<Event> {
        let Some(open) = self.open_answer() else { return Vec::new() };
        let before = self.before(open);
        let sources = self.sources.unplaced().iter();
        let cited =
            |source: &Source| self.cited(open, source, source.place(&open.text, before, self.kept));
        sources.filter_map(cited).collect()
    }

    fn open_answer(&self) -> Option<&Entry> {
        self.open().filter(|open| open.item.kind == ItemKind::Message)
    }

    /// How many characters of the answer come before an item of it.
    fn before(&self, entry: &Entry) -> u32 {
        let before = self.entries.iter().take_while(|other| other.item.index < entry.item.index);
        let texts = before.filter(|other| other.item.kind == ItemKind::Message);
        characters(texts.map(|other| other.text.as_str()))
    }

    /// The sources so far; their places are ones in the whole answer.
    pub(crate) fn annotations(&self) -> Vec<Annotation> {
        whole_annotations(self.entries.iter().filter_map(|entry| {
            let is_answer = entry.item.kind == ItemKind::Message;
            is_answer.then_some((entry.text.as_str(), entry.annotations.as_slice()))
        }))
    }

    fn open(&self) -> Option<&Entry> {
        self.entries.last().filter(|entry| !matches!(entry.stage, Stage::Done { .. }))
    }

    /// The events that more text of the answer makes; `new_id` names its item, should it begin
    /// one that is not the first.
    pub(crate) fn text(&self, text: String, new_id: impl FnOnce() -> MessageId) -> Vec<Event> {
        let mut events = Vec::with_capacity(1);
        let i = match self.open() {
            Some(open) if open.item.kind == ItemKind::Message => open.item.index,
            open => {
                if let Some(before) = open {
                    close(before, true, &mut events);
                }
                let id = if self.has_answer() { new_id() } else { self.message_id };
                self.begin(ItemKind::Message, id, &mut events)
            }
        };
        push_text(i, text, &mut events);
        events
    }

    /// The events that more reasoning makes; `new_id` names its item, should it begin one.
    pub(crate) fn reasoning(
        &mut self,
        text: &str,
        new_id: impl FnOnce() -> MessageId,
    ) -> Vec<Event> {
        if self.open().is_some_and(|open| open.item.kind == ItemKind::Message) {
            self.late_reasoning.push_str(text);
            return Vec::new();
        }
        let text = std::mem::take(&mut self.late_reasoning) + text;
        let mut events = Vec::with_capacity(1);
        let i = match self.open() {
            Some(open) if open.item.kind == ItemKind::Reasoning => open.item.index,
            open => {
                if let Some(call) = open {
                    close(call, true, &mut events);
                }
                self.begin(ItemKind::Reasoning, new_id(), &mut events)
            }
        };
        push_text(i, text, &mut events);
        events
    }

    /// The events that the beginning of a call makes; its item is `id`, its place is found here. It
    /// ends when something
    /// else follows: until then the provider may be running the tool.
    pub(crate) fn call(&self, mut call: ToolCall, id: MessageId) -> Vec<Event> {
        let mut events = self.place_sources();
        if let Some(open) = self.open() {
            close(open, true, &mut events);
        }
        call.offset = u32::try_from(self.answer().encode_utf16().count()).unwrap_or(u32::MAX);
        self.begin(ItemKind::FunctionCall(call), id, &mut events);
        events
    }

    /// The events that more arguments of the call that began last make.
    pub(crate) fn arguments(&self, text: String) -> Vec<Event> {
        let mut events = Vec::with_capacity(1);
        if let Some(open) = self.open().filter(|open| open.item.is_call()) {
            push_text(open.item.index, text, &mut events);
        }
        events
    }

    /// The events that end what was cut off and is begun again, so that the two are told apart.
    /// It counts as whole: by the standard only the last item of an output may be incomplete.
    pub(crate) fn cut(&self) -> Vec<Event> {
        let mut events = Vec::new();
        if let Some(open) = self.open().filter(|open| open.item.kind != ItemKind::Message) {
            close(open, true, &mut events);
        }
        events
    }

    fn begin(&self, kind: ItemKind, id: MessageId, events: &mut Vec<Event>) -> u32 {
        let i = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let has_part = !matches!(kind, ItemKind::FunctionCall(_));
        events.push(Event::ItemAdded { i, id, kind });
        events.extend(has_part.then_some(Event::PartAdded { i }));
        i
    }

    fn has_answer(&self) -> bool {
        self.entries.iter().any(|entry| entry.item.kind == ItemKind::Message)
    }

    fn has_calls(&self) -> bool {
        self.entries.iter().any(|entry| entry.item.is_call())
    }

    /// The events that close what is open. A `complete` output has an answer, be it empty, or calls.
    pub(crate) fn close(&self, complete: bool, new_id: impl FnOnce() -> MessageId) -> Vec<Event> {
        let mut events = self.place_sources();
        if let Some(open) = self.open() {
            close(open, complete, &mut events);
        }
        if !complete {
            return events;
        }
        let mut next = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let mut add = |kind, id, text: String| {
            let i = next;
            next = next.saturating_add(1);
            events.extend([Event::ItemAdded { i, id, kind }, Event::PartAdded { i }]);
            if !text.is_empty() {
                push_text(i, text, &mut events);
            }
            events.extend([Event::TextDone { i }, Event::PartDone { i }]);
            events.push(Event::ItemDone { i, ok: true });
        };
        if !self.has_answer() && !self.has_calls() {
            add(ItemKind::Message, self.message_id, String::new());
        }
        if !self.late_reasoning.is_empty() {
            add(ItemKind::Reasoning, new_id(), self.late_reasoning.clone());
        }
        events
    }
}

/// The longest text of one event, in bytes: as a line of the stored log it is at most six times as
/// long, which every database takes in one statement.
const LONGEST: usize = 64 * 1024;

/// The events that add `text` to an item: one, unless the provider sent very much at once.
fn push_text(i: u32, mut text: String, events: &mut Vec<Event>) {
    while text.len() > LONGEST {
        let rest = text.split_off(text.floor_char_boundary(LONGEST));
        events.push(Event::Delta { i, s: std::mem::replace(&mut text, rest) });
    }
    events.push(Event::Delta { i, s: text });
}

/// The events that are missing until `entry` is done.
fn close(entry: &Entry, complete: bool, events: &mut Vec<Event>) {
    let i = entry.item.index;
    if entry.item.is_call() {
        if complete && entry.text.is_empty() {
            // Whoever reads arguments reads JSON.
            events.push(Event::Delta { i, s: "{}".to_owned() });
        }
        if entry.stage < Stage::TextDone {
            events.push(Event::TextDone { i });
        }
        events.push(Event::ItemDone { i, ok: complete });
        return;
    }
    if entry.stage < Stage::PartOpen {
        events.push(Event::PartAdded { i });
    }
    if entry.stage < Stage::TextDone {
        events.push(Event::TextDone { i });
    }
    if entry.stage < Stage::PartDone {
        events.push(Event::PartDone { i });
    }
    events.push(Event::ItemDone { i, ok: complete });
}
