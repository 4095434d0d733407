//! Who is subscribed to which channel in this process.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::Shared;

/// The channels that have subscribers.
#[derive(Default)]
pub(crate) struct Subscriptions {
    listeners: Mutex<HashMap<String, Vec<Arc<Notify>>>>,
    /// Wakes the keeper when a channel is added or no longer needed.
    pub(crate) changed: Notify,
}

impl Subscriptions {
    // A panic while the lock is held leaves the map whole.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Vec<Arc<Notify>>>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn channels(&self) -> HashSet<String> {
        self.lock().keys().cloned().collect()
    }

    pub(crate) fn notify(&self, channel: &str) {
        for subscription in self.lock().get(channel).into_iter().flatten() {
            subscription.notify_one();
        }
    }

    /// Notifies all subscribers: they may have missed something, or the bus has come or gone.
    pub(crate) fn notify_all(&self) {
        for subscription in self.lock().values().flatten() {
            subscription.notify_one();
        }
    }
}

/// A subscription to a channel. It is notified also when the bus comes or goes, and once when
/// nothing is missed any more: a notification is a reason to poll, not a message.
pub struct Subscription {
    shared: Arc<Shared>,
    channel: String,
    /// Remembers one notification that was not waited for yet.
    notify: Arc<Notify>,
}

impl Subscription {
    pub(crate) fn new(shared: Arc<Shared>, channel: String) -> Self {
        let notify = Arc::new(Notify::new());
        shared.subscriptions.lock().entry(channel.clone()).or_default().push(notify.clone());
        shared.subscriptions.changed.notify_one();
        Self { shared, channel, notify }
    }

    /// Waits for a notification; returns at once if there was one since the last call.
    pub async fn notified(&self) {
        self.notify.notified().await;
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let subscriptions = &self.shared.subscriptions;
        let mut listeners = subscriptions.lock();
        if let Some(others) = listeners.get_mut(&self.channel) {
            others.retain(|notify| !Arc::ptr_eq(notify, &self.notify));
            if others.is_empty() {
                listeners.remove(&self.channel);
                subscriptions.changed.notify_one();
            }
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").field("channel", &self.channel).finish_non_exhaustive()
    }
}
