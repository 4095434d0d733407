//! Empties the trash of what has lain there for its time.
//!
//! Sleeps until the oldest conversation in it is due; while it is empty, until one is deleted.

use std::sync::Arc;
use std::time::Duration;

use crud::conversations::trash;
use models::ConversationId;

use super::trash::remove_in_background;
use crate::core::Core;
use crate::error::Result;

/// How long to wait after a failure.
const LATER: Duration = Duration::from_mins(10);
/// The shortest sleep.
const SOON: Duration = Duration::from_secs(1);
/// How long an empty trash is left alone where other servers add to it, too: one of them may have
/// died with what it was going to remove.
const LOOK_AGAIN: Duration = Duration::from_hours(1);

/// Empties the trash until the server stops.
pub(crate) async fn run(core: Arc<Core>) {
    loop {
        let wait = empty(&core).await.unwrap_or_else(|error| {
            tracing::warn!(error = %crate::chain(&error), "emptying the trash failed");
            Some(LATER)
        });
        let wait = wait.or(core.settings.engine.shared_database.then_some(LOOK_AGAIN));
        let due = async {
            match wait {
                Some(wait) => tokio::time::sleep(wait.max(SOON)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = core.stopped.cancelled() => return,
            () = core.trash_has_grown.notified() => {}
            () = due => {}
        }
    }
}

/// Removes what is due; how long until the next is, or `None` when the trash is empty.
async fn empty(core: &Arc<Core>) -> Result<Option<Duration>> {
    let mut due = Vec::new();
    let next = take_due(core, &mut due).await;
    if !due.is_empty() {
        // From here on nothing else finds them before the next start.
        remove_in_background(core, due);
    }
    next
}

/// Takes what is due out of the trash, and adds it to `due`; how long until the next is.
async fn take_due(core: &Core, due: &mut Vec<ConversationId>) -> Result<Option<Duration>> {
    let (db, retention) = (&core.db, core.settings.trash_retention);
    loop {
        let now = core.context.now();
        let Some(oldest) = trash::find_oldest(db).await? else { return Ok(None) };
        let at = oldest + retention;
        if at > now {
            return Ok(Some(at.signed_duration_since(now).to_std().unwrap_or(LATER)));
        }
        due.extend(trash::take_due(db, now - retention, now).await?);
    }
}
