//! While something runs: shows others that this server lives, and polls once a second whether a
//! response shall stop or is gone; at once when another server says so. Sleeps otherwise.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bus::Subscription;
use tokio::time::Instant;

use super::engine::Engine;
use super::generation::Stop;
use super::publish;
use crate::error::Result;

/// How often the database is asked.
const POLL: Duration = Duration::from_secs(1);

/// Watches until the engine stops.
pub(crate) async fn run(engine: Arc<Engine>) {
    let subscribe = |id| engine.bus.as_ref().map(|bus| bus.subscribe(publish::server(id)));
    let mut id = engine.fence().server_id;
    let mut subscription = subscribe(id);
    let mut round: u32 = 0;
    loop {
        if id != engine.fence().server_id {
            id = engine.fence().server_id;
            subscription = subscribe(id);
        }
        let started = engine.started.notified();
        tokio::pin!(started);
        started.as_mut().enable();
        if engine.running.is_empty() {
            tokio::select! {
                () = engine.stopped.cancelled() => return,
                () = started => {}
            }
        }
        let due = Instant::now() + POLL;
        loop {
            let is_due = tokio::select! {
                biased;
                () = engine.stopped.cancelled() => return,
                () = tokio::time::sleep_until(due) => true,
                () = notified(subscription.as_ref()) => false,
            };
            if let Err(error) = poll(&engine).await {
                tracing::warn!(error = %crate::chain(&error), "looking after running responses failed");
            }
            if is_due {
                break;
            }
            metrics::counter!("chatapp_bus_polls_total").increment(1);
        }
        round = round.wrapping_add(1);
        // Every 2 s.
        if round.is_multiple_of(2) {
            heartbeat(&engine).await;
        }
    }
}

/// A client of another server wants a response of this one stopped, or has removed it.
async fn notified(subscription: Option<&Subscription>) {
    match subscription {
        Some(subscription) => subscription.notified().await,
        None => std::future::pending().await,
    }
}

async fn poll(engine: &Engine) -> Result<()> {
    // Taken before the query, so that what starts meanwhile is not mistaken for deleted.
    let here = engine.running.all();
    if here.is_empty() {
        return Ok(());
    }
    let rows = crud::engine::list_running(&engine.db, engine.fence()).await?;
    let rows: HashMap<_, _> = rows.into_iter().map(|row| (row.id, row)).collect();
    if here.iter().any(|generation| !rows.contains_key(&generation.row.id)) {
        heartbeat(engine).await;
    }
    for generation in here {
        match rows.get(&generation.row.id) {
            Some(row) if row.deleted_at.or(row.user_deleted_at).is_some() => {
                generation.stop(Stop::Deleted);
            }
            Some(row) if row.cancel_requested_at.is_some() => generation.stop(Stop::Cancelled),
            Some(_) => {}
            None => generation.stop(Stop::Lost),
        }
    }
    Ok(())
}

/// Shows the others that this server lives. One that they have taken for dead gives up what it
/// runs, and begins again as a new server. An embedded database has no one to show it to.
pub(crate) async fn heartbeat(engine: &Engine) {
    if !engine.settings.shared_database {
        return;
    }
    let fence = engine.fence();
    match crud::servers::heartbeat(&engine.db, fence.server_id, fence.epoch).await {
        Ok(true) => {}
        Ok(false) => {
            tracing::error!("another server took over what this one runs; giving it up");
            let lost = engine.running.all();
            if let Err(error) = engine.begin_again().await {
                tracing::warn!(error = %crate::chain(&error), "beginning again as a new server failed");
            }
            for generation in lost {
                generation.stop(Stop::Lost);
            }
        }
        Err(error) => {
            tracing::warn!(error = %crate::chain(&error), "the heartbeat could not be stored");
        }
    }
}
