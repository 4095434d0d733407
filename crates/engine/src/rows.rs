//! One policy for work on many rows: none of them stops the others.
//!
//! A row whose work fails for a reason of its own is logged, counted and skipped; it is tried again
//! later, after a pause that grows with every failure. While the database is away nothing says
//! anything about a row: then the round ends, and what is left is tried in the next one.

use std::collections::HashMap;
use std::fmt::Display;
use std::hash::Hash;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::error::{Error, Result};

/// The pause before the second attempt; it doubles from then on.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// How long to wait when the database is away.
const OUTAGE: Duration = Duration::from_secs(10);
/// How long a round of something that is due some day is put off when it failed as a whole.
pub const LATER: Duration = Duration::from_mins(10);
/// The shortest time between two rounds.
pub(crate) const SOON: Duration = Duration::from_secs(1);

/// Rows of one kind that are skipped for now.
#[derive(Debug)]
pub struct Skipped<K> {
    /// What is done to them, in words for the log and the metric.
    work: &'static str,
    rows: HashMap<K, Failed>,
}

#[derive(Debug, Clone, Copy)]
struct Failed {
    times: u32,
    due: Instant,
}

impl<K: Copy + Eq + Hash + Display> Skipped<K> {
    /// None yet.
    pub fn new(work: &'static str) -> Self {
        Self { work, rows: HashMap::new() }
    }

    /// Whether it is left alone for now.
    pub fn is_waiting(&self, row: K) -> bool {
        self.rows.get(&row).is_some_and(|failed| failed.due > Instant::now())
    }

    /// Those that are left alone for now.
    pub(crate) fn waiting(&self) -> Vec<K> {
        self.rows.keys().copied().filter(|row| self.is_waiting(*row)).collect()
    }

    /// Those that are to be tried again.
    pub(crate) fn due(&self) -> Vec<K> {
        self.rows.keys().copied().filter(|row| !self.is_waiting(*row)).collect()
    }

    /// How long until the first of them is due; `None` if there are none.
    pub fn wait(&self) -> Option<Duration> {
        let due = self.rows.values().map(|failed| failed.due).min()?;
        Some(due.saturating_duration_since(Instant::now()))
    }

    /// Takes note of how the work on a row ended: what it came to, or `None` when the row is
    /// skipped. An outage is handed on.
    pub fn note<T>(&mut self, row: K, result: Result<T>) -> Result<Option<T>> {
        let error = match result {
            Ok(done) => {
                self.rows.remove(&row);
                return Ok(Some(done));
            }
            Err(error) if error.is_outage() => return Err(error),
            Err(error) => error,
        };
        let times = self.rows.get(&row).map_or(0, |failed| failed.times).saturating_add(1);
        let pause = FIRST_PAUSE.saturating_mul(1 << (times - 1).min(16)).min(LONGEST_PAUSE);
        self.rows.insert(row, Failed { times, due: Instant::now() + pause });
        metrics::counter!("chatapp_rows_skipped_total", "work" => self.work).increment(1);
        tracing::error!(
            work = self.work, %row, times, again_in_s = pause.as_secs(),
            error = %crate::chain(&error), "a row was skipped"
        );
        Ok(None)
    }

    /// Does `work` to each of `rows`, but for those that wait.
    pub(crate) async fn each<F>(
        &mut self,
        rows: impl IntoIterator<Item = K>,
        mut work: impl FnMut(K) -> F,
    ) -> Result<()>
    where
        F: Future<Output = Result<()>>,
    {
        for row in rows {
            if !self.is_waiting(row) {
                let result = work(row).await;
                self.note(row, result)?;
            }
        }
        Ok(())
    }
}

/// Does `work` to every one of `rows`, until all are done or `stopped` says that the server stops;
/// the next start goes on then.
pub async fn see_to<K, F>(
    stopped: &CancellationToken,
    what: &'static str,
    mut rows: Vec<K>,
    mut work: impl FnMut(K) -> F,
) where
    K: Copy + Eq + Hash + Display,
    F: Future<Output = Result<()>>,
{
    let mut skipped = Skipped::new(what);
    while !rows.is_empty() {
        let mut left = Vec::new();
        let mut is_away = false;
        for row in rows {
            if stopped.is_cancelled() {
                return;
            }
            if is_away || skipped.is_waiting(row) {
                left.push(row);
                continue;
            }
            let result = tokio::select! {
                result = work(row) => result,
                () = stopped.cancelled() => return,
            };
            match skipped.note(row, result) {
                Ok(Some(())) => {}
                Ok(None) => left.push(row),
                Err(error) => {
                    warn(what, &error);
                    is_away = true;
                    left.push(row);
                }
            }
        }
        rows = left;
        let pause = if is_away { OUTAGE } else { skipped.wait().unwrap_or_default() };
        if !rows.is_empty() {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stopped.cancelled() => return,
            }
        }
    }
}

