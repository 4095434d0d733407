//! One running response: asks the model, keeps the log, and always comes to an end.
//!
//! The task belongs to the server. HTTP requests only follow.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use crud::responses::ContextSent;
use futures_util::{FutureExt, Stream, StreamExt};
use models::MessageId;
use models::response::{self, ResponseStatus};
use provider::{ChatRequest, Delta, Finish, ProviderError, TokenUsage, Tokenizer};
use schemas::event::{CONVERSATION_DELETED, Ending, Event, Failure, MESSAGE_DELETED, Tokens};
use schemas::response::{ContextReport, ResponseResource};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::continuing;
use super::engine::Engine;
use super::log::Log;
use super::slots::Slot;
use crate::catalog::Chosen;
use crate::error::Error;

/// Why a response has to end before the model does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Somebody asked for it.
    Cancelled,
    /// Its conversation is gone.
    Deleted,
    /// The fence is gone: another server has taken it over, or the row was deleted.
    Lost,
    /// The server is stopping.
    Shutdown,
}

/// A running response.
#[derive(Debug)]
pub(crate) struct Generation {
    /// Its row as it was inserted.
    pub(crate) row: response::Model,
    /// The same, as followers see it.
    pub(crate) resource: ResponseResource,
    /// Its log; followers hold it too.
    pub(crate) log: Arc<Log>,
    /// The model that is asked, if it is known yet.
    model: Option<Chosen>,
    /// The text that another server had stored before this one took the response over.
    kept: String,
    /// What was sent to it, once that is known.
    sent: OnceLock<ContextSent>,
    /// Set once the end is being stored: checkpoints leave it alone from then on.
    pub(crate) is_finishing: AtomicBool,
    stop: CancellationToken,
    reason: OnceLock<Stop>,
    /// Counts it against the limits as long as it runs.
    _slot: Slot,
}

/// How asking the model ended, and what it cost.
struct Outcome {
    end: End,
    usage: Option<TokenUsage>,
    context: Option<ContextReport>,
}

enum End {
    Finished(Finish),
    Failed(Failure),
    Stopped(Stop),
    /// It was interrupted before, and going on with it would cost too much.
    Interrupted,
}

impl Generation {
    pub(crate) fn new(row: response::Model, model: Chosen, slot: Slot) -> Self {
        let log = Log::new(row.message_id);
        log.append([Event::Created, Event::InProgress]);
        Self { model: Some(model), ..Self::resume(row, log, slot) }
    }

    /// A response that is gone on with behind the end of `log`.
    pub(crate) fn resume(row: response::Model, log: Log, slot: Slot) -> Self {
        log.extend(|transcript| transcript.cut());
        Self {
            resource: super::render::begun(&row),
            row,
            model: None,
            kept: log.answer(),
            log: Arc::new(log),
            sent: OnceLock::new(),
            is_finishing: AtomicBool::new(false),
            stop: CancellationToken::new(),
            reason: OnceLock::new(),
            _slot: slot,
        }
    }

    /// Ends it for this reason, unless it is already ending for another.
    pub(crate) fn stop(&self, reason: Stop) {
        let _ = self.reason.set(reason);
        self.stop.cancel();
    }

    /// Its row as it would be inserted now.
    pub(crate) fn row_now(&self) -> response::Model {
        let mut row = self.row.clone();
        if let Some(sent) = self.sent.get() {
            sent.note(&mut row);
        }
        row
    }

    fn stop_reason(&self) -> Stop {
        self.reason.get().copied().unwrap_or(Stop::Cancelled)
    }
}

/// Runs a response to its end.
pub(crate) async fn run(engine: Arc<Engine>, generation: Arc<Generation>) {
    let asked = AssertUnwindSafe(ask(&engine, &generation)).catch_unwind().await;
    let outcome = asked.unwrap_or_else(|_panic| {
        metrics::counter!("generation_panics_total").increment(1);
        tracing::error!(response = %generation.row.id, "generating a response panicked");
        Outcome::failed("internal_error", "The server failed while it was answering. Try again.")
    });
    if matches!(outcome.end, End::Stopped(Stop::Shutdown))
        && continuing::is_allowed(&engine, &generation.row)
    {
        return continuing::leave(&engine, &generation).await;
    }
    generation.is_finishing.store(true, Ordering::Release);
    let usage = usage(&engine, &generation, &outcome).await;
    let ending = ending(&engine, &generation, &outcome, usage);
    let complete = ending.status == ResponseStatus::Completed;
    super::finish::finish(&engine, &generation, ending, complete).await;
    if complete {
        super::titling::begin(&engine, &generation);
    }
    engine.forget(generation.row.id);
}

impl Outcome {
    /// An end before anything was asked.
    fn of(end: End) -> Self {
        Self { end, usage: None, context: None }
    }

