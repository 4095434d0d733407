//! Slows down attackers who guess passwords, and locks no owner out.
//!
//! Wrong passwords are counted for the account at the address they came from, and for the address.
//! The first few cost nothing; each further one doubles the time until the next is checked, up to a
//! bound. So an attacker at one place makes nobody wait at another one. Where the account has a
//! session as much is free as for the address. The account's count from everywhere makes nobody
//! wait by itself: when it is high, an address that the account does not know has one try that
//! costs nothing instead of a few.
//!
//! While it is waited nothing is checked, and the wait does not grow. A password that was told to
//! wait is promised its turn at the end of that wait ([`promises`]), whatever others try
//! meanwhile: so the owner gets in also where an attacker guesses at the same place.
//!
//! The counts are in the database, for all servers. A right password of a quiet account only reads
//! them. Checks that are under way count as wrong ones until they have ended, in this process.

mod counts;
mod promises;

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use auth::token_hash;
use models::{Time, UserId};
use secrecy::{ExposeSecret as _, SecretString};

use self::counts::{Counted, Counts};
use crate::core::Core;
use crate::counts::network;
use crate::error::Result;
use crate::settings::ThrottleLimits;

/// When a count is forgotten at the earliest.
const REMEMBERED: Duration = Duration::from_mins(15);
/// An account is under attack when so many times the free attempts were wrong, from everywhere.
const ATTACK: u32 = 4;

/// How long a count is remembered after the last wrong password. That is longer than the wait, or
/// who has waited would be counted from the start.
pub(crate) fn remembered(longest: Duration) -> Duration {
    REMEMBERED.max(longest.saturating_mul(2))
}

/// What a count is for, hashed: neither addresses nor what people type for one are stored.
type Subject = Vec<u8>;

/// Counts attempts. Clones share what is under way.
#[derive(Debug, Clone)]
pub(crate) struct Throttle {
    core: Arc<Core>,
    limits: ThrottleLimits,
    counts: Arc<Mutex<Counts>>,
    hasher: RandomState,
}

/// One attempt. Dropping it says that it has ended.
#[derive(Debug)]
pub(crate) struct Attempt {
    throttle: Throttle,
    counted: Vec<Counted>,
    /// The account at the address: forgotten after the right password.
    own: Subject,
    /// What is tried: a keyed hash of it, if it shall be promised a turn.
    guess: Option<u64>,
    is_checking: bool,
}

impl Throttle {
    pub(crate) fn new(core: Arc<Core>, limits: ThrottleLimits) -> Self {
        let counts = Arc::new(Mutex::new(Counts::new(limits.longest)));
        Self { core, limits, counts, hasher: RandomState::new() }
    }

    /// An attempt to log in to `account`, whatever that text is, from `address`, with `password`
    /// where the hash `stored` is expected.
    pub(crate) async fn login(
        &self,
        account: &str,
        address: &str,
        password: &SecretString,
        stored: Option<&str>,
    ) -> Result<Attempt> {
        let place = place(address);
        let [everywhere, own, at] = [
            subject(&["account", account]),
            subject(&["account at", account, &place]),
            subject(&["address", &place]),
        ];
        let counted = vec![
            Counted { subject: own.clone(), free: Some(self.limits.attempts) },
            Counted { subject: at, free: Some(self.limits.attempts_per_address) },
            Counted { subject: everywhere.clone(), free: None },
        ];
        let guess = self.hasher.hash_one((&own, stored, password.expose_secret()));
        let mut attempt = self.attempt(counted, own, Some(guess)).await?;
        let free = if attempt.is_under_attack(&everywhere) { 1 } else { self.limits.attempts };
        // Where the account has a session only the address's count matters, as far as that matters.
        let is_known = attempt.is_noted() && is_known(&self.core, account, &place).await?;
        let free = if is_known { self.limits.attempts_per_address } else { free };
        if let Some(own) = attempt.counted.first_mut() {
            own.free = Some(free);
        }
        Ok(attempt)
    }

    /// An attempt to confirm something with the password of `user`, made with a session or key of
    /// that account: counted apart from its logins, so that strangers cannot keep its owner from
    /// it.
    pub(crate) async fn confirmation(
        &self,
        user: UserId,
        password: &SecretString,
        stored: &str,
    ) -> Result<Attempt> {
        let own = subject(&["confirmation", &user.to_string()]);
        let counted = vec![Counted { subject: own.clone(), free: Some(self.limits.attempts) }];
        let guess = self.hasher.hash_one((&own, Some(stored), password.expose_secret()));
        self.attempt(counted, own, Some(guess)).await
    }

