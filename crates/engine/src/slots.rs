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

#[cfg(test)]
mod tests {
    use models::Context;

    use super::*;

    /// Takes a place, as a turn does that was let in.
    fn take(slots: &Slots, user: UserId, conversation: ConversationId) -> Result<Slot> {
        slots.take(Admission::new(&TaskTracker::new()), user, conversation)
    }

    #[test]
    fn attempts_at_one_conversation_take_one_place_until_the_last_is_over() {
        let slots = Slots::new(1, 1);
        let context = Context::system();
        let (ada, bob) = (context.new_id(), context.new_id());
        let (one, other) = (context.new_id(), context.new_id());
        let first = take(&slots, ada, one).unwrap();
        let second = take(&slots, ada, one).unwrap();
        assert!(matches!(take(&slots, bob, other), Err(Error::Busy)));
        drop(first);
        assert!(matches!(take(&slots, bob, other), Err(Error::Busy)), "one of them goes on");
        drop(second);
        take(&slots, bob, other).unwrap();
        assert!(
            lock(&slots.counts).conversations.is_empty(),
            "nothing is left of those that ended"
        );
        assert!(lock(&slots.counts).users.is_empty());
    }

    #[test]
    fn the_limit_of_one_user_is_no_limit_of_another() {
        let slots = Slots::new(3, 2);
        let context = Context::system();
        let (ada, bob): (UserId, UserId) = (context.new_id(), context.new_id());
        let new = |user| take(&slots, user, context.new_id());
        let mut adas = vec![new(ada).unwrap(), new(ada).unwrap()];
        assert!(matches!(new(ada), Err(Error::TooManyRunning(2))));
        let bobs = new(bob).unwrap();
        assert!(matches!(new(bob), Err(Error::Busy)), "the server is full before the user is");
        // What was refused took nothing.
        adas.pop();
        let again = new(bob).unwrap();
        drop((adas, bobs, again));
        assert!(lock(&slots.counts).users.is_empty());
    }

    #[test]
    fn a_stop_waits_for_a_place_as_long_as_it_has_an_admission() {
        let (slots, turns, context) = (Slots::new(1, 1), TaskTracker::new(), Context::system());
        let admission = Admission::new(&turns);
        let mut slot = slots.take(admission, context.new_id(), context.new_id()).unwrap();
        assert_eq!(turns.len(), 1);
        slot.set_admission(None);
        assert!(turns.is_empty());
        slot.set_admission(Some(Admission::new(&turns)));
        assert_eq!(turns.len(), 1);
        drop(slot);
        assert!(turns.is_empty());
    }
}
