//! Named places at which a test build dies, at once and with everything it has in memory.
//!
//! `KILL_AT` names them in the order in which they have to be passed, each with how often, such as
//! `checkpoint.stored=2,answer.text=10`: the process is gone when the last one is reached.

use std::sync::{Mutex, OnceLock, PoisonError};

#[cfg(not(debug_assertions))]
compile_error!("kill-points are for tests: a release cannot be told to die");

/// The way that is left: places and how often each is still to be passed, the next one last.
static WAY: OnceLock<Mutex<Vec<(String, u32)>>> = OnceLock::new();

/// Ends the process when this is the end of the way that `KILL_AT` describes.
#[expect(clippy::disallowed_methods, reason = "dying without a goodbye is what it is for")]
pub fn kill_point(place: &str) {
    let mut way =
        WAY.get_or_init(|| Mutex::new(read())).lock().unwrap_or_else(PoisonError::into_inner);
    let Some((next, times)) = way.last_mut() else { return };
    if next != place {
        return;
    }
    *times = times.saturating_sub(1);
    if *times > 0 {
        return;
    }
    way.pop();
    if way.is_empty() {
        tracing::warn!(place, "dying here, as told");
        std::process::abort();
    }
}

fn read() -> Vec<(String, u32)> {
    let text = std::env::var("KILL_AT").unwrap_or_default();
    let step = |step: &str| match step.split_once('=') {
        Some((place, times)) => (place.to_owned(), times.parse().unwrap_or(1)),
        None => (step.to_owned(), 1),
    };
    text.split(',').rev().map(step).collect()
}
