//! How many responses run at once, in all and for each user.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use models::UserId;

use crate::error::{Error, Result};

/// Counts running responses.
#[derive(Debug, Clone)]
pub(crate) struct Slots {
    counts: Arc<Mutex<Counts>>,
    total_limit: u32,
    user_limit: u32,
}

#[derive(Debug, Default)]
struct Counts {
    total: u32,
    users: HashMap<UserId, u32>,
}

/// One running response; free again when dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    counts: Arc<Mutex<Counts>>,
    user: UserId,
}

impl Slots {
    pub(crate) fn new(total_limit: u32, user_limit: u32) -> Self {
        Self { counts: Arc::default(), total_limit, user_limit }
    }

    /// Takes a place for a response of `user`, or says which limit is reached.
    pub(crate) fn take(&self, user: UserId) -> Result<Slot> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.total >= self.total_limit {
            return Err(Error::Busy);
        }
        let own = counts.users.entry(user).or_default();
        if *own >= self.user_limit {
            let limit = self.user_limit;
            return Err(Error::LimitReached { what: "responses running at once", limit });
        }
        *own += 1;
        counts.total += 1;
        metrics::gauge!("generations_running").set(f64::from(counts.total));
        Ok(Slot { counts: self.counts.clone(), user })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.total = counts.total.saturating_sub(1);
        metrics::gauge!("generations_running").set(f64::from(counts.total));
        if let Some(own) = counts.users.get_mut(&self.user) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                counts.users.remove(&self.user);
            }
        }
    }
}