    /// An attempt to make an account, or to use a code, from `address`.
    pub(crate) async fn signup(&self, address: &str) -> Result<Attempt> {
        let at = subject(&["sign-ups", &place(address)]);
        let free = Some(self.limits.attempts_per_address);
        let counted = vec![Counted { subject: at.clone(), free }];
        self.attempt(counted, at, None).await
    }

    /// Whose line a caller stands in who waits for a hash: that of their address.
    pub(crate) fn line_at(&self, address: &str) -> u64 {
        self.hasher.hash_one(place(address))
    }

    /// The same for a caller who is known.
    pub(crate) fn line_of(&self, user: UserId) -> u64 {
        self.hasher.hash_one(user)
    }

    async fn attempt(
        &self,
        counted: Vec<Counted>,
        own: Subject,
        guess: Option<u64>,
    ) -> Result<Attempt> {
        let subjects = subjects(&counted);
        let asked = {
            let mut counts = self.lock();
            counts.enter(&counted);
            counts.asked()
        };
        let throttle = self.clone();
        let attempt = Attempt { throttle, counted, own, guess, is_checking: false };
        let rows = crud::login_failures::find(&self.core.db, subjects).await?;
        self.lock().note(rows, asked, self.core.context.now());
        Ok(attempt)
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt {
    /// Whether it may be checked, or how long it has to wait.
    pub(crate) fn ask(&self, now: Time) -> Result<(), Duration> {
        self.throttle.lock().ask(&self.counted, self.guess, now).map(drop)
    }

    /// As [`Attempt::ask`], and from now on it counts as a wrong one until it has ended: so
    /// attempts at the same moment are counted like attempts one after the other. To be asked
    /// right before the check, since others may have been wrong meanwhile.
    pub(crate) fn begin(&mut self, now: Time) -> Result<(), Duration> {
        self.throttle.lock().begin(&self.counted, self.guess, now)?;
        self.is_checking = true;
        Ok(())
    }

    /// What was tried is wrong.
    pub(crate) async fn wrong(mut self, now: Time) -> Result<()> {
        let asked = {
            let mut counts = self.throttle.lock();
            if let Some(guess) = self.guess {
                counts.void(guess, now);
            }
            counts.asked()
        };
        let core = &self.throttle.core;
        let subjects = subjects(&self.counted);
        let remembered = remembered(self.throttle.limits.longest);
        let rows = crud::login_failures::add(&core.db, subjects, now, remembered).await?;
        core.rows_age.notify_one();
        // At once, or it would count twice for a moment.
        let mut counts = self.throttle.lock();
        counts.note(rows, asked, now);
        if self.is_checking {
            counts.end_check(&self.counted);
        }
        drop(counts);
        self.is_checking = false;
        Ok(())
    }

    /// It was right: the account is forgotten at this address. The address is not, or whoever has
    /// an account could go on guessing the passwords of others.
    pub(crate) async fn right(self) -> Result<()> {
        if self.throttle.lock().is_stored(&self.own) {
            let own = vec![self.own.clone()];
            crud::login_failures::forget(&self.throttle.core.db, own).await?;
            // After the row is gone, or a read before that would bring the count back.
            self.throttle.lock().clear(&self.own);
        }
        Ok(())
    }

    /// Whether there were wrong passwords for the account at this address lately.
    fn is_noted(&self) -> bool {
        let now = self.throttle.core.context.now();
        self.throttle.lock().wrong(&self.own, now) > 0
    }

    fn is_under_attack(&self, account: &Subject) -> bool {
        let limit = self.throttle.limits.attempts.saturating_mul(ATTACK);
        let now = self.throttle.core.context.now();
        self.throttle.lock().wrong(account, now) >= limit
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let mut counts = self.throttle.lock();
        if self.is_checking {
            counts.end_check(&self.counted);
        }
        counts.leave(&self.counted);
    }
}

fn subjects(counted: &[Counted]) -> Vec<Subject> {
    counted.iter().map(|one| one.subject.clone()).collect()
}

fn subject(parts: &[&str]) -> Subject {
    // Nothing that is told apart by its parts has a U+0000 in them.
    token_hash(&parts.join("\0"))
}

/// Where an attempt comes from, as a text.
fn place(address: &str) -> String {
    address.parse().map_or_else(|_| String::new(), |address| network(address).to_string())
}

/// Whether the account, if there is one, has a session that began at this place.
async fn is_known(core: &Core, account: &str, at: &str) -> Result<bool> {
    let now = core.context.now();
    let addresses = crud::sessions::addresses(&core.db, account, now).await?;
    Ok(addresses.iter().any(|address| !address.is_empty() && place(address) == at))
}
