//! One call of an OpenAI-compatible provider, from the first attempt to the end of its answer.

mod answer;
mod body;
mod end;
mod frames;
#[cfg(feature = "fuzz")]
pub(crate) mod fuzz;
mod meter;
#[cfg(test)]
mod tests;
mod unpack;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream;
use reqwest::Response;
use tokio::time::{Instant, sleep_until, timeout_at};

use self::answer::Answer;
use self::body::Body;
use self::end::Sign;
use self::meter::Meter;
use self::unpack::Unpack;
use crate::breaker::{Breaker, Permit};
use crate::client::{Http, chain, transport_failure};
use crate::known;
use crate::options::{ReasoningTags, TokenLimit};
use crate::retry::{Budget, asked_wait, pause};
use crate::wire::failure::{Failure, Report};
use crate::wire::request::mark_origin;
use crate::{ChatRequest, Delta, DeltaStream, Phase, ProviderError, Timeouts, Waiting};

/// How much of a failure's body is read, and for how long: it is only logged and classified.
const MAX_ERROR_BODY: usize = 64 * 1024;
const ERROR_BODY_TIME: Duration = Duration::from_secs(5);

/// How often a request is written otherwise: both fields that limit an answer may be refused.
const MAX_REWRITES: u32 = 2;

/// What all calls of a provider share.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) http: Http,
    budget: Budget,
    breaker: Breaker,
}

impl Upstream {
    pub(crate) fn new(http: Http) -> Self {
        Self { http, budget: Budget::new(), breaker: Breaker::default() }
    }

    fn tags(&self, request: &ChatRequest) -> ReasoningTags {
        self.http.options(&request.model).reasoning_tags.unwrap_or_default()
    }

    /// A call that begins when the stream is first polled.
    pub(crate) fn stream(self: Arc<Self>, request: ChatRequest) -> DeltaStream {
        let begin = Box::new((self, request));
        Box::pin(stream::unfold(Begun::No(begin), |begun| async move {
            let mut call = match begun {
                Begun::No(begin) => {
                    let (upstream, request) = *begin;
                    Box::new(UpstreamCall::new(upstream, request))
                }
                Begun::Yes(call) => call,
            };
            let item = call.next().await?;
            Some((item, Begun::Yes(call)))
        }))
    }
}

enum Begun {
    No(Box<(Arc<Upstream>, ChatRequest)>),
    Yes(Box<UpstreamCall>),
}

struct UpstreamCall {
    upstream: Arc<Upstream>,
    request: ChatRequest,
    state: State,
    /// Read, but not yet handed out.
    ready: VecDeque<Delta>,
    answer: Answer,
    retries: u32,
    /// How often the request was written otherwise, because a field of it was refused.
    rewrites: u32,
    /// How long to wait for this model.
    timeouts: Timeouts,
    /// When the call as a whole must be over.
    deadline: Instant,
    permit: Option<Permit>,
    meter: Meter,
}

enum State {
    /// To be sent, perhaps again.
    Unsent,
    /// To be sent again after a pause.
    Waiting(Instant),
    Reading(Box<Body>),
    /// Over, but the error comes after what was read before it.
    Failed(ProviderError),
    Ended,
}

impl UpstreamCall {
    fn new(upstream: Arc<Upstream>, request: ChatRequest) -> Self {
        let config = upstream.http.config();
        let reasons = known::find(&request.model).is_some_and(|known| known.reasons);
        let timeouts = if reasons { config.timeouts.for_reasoning() } else { config.timeouts };
        let deadline = Instant::now() + timeouts.total;
        let meter = Meter::new(&config.name);
        let answer = Answer::new(upstream.tags(&request));
        upstream.budget.earn();
        Self {
            upstream,
            request,
            state: State::Unsent,
            ready: VecDeque::new(),
            answer,
            retries: 0,
            rewrites: 0,
            timeouts,
            deadline,
            permit: None,
            meter,
        }
    }

