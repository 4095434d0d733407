//! The numbered log of a response: append-only, read by any number of followers from their own
//! cursor, so that a slow reader costs an index and cannot slow the writer.

use std::sync::{Mutex, MutexGuard, PoisonError};

use models::MessageId;
use schemas::event::{Annotation, Event, ItemKind, Wait};
use schemas::stream::{DoneItem, StreamEvent};
use schemas::validate::says_nothing;
use schemas::view;
use tokio::sync::watch;

use super::transcript::Transcript;

/// The most events one read takes, so that a long replay goes out in pieces.
const READ: usize = 512;

/// How many bytes of events are stored as one row, unless a single event has more.
const RUN: usize = 256 * 1024;

/// After a crash the log goes on at the next multiple of this.
const RESTART: u64 = 1_000_000;

/// An event and its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbered {
    /// Its number: from 0 without gaps, but for one up to a multiple of 1,000,000 after a crash.
    pub seq: u64,
    /// What happened.
    pub event: StreamEvent,
}

/// The log of one response.
#[derive(Debug)]
pub struct Log {
    state: Mutex<State>,
    /// Raised at every change; followers wait on it.
    version: watch::Sender<u64>,
}

#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, in any combination")]
struct State {
    /// One event a line: the form that is stored.
    bytes: Vec<u8>,
    /// Number and end of each event in `bytes`.
    entries: Vec<(u64, usize)>,
    transcript: Transcript,
    /// See [`Log::earlier`].
    earlier: usize,
    next_seq: u64,
    /// How many entries are on disk.
    stored: usize,
    /// Whether more of them may be on disk: somebody tried to store some, and nobody has asked since
    /// how far that came.
    is_doubtful: bool,
    /// Whether it is read from the database while another server writes: there are events that
    /// followers of that server have seen and this log does not know yet.
    lags: bool,
    /// Nothing more will come from here, though the response may go on elsewhere.
    closed: bool,
    ended: bool,
}

/// An answer in progress.
#[derive(Debug, Default)]
pub struct SoFar {
    /// The text of the answer.
    pub content: String,
    /// What the model has shown of its reasoning.
    pub reasoning: Option<String>,
    /// The sources of the answer.
    pub annotations: Vec<Annotation>,
    /// The calls of tools.
    pub calls: Vec<view::ToolCall>,
    /// Number of the last event that this covers.
    pub covers_seq: Option<u64>,
}

/// Events that are not on disk yet.
#[derive(Debug, Clone)]
pub(crate) struct Unstored {
    pub(crate) first_seq: u64,
    pub(crate) last_seq: u64,
    pub(crate) payload: String,
    /// How many entries are on disk once these are.
    pub(crate) until: usize,
}

impl Log {
    /// An empty log of a response that writes to `message_id`.
    pub(crate) fn new(message_id: MessageId) -> Self {
        Self {
            state: Mutex::new(State {
                bytes: Vec::new(),
                entries: Vec::new(),
                transcript: Transcript::new(message_id),
                earlier: 0,
                next_seq: 0,
                stored: 0,
                is_doubtful: false,
                lags: false,
                closed: false,
                ended: false,
            }),
            version: watch::Sender::new(0),
        }
    }

    /// The log of a response that has begun to write to `message_id`; it goes on with the text
    /// `kept` of an earlier response, if there is any, as its first deltas, and with the sources of
    /// that.
    pub(crate) fn begun(message_id: MessageId, kept: &str, sources: Vec<Annotation>) -> Self {
        let log = Self::new(message_id);
        log.note_earlier(kept.len());
        log.append([Event::Created, Event::InProgress]);
        if !kept.is_empty() {
            log.extend(|transcript| transcript.text(kept.to_owned(), || message_id));
            log.append(sources.into_iter().map(|a| Event::Cited { i: 0, a }));
        }
        log
    }

    /// Takes note that earlier responses have written the first `bytes` of the answer.
    pub(crate) fn note_earlier(&self, bytes: usize) {
        self.lock().earlier = bytes;
    }

    /// How many bytes of the answer earlier responses have written. Of a log that was restored this
    /// is known only where it was noted.
    pub(crate) fn earlier(&self) -> usize {
        self.lock().earlier
    }

