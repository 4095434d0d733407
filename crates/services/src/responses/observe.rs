//! On a shared database: notices servers that stopped moving and closes what they left open.
//!
//! A server counts as dead when its `(epoch, beat)` has not changed for [`STALE`] of this
//! process's own monotonic clock; wall clocks are never compared.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use models::{ServerId, server};
use tokio::time::Instant;

use super::engine::Engine;
use super::recover;
use crate::error::Result;

/// How often the others are looked at.
const POLL: Duration = Duration::from_secs(3);
/// How long a server must stand still.
const STALE: Duration = Duration::from_secs(10);

/// Observes until the engine stops.
pub(crate) async fn run(engine: Arc<Engine>) {
    let mut seen: HashMap<ServerId, (server::Model, Instant)> = HashMap::new();
    loop {
        if let Err(error) = look(&engine, &mut seen).await {
            tracing::warn!(error = %crate::chain(&error), "looking after other servers failed");
        }
        tokio::select! {
            () = engine.stopped.cancelled() => return,
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

async fn look(
    engine: &Engine,
    seen: &mut HashMap<ServerId, (server::Model, Instant)>,
) -> Result<()> {
    let others = crud::servers::list_with_open_responses(&engine.db, engine.fence.owner).await?;
    seen.retain(|id, _| others.iter().any(|other| other.id == *id));
    for other in others {
        let (before, since) =
            seen.entry(other.id).or_insert_with(|| (other.clone(), Instant::now()));
        if *before != other {
            (*before, *since) = (other, Instant::now());
        } else if since.elapsed() >= STALE {
            // Whoever closes its responses may die too: then they are still open and this server
            // stands still again at the new epoch.
            if crud::servers::take_over(&engine.db, other.clone()).await? {
                #[cfg(feature = "kill-points")]
                crud::kill_point("takeover.committed");
                tracing::warn!(server = %other.id, "closing what a dead server left open");
                recover::close_open_of(engine, other.id).await?;
            }
            seen.remove(&other.id);
        }
    }
    Ok(())
}
