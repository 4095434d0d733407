//! The two handles to the database: one to read, one to write.
//!
//! A write is a closure over its input that may be run more than once and awaits nothing but the
//! database. It runs in a transaction, finishes even if its caller has gone, and is answered only
//! after the commit.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

use crate::connect::Exclusive;
use crate::dialect;
use crate::error::{CrudError, Result};
use crate::give_back::Uses;
use crate::group::GroupWriter;
use crate::link::Link;
use crate::reader::Reader;

pub use crate::tx::Tx;

/// How often a closure that lost against another transaction is run.
const ATTEMPTS: u32 = 10;
/// How often a closure is run whose connection turned out to be dead.
const CONNECTIONS: u32 = 3;

/// Handles to the database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    /// Queries outside of transactions. On `SQLite` these connections cannot write.
    read: Reader,
    writer: Writer,
    link: Link,
    limits: Limits,
    /// Writes in flight; [`Db::close`] waits for them.
    tasks: TaskTracker,
    /// Whether a write found the storage full, and none that had to store something succeeded since.
    is_full: Arc<AtomicBool>,
    /// Held as long as any handle exists (the exclusive lock on a data directory).
    _guard: Option<Arc<Exclusive>>,
}

#[derive(Clone)]
enum Writer {
    /// One, beside which [`Uses`] give back what connections keep.
    Group(GroupWriter, Uses),
    Pool(DatabaseConnection),
}

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

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Db").field("dialect", &dialect::name(&self.read)).finish_non_exhaustive()
    }
}

/// A write waiting for its turn, its types forgotten.
pub(crate) trait Job: Send + Sync {
    /// Runs the closure once and keeps its value.
    fn run<'c>(&'c self, tx: &'c Tx) -> BoxFuture<'c, Result<()>>;
    /// Answers the caller: with the kept value if the transaction was committed.
    fn answer(self: Box<Self>, outcome: Result<()>);
}

struct Typed<I, T, F> {
    input: I,
    operation: F,
    /// The value of the last run.
    value: std::sync::Mutex<Option<T>>,
    reply: oneshot::Sender<Result<T>>,
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

/// Shows as a metric whether the database answers, as far as this outcome tells.
fn show_up<T>(result: &Result<T>) {
    let is_up = match result {
        Err(
            CrudError::Unavailable(_)
            | CrudError::Ambiguous(_)
            | CrudError::Timeout
            | CrudError::Locked,
        ) => false,
        // The writer refused; nobody has asked the database.
        Err(CrudError::QueueFull | CrudError::Panicked) => return,
        _ => true,
    };
    metrics::gauge!("chatapp_database_up").set(f64::from(u8::from(is_up)));
}

/// Longer at every attempt, and by chance longer for one of two rivals than for the other.
fn back_off(attempt: u32) -> Duration {
    Duration::from_millis(u64::from(attempt) * 3 + fastrand::u64(0..7))
}

impl Db {
    pub(crate) fn new(
        Pools { read, write, link }: Pools,
        limits: Limits,
        guard: Option<Arc<Exclusive>>,
    ) -> Self {
        metrics::gauge!("chatapp_database_up").set(1.0);
        metrics::gauge!("chatapp_database_full").set(0.0);
        let tasks = TaskTracker::new();
        let uses = dialect::embedded_pools(&read, &write)
            .map(|(read, write)| Uses::start(read, write, &tasks));
        let writer = match &uses {
            Some(uses) => {
                let group = GroupWriter::start(write, link.clone(), limits, &tasks);
                Writer::Group(group, uses.clone())
            }
            None => Writer::Pool(write),
        };
        let read = Reader::new(read, link.clone(), uses);
        Self { read, writer, link, limits, tasks, is_full: Arc::default(), _guard: guard }
    }

    /// Queries outside of transactions.
    pub(crate) fn read(&self) -> &Reader {
        &self.read
    }

