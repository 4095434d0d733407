//! One attempt to have a response answered: what is sent is selected, the model is asked, and what
//! it says goes into the log.

use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use futures_util::{Stream, StreamExt};
use models::MessageId;
use models::response;
use provider::{ChatRequest, Citation, Delta, Finish, ProviderError, Waiting};
use schemas::event::{Event, Failure, Wait, WaitReason};
use schemas::validate::without_nul;
use tokio::task::JoinHandle;

use super::continuing;
use super::engine::Engine;
use super::generation::{End, Generation, Outcome};
use super::learnt::Allowance;
use super::silence::Silence;
use crate::catalog::Chosen;
use crate::error::Error;

/// How one attempt ended.
pub(super) struct Attempt {
    pub(super) outcome: Outcome,
    /// Whether the model has said anything. It may be asked again as long as it has not.
    pub(super) has_begun: bool,
}

impl Attempt {
    /// Whether the provider refused what was sent as too long, before it said anything, and less
    /// can be sent.
    pub(super) fn was_too_long(&self) -> bool {
        let refused = matches!(&self.outcome.end, End::Failed(failure)
            if failure.code == ProviderError::ContextTooLong.code());
        let sent = self.outcome.context.map_or(0, |context| context.messages_sent);
        refused && !self.has_begun && sent > 1
    }

    /// Whether the provider took what was sent.
    pub(super) fn was_taken(&self) -> bool {
        self.has_begun || matches!(self.outcome.end, End::Finished(_))
    }

    /// An end before the model said anything.
    fn unasked(outcome: Outcome) -> Self {
        Self { outcome, has_begun: false }
    }
}

/// The next part of an answer. The model is asked while its context is being noted, but nothing of
/// what it says is shown before: so what was shown can be explained, also after a crash.
async fn next(
    deltas: &mut (impl Stream<Item = Result<Delta, ProviderError>> + Unpin),
    noting: &mut Option<JoinHandle<()>>,
) -> Option<Result<Delta, ProviderError>> {
    let delta = deltas.next().await;
    if let Some(noting) = noting.take() {
        // Its own failures are logged.
        let _ = noting.await;
    }
    delta
}

