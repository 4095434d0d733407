//! Following responses that another server generates: one reader for each followed response,
//! whatever the number of its followers, and none when nobody follows.
//!
//! The reader takes events from the bus as they are sent, joined exactly with what is stored: the
//! number that comes next says what to ask for, wherever it is asked. While nothing comes from
//! there it asks the database, which is always right in the end, and alone without a bus.

use std::sync::{Arc, Weak};

use bus::{Bus, Subscription};
use crud::Owned;
use crud::responses::Fence;
use models::{ResponseId, response};

use super::engine::Engine;
use super::log::Log;
use super::pace::Pace;
use super::{publish, stored};
use crate::error::Result;
use crate::gauged::Gauged;

/// The log of a response that runs elsewhere; starts reading it unless it is read already.
pub(crate) async fn log(engine: &Arc<Engine>, row: &Owned<response::Model>) -> Result<Arc<Log>> {
    if let Some(log) = engine.followed.find(row.id) {
        return Ok(log);
    }
    let log = Arc::new(stored::log(&engine.db, row).await?.lagging());
    // Another task may have been quicker while the database was read.
    if let Some(other) = engine.followed.keep(row.id, &log) {
        return Ok(other);
    }
    let live = engine.bus.as_ref().map(|bus| Live::new(bus, row));
    engine.tasks.spawn(read(engine.clone(), row.id, live, Arc::downgrade(&log)));
    Ok(log)
}

/// Reads until the response has ended, nobody follows any more, or this server stops.
async fn read(engine: Arc<Engine>, id: ResponseId, mut live: Option<Live>, log: Weak<Log>) {
    let _counted = Gauged::begin(metrics::gauge!("chatapp_remote_responses_followed"));
    let mut pace = Pace::new(live.is_some());
    loop {
        let Some(followed) = log.upgrade() else { break };
        if pace.is_due() {
            match poll(&engine, id, &followed).await {
                Ok(Polled::Open { news, fence }) => {
                    pace.polled(news);
                    if let Some(live) = &mut live {
                        live.turn_to(id, fence);
                    }
                }
                Ok(Polled::Over) => break,
                Err(error) => {
                    pace.polled(false);
                    tracing::warn!(
                        response = %id, error = %crate::chain(&error),
                        "reading what another server generates failed"
                    );
                }
            }
        }
        if let Some(live) = &live {
            match live.pull(&followed).await {
                Pulled::News => pace.heard(),
                Pulled::Nothing => {}
                Pulled::Broken => pace.fall_back(),
            }
        }
        if followed.has_ended() {
            break;
        }
        drop(followed);
        tokio::select! {
            () = engine.stopped.cancelled() => break,
            () = pace.wait() => {}
            () = notified(live.as_ref()) => {}
        }
    }
    if let Some(log) = log.upgrade() {
        log.close();
    }
    engine.followed.forget(id, &log);
}

async fn notified(live: Option<&Live>) {
    match live {
        Some(live) => live.subscription.notified().await,
        None => std::future::pending().await,
    }
}

/// What the database says.
enum Polled {
    /// The response goes on; whether there were events that were not known, and who makes them.
    Open { news: bool, fence: Fence },
    /// There is nothing more to read here.
    Over,
}

/// Adds what was stored since.
async fn poll(engine: &Engine, id: ResponseId, log: &Log) -> Result<Polled> {
    // The row first: when it says that the response has ended, the events after it are all.
    let Some(row) = crud::engine::find_response(&engine.db, id).await? else {
        return Ok(Polled::Over);
    };
    let known = log.next_seq();
    let from = i64::try_from(known).unwrap_or(i64::MAX);
    let mut stored_until = 0;
    for run in crud::responses::list_events_from(&engine.db, row.owned_id(), from).await? {
        let first_seq = u64::try_from(run.first_seq).unwrap_or_default();
        if first_seq > log.next_seq() && log.next_seq() > stored_until {
            // Its server died with events that this log has from the bus, and somebody has
            // closed it without them. Followers come back and get what there is.
            return Ok(Polled::Over);
        }
        log.append_stored(first_seq, &run.payload);
        stored_until = u64::try_from(run.last_seq).unwrap_or_default() + 1;
    }
    if row.status.is_final() || log.has_ended() {
        return Ok(Polled::Over);
    }
    let fence = Fence { server_id: row.server_id, epoch: row.epoch };
    Ok(Polled::Open { news: log.next_seq() > known, fence })
}

/// A response's events on the bus.
#[derive(Debug)]
struct Live {
    bus: Bus,
    stream: String,
    subscription: Subscription,
}

/// What the bus says.
enum Pulled {
    /// There were new events.
    News,
    /// There were none.
    Nothing,
    /// It is away, or does not continue what is known.
    Broken,
}

impl Live {
    fn new(bus: &Bus, row: &response::Model) -> Self {
        let fence = Fence { server_id: row.server_id, epoch: row.epoch };
        let subscription = bus.subscribe(publish::channel(row.id));
        Self { bus: bus.clone(), stream: publish::stream(row.id, fence), subscription }
    }

    /// Reads what this one sends from now on: another server may go on with the response.
    fn turn_to(&mut self, id: ResponseId, fence: Fence) {
        self.stream = publish::stream(id, fence);
    }

    /// Adds what was sent since.
    async fn pull(&self, log: &Log) -> Pulled {
        let mut pulled = Pulled::Nothing;
        loop {
            let entries = match self.bus.read(&self.stream, log.next_seq()).await {
                Ok(entries) if entries.is_empty() => return pulled,
                Ok(entries) => entries,
                Err(_away) => return Pulled::Broken,
            };
            for entry in entries {
                let Some(added) = log.append_live(entry.first, entry.last, &entry.lines) else {
                    return Pulled::Broken;
                };
                let added = u64::try_from(added).unwrap_or(0);
                metrics::counter!("chatapp_bus_received_events_total").increment(added);
                pulled = Pulled::News;
            }
        }
    }
}
