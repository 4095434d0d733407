//! Slows down whoever guesses passwords.
//!
//! Wrong passwords are counted for the account they were tried on and for the address they came
//! from. The first few cost nothing; each further one doubles the time until the next may be
//! tried, up to a bound. While it is waited nothing is checked, not even the right password, and
//! the wait does not grow: so the owner gets in at the latest when the bound has passed since the
//! last wrong one.
//!
//! The counts are those of this process. They are forgotten when it ends, and some time after the
//! last wrong password.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use models::Time;

/// The first wait.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// When a count is forgotten at the earliest.
const REMEMBERED: Duration = Duration::from_mins(15);
/// How many accounts, and how many addresses, are counted at the most. The ones that were counted
/// last stay.
const MOST: usize = 50_000;

/// When waiting begins, and how long it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThrottleLimits {
    /// How many wrong passwords for one account cost nothing.
    pub attempts: u32,
    /// How many from one address cost nothing.
    pub attempts_per_address: u32,
    /// The longest wait.
    pub longest: Duration,
}

/// The counts of this process. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Throttle {
    limits: ThrottleLimits,
    counts: Arc<Mutex<Counts>>,
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct Counts {
    accounts: Table,
    addresses: Table,
}

/// What a guess is counted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Guess {
    /// The account, unless this caller need not wait for it.
    account: Option<u64>,
    /// The address; none if it does not matter.
    address: Option<u64>,
}

impl Throttle {
    pub(crate) fn new(limits: ThrottleLimits) -> Self {
        Self { limits, counts: Arc::default(), hasher: RandomState::new() }
    }

    /// A guess of the password of `account`, whatever that text is, from `address`.
    pub(crate) fn guess(&self, account: &str, address: &str) -> Guess {
        let address = address.parse().ok().map(|address| self.hasher.hash_one(network(address)));
        Guess { account: Some(self.hasher.hash_one(account)), address }
    }

    /// The same guess, counted for its address only: by somebody whom the account knows, and who
    /// shall not wait for what strangers do to it.
    pub(crate) fn of_address_only(guess: Guess) -> Guess {
        Guess { account: None, ..guess }
    }

    /// Whether it is the account that has to wait.
    pub(crate) fn is_account_waiting(&self, guess: Guess, now: Time) -> bool {
        self.wait(Guess { address: None, ..guess }, now).is_some()
    }

    /// How long to wait before the guess may be checked; `None` if not at all.
    pub(crate) fn wait(&self, guess: Guess, now: Time) -> Option<Duration> {
        self.lock().wait(&self.limits, guess, now)
    }

    /// As [`Throttle::wait`], and counts the guess as a wrong one until [`Throttle::right`] takes
    /// that back: so guesses at the same moment are counted like guesses one after the other. To
    /// be asked right before the check, since others may have been wrong meanwhile.
    pub(crate) fn admit(&self, guess: Guess, now: Time) -> Result<(), Duration> {
        let mut counts = self.lock();
        if let Some(wait) = counts.wait(&self.limits, guess, now) {
            return Err(wait);
        }
        let ThrottleLimits { attempts, attempts_per_address, longest } = self.limits;
        if let Some(key) = guess.account {
            counts.accounts.add(key, attempts, longest, now);
        }
        if let Some(key) = guess.address {
            counts.addresses.add(key, attempts_per_address, longest, now);
        }
        Ok(())
    }

    /// The password was right: the account is forgotten. The address is not, or whoever has an
    /// account could go on guessing the passwords of others.
    pub(crate) fn right(&self, guess: Guess, now: Time) {
        let mut counts = self.lock();
        if let Some(key) = guess.account {
            counts.accounts.forget(key);
        }
        if let Some(key) = guess.address {
            counts.addresses.take_back(key, now);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn wait(&self, limits: &ThrottleLimits, guess: Guess, now: Time) -> Option<Duration> {
        let account = guess.account.and_then(|key| self.accounts.wait(key, limits.attempts, now));
        let free = limits.attempts_per_address;
        let address = guess.address.and_then(|key| self.addresses.wait(key, free, now));
        account.max(address)
    }
}

/// Whose an address is: an IPv6 customer has a network of 2^64 of them.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        address @ IpAddr::V4(_) => address,
    }
}

/// Counts by what they are for, which is kept as a hash only.
#[derive(Debug, Default)]
struct Table(HashMap<u64, Count>);

#[derive(Debug, Clone, Copy)]
struct Count {
    /// Wrong passwords.
    wrong: u32,
    /// When the next may be tried, once there were too many.
    next: Time,
    /// The last wrong one.
    last: Time,
}

impl Count {
    fn is_forgotten(&self, now: Time) -> bool {
        now >= self.last + REMEMBERED && now >= self.next
    }
}

impl Table {
    /// How long to wait; `None` if not at all.
    fn wait(&self, key: u64, free: u32, now: Time) -> Option<Duration> {
        let count = self.0.get(&key).filter(|count| !count.is_forgotten(now))?;
        let wait = count.next.signed_duration_since(now).to_std().ok()?;
        (count.wrong >= free && !wait.is_zero()).then_some(wait)
    }

    /// The guess that was counted last was right.
    fn take_back(&mut self, key: u64, now: Time) {
        if let Some(count) = self.0.get_mut(&key) {
            count.wrong = count.wrong.saturating_sub(1);
            count.next = now;
            if count.wrong == 0 {
                self.0.remove(&key);
            }
        }
    }

    fn add(&mut self, key: u64, free: u32, longest: Duration, now: Time) {
        self.make_room(key, now);
        let count = self.0.entry(key).or_insert(Count { wrong: 0, next: now, last: now });
        if count.is_forgotten(now) {
            count.wrong = 0;
        }
        count.wrong = count.wrong.saturating_add(1);
        count.last = now;
        if count.wrong >= free {
            count.next = now + wait_after(count.wrong, free, longest);
        }
    }

    fn forget(&mut self, key: u64) {
        self.0.remove(&key);
    }

    /// Lets go of what is forgotten anyway, and then of the older half, when the table is full.
    fn make_room(&mut self, key: u64, now: Time) {
        if self.0.len() < MOST || self.0.contains_key(&key) {
            return;
        }
        self.0.retain(|_, count| !count.is_forgotten(now));
        if self.0.len() >= MOST {
            let mut times: Vec<Time> = self.0.values().map(|count| count.last).collect();
            let (_, middle, _) = times.select_nth_unstable(MOST / 2);
            let middle = *middle;
            self.0.retain(|_, count| count.last > middle);
        }
    }
}

/// 1 s after the last wrong password that cost nothing, twice as long after each further one.
fn wait_after(wrong: u32, free: u32, longest: Duration) -> Duration {
    let doublings = wrong.saturating_sub(free).min(31);
    FIRST_WAIT.saturating_mul(1 << doublings).min(longest)
}

#[cfg(test)]
mod tests;
