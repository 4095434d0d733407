//! Whether the server can do its work.

use std::sync::Arc;

use engine::Engine;
use tokio_util::sync::CancellationToken;

use crate::core::Core;

/// Answers load balancers.
#[derive(Debug, Clone)]
pub struct Health {
    core: Arc<Core>,
    engine: Arc<Engine>,
    /// Load balancers are told to send nothing more here; what comes is still taken.
    leaving: CancellationToken,
}

impl Health {
    pub(crate) fn new(core: Arc<Core>, engine: Arc<Engine>) -> Self {
        Self { core, engine, leaving: CancellationToken::new() }
    }

    /// Reports not ready from now on.
    pub(crate) fn leave(&self) {
        self.leaving.cancel();
    }

    /// Whether requests should be sent here; otherwise the reasons, fit to be shown to anybody.
    pub async fn ready(&self) -> Result<(), Vec<&'static str>> {
        let mut reasons = Vec::new();
        if self.leaving.is_cancelled() || self.core.draining.is_cancelled() {
            reasons.push("draining");
        }
        let (db, fence) = (&self.core.db, self.engine.fence());
        if db.ping().await.is_err() {
            reasons.push("database");
        } else if db.is_full()
            && crud::servers::probe(db, fence.server_id, fence.epoch).await.is_err()
        {
            // Asked only once a write has failed: a server that is well writes nothing here.
            reasons.push("storage");
        } else if db.is_locked() {
            // Nobody may have written since it was free again; the outcome is told by `degraded`.
            let _ = crud::servers::probe(db, fence.server_id, fence.epoch).await;
        }
        if reasons.is_empty() { Ok(()) } else { Err(reasons) }
    }

    /// Shows how busy the connections to the database are, as a metric.
    pub fn measure(&self) {
        for pool in self.core.db.pools() {
            let idle = pool.idle.min(pool.open);
            for (state, count) in [("idle", idle), ("busy", pool.open - idle)] {
                metrics::gauge!("chatapp_database_connections", "pool" => pool.name, "state" => state)
                    .set(count);
            }
            metrics::gauge!("chatapp_database_connections_limit", "pool" => pool.name)
                .set(pool.limit);
        }
    }

    /// What is away that the server can do without, and whether another program keeps the database
    /// from being written.
    pub fn degraded(&self) -> Vec<&'static str> {
        let redis = self.engine.is_bus_away().then_some("redis");
        let locked = self.core.db.is_locked().then_some("database_locked");
        redis.into_iter().chain(locked).collect()
    }
}