    async fn next(&mut self) -> Option<Result<Delta, ProviderError>> {
        loop {
            if let Some(mut delta) = self.ready.pop_front() {
                if let Delta::Call { extra: Some(extra), .. } = &mut delta {
                    mark_origin(extra, self.upstream.http.host());
                }
                return Some(Ok(delta));
            }
            let result = match &mut self.state {
                State::Ended => return None,
                State::Failed(error) => {
                    let error = error.clone();
                    self.state = State::Ended;
                    return Some(Err(error));
                }
                State::Unsent => self.send().await,
                State::Waiting(until) => {
                    sleep_until(*until).await;
                    self.state = State::Unsent;
                    Ok(())
                }
                State::Reading(body) => {
                    let progress = body.read(&mut self.ready, &mut self.answer).await;
                    self.note(progress)
                }
            };
            if let Err(failure) = result
                && let Err(error) = self.recover(failure)
            {
                self.meter.end(error.code());
                let provider = &self.upstream.http.config().name;
                tracing::warn!(provider, code = error.code(), %error, "the answer failed");
                self.answer.say_last(&mut self.ready);
                self.state = State::Failed(error);
            }
        }
    }

    /// Takes over what reading the body led to.
    fn note(&mut self, progress: Result<Option<Sign>, Failure>) -> Result<(), Failure> {
        if self.answer.has_begun() {
            self.meter.first_token();
            if let Some(permit) = &mut self.permit {
                permit.report(false);
            }
        }
        match progress? {
            None => Ok(()),
            Some(sign) => self.finish(sign),
        }
    }

    /// Ends the call: well if the provider said how the answer ended.
    fn finish(&mut self, sign: Sign) -> Result<(), Failure> {
        let provider = &self.upstream.http.config().name;
        let finish = self.answer.close(sign, &mut self.ready)?;
        if self.answer.end.is_unexplained() {
            tracing::warn!(provider, "the answer ended without a finish_reason; taken as whole");
        }
        self.answer.say_last(&mut self.ready);
        self.ready.push_back(Delta::Finish(finish));
        self.state = State::Ended;
        if let Some(permit) = &mut self.permit {
            permit.report(false);
        }
        self.meter.end("ok");
        Ok(())
    }

    /// Prepares another attempt after `failure`, or says why there is none.
    fn recover(&mut self, failure: Failure) -> Result<(), ProviderError> {
        let Failure { error, retry, asked_wait } = failure;
        // Closes the connection unless its answer was read to the end.
        self.state = State::Unsent;
        if let Some(mut permit) = self.permit.take() {
            permit.report(is_outage(&error));
        }
        let upstream = &self.upstream;
        let max_retries = upstream.http.config().max_retries;
        if !retry || self.answer.has_begun() || self.retries >= max_retries {
            return Err(error);
        }
        let Some(wait) = pause(self.retries + 1, asked_wait, fastrand::f64()) else {
            return Err(error);
        };
        // The provider's own wish already keeps its callers apart.
        let asked = asked_wait.is_some();
        if Instant::now() + wait >= self.deadline || !(asked || upstream.budget.spend()) {
            return Err(error);
        }
        self.retries += 1;
        self.answer = Answer::new(upstream.tags(&self.request));
        self.ready.clear();
        self.meter.retry();
        tracing::info!(
            provider = upstream.http.config().name,
            code = error.code(),
            attempt = self.retries + 1,
            wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            "asking the provider again"
        );
        self.ready.push_back(Delta::Waiting(Waiting { pause: wait, asked }));
        self.state = State::Waiting(Instant::now() + wait);
        Ok(())
    }

