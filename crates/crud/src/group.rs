//! Group commit: the one writer of an `SQLite` database.
//!
//! It takes whatever waits, up to [`GROUP`] closures, runs them in one transaction without
//! savepoints and answers them together after the one commit: the sync of the disk is the window
//! in which the next group gathers. A closure that refuses before it has written anything leaves
//! nothing behind. After anything else that goes wrong the group is rolled back and each closure
//! is run again in a transaction of its own, so that nobody pays for a neighbour.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use sea_orm::DatabaseConnection;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use crate::error::{CrudError, Result};
use crate::job::{Job, begin, run_alone, run_contained};
use crate::link::Link;
use crate::pool::Limits;
use crate::tx::Tx;

/// The most closures that share a transaction.
const GROUP: usize = 256;

/// The way to the writer. Cheap to clone.
#[derive(Clone)]
pub(crate) struct GroupWriter {
    queue: mpsc::Sender<Box<dyn Job>>,
    connection: DatabaseConnection,
    limits: Limits,
    closed: Arc<tokio_util::sync::CancellationToken>,
    lock: Lock,
}

/// Whether another program kept the write lock when it was last asked for.
#[derive(Clone, Default)]
struct Lock(Arc<AtomicBool>);

impl Lock {
    fn is_foreign(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Takes note of an outcome; before anybody hears of it.
    fn note(&self, is_foreign: bool) {
        if self.0.swap(is_foreign, Ordering::Relaxed) == is_foreign {
            return;
        }
        if is_foreign {
            tracing::warn!("another program keeps the database locked; nothing can be stored");
        } else {
            tracing::info!("the database is free again");
        }
    }
}

impl GroupWriter {
    /// Starts the writer; it ends when it is closed or the last handle is gone.
    pub(crate) fn start(
        connection: DatabaseConnection,
        link: Link,
        limits: Limits,
        tasks: &TaskTracker,
    ) -> Self {
        let (queue, jobs) = mpsc::channel(limits.queue);
        let closed = Arc::new(tokio_util::sync::CancellationToken::new());
        let lock = Lock::default();
        let way = (connection.clone(), link);
        tasks.spawn(run(jobs, way, limits, closed.clone(), lock.clone()));
        Self { queue, connection, limits, closed, lock }
    }

    /// Puts a closure into the queue; refused when it stays full.
    pub(crate) async fn submit(&self, job: Box<dyn Job>) -> Result<()> {
        self.queue
            .send_timeout(job, self.limits.acquire)
            .await
            .map_err(|_refused| CrudError::QueueFull.counted())
    }

    /// Whether another program kept the write lock when it was last asked for.
    pub(crate) fn is_locked(&self) -> bool {
        self.lock.is_foreign()
    }

    /// The connection it writes on.
    pub(crate) fn connection(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// Lets the writer finish what is queued and end; gives back its connection.
    pub(crate) fn close(&self) -> DatabaseConnection {
        self.closed.cancel();
        self.connection.clone()
    }
}

async fn run(
    mut jobs: mpsc::Receiver<Box<dyn Job>>,
    way: (DatabaseConnection, Link),
    limits: Limits,
    closed: Arc<tokio_util::sync::CancellationToken>,
    lock: Lock,
) {
    let mut group = Vec::new();
    loop {
        tokio::select! {
            biased;
            taken = jobs.recv_many(&mut group, GROUP) => if taken == 0 { return },
            () = closed.cancelled() => jobs.close(),
        }
        if group.is_empty() {
            continue;
        }
        metrics::gauge!("chatapp_database_write_queue")
            .set(u32::try_from(jobs.len()).unwrap_or(u32::MAX));
        metrics::histogram!("chatapp_database_group_size")
            .record(f64::from(u32::try_from(group.len()).unwrap_or(u32::MAX)));
        let began = Instant::now();
        commit(std::mem::take(&mut group), &way, &limits, &lock).await;
        metrics::histogram!("chatapp_database_commit_seconds")
            .record(began.elapsed().as_secs_f64());
        if lock.is_foreign() {
            // They have waited in vain as long as those before them.
            while let Ok(job) = jobs.try_recv() {
                job.answer(Err(CrudError::Locked));
            }
        }
    }
}

/// Runs a group and answers all of it.
async fn commit(
    group: Vec<Box<dyn Job>>,
    way: &(DatabaseConnection, Link),
    limits: &Limits,
    lock: &Lock,
) {
    let mut is_locked = false;
    if group.len() > 1 {
        match begin(&way.0, &way.1).await {
            Ok(tx) => {
                lock.note(false);
                if let Some(outcomes) = together(&group, tx, limits).await {
                    for (job, outcome) in group.into_iter().zip(outcomes) {
                        job.answer(outcome);
                    }
                    return;
                }
            }
            Err(error) => is_locked = matches!(error, CrudError::Locked),
        }
    }
    for job in group {
        let outcome = if is_locked {
            Err(CrudError::Locked)
        } else {
            run_alone(&*job, &way.0, &way.1, limits).await
        };
        is_locked = matches!(outcome, Err(CrudError::Locked));
        lock.note(is_locked);
        job.answer(outcome);
    }
}

/// Runs all closures in one transaction: each one's outcome after the commit, or `None` when the
/// transaction was given up and nothing of it remains.
async fn together(group: &[Box<dyn Job>], tx: Tx, limits: &Limits) -> Option<Vec<Result<()>>> {
    let mut outcomes = Vec::with_capacity(group.len());
    for job in group {
        let writes = tx.writes();
        let outcome = run_contained(&**job, &tx, limits.statement).await;
        let is_refusal = !matches!(outcome, Err(CrudError::Panicked | CrudError::Timeout));
        let left_nothing = outcome.is_ok() || (is_refusal && tx.is_clean_since(writes));
        if tx.has_failed() || !left_nothing {
            tx.rollback().await;
            metrics::counter!("chatapp_database_groups_undone_total").increment(1);
            return None;
        }
        outcomes.push(outcome);
    }
    tx.commit().await.ok()?;
    Some(outcomes)
}