    /// A log read from its stored runs, each the number of its first event and its lines.
    pub(crate) fn restore<'a>(
        message_id: MessageId,
        runs: impl IntoIterator<Item = (u64, &'a str)>,
    ) -> Self {
        let log = Self::new(message_id);
        for (first_seq, payload) in runs {
            log.append_stored(first_seq, payload);
        }
        log.lock().is_doubtful = true;
        log
    }

    /// Appends a run of events that is on disk, as far as they are not known yet.
    pub(crate) fn append_stored(&self, first_seq: u64, payload: &str) {
        self.change(|state| {
            for (seq, line) in (first_seq..).zip(payload.lines()) {
                if seq < state.next_seq {
                    continue;
                }
                state.next_seq = seq;
                match Event::decode(line.as_bytes()) {
                    Ok(event) => state.push(event),
                    Err(error) => {
                        tracing::error!(%error, "a stored event cannot be read");
                        state.next_seq += 1;
                    }
                }
            }
            state.stored = state.entries.len();
        });
    }

    /// Appends a run of events that another server has sent and perhaps not stored yet, as far
    /// as they are not known yet. How many were new, or `None` when the run does not continue
    /// the log or cannot be read: then nothing was appended.
    pub(crate) fn append_live(&self, first_seq: u64, last_seq: u64, lines: &[u8]) -> Option<usize> {
        let lines = std::str::from_utf8(lines).ok()?.lines();
        let events: Vec<Event> =
            lines.map(|line| Event::decode(line.as_bytes())).collect::<Result<_, _>>().ok()?;
        let count = last_seq.checked_sub(first_seq)?.checked_add(1)?;
        if u64::try_from(events.len()) != Ok(count) {
            return None;
        }
        let mut state = self.lock();
        if first_seq > state.next_seq {
            return None;
        }
        let known = usize::try_from(state.next_seq - first_seq).ok()?;
        let added = events.len().saturating_sub(known);
        for event in events.into_iter().skip(known) {
            state.push(event);
        }
        drop(state);
        self.change(|_| ());
        Some(added)
    }

