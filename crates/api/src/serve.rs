//! Connections: accepted, bounded, watched, and brought to an end.
//!
//! What `axum::serve` leaves to the caller is done here: `TCP_NODELAY`, a cap on connections and on
//! those of one address, a deadline for the head of every request, limits of HTTP/2, a deadline for stalled writes, and
//! a shutdown in two steps.

mod accept;
mod connection;
mod doors;
mod head;
mod in_flight;
mod stall;
mod waiting;

use axum::Router;
use services::Gauged;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::ApiConfig;
use connection::Connections;
use doors::Doors;
pub use doors::KEPT_CONNECTIONS;
pub use waiting::wait_on;

/// Serves the router on the listener until told to stop; returns when the last connection is
/// gone.
///
/// When `shutdown` is cancelled, nothing more is accepted, idle connections close, and requests
/// in progress, event streams included, go on. When `closed` is cancelled, event streams end with
/// a hint to come back, and after a short grace every connection is dropped. `closed` without
/// `shutdown` means both.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    config: &ApiConfig,
    shutdown: CancellationToken,
    closed: CancellationToken,
) {
    metrics::gauge!("chatapp_http_connections_limit")
        .set(u32::try_from(config.max_connections).unwrap_or(u32::MAX));
    let doors = Doors::new(config);
    let tasks = TaskTracker::new();
    let connections = Connections::new(router, config, &tasks, shutdown.clone(), closed.clone());
    loop {
        // A connection without a slot stays in the operating system's queue.
        let accepted = tokio::select! {
            biased;
            () = closed.cancelled() => break,
            () = shutdown.cancelled() => break,
            accepted = accept::next(&listener, &doors) => accepted,
        };
        let Some((stream, peer, slot)) = accepted else {
            break;
        };
        let Some(pass) = doors.enter(slot, &stream, peer) else { continue };
        let connection = connections.run(stream, peer, &pass);
        let open = Gauged::begin(metrics::gauge!("chatapp_http_connections"));
        tasks.spawn(async move {
            connection.await;
            drop((pass, open));
        });
    }
    drop(listener);
    tasks.close();
    tasks.wait().await;
}

#[cfg(test)]
mod tests;
