//! The way to the database: how long an answer may take, and whether one did not come lately.
//!
//! A machine that loses its power says nothing. Without a limit a task that waits for it waits
//! until the system gives the connection up, a quarter of an hour later, and the pool with it.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sea_orm::{ConnAcquireErr, DatabaseConnection, DbErr};
use tokio::time::Instant;

use crate::dialect::{self, Class};

/// How long after a failure no connection is trusted.
const WARY: Duration = Duration::from_mins(1);

/// What a statement takes beside its longest text, in bytes: its words and its other values.
const BESIDE_A_TEXT: usize = 64 * 1024;

/// The open connections to a database.
#[derive(Debug)]
pub(crate) struct Pools {
    /// Those that read; with most engines the same as `write`.
    pub(crate) read: DatabaseConnection,
    /// Those that write.
    pub(crate) write: DatabaseConnection,
    /// What both go through.
    pub(crate) link: Link,
}

/// The way to one database. Clones are the same one.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    /// How long an answer may take; an embedded database always answers.
    limit: Option<Duration>,
    /// When an answer did not come.
    silent_at: Arc<Mutex<Option<Instant>>>,
    /// The largest packet that the server takes, in bytes, as the newest connection was told.
    packet: Arc<AtomicUsize>,
}

impl Link {
    /// To a database in this process.
    pub(crate) fn embedded() -> Self {
        Self { limit: None, silent_at: Arc::default(), packet: no_limit() }
    }

    /// To a server, whose answers may take as long as `limit`.
    pub(crate) fn remote(limit: Duration) -> Self {
        Self { limit: Some(limit), silent_at: Arc::default(), packet: no_limit() }
    }

    /// Takes note of the largest packet that the server takes, in bytes.
    pub(crate) fn note_packet(&self, bytes: usize) {
        self.packet.store(bytes, Ordering::Relaxed);
    }

    /// The largest packet that the server takes, in bytes.
    pub(crate) fn packet(&self) -> usize {
        self.packet.load(Ordering::Relaxed)
    }

    /// The same; none where nothing limits it.
    pub(crate) fn limit_of_packets(&self) -> Option<u64> {
        u64::try_from(self.packet()).ok().filter(|_| self.packet() != usize::MAX)
    }

    /// The longest text that certainly fits into one statement, in bytes.
    pub(crate) fn longest_text(&self) -> usize {
        match self.packet() {
            usize::MAX => usize::MAX,
            packet => packet.saturating_sub(BESIDE_A_TEXT),
        }
    }

    /// What the database answers; after the limit, the error of a pool that has no connection.
    pub(crate) async fn answer<T>(
        &self,
        work: impl Future<Output = Result<T, DbErr>>,
    ) -> Result<T, DbErr> {
        // Dropped after the silence was noted: the connection then goes back to a wary pool.
        let mut work = pin!(work);
        let answer = match self.limit {
            None => return work.await,
            Some(limit) => tokio::time::timeout(limit, work.as_mut()).await,
        };
        let answer = answer.unwrap_or(Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)));
        if let Err(error) = &answer
            && matches!(dialect::classify(error), Class::Unavailable | Class::PoolTimeout)
        {
            self.note_silence();
        }
        answer
    }

    /// Takes note that an answer did not come: every connection there is may be dead.
    pub(crate) fn note_silence(&self) {
        *self.silent_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether an answer did not come lately.
    pub(crate) fn is_doubtful(&self) -> bool {
        let silent_at = *self.silent_at.lock().unwrap_or_else(PoisonError::into_inner);
        silent_at.is_some_and(|at| at.elapsed() < WARY)
    }
}

fn no_limit() -> Arc<AtomicUsize> {
    Arc::new(AtomicUsize::new(usize::MAX))
}
