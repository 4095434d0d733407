//! Tells other servers over the bus what is generated here, while it is.
//!
//! Each response has a task that follows its log like any other follower, so it neither slows nor
//! holds the generation. The log is the queue: while the bus is busy the next batch grows, and
//! while it is away nothing waits: what reaches the database meanwhile is left to it.

use std::sync::Arc;
use std::time::Duration;

use bus::{Batch, Bus};
use crud::responses::Fence;
use models::{ResponseId, ServerId};

use super::engine::Engine;
use super::generation::Generation;
use super::log::Log;

/// The most bytes of a batch that has more than one event.
const BATCH: usize = 64 * 1024;
/// The pause after a batch that a server heard.
const FOLLOWED: Duration = Duration::from_millis(5);
/// The pause after one that nobody heard. A new follower waits no longer.
const UNFOLLOWED: Duration = Duration::from_millis(100);

/// The stream of a response's events. The fence is in its name: what a server sends that has lost
/// the response to another is not read by those who know.
pub(crate) fn stream(id: ResponseId, fence: Fence) -> String {
    format!("chatapp:{id}:{}:{}", fence.server_id, fence.epoch)
}

/// The channel that says that a response has new events.
pub(crate) fn channel(id: ResponseId) -> String {
    format!("chatapp:{id}")
}

/// The channel that asks a server to look after its responses: one shall stop or is gone.
pub(crate) fn server(id: ServerId) -> String {
    format!("chatapp:{id}")
}

/// Begins to publish a response that runs here, if there is a bus.
pub(crate) fn begin(engine: &Engine, generation: &Generation) {
    if let Some(bus) = engine.bus.clone() {
        let (row, log) = (&generation.row, generation.log.clone());
        let fence = Fence { server_id: row.server_id, epoch: row.epoch };
        engine.publishing.spawn(run(bus, row.id, stream(row.id, fence), log));
    }
}

/// Publishes until the log has ended, or this server gives it up.
async fn run(bus: Bus, id: ResponseId, stream: String, log: Arc<Log>) {
    let channel = channel(id);
    let mut changes = log.cursor(None);
    // Of a response that was taken over the events before are stored.
    let mut from = log.stored();
    loop {
        // Asked first: what is appended after the question is seen in the next round.
        let is_last = log.is_over();
        let Some(run) = log.run(from, BATCH) else {
            if is_last {
                return;
            }
            changes.changed().await;
            continue;
        };
        let (first, last, lines) = (run.first_seq, run.last_seq, run.payload.as_str());
        let batch = Batch { stream: &stream, channel: &channel, first, last, lines };
        if let Ok(heard) = bus.publish(batch).await {
            metrics::counter!("chatapp_bus_published_events_total")
                .increment(count(from, run.until));
            from = run.until;
            tokio::time::sleep(if heard > 0 { FOLLOWED } else { UNFOLLOWED }).await;
            continue;
        }
        let is_up = tokio::select! {
            () = bus.wait_up() => true,
            () = log.wait_over() => false,
        };
        let until = if is_up { log.stored().max(from) } else { log.len() };
        metrics::counter!("chatapp_bus_dropped_events_total").increment(count(from, until));
        from = until;
    }
}

fn count(from: usize, until: usize) -> u64 {
    u64::try_from(until.saturating_sub(from)).unwrap_or(0)
}