    /// Sends the request and looks at the head of the answer.
    async fn send(&mut self) -> Result<(), Failure> {
        let upstream = Arc::clone(&self.upstream);
        let http = &upstream.http;
        let permit = upstream.breaker.admit();
        self.permit = Some(permit.map_err(|_| Failure::last(ProviderError::Unreachable))?);
        let limit = http.dialect(&self.request.model).token_limit;
        let request = http.chat(&self.request).map_err(Failure::last)?;
        let sent = Instant::now();
        // The head of an answer in one piece comes with its last word.
        let streams = http.options(&self.request.model).stream.unwrap_or(true);
        let first_token = if streams { sent + self.timeouts.first_token } else { self.deadline };
        let response = match timeout_at(first_token.min(self.deadline), request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                let provider = &http.config().name;
                tracing::warn!(provider, error = chain(&error), "the provider cannot be asked");
                return Err(transport_failure(&error));
            }
            Err(_) if self.deadline <= first_token => {
                return Err(Failure::last(ProviderError::Timeout(Phase::Total)));
            }
            Err(_) => return Err(Failure::last(ProviderError::Timeout(Phase::FirstToken))),
        };
        if !response.status().is_success() {
            return self.refused(response, limit).await;
        }
        self.receive(response, sent);
        Ok(())
    }

    /// Begins to read an answer that began well.
    fn receive(&mut self, response: Response, sent: Instant) {
        let upstream = Arc::clone(&self.upstream);
        let body = Body::new(upstream, response, sent, self.deadline, self.timeouts);
        self.state = State::Reading(Box::new(body));
    }

    /// Reads why the provider refused.
    async fn refused(
        &mut self,
        response: Response,
        limit: Option<TokenLimit>,
    ) -> Result<(), Failure> {
        let status = response.status().as_u16();
        let retry_after = asked_wait(response.headers());
        let deadline = self.deadline.min(Instant::now() + ERROR_BODY_TIME);
        let mut body = Vec::new();
        // However far it came, its beginning says what it can.
        drop(timeout_at(deadline, read_into(&mut body, response, MAX_ERROR_BODY)).await);
        let report = Report::from_body(&body);
        let http = &self.upstream.http;
        log_report(http, status, &report);
        if matches!(status, 400 | 422) && self.rewrites < MAX_REWRITES && report.refuses_limit() {
            // Learnt once for a model, and sent again at once.
            self.rewrites += 1;
            http.refuse_limit(&self.request.model, limit);
            self.state = State::Unsent;
            return Ok(());
        }
        report.classify(Some(status), retry_after)?;
        self.answer.end.withheld();
        self.finish(Sign::Eof)
    }
}

/// Writes a provider's words to the log, the one place where they may appear.
fn log_report(http: &Http, status: u16, report: &Report) {
    tracing::warn!(
        provider = http.config().name,
        status,
        labels = http.for_log(&report.labels),
        words = http.for_log(&report.for_log()),
        "the provider reports a failure"
    );
}

/// Whether a failure says that the provider as a whole is in trouble.
fn is_outage(error: &ProviderError) -> bool {
    matches!(
        error,
        ProviderError::Unreachable
            | ProviderError::Overloaded { .. }
            | ProviderError::Failed
            | ProviderError::Timeout(Phase::Connect | Phase::FirstToken)
    )
}

/// The body, unpacked, or none when it is longer than `limit` bytes.
pub(crate) async fn read_up_to(
    response: Response,
    limit: usize,
) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    let is_whole = read_into(&mut body, response, limit).await?;
    Ok(is_whole.then_some(body))
}

/// Appends the body, unpacked, up to `limit` bytes; whether it ended there.
async fn read_into(
    body: &mut Vec<u8>,
    mut response: Response,
    limit: usize,
) -> Result<bool, reqwest::Error> {
    let mut unpack = Unpack::new(response.headers());
    while let Some(bytes) = response.chunk().await? {
        let pushed = unpack.push(&bytes, |bytes| {
            let room = limit.saturating_sub(body.len());
            body.extend(bytes.iter().take(room));
            if bytes.len() > room { Err(()) } else { Ok(()) }
        });
        match pushed {
            Err(()) => return Ok(false),
            // What came before says what it can.
            Ok(Err(_)) => break,
            Ok(Ok(())) => {}
        }
    }
    Ok(true)
}
