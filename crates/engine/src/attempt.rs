//! One attempt to have a response answered: what is sent is selected, the model is asked, and what
//! it says goes into the log.

use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use crud::responses::ContextSent;
use futures_util::{Stream, StreamExt};
use models::ending::FailureCode;
use models::response;
use models::{MessageId, ResponseId};
use provider::{ChatRequest, Citation, Delta, Finish, ProviderError, TokenUsage, Waiting};
use schemas::event::{Event, ToolCall, Wait, WaitReason};
use schemas::validate::without_nul;
use tokio::task::JoinHandle;

use super::engine::Engine;
use super::generation::{Generation, Stop};
use super::learnt::Allowance;
use super::outcome::{End, Outcome};
use super::silence::Silence;
use super::{continuing, failures, options};
use crate::catalog::Chosen;
use crate::error::Error;

/// How one attempt ended.
pub(super) struct Attempt {
    pub(super) outcome: Outcome,
    /// Whether the model has said anything. It may be asked again as long as it has not.
    pub(super) has_begun: bool,
    /// Whether older messages may be left out.
    truncates: bool,
}

impl Attempt {
    /// Whether the provider refused what was sent as too long, before it said anything, and less
    /// can be sent.
    pub(super) fn was_too_long(&self) -> bool {
        let refused = matches!(&self.outcome.end, End::Failed(failure)
            if failure.code.is(FailureCode::ContextTooLong));
        let sent = self.outcome.context.map_or(0, |context| context.messages_sent);
        refused && !self.has_begun && self.truncates && sent > 1
    }

    /// Whether the provider took what was sent.
    pub(super) fn was_taken(&self) -> bool {
        self.has_begun || matches!(self.outcome.end, End::Finished(_))
    }

    /// An end before the model said anything.
    fn unasked(outcome: Outcome) -> Self {
        Self { outcome, has_begun: false, truncates: true }
    }
}

/// Asks `model` once, with as much as `allowance` lets through.
pub(super) async fn make(
    engine: &Arc<Engine>,
    generation: &Generation,
    model: &Chosen,
    allowance: Allowance,
) -> Attempt {
    let row = &generation.row;
    let parameters = &generation.begun.parameters;
    let truncates = parameters.truncate != Some(false);
    let selected = continuing::select(engine, generation, model, allowance).await;
    let selected = match selected {
        Ok(Some(selected)) => selected,
        Ok(None) => return Attempt::unasked(Outcome::of(End::Interrupted)),
        Err(Error::ContextTooLong { .. }) => {
            let failure = failures::of_provider(&ProviderError::ContextTooLong);
            return Attempt { truncates, ..Attempt::unasked(Outcome::of(End::Failed(failure))) };
        }
        Err(error) => return Attempt::unasked(context_failed(row, &error)),
    };
    generation.note_sent(selected.sent);
    let noting = generation
        .is_stored()
        .then(|| engine.tasks.spawn(note_context(engine.clone(), row.id, selected.sent)));
    let calls = Calls::new(parameters.max_tool_calls, generation);
    let request = ChatRequest {
        model: model.id.clone(),
        messages: selected.messages,
        max_output_tokens: parameters.max_output_tokens,
        options: options::of(parameters.clone()),
    };
    let mut hearing = Hearing::new(engine, generation, model, noting, calls);
    // Leaving drops the stream, which closes the connection to the provider at once.
    let end = hearing.listen(model.provider.stream(request)).await;
    let Hearing { finish_reason, usage, has_begun, .. } = hearing;
    let outcome = Outcome { end, finish_reason, usage, context: Some(selected.report) };
    Attempt { outcome, has_begun, truncates }
}

/// How many calls of tools an answer may have.
struct Calls {
    /// How many more are shown; none where it does not matter.
    left: Option<usize>,
    /// Whether the newest call is one too many. Its arguments are not shown either.
    is_over: bool,
}

impl Calls {
    /// At most `most`, those included that the answer has already.
    fn new(most: Option<u32>, generation: &Generation) -> Self {
        let made = || generation.log.inspect(|transcript| transcript.calls().len());
        let left = most.map(|most| usize::try_from(most).unwrap_or(usize::MAX));
        Self { left: left.map(|left| left.saturating_sub(made())), is_over: false }
    }

