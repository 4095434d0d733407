//! The two handles to the database: one to read, one to write.
//!
//! A write is a closure over its input that may be run more than once and awaits nothing but the
//! database. It runs in a transaction, finishes even if its caller has gone, and is answered only
//! after the commit.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult,
    QueryResult, Statement, TransactionTrait,
};
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

use crate::connect::Exclusive;
use crate::dialect;
use crate::error::{CrudError, Result};
use crate::group::GroupWriter;

/// How often a closure that lost against another transaction is run.
const ATTEMPTS: u32 = 10;

/// Handles to the database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    /// Queries outside of transactions. On `SQLite` these connections cannot write.
    read: DatabaseConnection,
    writer: Writer,
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
    Group(GroupWriter),
    Pool(DatabaseConnection),
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

/// An open transaction. Statements are made through [`ConnectionTrait`], as on a connection.
pub struct Tx {
    inner: DatabaseTransaction,
    /// Statements that may have changed something.
    writes: AtomicU32,
    /// Whether a statement failed, handled or not.
    failed: AtomicBool,
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx").field("writes", &self.writes).finish_non_exhaustive()
    }
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Db").field("engine", &self.engine()).finish_non_exhaustive()
    }
}

impl Tx {
    pub(crate) async fn begin(connection: &DatabaseConnection) -> Result<Self> {
        let options = dialect::write_transaction(connection);
        let inner = connection.begin_with_options(options).await?;
        Ok(Self { inner, writes: AtomicU32::new(0), failed: AtomicBool::new(false) })
    }

    /// Whether nothing was written and no statement failed since the last call with the same
    /// `writes`.
    pub(crate) fn is_clean_since(&self, writes: u32) -> bool {
        self.writes() == writes && !self.failed.load(Ordering::Relaxed)
    }

    pub(crate) fn writes(&self) -> u32 {
        self.writes.load(Ordering::Relaxed)
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    pub(crate) async fn commit(self) -> Result<()> {
        match self.inner.commit().await.map_err(CrudError::from) {
            // The connection went away before the answer came: nobody knows.
            Err(CrudError::Unavailable(source)) => Err(CrudError::Ambiguous(source)),
            result => result,
        }
    }

    pub(crate) async fn rollback(self) {
        if let Err(error) = self.inner.rollback().await {
            tracing::debug!(%error, "rollback failed; the connection is given up");
        }
    }

    fn note<T>(&self, result: Result<T, DbErr>) -> Result<T, DbErr> {
        if result.is_err() {
            self.failed.store(true, Ordering::Relaxed);
        }
        result
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        let result = self.inner.execute_raw(statement).await;
        self.note(result)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        let result = self.inner.execute_unprepared(sql).await;
        self.note(result)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let result = self.inner.query_one_raw(statement).await;
        self.note(result)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let result = self.inner.query_all_raw(statement).await;
        self.note(result)
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
            metrics::counter!("database_panics_total").increment(1);
            Err(CrudError::Panicked)
        }
        Err(_elapsed) => Err(CrudError::Timeout),
    }
}

/// Runs `job` in a transaction of its own, again while it loses against others.
pub(crate) async fn run_alone(
    job: &dyn Job,
    connection: &DatabaseConnection,
    limits: &Limits,
) -> Result<()> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let result = async {
            let tx = Tx::begin(connection).await?;
            match run_contained(job, &tx, limits.statement).await {
                Ok(()) => tx.commit().await,
                Err(error) => {
                    tx.rollback().await;
                    Err(error)
                }
            }
        }
        .await;
        match result {
            Err(error) if error.is_retryable() && attempt < ATTEMPTS => {
                metrics::counter!("database_retries_total").increment(1);
                tokio::time::sleep(back_off(job, attempt)).await;
            }
            result => return result,
        }
    }
}

/// Longer at every attempt; rivals are told apart by where their closures lie in memory.
fn back_off(job: &dyn Job, attempt: u32) -> Duration {
    let place = std::ptr::from_ref(job).addr() >> 4;
    let spread = u64::try_from(place).unwrap_or(0).wrapping_mul(u64::from(attempt)) % 7;
    Duration::from_millis(u64::from(attempt) * 3 + spread)
}

impl Db {
    pub(crate) fn new(
        read: DatabaseConnection,
        write: DatabaseConnection,
        limits: Limits,
        guard: Option<Arc<Exclusive>>,
    ) -> Self {
        let tasks = TaskTracker::new();
        let writer = if dialect::has_single_writer(&write) {
            Writer::Group(GroupWriter::start(write, limits, &tasks))
        } else {
            Writer::Pool(write)
        };
        Self { read, writer, limits, tasks, is_full: Arc::default(), _guard: guard }
    }

    /// The engine as a person calls it.
    pub fn engine(&self) -> &'static str {
        dialect::name(&self.read)
    }

    /// Queries outside of transactions.
    pub(crate) fn read(&self) -> &DatabaseConnection {
        &self.read
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
            Writer::Group(group) => group.submit(job).await?,
            Writer::Pool(pool) => {
                let (pool, limits) = (pool.clone(), self.limits);
                self.tasks.spawn(async move {
                    let outcome = run_alone(&*job, &pool, &limits).await;
                    job.answer(outcome);
                });
            }
        }
        // The sender is dropped unanswered only when the process is going down.
        let result = answer.await.unwrap_or(Err(CrudError::Panicked));
        if matches!(result, Err(CrudError::StorageFull(_))) {
            self.is_full.store(true, Ordering::Relaxed);
        }
        result
    }

    /// Whether a write failed because the storage is full, and nobody has seen since that there is
    /// room ([`crate::servers::probe`]).
    pub fn is_full(&self) -> bool {
        self.is_full.load(Ordering::Relaxed)
    }

    /// Takes note that something could be stored. Not every write that succeeds shows that: one
    /// that changes nothing succeeds on a full disk, too.
    pub(crate) fn note_room(&self) {
        self.is_full.store(false, Ordering::Relaxed);
    }

    /// Asks the database whether it answers.
    pub async fn ping(&self) -> Result<()> {
        let statement = Statement::from_string(self.read.get_database_backend(), "SELECT 1");
        let ping = self.read.query_one_raw(statement);
        tokio::time::timeout(self.limits.acquire, ping).await.map_err(|_| CrudError::Timeout)??;
        Ok(())
    }

    /// Waits for writes in flight, then closes every connection.
    pub async fn close(&self) {
        let writer = match &self.writer {
            Writer::Group(group) => group.close(),
            Writer::Pool(pool) => pool.clone(),
        };
        self.tasks.close();
        self.tasks.wait().await;
        for connection in [self.read.clone(), writer] {
            if let Err(error) = connection.close().await {
                tracing::debug!(%error, "closing the database failed");
            }
        }
    }
}
