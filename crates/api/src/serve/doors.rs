//! Who gets a connection: one address has a share of them, and a few are kept for health checks.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use ipnet::IpNet;
use metrics::counter;
use services::{Addresses, Counted};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::ApiConfig;

/// How many connections there are beyond those that are served: for health checks.
pub const KEPT_CONNECTIONS: usize = 16;

/// What a connection is told that is one too many of its address, without being heard.
const REFUSAL: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\n\
    content-type: application/json\r\ncontent-length: 130\r\nretry-after: 1\r\n\
    connection: close\r\n\r\n\
    {\"error\":{\"message\":\"Your address has too many connections.\",\
    \"type\":\"rate_limit_error\",\"param\":null,\"code\":\"rate_limit_exceeded\"}}";

/// The places for connections.
#[derive(Debug)]
pub(super) struct Doors {
    slots: Arc<Semaphore>,
    kept: Arc<Semaphore>,
    addresses: Addresses,
    per_address: u32,
    trusted: Vec<IpNet>,
}

/// A place that is free for the next connection.
#[derive(Debug)]
pub(super) struct Slot {
    _permit: OwnedSemaphorePermit,
    is_kept: bool,
}

/// The right to be connected; ends when it is dropped.
#[derive(Debug)]
pub(super) struct Pass {
    _slot: Slot,
    /// Whether it is one of those kept for health checks.
    pub(super) is_kept: bool,
    address: Arc<Mutex<Option<Counted<std::net::IpAddr>>>>,
    /// Whether the client speaks for others once it has asked for something.
    is_trusted: bool,
}

impl Doors {
    pub(super) fn new(config: &ApiConfig) -> Self {
        // Nobody takes all of them.
        let share = config.max_connections - config.max_connections / 4;
        let share = u32::try_from(share).unwrap_or(u32::MAX);
        Self {
            slots: Arc::new(Semaphore::new(config.max_connections)),
            kept: Arc::new(Semaphore::new(KEPT_CONNECTIONS)),
            addresses: Addresses::default(),
            per_address: config.connections_per_address.min(share),
            trusted: config.trusted_proxies.clone(),
        }
    }

    /// Waits for a place. Without one a connection stays in the operating system's queue. `None`
    /// never comes: the places live as long as this.
    pub(super) async fn slot(&self) -> Option<Slot> {
        let (permit, is_kept) = tokio::select! {
            biased;
            permit = self.slots.clone().acquire_owned() => (permit, false),
            permit = self.kept.clone().acquire_owned() => (permit, true),
        };
        Some(Slot { _permit: permit.ok()?, is_kept })
    }

    /// Lets a connection in, or tells it that its address has too many.
    pub(super) fn enter(
        &self,
        mut slot: Slot,
        stream: &TcpStream,
        peer: SocketAddr,
    ) -> Option<Pass> {
        let address = peer.ip().to_canonical();
        let Some(counted) = self.addresses.take(address, self.per_address) else {
            counter!("chatapp_http_limits_reached_total", "limit" => "connections_per_address")
                .increment(1);
            // Whether it is heard is up to the network.
            let _: io::Result<usize> = stream.try_write(REFUSAL);
            return None;
        };
        if slot.is_kept
            && let Ok(permit) = self.slots.clone().try_acquire_owned()
        {
            // One became free since.
            slot = Slot { _permit: permit, is_kept: false };
        }
        let is_trusted = self.trusted.iter().any(|network| network.contains(&address));
        let is_kept = slot.is_kept;
        let address = Arc::new(Mutex::new(Some(counted)));
        Some(Pass { _slot: slot, is_kept, address, is_trusted })
    }
}

impl Pass {
    /// What is to be done at the first request: a trusted proxy is not counted from then on, but
    /// whom it names is, where that matters.
    pub(super) fn at_request(&self) -> impl Fn() + Send + Sync + use<> {
        let counted = self.is_trusted.then(|| self.address.clone());
        move || {
            if let Some(counted) = &counted {
                drop(counted.lock().unwrap_or_else(PoisonError::into_inner).take());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_is_a_whole_answer() {
        let text = std::str::from_utf8(REFUSAL).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{}", body.len());
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["error"]["code"], "rate_limit_exceeded");
    }
}
