//! The two handles to the database: one to read, one to write.
//!
//! A write is a closure over its input that may be run more than once and awaits nothing but the
//! database. It runs in a transaction, finishes even if its caller has gone, and is answered only
//! after the commit.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::BoxFuture;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

use crate::dialect;
use crate::error::{CrudError, Result};
use crate::exclusive::Exclusive;
use crate::give_back::Uses;
use crate::group::GroupWriter;
use crate::job::{Job as _, Typed, run_alone};
use crate::link::{Link, Pools};
use crate::pool::{Limits, Pool};
use crate::reader::Reader;

pub use crate::tx::Tx;

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

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Db").field("dialect", &dialect::name(&self.read)).finish_non_exhaustive()
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
        let job = Box::new(Typed::new(input, operation, reply));
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
