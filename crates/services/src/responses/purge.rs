//! Forgets what has had its time: the events of responses that ended long ago (their messages
//! stay, and a follower gets the same story told from those), and what lies in the trash.
//!
//! Sleeps until the oldest is due, and while there is nothing until a response has ended or a
//! conversation was deleted.

use std::sync::Arc;
use std::time::Duration;

use models::Time;

use super::engine::Engine;
use crate::error::Result;

/// How long to wait after a failure, and for the oldest response to end.
const LATER: Duration = Duration::from_mins(10);
/// The shortest sleep.
const SOON: Duration = Duration::from_secs(1);

/// Purges until the engine stops.
pub(crate) async fn run(engine: Arc<Engine>) {
    loop {
        let ended = engine.started.notified();
        let events = or_later(events(&engine).await, "purging events failed");
        let trash = or_later(trash(&engine).await, "emptying the trash failed");
        let wait = [events, trash].into_iter().flatten().min();
        let due = async {
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
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
async fn events(engine: &Engine) -> Result<Option<Duration>> {
    loop {
        let now = engine.context.now();
        let Some(oldest) = crud::responses::find_oldest_with_events(&engine.db).await? else {
            return Ok(None);
        };
        let Some(ended) = oldest.completed_at else { return Ok(Some(LATER)) };
        if let Some(wait) = until(ended + engine.settings.event_retention, now) {
            return Ok(Some(wait));
        }
        crud::responses::purge_events(&engine.db, oldest.id).await?;
        crud::idempotency::purge(&engine.db, now).await?;
        tracing::debug!(response = %oldest.id, "purged its events");
    }
}

/// Removes what is due from the trash; how long until the next is, or `None` when it is empty.
async fn trash(engine: &Engine) -> Result<Option<Duration>> {
    use crud::conversations::trash;
    let (db, retention) = (&engine.db, engine.settings.trash_retention);
    loop {
        let now = engine.context.now();
        let Some(oldest) = trash::find_oldest(db).await? else { return Ok(None) };
        if let Some(wait) = until(oldest + retention, now) {
            return Ok(Some(wait));
        }
        for id in trash::take_due(db, now - retention, now).await? {
            if engine.stopped.is_cancelled() {
                // The next start goes on.
                return Ok(None);
            }
            trash::remove(db, id).await?;
            tracing::debug!(conversation = %id, "removed it from the trash");
        }
    }
}