    // A panic while the lock is held leaves whole entries behind.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the log and wakes the followers.
    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.version.send_modify(|version| *version += 1);
    }

    /// Appends events.
    pub(crate) fn append(&self, events: impl IntoIterator<Item = Event>) {
        self.change(|state| {
            for event in events {
                state.push(event);
            }
        });
    }

    /// Appends what `make` derives from the output so far.
    pub(crate) fn extend(&self, make: impl FnOnce(&mut Transcript) -> Vec<Event>) {
        self.change(|state| {
            for event in make(&mut state.transcript) {
                state.push(event);
            }
        });
    }

    /// What `make` derives from the output so far, without appending it.
    pub(crate) fn inspect<T>(&self, make: impl FnOnce(&Transcript) -> T) -> T {
        make(&self.lock().transcript)
    }

    /// Makes cursors wait for events that another server has not stored yet.
    pub(crate) fn lagging(self) -> Self {
        self.lock().lags = true;
        self
    }

    /// The answer so far.
    pub(crate) fn answer(&self) -> String {
        self.inspect(Transcript::answer)
    }

    /// Whether there is neither a call nor a text that says something.
    pub(crate) fn says_nothing(&self) -> bool {
        self.inspect(|transcript| {
            transcript.texts().all(|(kind, text)| match kind {
                ItemKind::Message => says_nothing(text),
                ItemKind::Reasoning => true,
                ItemKind::FunctionCall(_) => false,
            })
        })
    }

    /// What the response waits for, if it does.
    pub(crate) fn waiting(&self) -> Option<Wait> {
        self.inspect(Transcript::waiting)
    }

    /// The answer with its reasoning and its calls so far, and the last event they cover.
    pub(crate) fn so_far(&self) -> SoFar {
        let state = self.lock();
        SoFar {
            content: state.transcript.answer(),
            reasoning: state.transcript.reasoned(),
            annotations: state.transcript.annotations(),
            calls: state.transcript.calls(),
            covers_seq: state.entries.last().map(|(seq, _)| *seq),
        }
    }

    /// Lets numbers go on at the next multiple of 1,000,000: what followers saw of the numbers
    /// between may be lost. Also from 0 on: a log of which nothing was stored was followed, too;
    /// and after the `crash`-th one no lower than that many millions, for the same reason.
    pub(crate) fn skip_after_crash(&self, crash: u64) {
        let mut state = self.lock();
        state.next_seq = (state.next_seq / RESTART + 1).max(crash) * RESTART;
    }

    /// The number of the next event.
    pub(crate) fn next_seq(&self) -> u64 {
        self.lock().next_seq
    }

    /// Whether the terminal event is in the log.
    pub(crate) fn has_ended(&self) -> bool {
        self.lock().ended
    }

    /// How many bytes its events have.
    pub(crate) fn bytes(&self) -> usize {
        self.lock().bytes.len()
    }

    /// Sends followers away without a terminal event; they reconnect and read from the database.
    pub(crate) fn close(&self) {
        self.change(|state| state.closed = true);
    }

    /// Whether followers were sent away.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Whether nothing more will come: it has ended, or followers were sent away.
    pub(crate) fn is_over(&self) -> bool {
        let state = self.lock();
        state.ended || state.closed
    }

    /// Waits until nothing more will come.
    pub(crate) async fn wait_over(&self) {
        // The sender lives as long as the log.
        let _ = self.version.subscribe().wait_for(|_| self.is_over()).await;
    }

    /// What would have to be stored if `events` were appended, which they are not: followers see
    /// the end of a response only after it is on disk. Also the output as it would be then.
    pub(crate) fn preview(&self, events: &[Event]) -> (Vec<Unstored>, Vec<DoneItem>) {
        let state = self.lock();
        let mut runs = Vec::new();
        let mut from = state.stored;
        while let Some(run) = state.run(from, RUN) {
            from = run.until;
            runs.push(run);
        }
        let mut payload = Vec::new();
        let mut transcript = state.transcript.clone();
        for event in events {
            event.encode(&mut payload);
            let _ = transcript.apply(event.clone());
        }
        let count = u64::try_from(events.len()).unwrap_or(0);
        let closing = Unstored {
            first_seq: state.next_seq,
            last_seq: (state.next_seq + count).saturating_sub(1),
            payload: String::from_utf8_lossy(&payload).into_owned(),
            until: state.entries.len() + events.len(),
        };
        match runs.last_mut().filter(|last| last.payload.len() + closing.payload.len() <= RUN) {
            Some(last) => {
                last.payload.push_str(&closing.payload);
                (last.last_seq, last.until) = (closing.last_seq, closing.until);
            }
            None => runs.push(closing),
        }
        (runs, transcript.output())
    }

    /// What is not on disk yet, or the beginning of it.
    pub(crate) fn unstored(&self) -> Option<Unstored> {
        let state = self.lock();
        state.run(state.stored, RUN)
    }

    /// Whether more is not on disk yet than one checkpoint stores.
    pub(crate) fn has_much_unstored(&self) -> bool {
        let state = self.lock();
        state.run(state.stored, RUN).is_some_and(|run| run.until < state.entries.len())
    }

    /// The events from the entry `from` on, as many as have about `limit` bytes.
    pub(crate) fn run(&self, from: usize, limit: usize) -> Option<Unstored> {
        self.lock().run(from, limit)
    }

    /// How many entries are on disk.
    pub(crate) fn stored(&self) -> usize {
        self.lock().stored
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.lock().entries.len()
    }

    /// Takes note that the first `until` entries are on disk.
    pub(crate) fn mark_stored(&self, until: usize) {
        let mut state = self.lock();
        state.stored = state.stored.max(until);
    }

    /// Takes note that an attempt to store events came to no good end.
    pub(crate) fn mark_doubtful(&self) {
        self.lock().is_doubtful = true;
    }

    /// Whether more may be on disk than is known, so that the disk has to be asked.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.lock().is_doubtful
    }

    /// Takes note that everything up to the number `last_seq` is on disk, and nothing behind it.
    pub(crate) fn mark_stored_up_to(&self, last_seq: i64) {
        let mut state = self.lock();
        state.is_doubtful = false;
        let Ok(last_seq) = u64::try_from(last_seq) else { return };
        let until = state.entries.partition_point(|(seq, _)| *seq <= last_seq);
        state.stored = state.stored.max(until);
    }

    /// A place in the log after the event `after`; from the beginning for `None` and for a number
    /// that cannot be continued exactly. After the end only the terminal event is left.
    pub(crate) fn cursor(&self, after: Option<u64>) -> Cursor {
        Cursor { next: 0, after, version: self.version.subscribe() }
    }

    /// Events from the cursor on, at most [`READ`], and about [`RUN`] bytes; empty when there are
    /// none yet.
    pub(crate) fn read(&self, cursor: &mut Cursor) -> Vec<Numbered> {
        let state = self.lock();
        if let Some(after) = cursor.after {
            let Some(next) = state.place_after(after) else { return Vec::new() };
            (cursor.next, cursor.after) = (next, None);
        }
        let end = state.entries.len().min(cursor.next.saturating_add(READ));
        let mut begin = match cursor.next.checked_sub(1) {
            Some(before) => state.entries.get(before).map_or(0, |(_, end)| *end),
            None => 0,
        };
        let (mut events, mut weight) = (Vec::new(), 0);
        for (seq, end) in state.entries.get(cursor.next..end).unwrap_or_default() {
            let line = state.bytes.get(begin..*end).unwrap_or_default();
            begin = *end;
            cursor.next += 1;
            let Ok(event) = Event::decode(line) else { continue };
            weight += if repeats_text(&event) { state.bytes.len() } else { line.len() };
            let event = state.transcript.describe(event);
            events.extend(event.map(|event| Numbered { seq: *seq, event }));
            if weight >= RUN && !events.is_empty() {
                break;
            }
        }
        events
    }
}

