//! Who listens to which channel in this process.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::Shared;

/// The channels somebody listens to.
#[derive(Default)]
pub(crate) struct Bells {
    listeners: Mutex<HashMap<String, Vec<Arc<Notify>>>>,
    /// Wakes the keeper when a channel is added or no longer needed.
    pub(crate) changed: Notify,
}

impl Bells {
    // A panic while the lock is held leaves the map whole.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Vec<Arc<Notify>>>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn channels(&self) -> HashSet<String> {
        self.lock().keys().cloned().collect()
    }

    pub(crate) fn ring(&self, channel: &str) {
        for bell in self.lock().get(channel).into_iter().flatten() {
            bell.notify_one();
        }
    }

    /// Everybody shall look: they may have missed something, or the bus has come or gone.
    pub(crate) fn ring_all(&self) {
        for bell in self.lock().values().flatten() {
            bell.notify_one();
        }
    }
}

/// Hears a channel. Rings also when the bus comes or goes, and once when it is known that
/// nothing is missed any more: it is a reason to look, not a message.
pub struct Bell {
    shared: Arc<Shared>,
    channel: String,
    /// Remembers one ring that nobody has waited for yet.
    hammer: Arc<Notify>,
}

impl Bell {
    pub(crate) fn new(shared: Arc<Shared>, channel: String) -> Self {
        let hammer = Arc::new(Notify::new());
        shared.bells.lock().entry(channel.clone()).or_default().push(hammer.clone());
        shared.bells.changed.notify_one();
        Self { shared, channel, hammer }
    }

    /// Waits until it rings; returns at once if it has rung since the last call.
    pub async fn rung(&self) {
        self.hammer.notified().await;
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        let bells = &self.shared.bells;
        let mut listeners = bells.lock();
        if let Some(others) = listeners.get_mut(&self.channel) {
            others.retain(|hammer| !Arc::ptr_eq(hammer, &self.hammer));
            if others.is_empty() {
                listeners.remove(&self.channel);
                bells.changed.notify_one();
            }
        }
    }
}

impl fmt::Debug for Bell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bell").field("channel", &self.channel).finish_non_exhaustive()
    }
}
