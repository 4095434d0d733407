//! Whose password is hashed next.
//!
//! Everybody who waits for a hash waits in the line of their address, and lines take turns: so
//! one address that asks a thousand times delays another by one hash, not by a thousand. Checks
//! and new passwords take turns as well, so that a flood of sign-ups from anywhere leaves half of
//! the work to those who log in.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::AuthError;

/// What a password is hashed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To compare it with a stored one.
    Check,
    /// To store it.
    Store,
}

/// The lines of all who wait, and how many hashes may still begin.
#[derive(Debug, Clone)]
pub(super) struct Queue(Arc<Mutex<State>>);

/// The right to hash one password. Dropping it lets the next one begin.
#[derive(Debug)]
pub(super) struct Permit(Queue);

#[derive(Debug)]
struct State {
    free: usize,
    /// How many may wait for each purpose.
    limit: usize,
    checks: Lines,
    stores: Lines,
    /// What the last turn was given for.
    last: Purpose,
}

/// Those who wait for one purpose, by whose they are.
#[derive(Debug, Default)]
struct Lines {
    waiting: usize,
    by_caller: HashMap<u64, VecDeque<oneshot::Sender<Permit>>>,
    /// The callers with a line, the one whose turn it is first.
    turns: VecDeque<u64>,
}

impl Queue {
    /// `concurrency` at once, and `limit` who wait for each purpose.
    pub(super) fn new(concurrency: usize, limit: usize) -> Self {
        Self(Arc::new(Mutex::new(State {
            free: concurrency,
            limit,
            checks: Lines::default(),
            stores: Lines::default(),
            last: Purpose::Store,
        })))
    }

    // Nothing in here can panic half-way.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many hashes may begin at once.
    pub(super) fn free(&self) -> usize {
        self.lock().free
    }

    /// Waits for a turn in the line of `caller`. In a full queue the longest line gives way:
    /// [`AuthError::TooMany`] for the one who came last there, [`AuthError::Busy`] when no line
    /// is longer than the others.
    pub(super) async fn permit(&self, purpose: Purpose, caller: u64) -> Result<Permit, AuthError> {
        let turn = {
            let mut state = self.lock();
            if state.free > 0 {
                state.free -= 1;
                state.last = purpose;
                return Ok(Permit(self.clone()));
            }
            let limit = state.limit;
            state.lines(purpose).join(caller, limit)?
        };
        // A turn is taken away only by those who came later to another line.
        turn.await.map_err(|_| AuthError::TooMany)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let next = self.0.lock().next();
        if let Some(next) = next {
            // One who has gone meanwhile drops it, and so gives it to the next.
            let _ = next.send(Self(self.0.clone()));
        }
    }
}

impl State {
    fn lines(&mut self, purpose: Purpose) -> &mut Lines {
        match purpose {
            Purpose::Check => &mut self.checks,
            Purpose::Store => &mut self.stores,
        }
    }

    /// Whose turn it is; none if nobody waits, and then one more may begin at once.
    fn next(&mut self) -> Option<oneshot::Sender<Permit>> {
        let order = match self.last {
            Purpose::Check => [Purpose::Store, Purpose::Check],
            Purpose::Store => [Purpose::Check, Purpose::Store],
        };
        for purpose in order {
            if let Some(next) = self.lines(purpose).next() {
                self.last = purpose;
                return Some(next);
            }
        }
        self.free += 1;
        None
    }
}

impl Lines {
    fn join(&mut self, caller: u64, limit: usize) -> Result<oneshot::Receiver<Permit>, AuthError> {
        if self.waiting >= limit {
            self.forget_gone();
        }
        if self.waiting >= limit {
            self.make_room(caller)?;
        }
        let (turn, wait) = oneshot::channel();
        let line = self.by_caller.entry(caller).or_default();
        if line.is_empty() {
            self.turns.push_back(caller);
        }
        line.push_back(turn);
        self.waiting += 1;
        Ok(wait)
    }

    /// Lets go of those who do not wait any more.
    fn forget_gone(&mut self) {
        for line in self.by_caller.values_mut() {
            line.retain(|turn| !turn.is_closed());
        }
        self.by_caller.retain(|_, line| !line.is_empty());
        self.turns.retain(|caller| self.by_caller.contains_key(caller));
        self.waiting = self.by_caller.values().map(VecDeque::len).sum();
    }

    /// Takes the last of the longest line out, if that is longer than the one of `caller` would
    /// be.
    fn make_room(&mut self, caller: u64) -> Result<(), AuthError> {
        let own = self.by_caller.get(&caller).map_or(0, VecDeque::len);
        let longest = self.by_caller.iter().max_by_key(|(_, line)| line.len());
        let longest = longest.map(|(caller, line)| (*caller, line.len()));
        let Some((longest, length)) = longest.filter(|(_, length)| *length > own + 1) else {
            return Err(if own > 0 { AuthError::TooMany } else { AuthError::Busy });
        };
        if let Some(line) = self.by_caller.get_mut(&longest) {
            line.pop_back();
            self.waiting -= 1;
        }
        debug_assert!(length > 1, "a line does not end by this");
        Ok(())
    }

