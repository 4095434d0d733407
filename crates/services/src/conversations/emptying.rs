//! Empties the trash of what has lain there for its time.
//!
//! Sleeps until the oldest conversation in it is due; while it is empty, until one is deleted.

use std::sync::Arc;
use std::time::Duration;

use crud::conversations::trash;
use engine::Result;
use engine::rows::{self, LATER};
use models::ConversationId;

use crate::core::Core;
use crate::removals;

/// How long an empty trash is left alone where other servers add to it, too: one of them may have
/// died with what it was going to remove.
const LOOK_AGAIN: Duration = Duration::from_hours(1);

/// Empties the trash until the server stops.
pub(crate) async fn run(core: Arc<Core>) {
    loop {
        let wait = rows::or_later("emptying of the trash", empty(&core).await);
        let wait = wait.or(core.settings.engine.shared_database.then_some(LOOK_AGAIN));
        tokio::select! {
            () = core.stopped.cancelled() => return,
            () = core.trash_has_grown.notified() => {}
            () = rows::due(wait) => {}
        }
    }
}

/// Removes what is due; how long until the next is, or `None` when the trash is empty.
async fn empty(core: &Arc<Core>) -> Result<Option<Duration>> {
    let mut due = Vec::new();
    let next = take_due(core, &mut due).await;
    // From here on nothing else finds them before the next start.
    removals::conversations(core, due);
    next
}

/// Takes what is due out of the trash, and adds it to `due`, also where it is not sure that it was
/// taken; how long until the next is.
async fn take_due(core: &Core, due: &mut Vec<ConversationId>) -> Result<Option<Duration>> {
    let (db, retention) = (&core.db, core.settings.trash_retention);
    loop {
        let now = core.context.now();
        let Some(oldest) = trash::find_oldest(db).await? else { return Ok(None) };
        let at = oldest + retention;
        if at > now {
            return Ok(Some(at.signed_duration_since(now).to_std().unwrap_or(LATER)));
        }
        let ids = trash::list_due(db, now - retention).await?;
        due.extend_from_slice(&ids);
        trash::take(db, ids, now).await?;
    }
}