    /// Whether another one is shown.
    fn take(&mut self) -> bool {
        self.is_over = self.left == Some(0);
        self.left = self.left.map(|left| left.saturating_sub(1));
        !self.is_over
    }
}

/// Notes what is being sent to the model. A report: that it could not be stored now stops
/// nothing, since it is stored again with the end.
async fn note_context(engine: Arc<Engine>, id: ResponseId, sent: ContextSent) {
    if let Err(error) = crud::responses::note_context(&engine.db, engine.fence(), id, sent).await {
        tracing::warn!(response = %id, %error, "noting the context failed");
    }
}

/// An answer while it comes.
struct Hearing<'a> {
    engine: &'a Engine,
    generation: &'a Generation,
    /// Why the model says nothing when it does not.
    quiet: WaitReason,
    /// Stores what was sent. The model is asked meanwhile, but nothing of what it says is shown
    /// before: so what was shown can be explained, also after a crash.
    noting: Option<JoinHandle<()>>,
    silence: Silence,
    began: Instant,
    has_begun: bool,
    usage: Option<TokenUsage>,
    finish_reason: Option<String>,
    calls: Calls,
}

/// What a part of an answer was.
enum Part {
    /// Something to show.
    Shown,
    /// Something that is known now and shown later, or not at all.
    Noted,
    /// The last one.
    Last(End),
}

impl<'a> Hearing<'a> {
    fn new(
        engine: &'a Engine,
        generation: &'a Generation,
        model: &Chosen,
        noting: Option<JoinHandle<()>>,
        calls: Calls,
    ) -> Self {
        let reasons = model.facts.reasons == Some(true);
        Self {
            engine,
            generation,
            quiet: if reasons { WaitReason::Thinking } else { WaitReason::Silent },
            noting,
            silence: Silence::new(),
            began: Instant::now(),
            has_begun: false,
            usage: None,
            finish_reason: None,
            calls,
        }
    }

    /// Puts the answer into the log as it comes: how it ends.
    async fn listen(
        &mut self,
        mut deltas: impl Stream<Item = Result<Delta, ProviderError>> + Unpin,
    ) -> End {
        loop {
            let delta = match self.next(&mut deltas).await {
                Ok(delta) => delta,
                Err(stop) => return End::Stopped(stop),
            };
            let was_waiting = self.silence.ended();
            match self.take(delta) {
                Part::Shown => self.was_shown(was_waiting),
                Part::Noted => {}
                Part::Last(end) => return self.checked(end),
            }
        }
    }

    /// The next part, unless the answer has to end before. Followers are told of a long silence.
    async fn next(
        &mut self,
        deltas: &mut (impl Stream<Item = Result<Delta, ProviderError>> + Unpin),
    ) -> Result<Option<Result<Delta, ProviderError>>, Stop> {
        let Self { engine, generation, quiet, noting, silence, .. } = self;
        let mut coming = pin!(async {
            let delta = deltas.next().await;
            if let Some(noting) = noting.take() {
                // Its own failures are logged.
                let _ = noting.await;
            }
            delta
        });
        loop {
            tokio::select! {
                biased;
                reason = generation.stopped() => return Err(reason),
                delta = &mut coming => return Ok(delta),
                () = silence.fell() => {
                    show_wait(engine, generation, Wait { reason: *quiet, until: None });
                }
            }
        }
    }

