//! Whether and when a failed call is repeated.
//!
//! Only before the first piece of an answer was passed on, and only for failures that may pass.
//! The provider's own wish counts first; else waits grow exponentially, with jitter so that many
//! callers do not come back at the same moment.

#[cfg(test)]
mod tests;

use std::sync::Mutex;
use std::time::Duration;

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use crate::lock;
use crate::wire::wait;

/// The longest wait that a provider may ask for, as the official clients have it; when it asks for
/// more, the caller is told.
const LONGEST_WAIT: Duration = Duration::from_mins(1);
const FIRST_BACKOFF: Duration = Duration::from_millis(500);
const LONGEST_BACKOFF: Duration = Duration::from_secs(8);

/// How many retries may be saved up.
const BUDGET_SIZE: f64 = 10.0;
/// How many retries each call earns: in the long run a tenth of the calls may be repeated.
const BUDGET_PER_CALL: f64 = 0.1;

/// How long the provider asks to wait: `retry-after-ms`, else `Retry-After` (RFC 9110, 10.2.3) in
/// seconds, perhaps with a fraction or a unit, or as a date, else until limits that are used up
/// begin anew. A date is taken relative to the answer's own `Date`, so that the two machines' clocks
/// need not agree; only without one our clock counts.
pub(crate) fn asked_wait(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let number = |text: &str| text.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0);
    if let Some(ms) = text("retry-after-ms").and_then(number) {
        return Duration::try_from_secs_f64(ms / 1000.0).ok();
    }
    let now = text(DATE.as_str()).and_then(wait::date).unwrap_or_else(wait::clock);
    if let Some(wait) = text(RETRY_AFTER.as_str()).and_then(|text| wait::told(text, now)) {
        return Some(wait);
    }
    let fields = headers.iter();
    let fields = fields.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?)));
    wait::limits(&fields.collect::<Vec<_>>(), now)
}

/// How long to wait before attempt number `attempt` (the first retry is 1); none when the provider
/// asks for more patience than we have. `chance` lies in 0..1.
pub(crate) fn pause(attempt: u32, asked: Option<Duration>, chance: f64) -> Option<Duration> {
    if let Some(asked) = asked {
        return (asked <= LONGEST_WAIT).then_some(asked);
    }
    let doublings = attempt.saturating_sub(1).min(16);
    let longest = (FIRST_BACKOFF * (1 << doublings)).min(LONGEST_BACKOFF);
    // At least half of it, so that a provider that limits its callers is not asked at once.
    Some(longest.mul_f64(0.5 + 0.5 * chance.clamp(0.0, 1.0)))
}

/// Keeps retries from multiplying an outage: calls earn what retries spend.
#[derive(Debug)]
pub(crate) struct Budget {
    saved: Mutex<f64>,
}

impl Budget {
    pub(crate) fn new() -> Self {
        Self { saved: Mutex::new(BUDGET_SIZE) }
    }

    /// Counts a call.
    pub(crate) fn earn(&self) {
        let mut saved = lock(&self.saved);
        *saved = (*saved + BUDGET_PER_CALL).min(BUDGET_SIZE);
    }

    /// Takes one retry if there is one.
    pub(crate) fn spend(&self) -> bool {
        let mut saved = lock(&self.saved);
        let enough = *saved >= 1.0;
        if enough {
            *saved -= 1.0;
        }
        enough
    }
}
