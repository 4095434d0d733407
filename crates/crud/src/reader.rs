//! The handle for queries outside of transactions.

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, Statement,
};

use crate::dialect::{self, Class};
use crate::give_back::Uses;
use crate::link::Link;

/// Runs queries. One whose connection turns out to be dead is run again on another: nothing that
/// is done here changes anything.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    pool: DatabaseConnection,
    link: Link,
    /// Only of `SQLite`.
    uses: Option<Uses>,
}

impl Reader {
    pub(crate) fn new(pool: DatabaseConnection, link: Link, uses: Option<Uses>) -> Self {
        Self { pool, link, uses }
    }

    /// The connections.
    pub(crate) fn pool(&self) -> DatabaseConnection {
        self.pool.clone()
    }

    async fn ask<T, F>(&self, query: impl Fn() -> F) -> Result<T, DbErr>
    where
        F: Future<Output = Result<T, DbErr>>,
    {
        metrics::counter!("chatapp_database_statements_total", "handle" => "read").increment(1);
        if let Some(uses) = &self.uses {
            uses.note();
        }
        match self.link.answer(query()).await {
            Err(error) if dialect::classify(&error) == Class::Unavailable => {
                self.link.answer(query()).await
            }
            answer => answer,
        }
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Reader {
    fn get_database_backend(&self) -> DbBackend {
        self.pool.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.ask(|| self.pool.execute_raw(statement.clone())).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.ask(|| self.pool.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.ask(|| self.pool.query_one_raw(statement.clone())).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.ask(|| self.pool.query_all_raw(statement.clone())).await
    }
}