    fn next(&mut self) -> Option<oneshot::Sender<Permit>> {
        while let Some(caller) = self.turns.pop_front() {
            let Entry::Occupied(mut line) = self.by_caller.entry(caller) else { continue };
            let turn = line.get_mut().pop_front();
            if line.get().is_empty() {
                line.remove();
            } else {
                self.turns.push_back(caller);
            }
            let Some(turn) = turn else { continue };
            self.waiting -= 1;
            if !turn.is_closed() {
                return Some(turn);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    type Told = Result<Permit, AuthError>;
    type Waiting = Pin<Box<dyn Future<Output = Told>>>;

    fn poll(waiting: &mut Waiting) -> Option<Told> {
        match waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(told) => Some(told),
            Poll::Pending => None,
        }
    }

    /// A caller who joins a line.
    fn wait(queue: &Queue, purpose: Purpose, caller: u64) -> Waiting {
        let queue = queue.clone();
        let mut waiting: Waiting = Box::pin(async move { queue.permit(purpose, caller).await });
        assert!(poll(&mut waiting).is_none(), "told at once");
        waiting
    }

    /// What a caller is told at once.
    fn ask(queue: &Queue, purpose: Purpose, caller: u64) -> Told {
        let queue = queue.clone();
        let mut waiting: Waiting = Box::pin(async move { queue.permit(purpose, caller).await });
        poll(&mut waiting).expect("told at once")
    }

    /// In which order those who wait get their turns when the one that runs ends, and so on.
    fn order(mut running: Permit, mut waiting: Vec<Option<Waiting>>) -> Vec<usize> {
        let mut order = Vec::new();
        loop {
            drop(running);
            let mut next = None;
            for (place, one) in waiting.iter_mut().enumerate() {
                if let Some(Ok(permit)) = one.as_mut().and_then(poll) {
                    assert!(next.is_none(), "two at once");
                    next = Some((place, permit));
                    *one = None;
                }
            }
            let Some((place, permit)) = next else { return order };
            order.push(place);
            running = permit;
        }
    }

    #[test]
    fn s5_lines_take_turns_however_long_they_are() {
        let queue = Queue::new(1, 64);
        let running = ask(&queue, Purpose::Check, 1).unwrap();
        let mut waiting: Vec<_> = (0..40).map(|_| Some(wait(&queue, Purpose::Check, 1))).collect();
        waiting.push(Some(wait(&queue, Purpose::Check, 2)));
        waiting.push(Some(wait(&queue, Purpose::Check, 3)));
        let order = order(running, waiting);
        assert_eq!(order[..4], [0, 40, 41, 1]);
        assert_eq!(order.len(), 42);
        assert_eq!(queue.free(), 1);
    }

    #[test]
    fn s5_new_passwords_leave_half_of_the_turns_to_checks() {
        let queue = Queue::new(1, 64);
        let running = ask(&queue, Purpose::Store, 0).unwrap();
        let stores = (0..20).map(|caller| Some(wait(&queue, Purpose::Store, caller)));
        let mut waiting: Vec<_> = stores.collect();
        waiting.extend((0..3).map(|_| Some(wait(&queue, Purpose::Check, 7))));
        assert_eq!(order(running, waiting)[..7], [20, 0, 21, 1, 22, 2, 3]);
    }

    #[test]
    fn s5_in_a_full_queue_the_longest_line_gives_way() {
        let queue = Queue::new(1, 3);
        let running = ask(&queue, Purpose::Check, 1).unwrap();
        let mut waiting: Vec<_> = (0..3).map(|_| Some(wait(&queue, Purpose::Check, 1))).collect();
        assert!(matches!(ask(&queue, Purpose::Check, 1), Err(AuthError::TooMany)));
        waiting.push(Some(wait(&queue, Purpose::Check, 2)));
        let told = waiting[2].as_mut().and_then(poll);
        assert!(matches!(told, Some(Err(AuthError::TooMany))), "the last of the longest line");
        waiting[2] = None;
        // 1 has two in line, so 3 may still come; then all are alike.
        waiting.push(Some(wait(&queue, Purpose::Check, 3)));
        waiting[1] = None;
        assert!(matches!(ask(&queue, Purpose::Check, 4), Err(AuthError::Busy)));
        assert!(matches!(ask(&queue, Purpose::Check, 3), Err(AuthError::TooMany)));
        // The other purpose has room of its own.
        waiting.push(Some(wait(&queue, Purpose::Store, 4)));
        assert_eq!(order(running, waiting), [5, 0, 3, 4]);
        assert_eq!(queue.free(), 1);
    }

    #[test]
    fn who_leaves_takes_no_turn_and_no_place() {
        let queue = Queue::new(1, 2);
        let running = ask(&queue, Purpose::Check, 1).unwrap();
        drop(wait(&queue, Purpose::Check, 1));
        drop(wait(&queue, Purpose::Check, 2));
        let waiting = vec![Some(wait(&queue, Purpose::Check, 3))];
        let gone = wait(&queue, Purpose::Check, 4);
        drop(gone);
        assert_eq!(order(running, waiting), [0]);
        // One that was given a turn but never took it gives it back.
        let running = ask(&queue, Purpose::Check, 1).unwrap();
        let given = wait(&queue, Purpose::Check, 2);
        drop(running);
        assert_eq!(queue.free(), 0);
        drop(given);
        assert_eq!(queue.free(), 1);
    }
}