    /// The largest packet that a database server takes, in bytes; none of an embedded database.
    pub fn packet(&self) -> Option<u64> {
        self.link.limit_of_packets()
    }

    /// The longest text that certainly fits into one statement, in bytes; `usize::MAX` where
    /// nothing limits it.
    pub fn longest_text(&self) -> usize {
        self.link.longest_text()
    }

    /// Runs `operation` on `input` in a write transaction and answers after its commit.
    ///
    /// The closure may be run more than once, and runs to its end even if the caller is dropped.
    pub async fn write<I, T, F>(&self, input: I, operation: F) -> Result<T>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'c> Fn(&'c Tx, &'c I) -> BoxFuture<'c, Result<T>> + Send + Sync + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Typed { input, operation, value: std::sync::Mutex::new(None), reply });
        match &self.writer {
            Writer::Group(group, uses) => {
                uses.note();
                group.submit(job).await?;
            }
            Writer::Pool(pool) => {
                let (pool, link, limits) = (pool.clone(), self.link.clone(), self.limits);
                self.tasks.spawn(async move {
                    let outcome = run_alone(&*job, &pool, &link, &limits).await;
                    job.answer(outcome);
                });
            }
        }
        // The sender is dropped unanswered only when the process is going down.
        let result = answer.await.unwrap_or(Err(CrudError::Panicked));
        if matches!(result, Err(CrudError::StorageFull(_) | CrudError::ReadOnly(_))) {
            self.is_full.store(true, Ordering::Relaxed);
            metrics::gauge!("chatapp_database_full").set(1.0);
        }
        show_up(&result);
        result
    }

    /// Whether another program kept the write lock when it was last asked for.
    pub fn is_locked(&self) -> bool {
        match &self.writer {
            Writer::Group(group, _) => group.is_locked(),
            Writer::Pool(_) => false,
        }
    }

    /// Whether a write failed because the storage is full or read-only, and nobody has seen since
    /// that there is room ([`crate::servers::probe`]).
    pub fn is_full(&self) -> bool {
        self.is_full.load(Ordering::Relaxed)
    }

    /// Takes note that something could be stored. Not every write that succeeds shows that: one
    /// that changes nothing succeeds on a full disk, too.
    pub(crate) fn note_room(&self) {
        if self.is_full.swap(false, Ordering::Relaxed) {
            metrics::gauge!("chatapp_database_full").set(0.0);
        }
    }

    /// Asks the database whether it answers.
    pub async fn ping(&self) -> Result<()> {
        let statement = Statement::from_string(self.read.get_database_backend(), "SELECT 1");
        let ping = self.read.query_one_raw(statement);
        let result = match tokio::time::timeout(self.limits.acquire, ping).await {
            Ok(answer) => answer.map(drop).map_err(CrudError::from),
            Err(_elapsed) => Err(CrudError::Timeout.counted()),
        };
        show_up(&result);
        result
    }

    /// How busy the connections are.
    pub fn pools(&self) -> Vec<Pool> {
        match &self.writer {
            Writer::Group(group, _) => {
                vec![
                    dialect::pool("read", &self.read.pool()),
                    dialect::pool("write", group.connection()),
                ]
            }
            Writer::Pool(_) => vec![dialect::pool("all", &self.read.pool())],
        }
    }

    /// How many connections there may be that read.
    pub fn readers(&self) -> u32 {
        dialect::pool("read", &self.read.pool()).limit
    }

    /// Waits for writes in flight, then closes every connection.
    pub async fn close(&self) {
        let writer = match &self.writer {
            Writer::Group(group, uses) => {
                uses.close();
                group.close()
            }
            Writer::Pool(pool) => pool.clone(),
        };
        self.tasks.close();
        self.tasks.wait().await;
        for connection in [self.read.pool(), writer] {
            if let Err(error) = self.link.answer(connection.close()).await {
                tracing::debug!(%error, "closing the database failed");
            }
        }
    }
}
