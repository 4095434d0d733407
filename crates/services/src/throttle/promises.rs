//! Passwords that were told to wait, and when their turn is.
//!
//! An attacker tries many passwords; an owner tries the same one again. So what is promised is
//! promised to a password: it is checked at the end of the wait that it was told, also if others
//! have made the place wait again by then. A password is promised one turn, and a place gives one
//! such turn in the time it has to wait: who comes back with each of a thousand guesses is as slow
//! as who waits with one.
//!
//! This is kept in memory, by each server for itself: of a password there is only a keyed hash,
//! whose key ends with the process.

use std::collections::HashMap;
use std::time::Duration;

use models::Time;

use super::{REMEMBERED, Subject};

/// How many are kept. Then the older half goes.
const MOST: usize = 50_000;

#[derive(Debug, Default)]
pub(super) struct Promises {
    guesses: HashMap<u64, Promise>,
    /// When a place gives the next turn to a caller who was promised one.
    next: HashMap<Subject, Time>,
}

#[derive(Debug, Clone, Copy)]
struct Promise {
    from: Time,
    /// It was checked, and is wrong.
    is_void: bool,
}

impl Promises {
    /// Whether the turn of `guess` has come at the places `at`, which have to wait for `wait`; or
    /// how long it waits. What is not known is promised a turn.
    pub(super) fn ask<'a>(
        &mut self,
        guess: u64,
        at: impl Iterator<Item = &'a Subject>,
        wait: Duration,
        now: Time,
    ) -> Result<(), Duration> {
        // What is later than the end of the wait is of a clock that was set back since.
        let end = now + wait;
        let kept = self.guesses.get(&guess);
        let Some(promise) = kept.filter(|it| !it.is_forgotten(now) && it.from <= end) else {
            self.insert(guess, Promise { from: end, is_void: false }, now);
            return Err(wait);
        };
        if promise.is_void {
            return Err(wait);
        }
        let next = at.filter_map(|place| self.next.get(place)).copied();
        let next = next.filter(|next| *next <= end).max();
        let due = next.map_or(promise.from, |next| next.max(promise.from));
        match due.signed_duration_since(now).to_std() {
            Ok(left) if !left.is_zero() => Err(left),
            _ => Ok(()),
        }
    }

    /// The turn of `guess` is now; the next of its kind comes after these waits.
    pub(super) fn keep(&mut self, guess: u64, waits: Vec<(Subject, Duration)>, now: Time) {
        self.void(guess, now);
        self.next.retain(|_, next| *next > now);
        self.next.extend(waits.into_iter().map(|(place, wait)| (place, now + wait)));
    }

    /// What was checked is promised nothing more.
    pub(super) fn void(&mut self, guess: u64, now: Time) {
        self.insert(guess, Promise { from: now, is_void: true }, now);
    }

    fn insert(&mut self, guess: u64, promise: Promise, now: Time) {
        if self.guesses.len() >= MOST && !self.guesses.contains_key(&guess) {
            self.guesses.retain(|_, promise| !promise.is_forgotten(now));
        }
        if self.guesses.len() >= MOST {
            let mut times: Vec<Time> = self.guesses.values().map(|promise| promise.from).collect();
            let (_, middle, _) = times.select_nth_unstable(MOST / 2);
            let middle = *middle;
            self.guesses.retain(|_, promise| promise.from > middle);
        }
        self.guesses.insert(guess, promise);
    }
}

impl Promise {
    fn is_forgotten(&self, now: Time) -> bool {
        now >= self.from + REMEMBERED
    }
}
