//! How many event streams are open on this server, by whom and from where.
//!
//! A stream costs a connection for as long as its client likes. Without a bound one runaway
//! program could take all that the server has.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use models::UserId;

use crate::error::{Error, Result};
use crate::throttle::network;

/// How many may be open at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamLimits {
    /// Those of one user.
    pub per_user: u32,
    /// Those from one address (of IPv6: one /64 network), whoever asks.
    pub per_address: u32,
}

/// The event streams that are open on this server. Clones share them.
#[derive(Debug, Clone)]
pub struct Streams {
    limits: StreamLimits,
    open: Arc<Mutex<Open>>,
}

#[derive(Debug, Default)]
struct Open {
    users: HashMap<UserId, u32>,
    networks: HashMap<IpAddr, u32>,
}

/// A place among the open streams, free again when this is dropped.
#[derive(Debug)]
#[must_use]
pub struct OpenStream {
    open: Arc<Mutex<Open>>,
    user: UserId,
    network: Option<IpAddr>,
}

impl Streams {
    pub(crate) fn new(limits: StreamLimits) -> Self {
        Self { limits, open: Arc::default() }
    }

    /// Takes a place for a stream of `user` at `address`, or says which limit is reached. An
    /// address that is not known counts for nobody.
    pub fn open(&self, user: UserId, address: &str) -> Result<OpenStream> {
        let network = address.parse().ok().map(network);
        let StreamLimits { per_user, per_address } = self.limits;
        let reached = |what, limit| Err(Error::LimitReached { what, limit });
        let mut open = lock(&self.open);
        if count(&open.users, &user) >= per_user {
            return reached("event streams of one user open at once", per_user);
        }
        if network.is_some_and(|network| count(&open.networks, &network) >= per_address) {
            return reached("event streams from one address open at once", per_address);
        }
        *open.users.entry(user).or_default() += 1;
        if let Some(network) = network {
            *open.networks.entry(network).or_default() += 1;
        }
        Ok(OpenStream { open: self.open.clone(), user, network })
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut open = lock(&self.open);
        give_back(&mut open.users, self.user);
        if let Some(network) = self.network {
            give_back(&mut open.networks, network);
        }
    }
}

// A panic while the lock is held can at worst leave a place taken.
fn lock(open: &Mutex<Open>) -> MutexGuard<'_, Open> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

fn count<K: Eq + Hash>(counts: &HashMap<K, u32>, key: &K) -> u32 {
    counts.get(key).copied().unwrap_or_default()
}

/// Keys without a stream are forgotten.
fn give_back<K: Eq + Hash>(counts: &mut HashMap<K, u32>, key: K) {
    if let Entry::Occupied(mut entry) = counts.entry(key) {
        *entry.get_mut() = entry.get().saturating_sub(1);
        if *entry.get() == 0 {
            entry.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(number: u8) -> UserId {
        format!("user_{number:032x}").parse().unwrap()
    }

    fn refusal(result: Result<OpenStream>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn places_are_counted_by_user_and_by_network_and_come_back() {
        let streams = Streams::new(StreamLimits { per_user: 2, per_address: 3 });
        let first = streams.open(user(1), "2001:db8::1").unwrap();
        let second = streams.open(user(1), "192.0.2.1").unwrap();
        assert!(
            refusal(streams.open(user(1), "192.0.2.9")).contains("2 event streams of one user")
        );
        let others = [2, 3].map(|n| streams.open(user(n), "2001:db8::ffff").unwrap());
        let full = refusal(streams.open(user(4), "2001:db8::2"));
        assert!(full.contains("3 event streams from one address"), "{full}");
        let elsewhere = streams.open(user(4), "2001:db8:0:1::2").unwrap();
        let unknown = streams.open(user(4), "").unwrap();
        drop(first);
        let again = streams.open(user(1), "2001:db8::2").unwrap();
        drop((second, others, elsewhere, unknown, again));
        let open = lock(&streams.open);
        assert!(open.users.is_empty() && open.networks.is_empty(), "nothing is left: {open:?}");
    }
}
