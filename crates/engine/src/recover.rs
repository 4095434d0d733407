//! Responses whose server is gone: closed with the text it had stored, or continued from there.

use std::collections::HashMap;
use std::sync::Arc;

use crud::responses::GivenUp;
use models::ending::{EndReason, FailureCode};
use models::response::{self, ResponseStatus};
use models::{ConversationId, ResponseId, ServerId};
use schemas::event::{Ending, Event, Failure};
use schemas::response::ContextReport;

use super::engine::Engine;
use super::finish::{self, Stored};
use super::generation::Generation;
use super::log::Log;
use super::{continuing, failures, generate, stored, usage};
use crate::error::{Error, Result};
use crate::rows::{self, Skipped};

/// What the log calls it.
pub(crate) const WORK: &str = "recovery of an answer";

/// A response and its conversation.
type Open = (ResponseId, ConversationId);

/// Sees to every response that another server left open. One that cannot be seen to now is tried
/// again later.
pub(crate) async fn take_all_open(engine: &Arc<Engine>) -> Result<()> {
    let open = crud::engine::list_open(&engine.db, None, engine.fence().server_id).await?;
    let mut skipped = Skipped::new(WORK);
    take_each(engine, &open, &mut skipped).await?;
    let left: HashMap<_, _> = open.into_iter().filter(|(id, _)| skipped.is_waiting(*id)).collect();
    if !left.is_empty() {
        let again = engine.clone();
        engine.tasks.spawn(async move {
            let ids = left.keys().copied().collect();
            let work = |id| {
                let conversation = left.get(&id).copied();
                let again = &again;
                async move {
                    match conversation {
                        Some(conversation) => take(again, (id, conversation)).await,
                        None => Ok(()),
                    }
                }
            };
            rows::see_to(&again.stopped, WORK, ids, work).await;
        });
    }
    Ok(())
}

/// Sees to the responses that `server` left open; its epoch was raised before. `false` when some
/// are to be tried again later.
pub(crate) async fn take_open_of(
    engine: &Arc<Engine>,
    server: ServerId,
    skipped: &mut Skipped<ResponseId>,
) -> Result<bool> {
    let open = crud::engine::list_open(&engine.db, Some(server), engine.fence().server_id).await?;
    take_each(engine, &open, skipped).await?;
    Ok(!open.iter().any(|(id, _)| skipped.is_waiting(*id)))
}

async fn take_each(
    engine: &Arc<Engine>,
    open: &[Open],
    skipped: &mut Skipped<ResponseId>,
) -> Result<()> {
    for (id, conversation) in open {
        if !skipped.is_waiting(*id) {
            let taken = take(engine, (*id, *conversation)).await;
            skipped.note(*id, taken)?;
        }
    }
    Ok(())
}

/// Continues a response here, or closes it; one that cannot be read ends without its text.
async fn take(engine: &Arc<Engine>, (id, conversation_id): Open) -> Result<()> {
    match read(engine, id).await {
        Ok(Some((row, log))) => go_on(engine, row, log).await,
        Ok(None) => Ok(()),
        Err(error) if error.is_outage() => Err(error),
        Err(error) => {
            let error = crate::chain(&error);
            tracing::error!(response = %id, error, "an open answer cannot be read; it is given up");
            let Failure { message, .. } = failures::not_stored();
            let (code, now) = (FailureCode::AnswerNotStored, engine.context.now());
            let end = GivenUp { id, conversation_id, fence: None, code, message, now };
            if crud::responses::give_up(&engine.db, end).await? {
                Ok(())
            } else {
                Err(still_open())
            }
        }
    }
}

/// An open response with the log that is stored of it. A log that tells less than the answer had
/// when it was continued is damaged: what ends with it would lose text.
async fn read(engine: &Engine, id: ResponseId) -> Result<Option<(response::Model, Log)>> {
    let Some(row) = crud::engine::find_response(&engine.db, id).await? else { return Ok(None) };
    let log = stored::log(&engine.db, &row).await?;
    let data = finish::kept_data(&engine.db, &row).await?;
    if let Some(earlier) = data.earlier.last() {
        log.note_earlier(earlier.bytes);
        if log.answer().len() < earlier.bytes {
            return Err(Error::internal("its events tell less than there was of the answer"));
        }
    }
    Ok(Some((row.into_inner(), log)))
}

/// That not even a bare end could be stored.
fn still_open() -> Error {
    Error::internal("the response stays open; its conversation is free")
}

async fn go_on(engine: &Arc<Engine>, row: response::Model, log: Log) -> Result<()> {
    let is_empty = log.next_seq() == 0;
    // Before anything is appended: what is stored together is one run, which has no gap in it.
    log.skip_after_crash(u64::try_from(row.continuations).unwrap_or(0) + 1);
    if is_empty {
        log.append([Event::Created, Event::InProgress]);
    }
    let adopted = match continuing::adopt(engine, &row).await {
        Err(error) if !error.is_outage() => {
            let error = crate::chain(&error);
            tracing::error!(response = %row.id, error, "it cannot be continued");
            None
        }
        adopted => adopted?,
    };
    let Some((row, slot)) = adopted else { return end_abandoned(engine, &row, &log).await };
    tracing::warn!(
        response = %row.id, conversation = %row.conversation_id, attempt = row.continuations,
        kept_bytes = log.answer().len(), "going on with a response that a dead server left open"
    );
    metrics::counter!("chatapp_generations_continued_total").increment(1);
    generate::begin(engine, Arc::new(Generation::resume(row, log, slot)));
    Ok(())
}

async fn end_abandoned(engine: &Engine, row: &response::Model, log: &Log) -> Result<()> {
    let ending = ending(engine, row, log);
    let (stored, _) = finish::store(engine, row, log, (ending, false), finish::ATTEMPTS).await?;
    match stored {
        Stored::Yes | Stored::Bare => {
            tracing::warn!(
                response = %row.id, conversation = %row.conversation_id,
                kept_events = log.next_seq(), "closed a response that a dead server left open"
            );
            metrics::counter!("chatapp_generations_recovered_total").increment(1);
            #[cfg(feature = "kill-points")]
            crud::kill_point("recovery.closed");
            Ok(())
        }
        Stored::Unfinished => Err(still_open()),
        Stored::Deleted | Stored::Elsewhere => Ok(()),
    }
}

fn ending(engine: &Engine, row: &response::Model, log: &Log) -> Ending {
    let known = |value: Option<i32>| value.and_then(|value| u32::try_from(value).ok());
    let context = known(row.context_messages).map(|messages_sent| ContextReport {
        messages_sent,
        messages_omitted: known(row.context_omitted).unwrap_or(0),
    });
    // A stop that the dead server did not come to.
    let (status, reason) = match row.cancel_requested_at {
        Some(_) => (ResponseStatus::Cancelled, EndReason::Cancelled),
        None => (ResponseStatus::Incomplete, EndReason::Interrupted),
    };
    let input = row.context_tokens.and_then(|tokens| u64::try_from(tokens).ok()).unwrap_or(0);
    Ending {
        status,
        reason: Some(reason.into()),
        finish_reason: None,
        error: None,
        usage: Some(usage::estimate(log, input)),
        context,
        // That was the clock of another server.
        at: engine.context.now().max(row.created_at),
    }
}
