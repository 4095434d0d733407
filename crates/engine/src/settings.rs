//! What the operator decides about answers.

use std::time::Duration;

/// How far to go on with interrupted answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Continuing {
    /// How often one answer is continued.
    pub attempts: u32,
    /// How many tokens that may read in all, for one answer.
    pub tokens: u32,
}

/// Limits and times of the engine.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How many responses run at once on this server.
    pub generations: u32,
    /// How many responses of one user run at once on this server.
    pub generations_per_user: u32,
    /// How often running responses are written to disk at the most.
    pub checkpoint_interval: Duration,
    /// How long the events of a response are kept after its end.
    pub event_retention: Duration,
    /// How far to go on with answers that the end of a server has interrupted; `None` to close
    /// them as interrupted.
    pub continuing: Option<Continuing>,
    /// What a model that continues its answer is told besides being shown what it has written.
    pub continue_instruction: Option<String>,
    /// Whether other servers may use the same database.
    pub shared_database: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            generations: 1000,
            generations_per_user: 8,
            checkpoint_interval: Duration::from_millis(200),
            event_retention: Duration::from_hours(24),
            continuing: None,
            continue_instruction: None,
            shared_database: false,
        }
    }
}
