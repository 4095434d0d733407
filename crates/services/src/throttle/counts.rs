//! The counts of the attempts that are being made now, and what they say. Knows no database.

use std::collections::HashMap;
use std::time::Duration;

use models::{Time, login_failure};

use super::promises::Promises;
use super::{Subject, remembered};

/// The first wait.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// What an attempt is counted for.
#[derive(Debug, Clone)]
pub(super) struct Counted {
    pub(super) subject: Subject,
    /// How many cost nothing; none if nobody waits for it.
    pub(super) free: Option<u32>,
}

#[derive(Debug)]
pub(super) struct Counts {
    longest: Duration,
    subjects: HashMap<Subject, Count>,
    promises: Promises,
    /// How many counts were cleared so far.
    clears: u64,
}

/// The moment at which the database was asked for rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    /// What [`Counts::clears`] was.
    clears: u64,
}

/// One count, as far as this process knows it.
#[derive(Debug, Default)]
struct Count {
    /// When the last one was wrong, and how many were, as the newest row says.
    newest: Option<(Time, u32)>,
    /// Which of the clears was the last of this one.
    cleared: u64,
    /// How many are being checked.
    checking: u32,
    /// How many attempts use it; without any it is forgotten here.
    users: usize,
}

impl Counts {
    /// None yet; the longest wait is `longest`.
    pub(super) fn new(longest: Duration) -> Self {
        Self { longest, subjects: HashMap::new(), promises: Promises::default(), clears: 0 }
    }

    /// An attempt begins to use these.
    pub(super) fn enter(&mut self, counted: &[Counted]) {
        for Counted { subject, .. } in counted {
            self.subjects.entry(subject.clone()).or_default().users += 1;
        }
    }

    /// The database is asked now.
    pub(super) fn asked(&self) -> Asked {
        Asked { clears: self.clears }
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

    /// Takes note of what the database said when it was `asked`. What it said before may come
    /// later: of two rows the one with the later time is the newer one, and of two of the same time
    /// the one with more wrong attempts. What was cleared since it was asked is left alone: whether
    /// a row is older or newer than that is not known, and the next attempt asks again.
    pub(super) fn note(&mut self, rows: Vec<login_failure::Model>, asked: Asked, now: Time) {
        let remembered = remembered(self.longest);
        for row in rows {
            let Some(count) = self.subjects.get_mut(&row.subject) else { continue };
            let row = (row.last_at, u32::try_from(row.wrong).unwrap_or_default());
            let is_newest = count.current(remembered, now).is_none_or(|newest| newest <= row);
            if is_newest && count.cleared <= asked.clears {
                count.newest = Some(row);
            }
        }
    }

    /// How many were wrong.
    pub(super) fn wrong(&self, subject: &Subject, now: Time) -> u32 {
        let count = self.subjects.get(subject);
        count.and_then(|count| count.current(remembered(self.longest), now)).map_or(0, |it| it.1)
    }

    /// Whether the database has a row of it, as far as is known here.
    pub(super) fn is_stored(&self, subject: &Subject) -> bool {
        self.subjects.get(subject).is_some_and(|count| count.newest.is_some())
    }

    /// Forgets a count, which the database has forgotten.
    pub(super) fn clear(&mut self, subject: &Subject) {
        let Some(count) = self.subjects.get_mut(subject) else { return };
        self.clears += 1;
        count.cleared = self.clears;
        count.newest = None;
    }

    /// Whether `guess` may be checked now, or how long it waits; what it waits for.
    pub(super) fn ask(
        &mut self,
        counted: &[Counted],
        guess: Option<u64>,
        now: Time,
    ) -> Result<Vec<(Subject, Duration)>, Duration> {
        let mut waits = Vec::new();
        for Counted { subject, free } in counted {
            let wait = self.subjects.get(subject).zip(*free);
            let wait = wait.and_then(|(count, free)| count.wait(free, self.longest, now));
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
        now: Time,
    ) -> Result<(), Duration> {
        let waits = self.ask(counted, guess, now)?;
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
    /// When the last one was wrong and how many were, unless that is forgotten. A time far ahead is
    /// one of a clock that was set back since: it says nothing.
    fn current(&self, remembered: Duration, now: Time) -> Option<(Time, u32)> {
        self.newest.filter(|(last, _)| *last + remembered > now && *last < now + remembered)
    }

    /// How long to wait; `None` if not at all.
    fn wait(&self, free: u32, longest: Duration, now: Time) -> Option<Duration> {
        let current = self.current(remembered(longest), now);
        let wrong = current.map_or(0, |(_, wrong)| wrong);
        let counted = wrong.saturating_add(self.checking);
        if counted < free {
            return None;
        }
        if self.checking > 0 {
            return Some(wait_after(counted, free, longest));
        }
        let (last, wait) = (current?.0, wait_after(wrong, free, longest));
        let left = (last + wait).signed_duration_since(now).to_std().ok();
        // Another server's clock may be ahead of this one's.
        left.map(|left| left.min(wait)).filter(|left| !left.is_zero())
    }
}

/// 1 s after the last wrong password that cost nothing, twice as long after each further one.
fn wait_after(wrong: u32, free: u32, longest: Duration) -> Duration {
    let doublings = wrong.saturating_sub(free).min(31);
    FIRST_WAIT.saturating_mul(1 << doublings).min(longest)
}

#[cfg(test)]
mod tests;
