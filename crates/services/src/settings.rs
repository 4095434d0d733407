//! What the operator decides.

use std::time::Duration;

pub use crate::requests::RequestLimits;
pub use crate::streams::StreamLimits;

/// When waiting begins, and how long it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThrottleLimits {
    /// How many wrong passwords for one account cost nothing, from one address.
    pub attempts: u32,
    /// How many from one address cost nothing.
    pub attempts_per_address: u32,
    /// The longest wait.
    pub longest: Duration,
}

/// Who may make an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signup {
    /// Anybody who reaches the server.
    Open,
    /// People who were invited.
    Invite,
    /// Nobody.
    Closed,
    /// People at the server's own machine, and elsewhere people who were invited.
    Auto,
}

/// Who names a conversation that its owner has not named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Titles {
    /// Nobody: it is called by its first line.
    Off,
    /// The model that gave the first answer.
    Same,
    /// This model.
    Model(String),
}

/// Limits and times of the use cases.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Who may make an account.
    pub signup: Signup,
    /// When wrong passwords make a caller wait.
    pub throttle: ThrottleLimits,
    /// When sign-ups and wrong codes make a caller wait.
    pub signups: ThrottleLimits,
    /// How long a session lives at the most.
    pub session_lifetime: Duration,
    /// How long a refresh token waits for its use.
    pub refresh_lifetime: Duration,
    /// How long after its use a refresh token may be presented again, its answer being lost.
    pub refresh_grace: Duration,
    /// How many API keys a user may have.
    pub keys_per_user: u32,
    /// How many event streams are open at once on this server.
    pub streams: StreamLimits,
    /// How many requests one user, and one API key, may make in a minute.
    pub requests: RequestLimits,
    /// How many bytes of text one user may store; zero for any number.
    pub storage_per_user: u64,
    /// How long a deleted conversation can be restored; zero removes it at once.
    pub trash_retention: Duration,
    /// Who names a conversation after its first answer.
    pub titles: Titles,
    /// How answers are made.
    pub engine: engine::Settings,
}

impl Default for Settings {
    fn default() -> Self {
        const DAY: u64 = 24 * 60 * 60;
        Self {
            signup: Signup::Open,
            throttle: ThrottleLimits {
                attempts: 5,
                attempts_per_address: 20,
                longest: Duration::from_mins(1),
            },
            signups: ThrottleLimits {
                attempts: 20,
                attempts_per_address: 20,
                longest: Duration::from_mins(1),
            },
            session_lifetime: Duration::from_secs(30 * DAY),
            refresh_lifetime: Duration::from_secs(14 * DAY),
            refresh_grace: Duration::from_secs(20),
            keys_per_user: 50,
            streams: StreamLimits { per_user: 256, per_address: 1024 },
            requests: RequestLimits { per_user: 3000, per_key: 1200 },
            storage_per_user: 0,
            trash_retention: Duration::from_secs(30 * DAY),
            titles: Titles::Same,
            engine: engine::Settings::default(),
        }
    }
}
