//! The one checkpoint writer of the process.
//!
//! Every interval it stores what all running responses have added since, with one multi-row
//! insert. It sleeps while no log grows. The interval grows with what a commit costs and never
//! beyond [`LONGEST`]: that is the most a crash can lose.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crud::CrudError;
use tokio::time::Instant;

use super::engine::Engine;
use super::generation::{Generation, Stop};
use super::log::Unstored;
use super::{stored, watch};
use crate::error::Error;

/// The longest interval, however slow the database is.
const LONGEST: Duration = Duration::from_secs(2);

/// Writes checkpoints until the engine stops.
pub(crate) async fn run(engine: Arc<Engine>) {
    let mut interval = engine.settings.checkpoint_interval;
    let mut last = Instant::now();
    loop {
        tokio::select! {
            () = engine.stopped.cancelled() => return,
            () = engine.dirty.notified() => {}
        }
        tokio::select! {
            () = engine.stopped.cancelled() => return,
            () = tokio::time::sleep_until(last + interval) => {}
        }
        last = Instant::now();
        if !write(&engine).await {
            // The database is away: the logs grow in memory until it is back.
            engine.log_has_grown();
        }
        let cost = last.elapsed();
        interval = engine.settings.checkpoint_interval.max(cost * 5).min(LONGEST);
        metrics::gauge!("chatapp_checkpoint_interval_seconds").set(interval.as_secs_f64());
    }
}

/// A response with what of it is to be stored now.
type Pending = (Arc<Generation>, Unstored);

/// Stores what is not stored yet; `false` when that has to be tried again.
pub(crate) async fn write(engine: &Engine) -> bool {
    let mut skipped = engine.checkpointing.lock().await;
    let pending: Vec<Pending> = engine
        .running
        .all()
        .into_iter()
        .filter(|generation| !generation.is_finishing.load(Ordering::Acquire))
        .filter(|generation| !skipped.is_waiting(generation.row.id))
        .filter_map(|generation| {
            let unstored = generation.log.unstored()?;
            Some((generation, unstored))
        })
        .collect();
    if pending.is_empty() {
        return true;
    }
    match store(engine, &pending).await {
        Ok(()) => {}
        Err(error) if error.is_permanent() => {
            // It lies in one of them; the others shall not wait for it.
            for (generation, _) in &pending {
                // Asked again: perhaps the disk turned out to be further.
                let Some(unstored) = generation.log.unstored() else { continue };
                let stored = store(engine, &[(generation.clone(), unstored)]).await;
                if skipped.note(generation.row.id, stored.map_err(Error::from)).is_err() {
                    return false;
                }
            }
        }
        Err(_) => return false,
    }
    #[cfg(feature = "kill-points")]
    crud::kill_point("checkpoint.stored");
    // Of a log that has grown by very much only the beginning was stored.
    pending.iter().all(|(generation, _)| {
        skipped.is_waiting(generation.row.id) || !generation.log.has_much_unstored()
    })
}

async fn store(engine: &Engine, pending: &[Pending]) -> Result<(), CrudError> {
    let entries = pending
        .iter()
        .map(|(generation, unstored)| stored::run(generation.row.id, unstored))
        .collect();
    match crud::responses::checkpoint(&engine.db, engine.fence(), entries).await {
        Ok(lost) => {
            if !lost.is_empty() {
                watch::heartbeat(engine).await;
            }
            for (generation, unstored) in pending {
                if lost.contains(&generation.row.id) {
                    generation.stop(Stop::Lost);
                } else {
                    generation.log.mark_stored(unstored.until);
                }
            }
            Ok(())
        }
        Err(error) => {
            tracing::warn!(error = %crate::chain(&error), "a checkpoint could not be stored");
            metrics::counter!("chatapp_checkpoint_failures_total").increment(1);
            for (generation, _) in pending {
                generation.log.mark_doubtful();
            }
            if matches!(error, CrudError::Ambiguous(_) | CrudError::Conflict(_)) {
                resynchronise(engine, pending).await;
            }
            Err(error)
        }
    }
}

/// After a commit whose answer got lost: asks how far the disk is.
async fn resynchronise(engine: &Engine, pending: &[Pending]) {
    for (generation, _) in pending {
        match crud::engine::find_last_seq(&engine.db, generation.row.id).await {
            Ok(Some(last_seq)) => generation.log.mark_stored_up_to(last_seq),
            Ok(None) => generation.stop(Stop::Lost),
            Err(error) => tracing::warn!(%error, "asking for the newest stored event failed"),
        }
    }
}
