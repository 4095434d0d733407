//! How far a long copy is, for the operator who waits for it.

use std::io::{self, IsTerminal as _, Write as _};

/// Work on less than this is over before anybody asks.
const WORTH_TELLING: u64 = 16 * 1024 * 1024;
/// A new line of the log every so many percent.
const STEP: u64 = 10;

/// Tells standard error: one line that is overwritten on a terminal, otherwise a log event for
/// every tenth.
#[derive(Debug)]
pub struct Progress {
    silent: bool,
    terminal: bool,
    stage: &'static str,
    /// The percentage that was told last.
    told: u64,
}

impl Progress {
    /// Tells nothing when `silent`.
    pub fn new(silent: bool) -> Self {
        Self { silent, terminal: io::stderr().is_terminal(), stage: "", told: 0 }
    }

    /// Begins another part of the work.
    pub(super) fn stage(&mut self, stage: &'static str) {
        self.end_line();
        self.stage = stage;
        self.told = 0;
    }

    /// `done` of `total` bytes are done.
    pub(super) fn at(&mut self, done: u64, total: u64) {
        if self.silent || total < WORTH_TELLING {
            return;
        }
        let percent = (done.saturating_mul(100) / total).min(100);
        if percent < self.told + if self.terminal { 1 } else { STEP } {
            return;
        }
        let stage = self.stage;
        if self.terminal {
            self.told = percent;
            // A terminal that is gone is no reason to stop.
            let _ = write!(io::stderr(), "\r{stage} {percent:3} %");
        } else {
            self.told = percent - percent % STEP;
            tracing::info!(percent = self.told, bytes = done, total, "{stage}");
        }
    }

    /// Leaves the line that was overwritten.
    fn end_line(&self) {
        if self.terminal && self.told > 0 {
            let _ = writeln!(io::stderr());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end_line();
    }
}
