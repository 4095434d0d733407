//! The body of an answer: bytes to deltas, under deadlines and limits.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Response;
use tokio::time::{Instant, timeout, timeout_at};

use super::answer::Answer;
use super::end::{Patience, Sign};
use super::frames::{Frames, Rest};
use super::unpack::Unpack;
use super::{Upstream, log_report};
use crate::client::chain;
use crate::redact::shape;
use crate::sse::Event;
use crate::wire::chunk::Chunk;
use crate::wire::failure::Failure;
use crate::wire::reading::{Reading, read_event};
use crate::wire::repair;
use crate::{Delta, Phase, ProviderError, Timeouts};

/// How long more may take to come once the provider has said how the answer ends.
const MOMENT: Duration = Duration::from_secs(5);
/// How deep events are looked for in events: the lines of one may be lists.
const DEPTH: u8 = 3;
/// How long after `[DONE]` the body may take to end, so that the connection can be used again.
const DRAIN_TIME: Duration = Duration::from_millis(100);

/// A body being read.
pub(crate) struct Body {
    upstream: Arc<Upstream>,
    response: Response,
    unpack: Unpack,
    frames: Frames,
    events: Vec<Event>,
    clock: Clock,
}

/// When what must have happened.
struct Clock {
    /// The end of the whole call.
    deadline: Instant,
    timeouts: Timeouts,
    last_bytes: Instant,
    /// When more of the answer came, or a word for its end.
    last_progress: Instant,
    /// When anything but token counts came.
    last_life: Instant,
}

impl Clock {
    /// The next deadline, and what passing it means unless the answer may end there.
    fn next(&self, patience: Patience) -> (Instant, Phase) {
        let Timeouts { first_token, idle, .. } = self.timeouts;
        let (at, phase) = match patience {
            Patience::FirstToken => (self.last_bytes + first_token, Phase::FirstToken),
            Patience::Idle => (self.last_bytes + idle, Phase::Idle),
            Patience::Moment => {
                let longest = self.last_progress + idle.max(MOMENT);
                ((self.last_life + MOMENT).min(longest), Phase::Idle)
            }
        };
        if self.deadline < at { (self.deadline, Phase::Total) } else { (at, phase) }
    }
}

impl Body {
    /// The body of the answer to a request sent at `sent`, in a call that ends by `deadline`.
    pub(super) fn new(
        upstream: Arc<Upstream>,
        response: Response,
        sent: Instant,
        deadline: Instant,
        timeouts: Timeouts,
    ) -> Self {
        let config = upstream.http.config();
        let max_document = config.max_answer_bytes.saturating_add(config.max_event_bytes);
        Self {
            unpack: Unpack::new(response.headers()),
            frames: Frames::new(config.max_event_bytes, max_document),
            events: Vec::new(),
            clock: Clock {
                deadline,
                timeouts,
                last_bytes: sent,
                last_progress: sent,
                last_life: sent,
            },
            upstream,
            response,
        }
    }

    /// Reads what arrives next and appends its deltas to `ready`; how the stream came to its end,
    /// if it did.
    pub(super) async fn read(
        &mut self,
        ready: &mut VecDeque<Delta>,
        answer: &mut Answer,
    ) -> Result<Option<Sign>, Failure> {
        let (deadline, phase) = self.clock.next(answer.end.patience());
        let provider = &self.upstream.http.config().name;
        let bytes = match timeout_at(deadline, self.response.chunk()).await {
            Err(_) if answer.end.may_end() => return Ok(Some(Sign::Silence)),
            Err(_) => return Err(Failure::last(ProviderError::Timeout(phase))),
            Ok(Ok(None)) => return self.end(Sign::Eof, ready, answer),
            Ok(Ok(Some(bytes))) => bytes,
            Ok(Err(error)) => {
                tracing::warn!(provider, error = chain(&error), "the connection broke");
                return self.end(Sign::Broken, ready, answer);
            }
        };
        self.clock.last_bytes = Instant::now();
        let sign = self.take_bytes(&bytes, ready, answer)?;
        match sign {
            Some(Sign::Done) => {
                self.drain(answer).await;
                Ok(sign)
            }
            Some(sign) => self.end(sign, ready, answer),
            None => Ok(None),
        }
    }

