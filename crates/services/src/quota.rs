//! How many bytes of text one user may store.
//!
//! What a user has is asked of the database now and then, and what is added meanwhile is counted
//! here; so a quota costs no statement in most turns, and none where there is no quota.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crud::Db;
use models::UserId;
use tokio::time::Instant;

use crate::error::{Error, Result};

/// How long a count is good for.
const FRESH: Duration = Duration::from_mins(1);
/// The same of one that leaves no room: what was removed meanwhile should be noticed.
const FRESH_IF_FULL: Duration = Duration::from_secs(2);
/// How many users are remembered.
const MOST: usize = 10_000;

/// The quota of every user, and what is known of them.
#[derive(Debug)]
pub(crate) struct Quota {
    /// In bytes; zero for none.
    limit: u64,
    known: Mutex<HashMap<UserId, Known>>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    bytes: u64,
    at: Instant,
}

impl Quota {
    pub(crate) fn new(limit: u64) -> Self {
        Self { limit, known: Mutex::default() }
    }

    /// Whether `more` bytes of `user` may be stored; they count from then on.
    pub(crate) async fn take(&self, db: &Db, user: UserId, more: usize) -> Result<()> {
        if self.limit == 0 {
            return Ok(());
        }
        let more = more as u64;
        let known = self.lock().get(&user).copied();
        let is_fresh = |known: &Known| {
            let is_full = known.bytes.saturating_add(more) > self.limit;
            known.at.elapsed() < if is_full { FRESH_IF_FULL } else { FRESH }
        };
        let known = if let Some(known) = known.filter(is_fresh) {
            known
        } else {
            let bytes = crud::users::stored_bytes(db, user).await?;
            Known { bytes, at: Instant::now() }
        };
        let bytes = known.bytes.saturating_add(more);
        let fits = bytes <= self.limit;
        let mut all = self.lock();
        if all.len() >= MOST && !all.contains_key(&user) {
            all.clear();
        }
        all.insert(user, if fits { Known { bytes, ..known } } else { known });
        drop(all);
        if fits {
            return Ok(());
        }
        metrics::counter!("chatapp_http_limits_reached_total", "limit" => "storage_per_user")
            .increment(1);
        Err(Error::QuotaReached { limit: self.limit })
    }

    // A panic while the lock is held leaves the counts whole.
    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
