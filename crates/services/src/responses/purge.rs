//! Forgets what has had its time: the events of responses that ended long ago (their messages
//! stay, and a follower gets the same story told from those), and what lies in the trash.
//!
//! Sleeps until the oldest is due, and while there is nothing until a response has ended or a
//! conversation was deleted.

use std::sync::Arc;
use std::time::Duration;

use models::{ConversationId, ResponseId, Time};

use super::engine::Engine;
use crate::conversations::remove_in_background;
use crate::error::Result;
use crate::rows::Skipped;

/// How long to wait after a failure, and for the oldest response to end.
const LATER: Duration = Duration::from_mins(10);
/// The shortest sleep.
const SOON: Duration = Duration::from_secs(1);

/// Purges until the engine stops.
pub(crate) async fn run(engine: Arc<Engine>) {
    let mut skipped = Skipped::new("purge of events");
    loop {
        let ended = engine.started.notified();
        let events = or_later(events(&engine, &mut skipped).await, "purging events failed");
        let trash = or_later(trash(&engine).await, "emptying the trash failed");
        let wait = [events, trash, skipped.wait()].into_iter().flatten().min();
        let due = async {
            match wait {
                Some(wait) => tokio::time::sleep(wait.max(SOON)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = engine.stopped.cancelled() => return,
            () = engine.trash_has_grown.notified() => {}
            () = ended, if events.is_none() => {}
            () = due => {}
        }
    }
}

fn or_later(result: Result<Option<Duration>>, what: &str) -> Option<Duration> {
    result.unwrap_or_else(|error| {
        tracing::warn!(error = %crate::chain(&error), "{what}");
        Some(LATER)
    })
}

/// How long until `due`; `None` when that is now.
fn until(due: Time, now: Time) -> Option<Duration> {
    (due > now).then(|| due.signed_duration_since(now).to_std().unwrap_or(LATER).max(SOON))
}

/// Removes events that are due; how long until the next are, or `None` when none are left.
async fn events(engine: &Engine, skipped: &mut Skipped<ResponseId>) -> Result<Option<Duration>> {
    let db = &engine.db;
    let purge = |id| async move { Ok(crud::responses::purge_events(db, id).await?) };
    // Events of these may have gone another way: then nothing else would find them any more.
    let again = skipped.due();
    skipped.each(again, purge).await?;
    loop {
        let now = engine.context.now();
        let except = skipped.waiting();
        let oldest = crud::responses::find_oldest_with_events(db, &except).await?;
        let Some((id, ended)) = oldest else {
            // What runs has events, too.
            return Ok((!engine.is_idle()).then_some(LATER));
        };
        if let Some(wait) = until(ended + engine.settings.event_retention, now) {
            return Ok(Some(wait));
        }
        skipped.note(id, purge(id).await)?;
        tracing::debug!(response = %id, "purged its events");
    }
}

/// Removes what is due from the trash; how long until the next is, or `None` when it is empty.
async fn trash(engine: &Arc<Engine>) -> Result<Option<Duration>> {
    let mut due = Vec::new();
    let next = take_due(engine, &mut due).await;
    if !due.is_empty() {
        // From here on nothing else finds them before the next start.
        remove_in_background(engine, due);
    }
    next
}

/// Takes what is due out of the trash, and adds it to `due`; how long until the next is.
async fn take_due(engine: &Engine, due: &mut Vec<ConversationId>) -> Result<Option<Duration>> {
    use crud::conversations::trash;
    let (db, retention) = (&engine.db, engine.settings.trash_retention);
    loop {
        let now = engine.context.now();
        let Some(oldest) = trash::find_oldest(db).await? else { return Ok(None) };
        if let Some(wait) = until(oldest + retention, now) {
            return Ok(Some(wait));
        }
        due.extend(trash::take_due(db, now - retention, now).await?);
    }
}
