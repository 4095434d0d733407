//! How many of something each of many has at the moment: a user of streams, an address of
//! connections.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts by key. Clones share them; keys that have none are forgotten.
#[derive(Debug)]
pub struct Counts<K>(Arc<Mutex<HashMap<K, u32>>>);

/// One that is counted, until this is dropped.
#[derive(Debug)]
#[must_use]
pub struct Counted<K: Eq + Hash> {
    counts: Counts<K>,
    /// `None` once it was given back.
    key: Option<K>,
}

impl<K> Default for Counts<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K> Clone for Counts<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K: Eq + Hash + Clone> Counts<K> {
    /// Counts one more of `key`, unless it has `limit` of them.
    pub fn take(&self, key: &K, limit: u32) -> Option<Counted<K>> {
        let mut counts = lock(&self.0);
        let count = counts.entry(key.clone()).or_default();
        if *count < limit {
            *count += 1;
            return Some(Counted { counts: self.clone(), key: Some(key.clone()) });
        }
        if limit == 0 {
            counts.remove(key);
        }
        None
    }

    /// Whether nothing is counted.
    pub fn is_empty(&self) -> bool {
        lock(&self.0).is_empty()
    }
}

impl<K: Eq + Hash> Drop for Counted<K> {
    fn drop(&mut self) {
        let Some(key) = self.key.take() else { return };
        if let Entry::Occupied(mut entry) = lock(&self.counts.0).entry(key) {
            *entry.get_mut() = entry.get().saturating_sub(1);
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }
}

// A panic while the lock is held can at worst leave one counted.
fn lock<K>(counts: &Mutex<HashMap<K, u32>>) -> MutexGuard<'_, HashMap<K, u32>> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts by address; of IPv6, by the /64 network that a customer has. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Addresses(Counts<IpAddr>);

impl Addresses {
    /// Counts one more from `address`, unless its network has `limit` of them.
    pub fn take(&self, address: IpAddr, limit: u32) -> Option<Counted<IpAddr>> {
        self.0.take(&network(address), limit)
    }

    /// Whether nothing is counted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whose an address is: an IPv6 customer has a network of 2^64 of them.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        address @ IpAddr::V4(_) => address,
    }
}