/// Asks `model` once, with as much as `allowance` lets through.
pub(super) async fn make(
    engine: &Arc<Engine>,
    generation: &Generation,
    model: &Chosen,
    allowance: Allowance,
) -> Attempt {
    let row = &generation.row;
    let selected = match continuing::select(engine, row, model, generation.kept(), allowance).await
    {
        Ok(Some(selected)) => selected,
        Ok(None) => return Attempt::unasked(Outcome::of(End::Interrupted)),
        Err(error) => return Attempt::unasked(context_failed(row, &error)),
    };
    generation.note_sent(selected.sent);
    let mut noting = Some(engine.tasks.spawn(engine.clone().note_context(row.id, selected.sent)));
    let request = ChatRequest {
        model: model.id.clone(),
        messages: selected.messages,
        max_output_tokens: None,
    };
    let (mut usage, mut finish_reason) = (None, None);
    let began = Instant::now();
    let mut has_begun = false;
    let mut silence = Silence::new();
    let mut deltas = model.provider.stream(request);
    let end = 'answer: loop {
        let mut coming = pin!(next(&mut deltas, &mut noting));
        let delta = loop {
            tokio::select! {
                biased;
                // Leaving drops the stream, which closes the connection to the provider at once.
                reason = generation.stopped() => break 'answer End::Stopped(reason),
                delta = &mut coming => break delta,
                () = silence.fell() => {
                    let reasons = model.facts.reasons == Some(true);
                    let reason = if reasons { WaitReason::Thinking } else { WaitReason::Silent };
                    show_wait(engine, generation, Wait { reason, until: None });
                }
            }
        };
        let was_waiting = silence.ended();
        match delta.map(|delta| delta.map(storable)) {
            Some(Ok(Delta::Usage(counted))) => {
                usage = Some(counted);
                continue;
            }
            Some(Ok(Delta::Finish(finish))) => break End::Finished(finish),
            Some(Ok(Delta::Text(text))) => {
                let new_id = || engine.context.new_id();
                generation.log.extend(|transcript| transcript.text(text, new_id));
                engine.log_has_grown();
                #[cfg(feature = "kill-points")]
                crud::kill_point("answer.text");
            }
            Some(Ok(Delta::Reasoning(text))) => {
                let new_id = || engine.context.new_id();
                generation.log.extend(|transcript| transcript.reasoning(&text, new_id));
                engine.log_has_grown();
            }
            Some(Ok(Delta::Call { id, name })) => {
                let item: MessageId = engine.context.new_id();
                let call_id = id.unwrap_or_else(|| format!("call_{}", item.0.simple()));
                generation.log.extend(|transcript| transcript.call(call_id, name, item));
                engine.log_has_grown();
            }
            Some(Ok(Delta::Arguments(text))) => {
                generation.log.extend(|transcript| transcript.arguments(text));
                engine.log_has_grown();
            }
            Some(Ok(Delta::Waiting(waiting))) => {
                show_wait(engine, generation, wait(engine, waiting));
                silence.expected(waiting.pause);
                continue;
            }
            Some(Ok(Delta::FinishReason(word))) => {
                finish_reason = Some(word);
                continue;
            }
            Some(Ok(Delta::Citation(citation))) => {
                generation.log.extend(|transcript| transcript.cite(citation));
                engine.log_has_grown();
            }
            // It was shown what there is of its answer, and has nothing to add.
            Some(Err(ProviderError::EmptyAnswer)) if !generation.kept().is_empty() => {
                break End::Finished(Finish::Stop);
            }
            Some(Err(error)) => break provider_failed(&error),
            None => break provider_failed(&ProviderError::Truncated),
        }
        if was_waiting && generation.log.waiting().is_some() {
            // What came has no event of its own.
            generation.log.append([Event::InProgress]);
            engine.log_has_grown();
        }
        if !std::mem::replace(&mut has_begun, true) {
            metrics::histogram!("generation_first_token_seconds")
                .record(began.elapsed().as_secs_f64());
        }
    };
    let end = match end {
        End::Finished(Finish::Stop) if generation.log.says_nothing() => {
            provider_failed(&ProviderError::EmptyAnswer)
        }
        end => end,
    };
    let outcome = Outcome { end, finish_reason, usage, context: Some(selected.report) };
    Attempt { outcome, has_begun }
}

/// The same without U+0000, which not every engine can store: from here on what is shown, stored
/// and exported is one text.
fn storable(delta: Delta) -> Delta {
    match delta {
        Delta::Text(text) => Delta::Text(without_nul(text)),
        Delta::Reasoning(text) => Delta::Reasoning(without_nul(text)),
        Delta::Call { id, name } => {
            Delta::Call { id: id.map(without_nul), name: without_nul(name) }
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
    engine.log_has_grown();
}

fn wait(engine: &Engine, Waiting { pause, asked }: Waiting) -> Wait {
    let reason = if asked { WaitReason::AskedToWait } else { WaitReason::Retrying };
    // Rounded up: what is promised earlier is not kept.
    let until = (engine.context.now() + pause).timestamp_millis();
    Wait { reason, until: Some(until.div_euclid(1000) + i64::from(until.rem_euclid(1000) > 0)) }
}

fn context_failed(row: &response::Model, error: &Error) -> Outcome {
    tracing::warn!(response = %row.id, error = %crate::chain(error), "reading the context failed");
    Outcome::failed(
        "storage_unavailable",
        "The conversation could not be read from the database. Try again.",
    )
}

/// The provider crate has logged what happened, within the span of this response.
fn provider_failed(error: &ProviderError) -> End {
    End::Failed(Failure { code: error.code().to_owned(), message: error.public_message() })
}
