//! The counts of the attempts that are being made now, and what they say. Knows no database.

use std::collections::HashMap;
use std::time::Duration;

use models::{Time, login_failure};

use super::promises::Promises;
use super::{REMEMBERED, Subject};

/// The first wait.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// What an attempt is counted for.
#[derive(Debug, Clone)]
pub(super) struct Counted {
    pub(super) subject: Subject,
    /// How many cost nothing; none if nobody waits for it.
    pub(super) free: Option<u32>,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    subjects: HashMap<Subject, Count>,
    promises: Promises,
}

/// One count, as far as this process knows it.
#[derive(Debug, Default)]
struct Count {
    /// How many were wrong, and when the last was.
    wrong: u32,
    last: Option<Time>,
    /// How many are being checked.
    checking: u32,
    /// How many attempts use it; without any it is forgotten here.
    users: usize,
}

impl Counts {
    /// An attempt begins to use these.
    pub(super) fn enter(&mut self, counted: &[Counted]) {
        for Counted { subject, .. } in counted {
            self.subjects.entry(subject.clone()).or_default().users += 1;
        }
    }

    /// Its check has ended.
    pub(super) fn end_check(&mut self, counted: &[Counted]) {
        for Counted { subject, .. } in counted {
            if let Some(count) = self.subjects.get_mut(subject) {
                count.checking -= 1;
            }
        }
    }

    /// It has ended itself.
    pub(super) fn leave(&mut self, counted: &[Counted]) {
        for Counted { subject, .. } in counted {
            let Some(count) = self.subjects.get_mut(subject) else { continue };
            count.users -= 1;
            if count.users == 0 {
                self.subjects.remove(subject);
            }
        }
    }

    /// Takes note of what the database says. What it said before may come later: of two rows of
    /// the same time the one with more wrong attempts is the newer one.
    pub(super) fn note(&mut self, rows: Vec<login_failure::Model>) {
        for row in rows {
            let Some(count) = self.subjects.get_mut(&row.subject) else { continue };
            let wrong = u32::try_from(row.wrong).unwrap_or_default();
            if count.last.is_none_or(|last| (last, count.wrong) <= (row.last_at, wrong)) {
                count.wrong = wrong;
                count.last = Some(row.last_at);
            }
        }
    }

    /// How many were wrong.
    pub(super) fn wrong(&self, subject: &Subject) -> u32 {
        self.subjects.get(subject).map_or(0, |count| count.wrong)
    }

    /// Forgets a count; whether there was any.
    pub(super) fn clear(&mut self, subject: &Subject) -> bool {
        let Some(count) = self.subjects.get_mut(subject) else { return false };
        count.wrong = 0;
        count.last.take().is_some()
    }

    /// Whether `guess` may be checked now, or how long it waits; what it waits for.
    pub(super) fn ask(
        &mut self,
        counted: &[Counted],
        guess: Option<u64>,
        longest: Duration,
        now: Time,
    ) -> Result<Vec<(Subject, Duration)>, Duration> {
        let mut waits = Vec::new();
        for Counted { subject, free } in counted {
            let wait = self.subjects.get(subject).zip(*free);
            let wait = wait.and_then(|(count, free)| count.wait(free, longest, now));
            waits.extend(wait.map(|wait| (subject.clone(), wait)));
        }
        if let Some(wait) = waits.iter().map(|(_, wait)| *wait).max() {
            let places = waits.iter().map(|(subject, _)| subject);
            self.promises.ask(guess.ok_or(wait)?, places, wait, now)?;
        }
        Ok(waits)
    }

    /// As [`Counts::ask`]; the check begins, and counts as a wrong one until it has ended.
    pub(super) fn begin(
        &mut self,
        counted: &[Counted],
        guess: Option<u64>,
        longest: Duration,
        now: Time,
    ) -> Result<(), Duration> {
        let waits = self.ask(counted, guess, longest, now)?;
        if let Some(guess) = guess.filter(|_| !waits.is_empty()) {
            self.promises.keep(guess, waits, now);
        }
        for Counted { subject, .. } in counted {
            if let Some(count) = self.subjects.get_mut(subject) {
                count.checking += 1;
            }
        }
        Ok(())
    }

    /// `guess` is wrong: it has no turn again because it was told to wait.
    pub(super) fn void(&mut self, guess: u64, now: Time) {
        self.promises.void(guess, now);
    }
}

impl Count {
    /// How long to wait; `None` if not at all.
    fn wait(&self, free: u32, longest: Duration, now: Time) -> Option<Duration> {
        let wrong = if self.is_forgotten(free, longest, now) { 0 } else { self.wrong };
        let counted = wrong.saturating_add(self.checking);
        if counted < free {
            return None;
        }
        if self.checking > 0 {
            return Some(wait_after(counted, free, longest));
        }
        let next = self.last? + wait_after(wrong, free, longest);
        next.signed_duration_since(now).to_std().ok().filter(|wait| !wait.is_zero())
    }

    fn is_forgotten(&self, free: u32, longest: Duration, now: Time) -> bool {
        let wait = REMEMBERED.max(wait_after(self.wrong, free, longest));
        self.last.is_none_or(|last| now >= last + wait)
    }
}

/// 1 s after the last wrong password that cost nothing, twice as long after each further one.
fn wait_after(wrong: u32, free: u32, longest: Duration) -> Duration {
    let doublings = wrong.saturating_sub(free).min(31);
    FIRST_WAIT.saturating_mul(1 << doublings).min(longest)
}

#[cfg(test)]
mod tests;
