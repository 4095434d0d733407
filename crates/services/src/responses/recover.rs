//! Responses whose server is gone: closed with the text it had stored, or gone on with from there.

use std::sync::Arc;

use models::ServerId;
use models::response::{self, ResponseStatus};
use schemas::event::{Ending, Event};
use schemas::response::ContextReport;

use super::engine::Engine;
use super::generation::Generation;
use super::log::Log;
use super::{continuing, finish, usage};
use crate::error::Result;

/// Sees to every response that another server left open.
pub(crate) async fn take_all_open(engine: &Arc<Engine>) -> Result<()> {
    for row in crud::responses::list_open(&engine.db, None, engine.fence().owner).await? {
        take(engine, row).await?;
    }
    Ok(())
}

/// Sees to the responses that `server` left open; its epoch was raised before.
pub(crate) async fn take_open_of(engine: &Arc<Engine>, server: ServerId) -> Result<()> {
    for row in crud::responses::list_open(&engine.db, Some(server), engine.fence().owner).await? {
        take(engine, row).await?;
    }
    Ok(())
}

/// Goes on with a response here, or closes it.
async fn take(engine: &Arc<Engine>, row: response::Model) -> Result<()> {
    let log = stored(engine, &row).await?;
    let is_empty = log.next_seq() == 0;
    // Before anything is appended: what is stored together is one run, which has no gap in it.
    log.skip_after_crash(u64::try_from(row.continuations).unwrap_or(0) + 1);
    if is_empty {
        log.append([Event::Created, Event::InProgress]);
    }
    let Some((row, slot)) = continuing::adopt(engine, &row).await? else {
        return close(engine, &row, &log).await;
    };
    tracing::warn!(
        response = %row.id, conversation = %row.conversation_id, attempt = row.continuations,
        kept_bytes = log.answer().len(), "going on with a response that a dead server left open"
    );
    metrics::counter!("generations_continued_total").increment(1);
    engine.spawn(Arc::new(Generation::resume(row, log, slot)));
    Ok(())
}

async fn close(engine: &Engine, row: &response::Model, log: &Log) -> Result<()> {
    let ending = ending(engine, row, log);
    let events = finish::closing(log, ending, false, || engine.context.new_id());
    if finish::seal(&engine.db, row, log, &events).await? {
        tracing::warn!(
            response = %row.id, conversation = %row.conversation_id, kept_events = log.next_seq(),
            "closed a response that a dead server left open"
        );
        metrics::counter!("generations_recovered_total").increment(1);
        #[cfg(feature = "kill-points")]
        crud::kill_point("recovery.closed");
    }
    Ok(())
}

/// The log of a response as it is stored.
pub(crate) async fn stored(engine: &Engine, row: &response::Model) -> Result<Log> {
    let stored = crud::responses::list_events(&engine.db, row.id).await?;
    let runs = stored
        .iter()
        .map(|run| (u64::try_from(run.first_seq).unwrap_or_default(), run.payload.as_str()));
    Ok(Log::restore(row.message_id, runs))
}

fn ending(engine: &Engine, row: &response::Model, log: &Log) -> Ending {
    let known = |value: Option<i32>| value.and_then(|value| u32::try_from(value).ok());
    let context = known(row.context_messages).map(|messages_sent| ContextReport {
        messages_sent,
        messages_omitted: known(row.context_omitted).unwrap_or(0),
    });
    // A stop that the dead server did not come to.
    let (status, reason) = match row.cancel_requested_at {
        Some(_) => (ResponseStatus::Cancelled, "cancelled"),
        None => (ResponseStatus::Incomplete, "interrupted"),
    };
    let input = row.context_tokens.and_then(|tokens| u64::try_from(tokens).ok()).unwrap_or(0);
    Ending {
        status,
        reason: Some(reason.to_owned()),
        error: None,
        usage: Some(usage::estimate(row, log, input)),
        context,
        // That was the clock of another server.
        at: engine.context.now().max(row.created_at),
    }
}
