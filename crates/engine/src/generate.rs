//! Runs a response: asks the model, keeps the log, and always comes to an end.
//!
//! The task belongs to the server. HTTP requests only follow.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::FutureExt;
use models::response::{self, ResponseStatus};
use provider::{TokenUsage, Tokenizer};
use schemas::event::Tokens;
use tracing::Instrument as _;

use super::engine::Engine;
use super::generation::{Generation, Stop};
use super::outcome::{End, Outcome};
use super::{attempt, continuing, failures, finish, publish, usage};
use crate::error::Error;

/// Runs a response that was just stored, or just taken over.
pub(crate) fn begin(engine: &Arc<Engine>, generation: Arc<Generation>) {
    engine.running.insert(generation.clone());
    engine.started.notify_waiters();
    engine.log_has_grown();
    publish::begin(engine, &generation);
    set_off(engine, generation);
}

/// Runs a response of which nothing is stored.
pub(super) fn begin_unstored(engine: &Arc<Engine>, generation: Arc<Generation>) {
    engine.unstored.insert(generation.clone());
    set_off(engine, generation);
}

fn set_off(engine: &Arc<Engine>, generation: Arc<Generation>) {
    if engine.interrupting.is_cancelled() {
        generation.stop(Stop::Shutdown);
    }
    let span = tracing::info_span!("response", id = %generation.row.id);
    engine.tasks.spawn(run(engine.clone(), generation).instrument(span));
}

/// Runs a response to its end.
async fn run(engine: Arc<Engine>, generation: Arc<Generation>) {
    let asked = AssertUnwindSafe(ask(&engine, &generation)).catch_unwind().await;
    let outcome = asked.unwrap_or_else(|_panic| {
        metrics::counter!("chatapp_generation_panics_total").increment(1);
        tracing::error!(response = %generation.row.id, "generating a response panicked");
        Outcome::of(End::Failed(failures::internal()))
    });
    if generation.is_stored()
        && matches!(outcome.end, End::Stopped(Stop::Shutdown))
        && continuing::is_allowed(&engine, &generation.row)
    {
        return continuing::leave(&engine, &generation).await;
    }
    generation.is_finishing.store(true, Ordering::Release);
    let usage = usage_of(&engine, &generation, &outcome).await;
    // The clock may have been set back meanwhile.
    let at = engine.context.now().max(generation.row.created_at);
    let ending = outcome.ending(usage, at);
    let complete = ending.status == ResponseStatus::Completed;
    if !generation.is_stored() {
        finish::show(&engine, &generation, ending, complete);
        engine.unstored.remove(generation.row.id);
        return;
    }
    finish::finish(&engine, &generation, ending, complete).await;
    if complete {
        engine.on_completed.tell(&generation);
    }
    engine.forget(generation.row.id);
}

async fn ask(engine: &Arc<Engine>, generation: &Generation) -> Outcome {
    let row = &generation.row;
    let model = match generation.model() {
        Some(model) => model.clone(),
        None => match engine.catalog.choose(Some(&row.model)).await {
            Ok(model) => model,
            Err(error) => return no_model(row, &error),
        },
    };
    let mut allowance = engine.learnt.of(&model, engine.context.now());
    let mut refused = None;
    loop {
        let attempt = attempt::make(engine, generation, &model, allowance).await;
        let sent = generation.sent().map_or(0, |sent| u32::try_from(sent.tokens).unwrap_or(0));
        if attempt.was_taken() {
            engine.learnt.note(&model, allowance, sent, engine.context.now());
        }
        // Half as much that is still the same is the newest unit, which is never cut.
        if !attempt.was_too_long() || refused.replace(sent) == Some(sent) {
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

/// The provider's numbers, or ours where it gave none, and where it knows of a part only; nothing
/// if it was not asked.
async fn usage_of(engine: &Engine, generation: &Generation, outcome: &Outcome) -> Option<Tokens> {
    let sent = generation.sent()?;
    let is_all = generation.kept().is_empty() || generation.row.continuations == 0;
    if let Some(usage) = outcome.usage.filter(|_| is_all) {
        let TokenUsage { input, output, cached, reasoning } = usage;
        return Some(Tokens { input, output, cached, reasoning, estimated: false });
    }
    let log = &generation.log;
    let input = u64::try_from(sent.tokens).unwrap_or(0);
    let tokenizer = Tokenizer::find(sent.tokenizer).unwrap_or(Tokenizer::Estimate);
    let counted = usage::count(&engine.counter, tokenizer, log, input).await;
    Some(counted.unwrap_or_else(|_| usage::estimate(log, input)))
}
