//! A clock that stands still until a test moves it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::DateTime;
use models::{Clock, Context, Time};

/// Where a new clock stands: 2026-01-01T00:00:00Z, in microseconds of Unix time.
const START: i64 = 1_767_225_600_000_000;

/// A clock that a test and the code under test share; clones show the same time.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicI64>);

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl ManualClock {
    /// A clock that stands at the beginning of 2026.
    pub fn new() -> Self {
        Self(Arc::new(AtomicI64::new(START)))
    }

    /// What it shows.
    pub fn now(&self) -> Time {
        at(self.0.load(Ordering::SeqCst))
    }

    /// Moves it forward by `step`, cut to whole microseconds.
    pub fn advance(&self, step: Duration) {
        let micros = i64::try_from(step.as_micros()).expect("a step of less than 292,000 years");
        self.0.fetch_add(micros, Ordering::SeqCst);
    }

    /// Sets it back by `step`, as an operator does whose clock was wrong.
    pub fn set_back(&self, step: Duration) {
        let micros = i64::try_from(step.as_micros()).expect("a step of less than 292,000 years");
        self.0.fetch_sub(micros, Ordering::SeqCst);
    }

    /// This clock as the code under test sees it.
    pub fn clock(&self) -> Clock {
        let micros = Arc::clone(&self.0);
        Clock::from_fn(move || at(micros.load(Ordering::SeqCst)))
    }

    /// A context on this clock.
    pub fn context(&self) -> Context {
        Context { clock: self.clock() }
    }
}

fn at(micros: i64) -> Time {
    DateTime::from_timestamp_micros(micros).expect("a time that chrono can show")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_under_test_sees_the_clock_move() {
        let clock = ManualClock::new();
        let context = clock.context();
        let before = context.now();
        assert_eq!(before.to_rfc3339(), "2026-01-01T00:00:00+00:00");
        assert_eq!(context.now(), before);
        clock.clone().advance(Duration::from_millis(1_500));
        assert_eq!((context.now() - before).num_milliseconds(), 1_500);
        assert_eq!(clock.now(), context.now());
    }
}