/// How long until the next round, after one that may have failed as a whole.
pub fn or_later(work: &'static str, round: Result<Option<Duration>>) -> Option<Duration> {
    round.unwrap_or_else(|error| {
        tracing::warn!(work, error = %crate::chain(&error), "it failed; trying again later");
        Some(LATER)
    })
}

/// Waits for the next round, if one is due by itself.
pub async fn due(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait.max(SOON)).await,
        None => std::future::pending().await,
    }
}

fn warn(work: &'static str, error: &Error) {
    tracing::warn!(work, error = %crate::chain(error), "the database is away; trying again");
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_row_that_fails_is_skipped_with_growing_pauses_and_hides_no_other() {
        let mut skipped = Skipped::new("testing");
        let mut done = Vec::new();
        let fails = || Error::internal("its own fault");
        for expected in [30, 60, 120] {
            let mut seen = Vec::new();
            let work = |row: u32| {
                seen.push(row);
                async move { if row == 2 { Err(fails()) } else { Ok(()) } }
            };
            skipped.each([1, 2, 3], work).await.unwrap();
            assert_eq!(seen, [1, 2, 3]);
            done = skipped.waiting();
            assert_eq!(done, [2]);
            let wait = skipped.wait().unwrap();
            assert_eq!(wait, Duration::from_secs(expected));
            let mut seen = Vec::new();
            let work = |row: u32| {
                seen.push(row);
                async { Ok(()) }
            };
            skipped.each([2, 3], work).await.unwrap();
            assert_eq!(seen, [3], "it waits");
            tokio::time::advance(wait).await;
        }
        skipped.each(done, |_| async { Ok(()) }).await.unwrap();
        assert_eq!(skipped.wait(), None, "it is done and forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_ends_the_round_and_is_nobodys_fault() {
        let mut skipped = Skipped::new("testing");
        let mut seen = Vec::new();
        let work = |row: u32| {
            seen.push(row);
            async move { if row == 2 { Err(Error::StorageFull) } else { Ok(()) } }
        };
        assert!(skipped.each([1, 2, 3], work).await.is_err());
        let wait = skipped.wait();
        assert_eq!((seen, wait), (vec![1, 2], None));
    }

    /// Sees to the rows 1 to 3: when each was tried, in seconds. `fails` says how an attempt fails,
    /// by its row and its number from 1.
    async fn tries(fails: impl Fn(u32, usize) -> Option<Error>) -> Vec<(u32, u64)> {
        let begin = Instant::now();
        let tried = RefCell::new(Vec::new());
        let work = |row: u32| {
            tried.borrow_mut().push((row, begin.elapsed().as_secs()));
            let times = tried.borrow().iter().filter(|(other, _)| *other == row).count();
            let failure = fails(row, times);
            async move { failure.map_or(Ok(()), Err) }
        };
        see_to(&CancellationToken::new(), "testing", vec![1, 2, 3], work).await;
        tried.into_inner()
    }

    #[tokio::test(start_paused = true)]
    async fn a_row_that_fails_is_seen_to_again_until_it_is_done() {
        let tried =
            tries(|row, times| (row == 2 && times < 3).then(|| Error::internal("its own fault")));
        assert_eq!(tried.await, [(1, 0), (2, 0), (3, 0), (2, 30), (2, 90)]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_an_outage_leaves_is_seen_to_after_it() {
        let tried = tries(|row, times| (row == 2 && times < 3).then_some(Error::StorageFull));
        assert_eq!(tried.await, [(1, 0), (2, 0), (2, 10), (2, 20), (3, 20)]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_makes_no_row_be_tried_before_its_time() {
        let tried = tries(|row, times| match (row, times) {
            (1, 1) => Some(Error::internal("its own fault")),
            (3, 1) => Some(Error::StorageFull),
            _ => None,
        });
        assert_eq!(tried.await, [(1, 0), (2, 0), (3, 0), (3, 10), (1, 30)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_ends_it_at_work_and_in_a_pause() {
        async fn stop_in(stopped: &CancellationToken, seconds: u64) {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            stopped.cancel();
        }
        let begin = Instant::now();
        let tried = Cell::new(0);
        let fails = |_: u32| {
            tried.set(tried.get() + 1);
            async { Err(Error::internal("its own fault")) }
        };
        let stopped = CancellationToken::new();
        tokio::join!(see_to(&stopped, "testing", vec![1, 2], fails), stop_in(&stopped, 5));
        assert_eq!((begin.elapsed().as_secs(), tried.get()), (5, 2), "in a pause");
        see_to(&stopped, "testing", vec![1, 2], fails).await;
        assert_eq!(tried.get(), 2, "nothing begins after a stop");

        let stopped = CancellationToken::new();
        let hangs = |_: u32| std::future::pending::<Result<()>>();
        tokio::join!(see_to(&stopped, "testing", vec![1, 2], hangs), stop_in(&stopped, 7));
        assert_eq!(begin.elapsed().as_secs(), 12, "at work");
    }
}
