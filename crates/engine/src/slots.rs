//! How many responses run at once, in all and for each user.
//!
//! Counted by conversation: of several attempts at one conversation only one can succeed, so
//! together they take one place.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use models::{ConversationId, UserId};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

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
    /// Attempts and running responses of each conversation that has any.
    conversations: HashMap<ConversationId, u32>,
    /// Such conversations of each user.
    users: HashMap<UserId, u32>,
}

/// A place; free again when the last one of its conversation is dropped.
#[derive(Debug)]
pub struct Slot {
    counts: Arc<Mutex<Counts>>,
    user: UserId,
    conversation: ConversationId,
    /// Makes a stop wait for it, as long as there is one.
    admission: Option<Admission>,
}

impl Slot {
    /// From now on a stop waits for it, or does not.
    pub(crate) fn set_admission(&mut self, admission: Option<Admission>) {
        self.admission = admission;
    }
}

/// A turn that was let in. A stop of the engine waits until this is dropped, at most for its grace.
#[derive(Debug)]
pub struct Admission {
    _token: TaskTrackerToken,
}

impl Admission {
    pub(crate) fn new(turns: &TaskTracker) -> Self {
        Self { _token: turns.token() }
    }
}

// A panic while the lock is held can at worst leave a place taken.
fn lock(counts: &Mutex<Counts>) -> MutexGuard<'_, Counts> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

fn publish(counts: &Counts) {
    let running = u32::try_from(counts.conversations.len()).unwrap_or(u32::MAX);
    metrics::gauge!("chatapp_generations_running").set(f64::from(running));
}

impl Slots {
    pub(crate) fn new(total_limit: u32, user_limit: u32) -> Self {
        metrics::gauge!("chatapp_generations_limit").set(total_limit);
        Self { counts: Arc::default(), total_limit, user_limit }
    }

    /// Takes a place for a response of `user`, or says which limit is reached.
    pub(crate) fn take(
        &self,
        admission: Admission,
        user: UserId,
        conversation: ConversationId,
    ) -> Result<Slot> {
        let mut counts = lock(&self.counts);
        let slot =
            || Slot { counts: self.counts.clone(), user, conversation, admission: Some(admission) };
        if let Some(attempts) = counts.conversations.get_mut(&conversation) {
            *attempts += 1;
            return Ok(slot());
        }
        if counts.conversations.len() >= self.total_limit as usize {
            metrics::counter!("chatapp_generations_refused_total", "limit" => "server")
                .increment(1);
            return Err(Error::Busy);
        }
        let own = counts.users.entry(user).or_default();
        if *own >= self.user_limit {
            let limit = self.user_limit;
            metrics::counter!("chatapp_generations_refused_total", "limit" => "user").increment(1);
            return Err(Error::TooManyRunning(limit));
        }
        *own += 1;
        counts.conversations.insert(conversation, 1);
        publish(&counts);
        Ok(slot())
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut counts = lock(&self.counts);
        let Some(attempts) = counts.conversations.get_mut(&self.conversation) else { return };
        *attempts = attempts.saturating_sub(1);
        if *attempts > 0 {
            return;
        }
        counts.conversations.remove(&self.conversation);
        if let Some(own) = counts.users.get_mut(&self.user) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                counts.users.remove(&self.user);
            }
        }
        publish(&counts);
    }
}
