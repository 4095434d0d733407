//! Forgets the events of responses that ended long ago; their messages stay, and a follower gets
//! the same story told from those.
//!
//! Sleeps until the oldest events are due, and while there are none until a response has ended.

use std::sync::Arc;
use std::time::Duration;

use super::engine::Engine;
use crate::error::Result;

/// How long to wait after a failure, and for the oldest response to end.
const LATER: Duration = Duration::from_mins(10);

/// Purges until the engine stops.
pub(crate) async fn run(engine: Arc<Engine>) {
    loop {
        let ended = engine.started.notified();
        let wait = match purge(&engine).await {
            Ok(wait) => wait,
            Err(error) => {
                tracing::warn!(error = %crate::chain(&error), "purging events failed");
                Some(LATER)
            }
        };
        let due = async {
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => ended.await,
            }
        };
        tokio::select! {
            () = engine.stopped.cancelled() => return,
            () = due => {}
        }
    }
}

/// Removes what is due; how long until the next is, or `None` when no events are left.
async fn purge(engine: &Engine) -> Result<Option<Duration>> {
    loop {
        let now = engine.context.now();
        let Some(oldest) = crud::responses::find_oldest_with_events(&engine.db).await? else {
            return Ok(None);
        };
        let Some(ended) = oldest.completed_at else { return Ok(Some(LATER)) };
        let due = ended + engine.settings.event_retention;
        if due > now {
            let wait = due.signed_duration_since(now).to_std().unwrap_or(LATER);
            return Ok(Some(wait.max(Duration::from_secs(1))));
        }
        crud::responses::purge_events(&engine.db, oldest.id).await?;
        crud::idempotency::purge(&engine.db, now).await?;
        tracing::debug!(response = %oldest.id, "purged its events");
    }
}
