//! Connections in numbers: how many there are, and how long they may take.

use std::time::Duration;

/// The connections of a pool at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool {
    /// What they are for: `read`, `write`, or `all`.
    pub name: &'static str,
    /// How many are open.
    pub open: u32,
    /// How many of those nobody uses.
    pub idle: u32,
    /// How many there may be.
    pub limit: u32,
}

/// How long a write may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long a closure may run.
    pub statement: Duration,
    /// How long a write may wait for its turn before it is refused.
    pub acquire: Duration,
    /// How many writes may wait (`SQLite`).
    pub queue: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { statement: Duration::from_secs(5), acquire: Duration::from_secs(2), queue: 4096 }
    }
}