    fn take(&mut self, delta: Option<Result<Delta, ProviderError>>) -> Part {
        let new_id = || self.engine.context.new_id();
        let log = &self.generation.log;
        match delta.map(|delta| delta.map(storable)) {
            Some(Ok(Delta::Usage(counted))) => {
                self.usage = Some(counted);
                return Part::Noted;
            }
            Some(Ok(Delta::FinishReason(word))) => {
                self.finish_reason = Some(word);
                return Part::Noted;
            }
            Some(Ok(Delta::Waiting(waiting))) => {
                show_wait(self.engine, self.generation, wait(self.engine, waiting));
                self.silence.expected(waiting.pause);
                return Part::Noted;
            }
            Some(Ok(Delta::Text(text))) => {
                log.extend(|transcript| transcript.text(text, new_id));
                #[cfg(feature = "kill-points")]
                crud::kill_point("answer.text");
            }
            Some(Ok(Delta::Reasoning(text))) => {
                log.extend(|transcript| transcript.reasoning(&text, new_id));
            }
            Some(Ok(Delta::Call { .. })) if !self.calls.take() => return Part::Noted,
            Some(Ok(Delta::Arguments(_))) if self.calls.is_over => return Part::Noted,
            Some(Ok(Delta::Call { id, name, extra })) => {
                let item: MessageId = new_id();
                let call_id = id.unwrap_or_else(|| format!("call_{}", item.0.simple()));
                let call = ToolCall { call_id, name, offset: 0, extra };
                log.extend(|transcript| transcript.call(call, item));
            }
            Some(Ok(Delta::Arguments(text))) => log.extend(|transcript| transcript.arguments(text)),
            Some(Ok(Delta::Citation(citation))) => {
                log.extend(|transcript| transcript.cite(citation));
            }
            Some(Ok(Delta::Finish(finish))) => return Part::Last(End::Finished(finish)),
            // It was shown what there is of its answer, and has nothing to add.
            Some(Err(ProviderError::EmptyAnswer)) if !self.generation.kept().is_empty() => {
                return Part::Last(End::Finished(Finish::Stop));
            }
            Some(Err(error)) => return Part::Last(provider_failed(&error)),
            None => return Part::Last(provider_failed(&ProviderError::Truncated)),
        }
        has_grown(self.engine, self.generation);
        Part::Shown
    }

    /// Ends the wait that the part has ended, and takes the time of the first one.
    fn was_shown(&mut self, was_waiting: bool) {
        if was_waiting && self.generation.log.waiting().is_some() {
            // What came has no event of its own.
            self.generation.log.append([Event::InProgress]);
            has_grown(self.engine, self.generation);
        }
        if !std::mem::replace(&mut self.has_begun, true) {
            metrics::histogram!("chatapp_generation_first_token_seconds")
                .record(self.began.elapsed().as_secs_f64());
        }
    }

    /// How it ended: an answer that says nothing has failed, whatever the provider calls it.
    fn checked(&self, end: End) -> End {
        match end {
            End::Finished(Finish::Stop) if self.generation.log.says_nothing() => {
                provider_failed(&ProviderError::EmptyAnswer)
            }
            end => end,
        }
    }
}

/// The same without U+0000, which not every engine can store: from here on what is shown, stored
/// and exported is one text.
fn storable(delta: Delta) -> Delta {
    match delta {
        Delta::Text(text) => Delta::Text(without_nul(text)),
        Delta::Reasoning(text) => Delta::Reasoning(without_nul(text)),
        Delta::Call { id, name, extra } => {
            Delta::Call { id: id.map(without_nul), name: without_nul(name), extra }
        }
        Delta::Arguments(text) => Delta::Arguments(without_nul(text)),
        Delta::FinishReason(word) => Delta::FinishReason(without_nul(word)),
        Delta::Citation(citation) => Delta::Citation(Citation {
            url: without_nul(citation.url),
            title: citation.title.map(without_nul),
            ..citation
        }),
        other @ (Delta::Waiting(_) | Delta::Usage(_) | Delta::Finish(_)) => other,
    }
}

/// Lets followers know that the answer waits.
fn show_wait(engine: &Engine, generation: &Generation, wait: Wait) {
    generation.log.append([Event::Waiting(wait)]);
    has_grown(engine, generation);
}

/// Tells the checkpoint writer, if it has to store what there is now.
fn has_grown(engine: &Engine, generation: &Generation) {
    if generation.is_stored() {
        engine.log_has_grown();
    }
}

fn wait(engine: &Engine, Waiting { pause, asked }: Waiting) -> Wait {
    let reason = if asked { WaitReason::AskedToWait } else { WaitReason::Retrying };
    // Rounded up: what is promised earlier is not kept.
    let until = (engine.context.now() + pause).timestamp_millis();
    Wait { reason, until: Some(until.div_euclid(1000) + i64::from(until.rem_euclid(1000) > 0)) }
}

fn context_failed(row: &response::Model, error: &Error) -> Outcome {
    tracing::warn!(response = %row.id, error = %crate::chain(error), "reading the context failed");
    Outcome::of(End::Failed(failures::context_unreadable()))
}

fn provider_failed(error: &ProviderError) -> End {
    End::Failed(failures::of_provider(error))
}
