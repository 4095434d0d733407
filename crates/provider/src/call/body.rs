//! The streamed body of an answer: bytes to deltas, under deadlines and limits.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Response;
use tokio::time::{Instant, timeout, timeout_at};

use super::answer::Answer;
use super::end::{Patience, Sign};
use super::{Upstream, log_report};
use crate::client::chain;
use crate::sse::{Decoder, Event};
use crate::wire::chunk::{Reading, read_event};
use crate::wire::failure::Failure;
use crate::{Delta, Phase, ProviderError, Timeouts};

/// How long more may take to come once the provider has said how the answer ends.
const MOMENT: Duration = Duration::from_secs(5);
/// How long after `[DONE]` the body may take to end, so that the connection can be used again.
const DRAIN_TIME: Duration = Duration::from_millis(100);

/// A body being read.
pub(crate) struct Body {
    upstream: Arc<Upstream>,
    response: Response,
    decoder: Decoder,
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
                ((self.last_life + MOMENT).min(self.last_progress + idle), Phase::Idle)
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
        Self {
            decoder: Decoder::new(config.max_event_bytes),
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
        let bytes = match timeout_at(deadline, self.response.chunk()).await {
            Err(_) if answer.end.may_end() => return Ok(Some(Sign::Silence)),
            Err(_) => return Err(Failure::last(ProviderError::Timeout(phase))),
            Ok(Ok(None)) => return self.end(Sign::Eof, ready, answer),
            Ok(Ok(Some(bytes))) => bytes,
            Ok(Err(error)) => {
                let provider = &self.upstream.http.config().name;
                tracing::warn!(provider, error = chain(&error), "the connection broke");
                return self.end(Sign::Broken, ready, answer);
            }
        };
        self.clock.last_bytes = Instant::now();
        let mut events = std::mem::take(&mut self.events);
        let within_limit = self.decoder.push(&bytes, &mut events);
        // Token counts alone do not mean that the answer goes on.
        let mut lives = events.is_empty();
        let mut done = false;
        for event in events.drain(..) {
            match self.take(&event, ready, answer)? {
                Taken::Counts => {}
                Taken::Other => lives = true,
                Taken::Done => {
                    done = true;
                    break;
                }
            }
        }
        self.events = events;
        if done {
            self.drain().await;
            return Ok(Some(Sign::Done));
        }
        if lives {
            self.clock.last_life = self.clock.last_bytes;
        }
        within_limit.map_err(|_| Failure::last(ProviderError::TooLarge))?;
        Ok(None)
    }

    /// Reads what the end of the body left without a line end. An event that was cut off is no
    /// JSON, so it is dropped.
    fn end(
        &mut self,
        sign: Sign,
        ready: &mut VecDeque<Delta>,
        answer: &mut Answer,
    ) -> Result<Option<Sign>, Failure> {
        let mut rest = Vec::new();
        self.decoder.end(&mut rest);
        for event in rest {
            if is_cut_off(&event) {
                continue;
            }
            if let Taken::Done = self.take(&event, ready, answer)? {
                return Ok(Some(Sign::Done));
            }
        }
        Ok(Some(sign))
    }

    fn take(
        &mut self,
        event: &Event,
        ready: &mut VecDeque<Delta>,
        answer: &mut Answer,
    ) -> Result<Taken, Failure> {
        match read_event(event) {
            Reading::Chunk(chunk) => {
                let is_end = chunk.reason.is_some();
                let only_counts = chunk.usage.is_some() && !is_end;
                let limit = self.upstream.http.config().max_answer_bytes;
                let has_content = answer.add(chunk, limit, ready)?;
                if has_content || is_end {
                    self.clock.last_progress = self.clock.last_bytes;
                }
                Ok(if only_counts && !has_content { Taken::Counts } else { Taken::Other })
            }
            Reading::Done => Ok(Taken::Done),
            Reading::Failure(report) => {
                log_report(&self.upstream.http, 200, &report);
                report.classify(None, None)?;
                answer.end.withheld();
                Ok(Taken::Done)
            }
            Reading::Garbage => {
                if answer.end.unread() {
                    let http = &self.upstream.http;
                    let (provider, words) = (&http.config().name, http.for_log(&event.data));
                    tracing::warn!(provider, words, "an event is not JSON; it is skipped");
                }
                Ok(Taken::Other)
            }
            Reading::Unknown => Ok(Taken::Other),
        }
    }

    /// Reads the rest of a body that should have ended.
    async fn drain(&mut self) {
        let rest = async { while let Ok(Some(_)) = self.response.chunk().await {} };
        // A server that goes on is cut off when the body is dropped.
        drop(timeout(DRAIN_TIME, rest).await);
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

/// Whether an event at the end of the body was cut off there.
fn is_cut_off(event: &Event) -> bool {
    matches!(read_event(event), Reading::Garbage | Reading::Unknown)
}
