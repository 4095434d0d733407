//! An open write transaction.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult,
    QueryResult, Statement, TransactionTrait,
};

use crate::dialect;
use crate::error::{CrudError, Result};
use crate::link::Link;

/// An open transaction. Statements are made through [`ConnectionTrait`], as on a connection.
pub struct Tx {
    inner: DatabaseTransaction,
    link: Link,
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

impl Tx {
    pub(crate) async fn begin(connection: &DatabaseConnection, link: &Link) -> Result<Self> {
        let options = dialect::write_transaction(connection);
        let inner = link.answer(connection.begin_with_options(options)).await?;
        metrics::counter!("chatapp_database_transactions_total").increment(1);
        Ok(Self {
            inner,
            link: link.clone(),
            writes: AtomicU32::new(0),
            failed: AtomicBool::new(false),
        })
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
        let Err(source) = self.link.answer(self.inner.commit()).await else { return Ok(()) };
        Err(match CrudError::from(source.clone()) {
            // No answer came, or the connection went away before it: nobody knows.
            CrudError::Unavailable(_) | CrudError::Timeout => CrudError::Ambiguous(source),
            error => error,
        })
    }

    pub(crate) async fn rollback(self) {
        if let Err(error) = self.link.answer(self.inner.rollback()).await {
            tracing::debug!(%error, "rollback failed; the connection is given up");
        }
    }

    /// See [`crate::Db::longest_text`].
    pub(crate) fn longest_text(&self) -> usize {
        self.link.longest_text()
    }

    /// Refuses what the server would not take.
    fn check(&self, statement: &Statement) -> Result<(), DbErr> {
        match self.link.packet() {
            usize::MAX => Ok(()),
            limit => self.watch(dialect::check_size(statement, limit)),
        }
    }

    /// Counts a statement that was run.
    fn note<T>(&self, result: Result<T, DbErr>) -> Result<T, DbErr> {
        metrics::counter!("chatapp_database_statements_total", "handle" => "write").increment(1);
        self.watch(result)
    }

    fn watch<T>(&self, result: Result<T, DbErr>) -> Result<T, DbErr> {
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
        self.check(&statement)?;
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
