//! One running response: asks the model, keeps the log, and always comes to an end.
//!
//! The task belongs to the server. HTTP requests only follow.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crud::responses::ContextSent;
use futures_util::FutureExt;
use models::ending::EndReason;
use models::response::{self, ResponseStatus};
use models::word::OrUnknown;
use provider::{Finish, TokenUsage, Tokenizer};
use schemas::event::{Ending, Failure, Tokens};
use schemas::response::{ContextReport, ResponseResource};
use tokio_util::sync::CancellationToken;

use super::engine::Engine;
use super::log::Log;
use super::slots::Slot;
use super::{attempt, continuing, failures};
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
pub struct Generation {
    /// Its row as it was inserted.
    pub(crate) row: response::Model,
    /// The same, as followers see it.
    pub(crate) resource: ResponseResource,
    /// Its log; followers hold it too.
    pub(crate) log: Arc<Log>,
    /// The model that is asked, if it is known yet.
    model: Option<Chosen>,
    /// The text that there is of the answer: by the response that this one continues, or by the
    /// server that it was taken over from.
    kept: String,
    /// What was sent to it last, once that is known.
    sent: Mutex<Option<ContextSent>>,
    /// Set once the end is being stored: checkpoints leave it alone from then on.
    pub(crate) is_finishing: AtomicBool,
    stop: CancellationToken,
    reason: OnceLock<Stop>,
    /// Counts it against the limits as long as it runs.
    _slot: Slot,
}

/// How asking the model ended, and what it cost.
pub(super) struct Outcome {
    pub(super) end: End,
    /// The provider's own word for it.
    pub(super) finish_reason: Option<String>,
    pub(super) usage: Option<TokenUsage>,
    pub(super) context: Option<ContextReport>,
}

pub(super) enum End {
    Finished(Finish),
    Failed(Failure),
    Stopped(Stop),
    /// It was interrupted before, and going on with it would cost too much.
    Interrupted,
}

impl Generation {
    /// A response that begins with `log`.
    pub(crate) fn new(row: response::Model, log: Log, model: Chosen, slot: Slot) -> Self {
        Self { model: Some(model), ..Self::resume(row, log, slot) }
    }

    /// A response that is continued behind the end of `log`.
    pub(crate) fn resume(row: response::Model, log: Log, slot: Slot) -> Self {
        log.extend(|transcript| {
            transcript.keep();
            transcript.cut()
        });
        Self {
            resource: super::render::begun(&row),
            row,
            model: None,
            kept: log.answer(),
            log: Arc::new(log),
            sent: Mutex::default(),
            is_finishing: AtomicBool::new(false),
            stop: CancellationToken::new(),
            reason: OnceLock::new(),
            _slot: slot,
        }
    }

    /// Its row as it was inserted.
    pub fn row(&self) -> &response::Model {
        &self.row
    }

    /// The text of its answer so far.
    pub fn answer(&self) -> String {
        self.log.answer()
    }

    /// Ends it for this reason, unless it is already ending for another.
    pub(crate) fn stop(&self, reason: Stop) {
        let _ = self.reason.set(reason);
        self.stop.cancel();
    }

    /// Its row as it would be inserted now.
    pub(crate) fn row_now(&self) -> response::Model {
        let mut row = self.row.clone();
        if let Some(sent) = self.sent() {
            sent.note(&mut row);
        }
        row
    }

    /// Takes note of what is sent to the model now.
    pub(super) fn note_sent(&self, sent: ContextSent) {
        *self.sent.lock().unwrap_or_else(PoisonError::into_inner) = Some(sent);
    }

