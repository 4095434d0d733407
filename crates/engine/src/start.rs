//! The engine is started with its background tasks, and stopped.

use std::sync::Arc;
use std::time::Duration;

use super::engine::{Engine, Parts};
use super::generation::Stop;
use super::{checkpoint, observe, purge, recover, watch};
use crate::error::Result;

/// How long stopping waits for the bus.
const LAST_WORDS: Duration = Duration::from_millis(500);

impl Engine {
    /// Registers this server, sees to what a dead one left open, and starts the background tasks.
    /// On an embedded database every response that a killed server left open is closed before this
    /// returns.
    pub async fn start(parts: Parts) -> Result<Arc<Self>> {
        let engine = Arc::new(Self::new(parts));
        crud::servers::register(&engine.db, engine.fence().server_id).await?;
        if engine.settings.shared_database {
            engine.tasks.spawn(observe::run(engine.clone()));
        } else {
            // The exclusive lock on the data directory says that nobody else runs anything.
            recover::take_all_open(&engine).await?;
        }
        if let Some(bus) = engine.bus.clone() {
            let stopped = engine.stopped.clone();
            engine.tasks.spawn(async move {
                stopped.run_until_cancelled(bus.keep()).await;
            });
        }
        engine.tasks.spawn(checkpoint::run(engine.clone()));
        engine.tasks.spawn(watch::run(engine.clone()));
        engine.tasks.spawn(purge::run(engine.clone()));
        Ok(engine)
    }

    /// Takes no new work, lets running responses finish for `grace`, then keeps the text so far of
    /// those that have not, and waits until that is stored, for a few seconds at the most. They
    /// end as interrupted, or are left to be continued.
    pub async fn stop(&self, grace: Duration) {
        self.draining.cancel();
        self.turns.close();
        let _ = tokio::time::timeout(grace, self.turns.wait()).await;
        // First, so that a turn which begins now is interrupted, too.
        self.interrupting.cancel();
        for generation in self.running.all().into_iter().chain(self.unstored.all()) {
            generation.stop(Stop::Shutdown);
        }
        let _ = tokio::time::timeout(Duration::from_secs(4), self.turns.wait()).await;
        for generation in self.running.all() {
            generation.log.close();
        }
        // So that followers on other servers see the ends at once. Otherwise they wait a moment.
        self.publishing.close();
        let _ = tokio::time::timeout(LAST_WORDS, self.publishing.wait()).await;
        self.stopped.cancel();
        self.publishing.wait().await;
        self.turns.wait().await;
        self.tasks.close();
        self.tasks.wait().await;
        if let Err(error) = crud::servers::leave(&self.db, self.fence().server_id).await {
            tracing::debug!(%error, "that the server has stopped could not be stored");
        }
    }
}
