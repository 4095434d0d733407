//! Closing responses whose server is gone, with the text it had stored.

use models::ServerId;
use models::response::{self, ResponseStatus};
use schemas::event::{Ending, Event};
use schemas::response::ContextReport;

use super::engine::Engine;
use super::log::Log;
use super::{finish, usage};
use crate::error::Result;

/// Closes every response that another server left open.
pub(crate) async fn close_all_open(engine: &Engine) -> Result<()> {
    for row in crud::responses::list_open(&engine.db, None, engine.fence.owner).await? {
        close(engine, &row).await?;
    }
    Ok(())
}

/// Closes the responses that `server` left open; its epoch was raised before.
pub(crate) async fn close_open_of(engine: &Engine, server: ServerId) -> Result<()> {
    for row in crud::responses::list_open(&engine.db, Some(server), engine.fence.owner).await? {
        close(engine, &row).await?;
    }
    Ok(())
}

async fn close(engine: &Engine, row: &response::Model) -> Result<()> {
    let log = stored(engine, row).await?;
    let is_empty = log.next_seq() == 0;
    // Before anything is appended: what is stored together is one run, which has no gap in it.
    log.skip_after_crash();
    if is_empty {
        log.append([Event::Created, Event::InProgress]);
    }
    let ending = interrupted(engine, row, &log);
    let events = finish::closing(&log, ending, false, || engine.context.new_id());
    if finish::seal(&engine.db, row, &log, &events).await? {
        tracing::warn!(
            response = %row.id, conversation = %row.conversation_id, kept_events = log.next_seq(),
            "closed a response that a dead server left open"
        );
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

fn interrupted(engine: &Engine, row: &response::Model, log: &Log) -> Ending {
    let known = |value: Option<i32>| value.and_then(|value| u32::try_from(value).ok());
    let context = known(row.context_messages).map(|messages_sent| ContextReport {
        messages_sent,
        messages_omitted: known(row.context_omitted).unwrap_or(0),
    });
    Ending {
        status: ResponseStatus::Incomplete,
        reason: Some("interrupted".to_owned()),
        error: None,
        // What was sent is not known any more; what was kept is.
        usage: Some(usage::estimate(log, 0)),
        context,
        at: engine.context.now(),
    }
}
