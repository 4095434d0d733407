//! A write on its way: a closure that is run in a transaction, again where that may help.

use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sea_orm::DatabaseConnection;
use tokio::sync::oneshot;

use crate::dialect;
use crate::error::{CrudError, Result};
use crate::link::Link;
use crate::pool::Limits;
use crate::tx::Tx;

/// How often a closure that lost against another transaction is run.
const ATTEMPTS: u32 = 10;
/// How often a closure is run whose connection turned out to be dead.
const CONNECTIONS: u32 = 3;

/// A write waiting for its turn, its types forgotten.
pub(crate) trait Job: Send + Sync {
    /// Runs the closure once and keeps its value.
    fn run<'c>(&'c self, tx: &'c Tx) -> BoxFuture<'c, Result<()>>;
    /// Answers the caller: with the kept value if the transaction was committed.
    fn answer(self: Box<Self>, outcome: Result<()>);
}

/// A write with its types.
pub(crate) struct Typed<I, T, F> {
    input: I,
    operation: F,
    /// The value of the last run.
    value: Mutex<Option<T>>,
    reply: oneshot::Sender<Result<T>>,
}

impl<I, T, F> Typed<I, T, F> {
    /// A write whose caller waits for `reply`.
    pub(crate) fn new(input: I, operation: F, reply: oneshot::Sender<Result<T>>) -> Self {
        Self { input, operation, value: Mutex::new(None), reply }
    }
}

impl<I, T, F> Job for Typed<I, T, F>
where
    I: Send + Sync,
    T: Send,
    F: for<'c> Fn(&'c Tx, &'c I) -> BoxFuture<'c, Result<T>> + Send + Sync,
{
    fn run<'c>(&'c self, tx: &'c Tx) -> BoxFuture<'c, Result<()>> {
        Box::pin(async move {
            let value = (self.operation)(tx, &self.input).await?;
            if let Ok(mut slot) = self.value.lock() {
                *slot = Some(value);
            }
            Ok(())
        })
    }

    fn answer(self: Box<Self>, outcome: Result<()>) {
        let value = self.value.into_inner().ok().flatten();
        let result = match (outcome, value) {
            (Ok(()), Some(value)) => Ok(value),
            (Ok(()), None) => Err(CrudError::Panicked),
            (Err(error), _) => Err(error),
        };
        // A caller that has gone does not need to know.
        let _ = self.reply.send(result);
    }
}

/// Runs `job` once inside `tx`: contained on panic, with a deadline.
pub(crate) async fn run_contained(job: &dyn Job, tx: &Tx, deadline: Duration) -> Result<()> {
    let run = AssertUnwindSafe(job.run(tx)).catch_unwind();
    match tokio::time::timeout(deadline, run).await {
        Ok(Ok(result)) => result,
        Ok(Err(_panic)) => {
            metrics::counter!("chatapp_database_panics_total").increment(1);
            Err(CrudError::Panicked)
        }
        Err(_elapsed) => Err(CrudError::Timeout.counted()),
    }
}

/// Runs `job` in a transaction of its own, again while it loses against others.
pub(crate) async fn run_alone(
    job: &dyn Job,
    connection: &DatabaseConnection,
    link: &Link,
    limits: &Limits,
) -> Result<()> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        match run_once(job, connection, link, limits).await {
            Err(error) if error.is_retryable() && attempt < ATTEMPTS => {
                metrics::counter!("chatapp_database_retries_total").increment(1);
                tokio::time::sleep(back_off(attempt)).await;
            }
            // Nothing was written, and others of the pool may be alive.
            Err(CrudError::Unavailable(_)) if attempt < CONNECTIONS => {}
            result => return result,
        }
    }
}

/// Begins a transaction. The one writer of a file has no rival in this process, so a lock that it
/// does not get in time is another program's, and may be held for long: that is not tried again.
pub(crate) async fn begin(connection: &DatabaseConnection, link: &Link) -> Result<Tx> {
    match Tx::begin(connection, link).await {
        Err(CrudError::Serialization(_)) if dialect::has_single_writer(connection) => {
            Err(CrudError::Locked.counted())
        }
        result => result,
    }
}

async fn run_once(
    job: &dyn Job,
    connection: &DatabaseConnection,
    link: &Link,
    limits: &Limits,
) -> Result<()> {
    let tx = begin(connection, link).await?;
    match run_contained(job, &tx, limits.statement).await {
        Ok(()) => tx.commit().await,
        Err(error) => {
            if matches!(error, CrudError::Timeout) {
                link.note_silence();
            }
            tx.rollback().await;
            Err(error)
        }
    }
}

/// Longer at every attempt, and by chance longer for one of two rivals than for the other.
fn back_off(attempt: u32) -> Duration {
    Duration::from_millis(u64::from(attempt) * 3 + fastrand::u64(0..7))
}
