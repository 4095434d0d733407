//! Bodies that are being received: how many from one address, and how fast they must come.
//!
//! A body that comes a byte at a time costs a connection and a task for as long as it may take. So
//! one address has a bounded number of them, and each must bring its bytes at some speed.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{Extensions, HeaderMap};
use ipnet::IpNet;
use metrics::{counter, gauge};
use services::{Addresses, Counted, Gauged};
use tokio::time::Instant;

use super::head::{Peer, client_address};
use crate::ApiConfig;
use crate::error::ApiError;

/// The bodies that this server receives. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Bodies(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    addresses: Addresses,
    per_address: u32,
    trusted: Vec<IpNet>,
    /// How long a body has before its speed matters.
    start: Duration,
    bytes_per_second: u64,
}

/// A body that is being received, until this is dropped.
#[derive(Debug)]
#[must_use]
pub(super) struct Receiving {
    _counted: Option<Counted<IpAddr>>,
    _gauged: Gauged,
    began: Instant,
    start: Duration,
    bytes_per_second: u64,
}

impl Bodies {
    /// As the operator decides.
    pub(crate) fn new(config: &ApiConfig) -> Self {
        Self(Arc::new(Shared {
            addresses: Addresses::default(),
            per_address: config.bodies_per_address,
            trusted: config.trusted_proxies.clone(),
            start: config.header_timeout,
            bytes_per_second: config.body_min_rate,
        }))
    }

    /// Begins to receive the body of a request, unless too many from its address are underway. A
    /// request without an address counts for nobody.
    pub(super) fn begin(
        &self,
        extensions: &Extensions,
        headers: &HeaderMap,
    ) -> Result<Receiving, ApiError> {
        let Shared { addresses, per_address, trusted, start, bytes_per_second } = &*self.0;
        let peer = extensions.get::<Peer>().map(|peer| peer.0.ip());
        let counted = peer.map(|peer| {
            let address = client_address(peer, headers, trusted);
            addresses.take(address, *per_address).ok_or_else(|| {
                counter!("chatapp_http_limits_reached_total", "limit" => "bodies_per_address")
                    .increment(1);
                ApiError::too_many_bodies(*per_address)
            })
        });
        let counted = counted.transpose()?;
        Ok(Receiving {
            _counted: counted,
            _gauged: Gauged::begin(gauge!("chatapp_http_bodies")),
            began: Instant::now(),
            start: *start,
            bytes_per_second: (*bytes_per_second).max(1),
        })
    }
}

impl Receiving {
    /// Until when the next bytes have to come, where so many are there.
    pub(super) fn deadline(&self, received: u64) -> Instant {
        let earned = Duration::from_millis(received.saturating_mul(1000) / self.bytes_per_second);
        self.began + self.start.saturating_add(earned)
    }

    /// When the first byte was waited for.
    pub(super) fn began(&self) -> Instant {
        self.began
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(address: &str) -> Extensions {
        let mut extensions = Extensions::new();
        extensions.insert(Peer(format!("{address}:1").parse().unwrap()));
        extensions
    }

    fn forwarded(address: &str) -> HeaderMap {
        HeaderMap::from_iter([("x-forwarded-for".parse().unwrap(), address.parse().unwrap())])
    }

    #[test]
    fn s4_bodies_are_counted_by_address_or_by_whom_a_trusted_proxy_names() {
        let bodies = Bodies::new(&ApiConfig {
            bodies_per_address: 1,
            trusted_proxies: vec!["127.0.0.1/32".parse().unwrap()],
            ..ApiConfig::default()
        });
        let begin = |peer: &str, headers: &HeaderMap| bodies.begin(&from(peer), headers);
        let nobody = HeaderMap::new();
        let first = begin("192.0.2.1", &nobody).unwrap();
        assert!(begin("192.0.2.1", &forwarded("192.0.2.7")).is_err(), "who says so is unknown");
        let others = [
            begin("192.0.2.2", &nobody).unwrap(),
            begin("[2001:db8::1]", &nobody).unwrap(),
            begin("[2001:db8:0:1::1]", &nobody).unwrap(),
            begin("127.0.0.1", &forwarded("192.0.2.9")).unwrap(),
        ];
        assert!(begin("[2001:db8::2]", &nobody).is_err(), "the same /64");
        assert!(begin("127.0.0.1", &forwarded("192.0.2.9")).is_err());
        drop(first);
        drop(begin("192.0.2.1", &nobody).unwrap());
        drop(others);
        assert!(bodies.0.addresses.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn s4_a_small_body_has_little_time_and_a_large_one_earns_more() {
        let bodies = Bodies::new(&ApiConfig::default());
        let receiving = bodies.begin(&Extensions::new(), &HeaderMap::new()).unwrap();
        let seconds = |received| (receiving.deadline(received) - receiving.began()).as_secs();
        assert_eq!([seconds(0), seconds(1), seconds(4096), seconds(1 << 20)], [10, 10, 11, 266]);
    }
}