    /// Takes bytes as they came; the sign of an end among them.
    fn take_bytes(
        &mut self,
        bytes: &Bytes,
        ready: &mut VecDeque<Delta>,
        answer: &mut Answer,
    ) -> Result<Option<Sign>, Failure> {
        let mut events = std::mem::take(&mut self.events);
        // Token counts alone do not mean that the answer goes on.
        let mut lives = false;
        let mut done = false;
        let mut unpack = std::mem::take(&mut self.unpack);
        let unpacked = unpack.push(bytes, |bytes| {
            let within_limits = self.frames.push(bytes, &mut events);
            lives |= events.is_empty();
            for event in events.drain(..) {
                if done {
                    take_late_counts(&event, answer);
                    continue;
                }
                match self.take(&event, ready, answer)? {
                    Taken::Counts => {}
                    Taken::Other => lives = true,
                    Taken::Done => done = true,
                }
            }
            if done {
                return Ok(());
            }
            if self.frames.is_page() {
                self.log_page("the provider answered with a web page; is its address right?");
                return Err(Failure::last(ProviderError::WrongAddress));
            }
            within_limits
        })?;
        self.unpack = unpack;
        events.clear();
        self.events = events;
        if lives {
            self.clock.last_life = self.clock.last_bytes;
        }
        if done {
            return Ok(Some(Sign::Done));
        }
        if let Err(error) = unpacked {
            let provider = &self.upstream.http.config().name;
            tracing::warn!(provider, %error, "the answer cannot be unpacked any further");
            if error.kind() == io::ErrorKind::Unsupported {
                return Err(Failure::last(ProviderError::Protocol));
            }
            return Ok(Some(Sign::Broken));
        }
        Ok(None)
    }

    /// Reads what the end of the body left without a line end. What was cut off is dropped.
    fn end(
        &mut self,
        sign: Sign,
        ready: &mut VecDeque<Delta>,
        answer: &mut Answer,
    ) -> Result<Option<Sign>, Failure> {
        if self.unpack.holds_unknown() {
            return Err(Failure::last(ProviderError::Protocol));
        }
        let mut rest = Vec::new();
        let kind = self.frames.end(&mut rest);
        if kind == Rest::Document && sign == Sign::Eof {
            answer.end.whole();
        }
        let may_be_cut_off = kind == Rest::Event || sign == Sign::Broken;
        for event in rest {
            if kind == Rest::Document
                && is_cut_off(&event)
                && let Some(begun) = beginning_of_document(&event)
            {
                self.take_beginning(&begun, ready, answer)?;
                return Ok(Some(Sign::Broken));
            }
            if may_be_cut_off && is_cut_off(&event) {
                continue;
            }
            let taken = self.take(&event, ready, answer).map_err(|failure| {
                if answer.end.is_whole() { failure.in_answer() } else { failure }
            })?;
            if let Taken::Done = taken {
                return Ok(Some(Sign::Done));
            }
        }
        Ok(Some(sign))
    }

