//! Which SQL a database speaks.

use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

/// The SQL that a database speaks.
///
/// Whatever depends on it is a `match` without a catch-all, so that the compiler finds every place
/// that a new variant concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// `SQLite`, in this process.
    Sqlite,
    /// `MySQL` and `MariaDB`.
    MySql,
}

impl Dialect {
    /// What the database behind `db` speaks.
    pub fn of(db: &impl ConnectionTrait) -> Self {
        match db.get_database_backend() {
            DbBackend::Sqlite => Self::Sqlite,
            DbBackend::MySql => Self::MySql,
            // The library's list is open; its other drivers are not built in.
            other => unreachable!("no connection to {other:?} can be opened"),
        }
    }
}
