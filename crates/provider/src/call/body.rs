//! The streamed body of an answer: bytes to deltas, under deadlines and limits.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Response;
use tokio::time::{Instant, timeout, timeout_at};

use super::{Answer, Upstream, log_report};
use crate::client::chain;
use crate::sse::{Decoder, Event};
use crate::wire::chunk::{Chunk, Ending, Reading, read_event};
use crate::wire::failure::Failure;
use crate::{Delta, Phase, ProviderError};

/// How long after the end of the answer its token counts may come.
const TRAILER_TIME: Duration = Duration::from_secs(5);
/// How long after `[DONE]` the body may take to end, so that the connection can be used again.
const DRAIN_TIME: Duration = Duration::from_millis(100);

/// Whether there is more to read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    More,
    End,
}

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
    /// When the first token must be there.
    first_token: Instant,
    last_bytes: Instant,
    last_token: Option<Instant>,
    finished: Option<Instant>,
    idle: Duration,
    /// The longest time without a token while other bytes keep coming.
    no_progress: Duration,
}

impl Clock {
    /// The next deadline and what passing it means; none means that the answer may end there.
    fn next(&self) -> (Instant, Option<Phase>) {
        let (at, phase) = if let Some(finished) = self.finished {
            (finished + TRAILER_TIME, None)
        } else if let Some(token) = self.last_token {
            let silence = self.last_bytes + self.idle;
            (silence.min(token + self.no_progress), Some(Phase::Idle))
        } else {
            (self.first_token, Some(Phase::FirstToken))
        };
        if self.deadline < at { (self.deadline, phase.map(|_| Phase::Total)) } else { (at, phase) }
    }
}

impl Body {
    /// The body of the answer to a request sent at `sent`, in a call that ends by `deadline`.
    pub(super) fn new(
        upstream: Arc<Upstream>,
        response: Response,
        sent: Instant,
        deadline: Instant,
    ) -> Self {
        let config = upstream.http.config();
        let timeouts = config.timeouts;
        Self {
            decoder: Decoder::new(config.max_event_bytes),
            events: Vec::new(),
            clock: Clock {
                deadline,
                first_token: sent + timeouts.first_token,
                last_bytes: sent,
                last_token: None,
                finished: None,
                idle: timeouts.idle,
                no_progress: timeouts.idle.max(timeouts.first_token),
            },
            upstream,
            response,
        }
    }

    /// Reads what arrives next and appends its deltas to `ready`.
    ///
    /// Once the provider has said how the answer ended, nothing can spoil it any more.
    pub(super) async fn read(
        &mut self,
        ready: &mut VecDeque<Delta>,
        answer: &mut Answer,
    ) -> Result<Progress, Failure> {
        let result = self.read_bytes(ready, answer).await;
        match result {
            Err(Failure { error, .. }) if answer.finish.is_some() => {
                tracing::warn!(
                    provider = self.upstream.http.config().name,
                    code = error.code(),
                    "failed after the end of the answer"
                );
                Ok(Progress::End)
            }
            result => result,
        }
    }

    async fn read_bytes(
        &mut self,
        ready: &mut VecDeque<Delta>,
        answer: &mut Answer,
    ) -> Result<Progress, Failure> {
        let (deadline, phase) = self.clock.next();
        let bytes = match timeout_at(deadline, self.response.chunk()).await {
            Err(_) => {
                return match phase {
                    Some(phase) => Err(Failure::last(ProviderError::Timeout(phase))),
                    None => Ok(Progress::End),
                };
            }
            Ok(Ok(None)) => return Ok(Progress::End),
            Ok(Ok(Some(bytes))) => bytes,
            Ok(Err(error)) => {
                let provider = &self.upstream.http.config().name;
                tracing::warn!(provider, error = chain(&error), "the connection broke");
                return Err(Failure::passing(ProviderError::Truncated));
            }
        };
        self.clock.last_bytes = Instant::now();
        let mut events = std::mem::take(&mut self.events);
        let within_limit = self.decoder.push(&bytes, &mut events);
        let mut done = false;
        for event in events.drain(..) {
            match self.take(&event, ready, answer) {
                Ok(Progress::More) => {}
                Ok(Progress::End) => {
                    done = true;
                    break;
                }
                Err(failure) => return Err(failure),
            }
        }
        self.events = events;
        if done {
            self.drain().await;
            return Ok(Progress::End);
        }
        within_limit.map_err(|_| Failure::last(ProviderError::TooLarge))?;
        Ok(Progress::More)
    }

    fn take(
        &mut self,
        event: &Event,
        ready: &mut VecDeque<Delta>,
        answer: &mut Answer,
    ) -> Result<Progress, Failure> {
        match read_event(event) {
            Reading::Chunk(chunk) => self.add(chunk, ready, answer)?,
            Reading::Done => return Ok(Progress::End),
            Reading::Failure(report) => {
                log_report(&self.upstream.http, 200, &report);
                answer.finish = Some(report.classify(None, None)?);
                return Ok(Progress::End);
            }
            Reading::Garbage => {
                let http = &self.upstream.http;
                let (provider, words) = (&http.config().name, http.for_log(&event.data));
                tracing::warn!(provider, words, "an event is not JSON");
                return Err(Failure::last(ProviderError::Protocol));
            }
            Reading::Unknown => {}
        }
        Ok(Progress::More)
    }

    fn add(
        &mut self,
        chunk: Chunk,
        ready: &mut VecDeque<Delta>,
        answer: &mut Answer,
    ) -> Result<(), Failure> {
        answer.bytes = answer.bytes.saturating_add(chunk.bytes());
        let Chunk { reasoning, text, calls, usage, ending } = chunk;
        if answer.bytes > self.upstream.http.config().max_answer_bytes {
            return Err(Failure::last(ProviderError::TooLarge));
        }
        if !reasoning.is_empty() || !text.is_empty() || !calls.is_empty() {
            self.clock.last_token = Some(self.clock.last_bytes);
        }
        answer.say(reasoning, text, ready);
        answer.call(calls, ready)?;
        answer.usage = usage.or(answer.usage);
        match ending {
            Some(Ending::Failed) => return Err(Failure::passing(ProviderError::Failed)),
            // The first one counts; later ones come from servers that repeat it with the usage.
            Some(Ending::Finish(finish)) if answer.finish.is_none() => {
                answer.finish = Some(finish);
                self.clock.finished = Some(self.clock.last_bytes);
            }
            _ => {}
        }
        Ok(())
    }

    /// Reads the rest of a body that should have ended.
    async fn drain(&mut self) {
        let rest = async { while let Ok(Some(_)) = self.response.chunk().await {} };
        // A server that goes on is cut off when the body is dropped.
        drop(timeout(DRAIN_TIME, rest).await);
    }
}