    fn failed(code: &str, message: &str) -> Self {
        Self::of(End::Failed(Failure { code: code.to_owned(), message: message.to_owned() }))
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

async fn ask(engine: &Arc<Engine>, generation: &Generation) -> Outcome {
    let row = &generation.row;
    let model = match &generation.model {
        Some(model) => model.clone(),
        None => match engine.catalog.choose(Some(&row.model)).await {
            Ok(model) => model,
            Err(error) => return no_model(row, &error),
        },
    };
    let selected = match continuing::select(engine, row, &model, &generation.kept).await {
        Ok(Some(selected)) => selected,
        Ok(None) => return Outcome::of(End::Interrupted),
        Err(error) => return context_failed(row, &error),
    };
    let _ = generation.sent.set(selected.sent);
    let mut noting = Some(engine.tasks.spawn(engine.clone().note_context(row.id, selected.sent)));
    let request = ChatRequest {
        model: model.id.clone(),
        messages: selected.messages,
        max_output_tokens: None,
    };
    let mut outcome =
        Outcome { end: End::Stopped(Stop::Cancelled), usage: None, context: Some(selected.report) };
    let began = Instant::now();
    let mut is_first = true;
    let mut deltas = model.provider.stream(request);
    outcome.end = loop {
        let delta = tokio::select! {
            biased;
            // Returning drops the stream, which closes the connection to the provider at once.
            () = generation.stop.cancelled() => break End::Stopped(generation.stop_reason()),
            delta = next(&mut deltas, &mut noting) => delta,
        };
        match delta {
            Some(Ok(Delta::Usage(usage))) => outcome.usage = Some(usage),
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
            Some(Ok(Delta::Citation(_) | Delta::Waiting(_) | Delta::FinishReason(_))) => continue,
            Some(Err(error)) => break provider_failed(&error),
            None => break provider_failed(&ProviderError::Truncated),
        }
        if std::mem::take(&mut is_first) {
            metrics::histogram!("generation_first_token_seconds")
                .record(began.elapsed().as_secs_f64());
        }
    };
    outcome
}

fn no_model(row: &response::Model, error: &Error) -> Outcome {
    tracing::warn!(response = %row.id, error = %crate::chain(error), "the model is gone");
    Outcome::failed("model_not_found", "The model that began the answer is not there any more.")
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

fn ending(
    engine: &Engine,
    generation: &Generation,
    outcome: &Outcome,
    usage: Option<Tokens>,
) -> Ending {
    let (status, reason, error) = match &outcome.end {
        End::Finished(Finish::Stop) => (ResponseStatus::Completed, None, None),
        End::Finished(Finish::Length) => {
            (ResponseStatus::Incomplete, Some("max_output_tokens"), None)
        }
        End::Finished(Finish::ContentFilter) => {
            (ResponseStatus::Incomplete, Some("content_filter"), None)
        }
        End::Failed(failure) => (ResponseStatus::Failed, None, Some(failure.clone())),
        End::Stopped(Stop::Cancelled) => (ResponseStatus::Cancelled, Some("cancelled"), None),
        // Of one that is lost this is stored only if its row is there after all.
        End::Stopped(Stop::Shutdown | Stop::Lost) | End::Interrupted => {
            (ResponseStatus::Incomplete, Some("interrupted"), None)
        }
        End::Stopped(Stop::Deleted) => (ResponseStatus::Failed, None, Some(conversation_deleted())),
    };
    Ending {
        status,
        reason: reason.map(str::to_owned),
        error,
        usage,
        context: outcome.context,
        // The clock may have been set back meanwhile.
        at: engine.context.now().max(generation.row.created_at),
    }
}

/// What followers of a response in a deleted conversation are told.
pub(crate) fn conversation_deleted() -> Failure {
    Failure {
        code: CONVERSATION_DELETED.to_owned(),
        message: "The conversation was deleted while it was being answered.".to_owned(),
    }
}

/// What followers of a response whose message was deleted are told.
pub(crate) fn message_deleted() -> Failure {
    Failure {
        code: MESSAGE_DELETED.to_owned(),
        message: "The message was deleted while it was being answered.".to_owned(),
    }
}

/// The provider's numbers, or ours where it gave none, and where it knows of a part only; nothing
/// if it was not asked.
async fn usage(engine: &Engine, generation: &Generation, outcome: &Outcome) -> Option<Tokens> {
    let sent = generation.sent.get()?;
    if let Some(usage) = outcome.usage.filter(|_| generation.kept.is_empty()) {
        let TokenUsage { input, output, cached, reasoning } = usage;
        return Some(Tokens { input, output, cached, reasoning, estimated: false });
    }
    let (log, input) = (&generation.log, u64::try_from(sent.tokens).unwrap_or(0));
    let tokenizer = Tokenizer::find(sent.tokenizer).unwrap_or(Tokenizer::Estimate);
    let counted = super::usage::count(&engine.counter, tokenizer, log, input).await;
    Some(counted.unwrap_or_else(|_| super::usage::estimate(log, input)))
}