    /// Takes what came of a document that was cut off: all that there is of an answer.
    fn take_beginning(
        &mut self,
        begun: &Event,
        ready: &mut VecDeque<Delta>,
        answer: &mut Answer,
    ) -> Result<(), Failure> {
        answer.end.broken_off();
        match read_event(begun) {
            // Its end may stand before its words.
            Reading::Chunk(chunk) => {
                let chunk = Chunk { whole: false, reason: None, ..chunk };
                self.add(chunk, ready, answer)?;
            }
            failure @ Reading::Failure(..) => {
                let data = begun.data.clone();
                self.take_reading(failure, &|| data.clone(), DEPTH, ready, answer)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn take(
        &mut self,
        event: &Event,
        ready: &mut VecDeque<Delta>,
        answer: &mut Answer,
    ) -> Result<Taken, Failure> {
        self.take_reading(read_event(event), &|| event.data.clone(), DEPTH, ready, answer)
    }

    /// Takes what an event with this text says, and the events in it down to `depth`.
    fn take_reading(
        &mut self,
        reading: Reading,
        text: &dyn Fn() -> String,
        depth: u8,
        ready: &mut VecDeque<Delta>,
        answer: &mut Answer,
    ) -> Result<Taken, Failure> {
        match reading {
            Reading::Chunk(chunk) => self.add(chunk, ready, answer),
            Reading::Foreign => {
                if answer.end.foreign() {
                    self.log(&text(), "an event has nothing of an answer");
                }
                Ok(Taken::Other)
            }
            Reading::Several(parts) if depth > 0 => {
                let mut taken = Taken::Other;
                for part in parts {
                    let (reading, text) = (part.read(), || part.text());
                    taken = self.take_reading(reading, &text, depth - 1, ready, answer)?;
                    if let Taken::Done = taken {
                        break;
                    }
                }
                Ok(taken)
            }
            Reading::Done => Ok(Taken::Done),
            Reading::Failure(report, chunk) => {
                self.add(*chunk, ready, answer)?;
                log_report(&self.upstream.http, 200, &report);
                report.classify(None, crate::retry::asked_wait(self.response.headers()))?;
                answer.end.withheld();
                Ok(Taken::Done)
            }
            Reading::Garbage | Reading::Several(_) => {
                if answer.end.unread() {
                    self.log(&text(), "an event is not JSON; it is skipped");
                }
                Ok(Taken::Other)
            }
            Reading::Unknown => Ok(Taken::Other),
        }
    }

    fn add(
        &mut self,
        chunk: Chunk,
        ready: &mut VecDeque<Delta>,
        answer: &mut Answer,
    ) -> Result<Taken, Failure> {
        let is_end = chunk.reason.is_some();
        let only_counts = chunk.usage.is_some() && !is_end;
        let limit = self.upstream.http.config().max_answer_bytes;
        let has_content = answer.add(chunk, limit, ready)?;
        if has_content || is_end {
            self.clock.last_progress = self.clock.last_bytes;
        }
        Ok(if only_counts && !has_content { Taken::Counts } else { Taken::Other })
    }

    /// Reads the rest of a body that should have ended; some services count behind their end.
    async fn drain(&mut self, answer: &mut Answer) {
        let rest = async {
            while let Ok(Some(bytes)) = self.response.chunk().await {
                let mut events = Vec::new();
                let frames = &mut self.frames;
                let pushed = self.unpack.push(&bytes, |bytes| frames.push(bytes, &mut events));
                for event in &events {
                    take_late_counts(event, answer);
                }
                if !matches!(pushed, Ok(Ok(()))) {
                    break;
                }
            }
        };
        // A server that goes on is cut off when the body is dropped.
        drop(timeout(DRAIN_TIME, rest).await);
    }

    /// Writes to the log what was not understood, without what people and models wrote.
    fn log(&self, data: &str, what: &str) {
        let http = &self.upstream.http;
        tracing::warn!(provider = http.config().name, words = http.for_log(&shape(data)), "{what}");
    }

    /// Writes the beginning of a page to the log, which is somebody's who stands before a provider.
    fn log_page(&self, what: &str) {
        let http = &self.upstream.http;
        let words = http.for_log(&self.frames.beginning().data);
        tracing::warn!(provider = http.config().name, words, "{what}");
    }
}

/// What an event was.
enum Taken {
    /// Nothing but token counts.
    Counts,
    Other,
    /// `[DONE]`.
    Done,
}

/// Takes the counts of an event that came behind the end.
fn take_late_counts(event: &Event, answer: &mut Answer) {
    if let Reading::Chunk(Chunk { usage: Some(usage), .. }) = read_event(event) {
        answer.end.usage(usage, false);
    }
}

/// A document that was cut off, as far as it came; none if it says nothing.
fn beginning_of_document(event: &Event) -> Option<Event> {
    let data = repair::complete(event.data.trim_start())?;
    let begun = Event { name: String::new(), data };
    match read_event(&begun) {
        Reading::Chunk(chunk) => (chunk.bytes() > 0).then_some(begun),
        Reading::Failure(..) => Some(begun),
        _ => None,
    }
}

/// Whether an event at the end of the body was cut off there.
fn is_cut_off(event: &Event) -> bool {
    matches!(read_event(event), Reading::Garbage | Reading::Unknown)
}
