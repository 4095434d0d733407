//! Forgets the events of responses that ended long ago. Their messages stay, and a follower gets
//! the same content made from those.
//!
//! Sleeps until the oldest is due, and while there is nothing until a response has ended.

use std::sync::Arc;
use std::time::Duration;

use models::{ResponseId, Time};

use super::engine::Engine;
use crate::error::Result;
use crate::rows::{self, LATER, SOON, Skipped};

/// Purges until the engine stops.
pub(crate) async fn run(engine: Arc<Engine>) {
    let mut skipped = Skipped::new("purge of events");
    loop {
        let ended = engine.started.notified();
        let events = rows::or_later("purge of events", events(&engine, &mut skipped).await);
        let wait = [events, skipped.wait()].into_iter().flatten().min();
        tokio::select! {
            () = engine.stopped.cancelled() => return,
            () = ended, if events.is_none() => {}
            () = rows::due(wait) => {}
        }
    }
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
        let oldest = crud::engine::find_oldest_with_events(db, &except).await?;
        let Some((id, ended)) = oldest else {
            // What runs has events, too.
            return Ok((!engine.running.is_empty()).then_some(LATER));
        };
        if let Some(wait) = until(ended + engine.settings.event_retention, now) {
            return Ok(Some(wait));
        }
        skipped.note(id, purge(id).await)?;
        tracing::debug!(response = %id, "purged its events");
    }
}