/// Whether an event is shown with text that came before it.
fn repeats_text(event: &Event) -> bool {
    matches!(
        event,
        Event::TextDone { .. } | Event::PartDone { .. } | Event::ItemDone { .. } | Event::Ended(_)
    )
}

impl State {
    /// The events from the entry `from` on, at least one and no more than fit into `limit` bytes.
    fn run(&self, from: usize, limit: usize) -> Option<Unstored> {
        let begin =
            from.checked_sub(1).and_then(|i| self.entries.get(i)).map_or(0, |(_, end)| *end);
        let rest = self.entries.get(from..)?;
        let (first_seq, _) = rest.first()?;
        let fitting = rest.partition_point(|(_, end)| end.saturating_sub(begin) <= limit).max(1);
        let (last_seq, end) = rest.get(fitting - 1)?;
        let bytes = self.bytes.get(begin..*end)?;
        Some(Unstored {
            first_seq: *first_seq,
            last_seq: *last_seq,
            payload: String::from_utf8_lossy(bytes).into_owned(),
            until: from + fitting,
        })
    }

    /// Index of the entry to read after the event `after`; `None` when that is not known yet.
    fn place_after(&self, after: u64) -> Option<usize> {
        match self.entries.binary_search_by_key(&after, |(seq, _)| *seq) {
            Ok(found) if self.ended && found + 1 == self.entries.len() => Some(found),
            Ok(found) => Some(found + 1),
            Err(place) if place < self.entries.len() => Some(0),
            Err(place) if self.ended => Some(place.saturating_sub(1)),
            // The other server has sent it to somebody and will store it soon, or died before.
            Err(_) if self.lags => None,
            Err(_) => Some(0),
        }
    }

    fn push(&mut self, event: Event) {
        let seq = self.next_seq;
        self.next_seq += 1;
        let begin = self.bytes.len();
        event.encode(&mut self.bytes);
        self.ended |= matches!(event, Event::Ended(_));
        if self.transcript.apply(event).is_none() {
            tracing::error!(seq, "an event belongs to no item");
            self.bytes.truncate(begin);
            return;
        }
        self.entries.push((seq, self.bytes.len()));
    }
}

/// A follower's place in a log.
#[derive(Debug)]
pub(crate) struct Cursor {
    /// Index of the next entry to read.
    next: usize,
    /// The event after which to read, as long as it is not known where that is.
    after: Option<u64>,
    version: watch::Receiver<u64>,
}

impl Cursor {
    /// Waits until the log has changed since the last call.
    pub(crate) async fn changed(&mut self) {
        // The sender lives in the log, which the caller holds.
        let _ = self.version.changed().await;
    }
}

#[cfg(test)]
mod tests;
