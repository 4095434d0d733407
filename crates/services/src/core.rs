//! What every use case holds.

use std::sync::Arc;

use crud::Db;
use engine::Catalog;
use models::Context;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::error::{Error, Result};
use crate::quota::Quota;
use crate::settings::Settings;

/// The database, the clock, and what else the use cases of one process share. It makes no answers:
/// a use case that starts, stops or reads running ones holds the engine beside it.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) db: Db,
    /// Where times and ids come from.
    pub(crate) context: Context,
    pub(crate) settings: Settings,
    /// The models there are.
    pub(crate) catalog: Catalog,
    /// How much each user may store.
    pub(crate) quota: Quota,
    /// Every background task of this process; shutting down waits for them.
    pub(crate) tasks: TaskTracker,
    /// No new work.
    pub(crate) draining: CancellationToken,
    /// The background tasks end.
    pub(crate) stopped: CancellationToken,
    /// Wakes the task that empties the trash.
    pub(crate) trash_has_grown: Notify,
    /// Wakes the task that removes expired sessions, keys and counts.
    pub(crate) rows_age: Notify,
}

impl Core {
    /// Starts nothing.
    pub(crate) fn new(db: Db, context: Context, catalog: Catalog, settings: Settings) -> Arc<Self> {
        Arc::new(Self {
            db,
            context,
            quota: Quota::new(settings.storage_per_user),
            settings,
            catalog,
            tasks: TaskTracker::new(),
            draining: CancellationToken::new(),
            stopped: CancellationToken::new(),
            trash_has_grown: Notify::new(),
            rows_age: Notify::new(),
        })
    }

    /// Does something to its end, also when its caller leaves meanwhile.
    pub(crate) async fn to_the_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        self.tasks.spawn(work).await.map_err(Error::internal)?
    }

    /// The same for a command beside the servers: no model is asked for anything.
    pub(crate) fn beside_servers(db: Db, context: Context, settings: Settings) -> Arc<Self> {
        let catalog = Catalog::new(provider::Provider::demo(), Vec::new());
        Self::new(db, context, catalog, settings)
    }
}