    /// What was sent to the model last.
    fn sent(&self) -> Option<ContextSent> {
        *self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The text that there was of the answer when this began.
    pub(super) fn kept(&self) -> &str {
        &self.kept
    }

    /// Waits until it has to end before the model does: why.
    pub(super) async fn stopped(&self) -> Stop {
        self.stop.cancelled().await;
        self.reason.get().copied().unwrap_or(Stop::Cancelled)
    }
}

/// Runs a response to its end.
pub(crate) async fn run(engine: Arc<Engine>, generation: Arc<Generation>) {
    let asked = AssertUnwindSafe(ask(&engine, &generation)).catch_unwind().await;
    let outcome = asked.unwrap_or_else(|_panic| {
        metrics::counter!("chatapp_generation_panics_total").increment(1);
        tracing::error!(response = %generation.row.id, "generating a response panicked");
        Outcome::of(End::Failed(failures::internal()))
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
        engine.on_completed.tell(&generation);
    }
    engine.forget(generation.row.id);
}

impl Outcome {
    /// An end before anything was asked.
    pub(super) fn of(end: End) -> Self {
        Self { end, finish_reason: None, usage: None, context: None }
    }
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
    let mut allowance = engine.learnt.of(&model, engine.context.now());
    loop {
        let attempt = attempt::make(engine, generation, &model, allowance).await;
        let sent = generation.sent().map_or(0, |sent| u32::try_from(sent.tokens).unwrap_or(0));
        if attempt.was_taken() {
            engine.learnt.note(&model, allowance, sent, engine.context.now());
        }
        if !attempt.was_too_long() {
            return attempt.outcome;
        }
        allowance = allowance.after_refusal(sent);
        metrics::counter!("chatapp_generation_context_refusals_total").increment(1);
        tracing::info!(tokens = sent, allowed = allowance.tokens, "asking again with less");
    }
}

fn no_model(row: &response::Model, error: &Error) -> Outcome {
    tracing::warn!(response = %row.id, error = %crate::chain(error), "the model is gone");
    Outcome::of(End::Failed(failures::no_model()))
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
            (ResponseStatus::Incomplete, Some(EndReason::MaxOutputTokens), None)
        }
        End::Finished(Finish::ContentFilter) => {
            (ResponseStatus::Incomplete, Some(EndReason::ContentFilter), None)
        }
        End::Failed(failure) => (ResponseStatus::Failed, None, Some(failure.clone())),
        End::Stopped(Stop::Cancelled) => {
            (ResponseStatus::Cancelled, Some(EndReason::Cancelled), None)
        }
        // Of one that is lost this is stored only if its row is there after all.
        End::Stopped(Stop::Shutdown | Stop::Lost) | End::Interrupted => {
            (ResponseStatus::Incomplete, Some(EndReason::Interrupted), None)
        }
        End::Stopped(Stop::Deleted) => {
            (ResponseStatus::Failed, None, Some(failures::conversation_deleted()))
        }
    };
    Ending {
        status,
        reason: reason.map(OrUnknown::Known),
        finish_reason: outcome.finish_reason.clone(),
        error,
        usage,
        context: outcome.context,
        // The clock may have been set back meanwhile.
        at: engine.context.now().max(generation.row.created_at),
    }
}

/// The provider's numbers, or ours where it gave none, and where it knows of a part only; nothing
/// if it was not asked.
async fn usage(engine: &Engine, generation: &Generation, outcome: &Outcome) -> Option<Tokens> {
    let sent = generation.sent()?;
    let is_all = generation.kept.is_empty() || generation.row.continuations == 0;
    if let Some(usage) = outcome.usage.filter(|_| is_all) {
        let TokenUsage { input, output, cached, reasoning } = usage;
        return Some(Tokens { input, output, cached, reasoning, estimated: false });
    }
    let log = &generation.log;
    let input = u64::try_from(sent.tokens).unwrap_or(0);
    let tokenizer = Tokenizer::find(sent.tokenizer).unwrap_or(Tokenizer::Estimate);
    let counted = super::usage::count(&engine.counter, tokenizer, log, input).await;
    Some(counted.unwrap_or_else(|_| super::usage::estimate(log, input)))
}
