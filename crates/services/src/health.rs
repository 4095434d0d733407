//! Whether the server can do its work.

use std::sync::Arc;

use crate::responses::engine::Engine;

/// Answers load balancers.
#[derive(Debug, Clone)]
pub struct Health {
    engine: Arc<Engine>,
}

impl Health {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self { engine }
    }

    /// Whether requests should be sent here; otherwise the reasons, fit to be shown to anybody.
    pub async fn ready(&self) -> Result<(), Vec<&'static str>> {
        let mut reasons = Vec::new();
        if self.engine.draining.is_cancelled() {
            reasons.push("draining");
        }
        if self.engine.db.ping().await.is_err() {
            reasons.push("database");
        }
        if reasons.is_empty() { Ok(()) } else { Err(reasons) }
    }
}
