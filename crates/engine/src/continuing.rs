//! Going on with a response whose server is gone: from the text that is stored, in the same
//! message and the same log.
//!
//! The attempt is stored before the model is asked, so that a server that dies of it cannot try
//! for ever. What an attempt has brought gives no further ones: a long answer that is interrupted
//! more often than that ends as interrupted.

use std::sync::Arc;
use std::time::Duration;

use crud::CrudError;
use models::message::Role;
use models::{Content, response};
use schemas::validate::says_nothing;

use super::checkpoint;
use super::engine::Engine;
use super::generation::Generation;
use super::learnt::Allowance;
use super::slots::{Admission, Slot};
use crate::catalog::Chosen;
use crate::context::{self, Selected, Window};
use crate::error::Result;

/// Whether a response may be continued if its server ends now.
pub(crate) fn is_allowed(engine: &Engine, row: &response::Model) -> bool {
    let attempts = u32::try_from(row.continuations).unwrap_or(u32::MAX);
    let settings = engine.settings.continuing.as_ref();
    // A client wanted it stopped, and the server died before it was.
    row.cancel_requested_at.is_none()
        && settings.is_some_and(|settings| attempts < settings.attempts)
}

/// Makes a response that nobody generates this server's own, if it may be continued: its row as
/// it is now, and its place among what runs here. Asks no provider, so that no start waits for one.
pub(crate) async fn adopt(
    engine: &Engine,
    row: &response::Model,
) -> Result<Option<(response::Model, Slot)>> {
    if !is_allowed(engine, row) {
        return Ok(None);
    }
    let conversation = crud::conversations::find(&engine.db, row.user_id, row.conversation_id);
    if conversation.await?.is_none() {
        // It is being removed.
        return Ok(None);
    }
    let Ok(slot) =
        engine.slots.take(Admission::new(&engine.turns), row.user_id, row.conversation_id)
    else {
        tracing::warn!(response = %row.id, "too much runs here to go on with it");
        return Ok(None);
    };
    let (fence, now) = (engine.fence(), engine.context.now());
    let is_ours = match crud::responses::adopt(&engine.db, row, fence, now).await {
        Ok(is_ours) => is_ours,
        // The answer to the commit got lost: look whether it took place.
        Err(CrudError::Ambiguous(_)) => crud::engine::find_response(&engine.db, row.id)
            .await?
            .is_some_and(|found| found.server_id == fence.server_id),
        Err(error) => return Err(error.into()),
    };
    let adopted = response::Model {
        server_id: fence.server_id,
        epoch: fence.epoch,
        continuations: row.continuations.saturating_add(1),
        updated_at: now,
        ..row.clone()
    };
    Ok(is_ours.then_some((adopted, slot)))
}

/// What the model is given: the context of the response and, if it is continued, what was kept
/// of the answer, as much as `allowance` lets through. `None` when going on with it has cost enough.
pub(crate) async fn select(
    engine: &Engine,
    generation: &Generation,
    model: &Chosen,
    allowance: Allowance,
) -> Result<Option<Selected>> {
    let (row, kept) = (&generation.row, generation.kept());
    let mut tail = Vec::new();
    if !says_nothing(kept) {
        tail.push((Role::Assistant, Content::from(kept.to_owned())));
        let instruction = engine.settings.continue_instruction.clone();
        tail.extend(instruction.map(|text| (Role::User, Content::from(text))));
    }
    let mut selected = context::select(
        &engine.counter,
        (generation.branch(&engine.db), row.input_to_seq),
        &generation.begun.parameters,
        Window::from(model.facts).allowing(allowance.tokens),
        tail,
    )
    .await?;
    selected.sent.refusals =
        (allowance.refusals > 0).then(|| i32::try_from(allowance.refusals).unwrap_or(i32::MAX));
    Ok(may_cost(engine, row, i64::from(selected.sent.tokens)).await?.then_some(selected))
}

/// Notes what an attempt to go on with a response costs, before it is made; whether it may.
async fn may_cost(engine: &Engine, row: &response::Model, tokens: i64) -> Result<bool> {
    let Some(settings) = engine.settings.continuing.as_ref().filter(|_| row.continuations > 0)
    else {
        return Ok(true);
    };
    if row.continued_tokens.saturating_add(tokens) > i64::from(settings.tokens) {
        tracing::warn!(response = %row.id, tokens, "going on with it would cost too much");
        return Ok(false);
    }
    // Should the fence be gone, this is noticed like anywhere else.
    crud::responses::note_continued(&engine.db, engine.fence(), row.id, tokens).await?;
    Ok(true)
}

/// Leaves a running response to the server that continues it: stores all of it, and lets it be.
pub(crate) async fn leave(engine: &Arc<Engine>, generation: &Generation) {
    while !checkpoint::write(engine).await {
        tokio::select! {
            () = engine.stopped.cancelled() => break,
            () = tokio::time::sleep(Duration::from_millis(100)) => {}
        }
    }
    tracing::info!(response = %generation.row.id, "left to be continued");
    generation.log.close();
    engine.forget(generation.row.id);
}
