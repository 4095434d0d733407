//! A circuit breaker: a provider that fails all the time is not asked for a while.
//!
//! Callers then get their refusal at once instead of each waiting for a timeout, and the provider
//! gets room to recover. After the pause one call is let through; its outcome decides.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use crate::lock;

const WINDOW: Duration = Duration::from_secs(10);
/// Outcomes are counted in slices of the window, so that their number does not matter.
const SLICE: Duration = Duration::from_secs(1);
const FEWEST_CALLS: u32 = 20;
const PAUSE: Duration = Duration::from_secs(5);

/// Counts outcomes of one provider.
#[derive(Debug, Clone, Default)]
pub(crate) struct Breaker(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    slices: VecDeque<Slice>,
    /// Closed to calls until then; stays set while a probe runs.
    open_until: Option<Instant>,
    probing: bool,
}

#[derive(Debug)]
struct Slice {
    began: Instant,
    calls: u32,
    failures: u32,
}

/// The provider is not to be asked now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Open;

impl Breaker {
    /// Asks to make a call.
    pub(crate) fn admit(&self) -> Result<Permit, Open> {
        let mut state = lock(&self.0);
        let probe = match state.open_until {
            None => false,
            Some(until) if state.probing || Instant::now() < until => return Err(Open),
            Some(_) => true,
        };
        state.probing = probe;
        Ok(Permit { breaker: self.clone(), probe, reported: false })
    }
}

/// The right to make one call. Dropped without a report, the call counts for nothing.
#[derive(Debug)]
pub(crate) struct Permit {
    breaker: Breaker,
    probe: bool,
    reported: bool,
}

impl Permit {
    /// Says whether the provider did its job; only the first report counts.
    pub(crate) fn report(&mut self, failed: bool) {
        if std::mem::replace(&mut self.reported, true) {
            return;
        }
        let now = Instant::now();
        let mut state = lock(&self.breaker.0);
        if self.probe {
            state.probing = false;
            state.slices.clear();
            state.open_until = failed.then(|| now + PAUSE);
            return;
        }
        // Calls that began before it opened say nothing new.
        if state.open_until.is_none() {
            state.count(now, failed);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.probe && !self.reported {
            lock(&self.breaker.0).probing = false;
        }
    }
}

impl State {
    fn count(&mut self, now: Instant, failed: bool) {
        while self.slices.front().is_some_and(|slice| now - slice.began >= WINDOW) {
            self.slices.pop_front();
        }
        if self.slices.back().is_none_or(|slice| now - slice.began >= SLICE) {
            self.slices.push_back(Slice { began: now, calls: 0, failures: 0 });
        }
        if let Some(slice) = self.slices.back_mut() {
            slice.calls = slice.calls.saturating_add(1);
            slice.failures = slice.failures.saturating_add(u32::from(failed));
        }
        let calls: u32 = self.slices.iter().map(|slice| slice.calls).sum();
        let failures: u32 = self.slices.iter().map(|slice| slice.failures).sum();
        if calls >= FEWEST_CALLS && failures.saturating_mul(2) >= calls {
            tracing::warn!(
                calls,
                failures,
                "the provider keeps failing; not asking it for a while"
            );
            self.open_until = Some(now + PAUSE);
            self.slices.clear();
        }
    }
}
