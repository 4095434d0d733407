//! The responses that are followed in this process and made in another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use models::ResponseId;

use super::log::Log;

/// The logs that are being read, for as long as somebody holds them.
#[derive(Debug, Default)]
pub(crate) struct Followed(Mutex<HashMap<ResponseId, Weak<Log>>>);

impl Followed {
    // A panic while the lock is held leaves the map whole.
    fn lock(&self) -> MutexGuard<'_, HashMap<ResponseId, Weak<Log>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One of them.
    pub(super) fn find(&self, id: ResponseId) -> Option<Arc<Log>> {
        self.lock().get(&id).and_then(Weak::upgrade)
    }

    /// Keeps `log`, unless another one is being read already: that one.
    pub(super) fn keep(&self, id: ResponseId, log: &Arc<Log>) -> Option<Arc<Log>> {
        let mut logs = self.lock();
        if let Some(other) = logs.get(&id).and_then(Weak::upgrade) {
            return Some(other);
        }
        logs.insert(id, Arc::downgrade(log));
        None
    }

    /// Lets go of `log`.
    pub(super) fn forget(&self, id: ResponseId, log: &Weak<Log>) {
        let mut logs = self.lock();
        // Another follower may have begun a new log under the same id.
        if logs.get(&id).is_some_and(|kept| kept.ptr_eq(log)) {
            logs.remove(&id);
        }
    }
}
