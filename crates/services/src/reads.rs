//! How much is read at once: exports, and answers to requests that are larger than most.
//!
//! A client that asks and does not read makes the server keep what it asked for. Without a bound,
//! one that asks often takes all memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use models::UserId;

use crate::error::{Error, Result};

/// How many large reads one user has at once on this server.
const PER_USER: u32 = 4;
/// How many all users together have.
const AT_ONCE: usize = 32;

/// The large reads of this server. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Reads {
    users: Arc<Mutex<HashMap<UserId, u32>>>,
}

/// A large read, over when this is dropped.
#[derive(Debug)]
#[must_use]
pub struct Reading {
    users: Arc<Mutex<HashMap<UserId, u32>>>,
    user: UserId,
}

impl Reads {
    /// Begins a large read of `user`, or says that there are too many.
    pub fn begin(&self, user: UserId) -> Result<Reading> {
        let mut users = lock(&self.users);
        let all = users.values().fold(0, |sum, count| sum + *count as usize);
        if users.get(&user).is_some_and(|count| *count >= PER_USER) {
            return Err(Error::LimitReached { what: "large reads at once", limit: PER_USER });
        }
        if all >= AT_ONCE {
            return Err(Error::Busy);
        }
        *users.entry(user).or_default() += 1;
        Ok(Reading { users: self.users.clone(), user })
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        let mut users = lock(&self.users);
        if let Some(count) = users.get_mut(&self.user) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                users.remove(&self.user);
            }
        }
    }
}

// A panic while the lock is held leaves the counts whole.
fn lock(users: &Mutex<HashMap<UserId, u32>>) -> MutexGuard<'_, HashMap<UserId, u32>> {
    users.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(number: u8) -> UserId {
        format!("user_{number:032x}").parse().unwrap()
    }

    #[test]
    fn s2_large_reads_are_counted_by_user_and_in_all_and_come_back() {
        let reads = Reads::default();
        let own: Vec<Reading> = (0..PER_USER).map(|_| reads.begin(user(1)).unwrap()).collect();
        assert!(matches!(reads.begin(user(1)), Err(Error::LimitReached { limit: PER_USER, .. })));
        let others: Vec<Reading> =
            (2..=8).flat_map(|n| [n; 4]).map(|n| reads.begin(user(n)).unwrap()).collect();
        assert!(matches!(reads.begin(user(9)), Err(Error::Busy)));
        drop(own);
        drop(reads.begin(user(9)).unwrap());
        drop(others);
        assert!(lock(&reads.users).is_empty());
    }
}
