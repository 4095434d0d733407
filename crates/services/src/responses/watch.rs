//! While something runs: shows others that this server lives, and looks once a second whether a
//! response shall stop or is gone. Sleeps otherwise.

use std::sync::Arc;
use std::time::Duration;

use crate::error::Result;

use super::engine::Engine;
use super::generation::Stop;

/// How often the database is asked.
const POLL: Duration = Duration::from_secs(1);

/// Watches until the engine stops.
pub(crate) async fn run(engine: Arc<Engine>) {
    let mut round: u32 = 0;
    loop {
        let started = engine.started.notified();
        tokio::pin!(started);
        started.as_mut().enable();
        if engine.is_idle() {
            tokio::select! {
                () = engine.stopped.cancelled() => return,
                () = started => {}
            }
        }
        tokio::select! {
            () = engine.stopped.cancelled() => return,
            () = tokio::time::sleep(POLL) => {}
        }
        round = round.wrapping_add(1);
        if let Err(error) = look(&engine).await {
            tracing::warn!(error = %crate::chain(&error), "looking after running responses failed");
        }
        // Every 2 s; an embedded database has no one to show it to.
        if engine.settings.shared_database && round.is_multiple_of(2) {
            beat(&engine).await;
        }
    }
}

async fn look(engine: &Engine) -> Result<()> {
    // Taken before the query, so that what starts meanwhile is not mistaken for deleted.
    let here = engine.running();
    if here.is_empty() {
        return Ok(());
    }
    let rows = crud::responses::list_running(&engine.db, engine.fence).await?;
    for generation in here {
        match rows.iter().find(|(id, _)| *id == generation.row.id) {
            Some((_, None)) => {}
            Some((_, Some(_asked))) => generation.stop(Stop::Cancelled),
            None => generation.stop(Stop::Lost),
        }
    }
    Ok(())
}

async fn beat(engine: &Engine) {
    match crud::servers::beat(&engine.db, engine.fence.owner, engine.fence.epoch).await {
        Ok(true) => {}
        Ok(false) => {
            tracing::error!("another server took over what this one runs; giving it up");
            for generation in engine.running() {
                generation.stop(Stop::Lost);
            }
        }
        Err(error) => tracing::warn!(error = %crate::chain(&error), "the beat could not be raised"),
    }
}
