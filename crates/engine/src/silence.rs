//! Notices that a model has said nothing for a while.
//!
//! One timer, which is set again at most once in [`LIMIT`]: what comes only leaves its time behind.

use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// How long nothing may come before it is told.
const LIMIT: Duration = Duration::from_secs(10);
/// Later than any answer takes.
const NEVER: Duration = Duration::from_hours(24 * 365);

/// The silence of one attempt.
#[derive(Debug)]
pub(super) struct Silence {
    timer: Pin<Box<Sleep>>,
    /// When the silence is long enough to be told.
    due: Instant,
    /// Whether it was told, so that it is told once.
    is_told: bool,
}

impl Silence {
    /// It begins now.
    pub(super) fn new() -> Self {
        let due = Instant::now() + LIMIT;
        Self { timer: Box::pin(sleep_until(due)), due, is_told: false }
    }

    /// Takes note that something came; whether a silence was told that ends with it.
    pub(super) fn ended(&mut self) -> bool {
        self.due = Instant::now() + LIMIT;
        let was_told = std::mem::take(&mut self.is_told);
        if was_told {
            self.timer.as_mut().reset(self.due);
        }
        was_told
    }

    /// Takes note that nothing will come for `pause`, which is told already.
    pub(super) fn expected(&mut self, pause: Duration) {
        self.due = Instant::now() + pause + LIMIT;
        self.is_told = true;
        self.timer.as_mut().reset(self.due);
    }

    /// Waits until nothing has come for long enough. Once for each silence.
    pub(super) async fn fell(&mut self) {
        loop {
            self.timer.as_mut().await;
            if Instant::now() >= self.due {
                break;
            }
            self.timer.as_mut().reset(self.due);
        }
        self.is_told = true;
        self.timer.as_mut().reset(Instant::now() + NEVER);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a silence falls within `time`, which passes.
    async fn falls(silence: &mut Silence, time: Duration) -> bool {
        tokio::time::timeout(time, silence.fell()).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn a_silence_is_told_once_after_ten_seconds() {
        let mut silence = Silence::new();
        assert!(!falls(&mut silence, Duration::from_millis(9_990)).await);
        assert!(falls(&mut silence, Duration::from_millis(20)).await);
        assert!(!falls(&mut silence, Duration::from_hours(1)).await, "it is told");
        assert!(silence.ended());
        assert!(!silence.ended(), "it is over");
        assert!(!falls(&mut silence, Duration::from_millis(9_990)).await);
        assert!(falls(&mut silence, Duration::from_millis(20)).await, "the next one");
    }

    #[tokio::test(start_paused = true)]
    async fn whatever_comes_puts_it_off() {
        let mut silence = Silence::new();
        for _ in 0..100 {
            assert!(!falls(&mut silence, Duration::from_secs(9)).await);
            assert!(!silence.ended());
        }
        assert!(!falls(&mut silence, Duration::from_millis(9_990)).await);
        assert!(falls(&mut silence, Duration::from_millis(20)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_that_is_told_is_no_silence() {
        let mut silence = Silence::new();
        silence.expected(Duration::from_secs(20));
        assert!(!falls(&mut silence, Duration::from_millis(29_990)).await);
        assert!(falls(&mut silence, Duration::from_millis(20)).await, "the model is not there");
        silence.expected(Duration::from_secs(20));
        assert!(silence.ended(), "what was told ends with what comes");
    }
}
