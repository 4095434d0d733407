//! Opening an `SQLite` file: one writing connection and a few reading ones.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::sqlx::sqlite::{
    SqliteAutoVacuum, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions,
    SqliteSynchronous,
};
use sea_orm::sqlx::{self, ConnectOptions, Connection, Executor};
use sea_orm::{DbErr, RuntimeErr};

use crate::connect::ConnectError;
use crate::file_system::{self, FileSystem};
use crate::link::{Link, Pools};
use crate::private;

/// When a commit is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Synchronous {
    /// Before it is acknowledged: survives a power loss.
    Full,
    /// Soon: a power loss may cost the newest commits, a crash of the server costs nothing.
    Normal,
}

/// Where the file is and how to use it.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// The file; made when missing.
    pub path: PathBuf,
    /// How many connections read.
    pub readers: u32,
    /// When a commit is on disk.
    pub synchronous: Synchronous,
}

/// Prepared statements kept per connection: more than there are in this crate, so that none is
/// ever closed and prepared again.
pub(crate) const STATEMENTS: usize = 512;
/// How much of the file is read where the system has it in memory, instead of being copied into
/// each connection, in bytes.
const MAPPED: u64 = 1 << 30;
/// How much each connection keeps of what it has read, in KiB; SQLite takes KiB as a negative
/// number.
const CACHED_KIB: &str = "-16384";

pub(crate) async fn open(
    options: &SqliteOptions,
    acquire: Duration,
) -> Result<Pools, ConnectError> {
    if let Some(folder) = options.path.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|source| ConnectError::File { path: folder.to_owned(), source })?;
    }
    let failed = |source: sqlx::Error| ConnectError::Unreachable {
        place: options.path.display().to_string(),
        waited: Duration::ZERO,
        source: DbErr::Conn(RuntimeErr::SqlxError(source.into())),
    };
    if !options.path.exists() {
        private::open(&options.path)
            .map_err(|source| ConnectError::File { path: options.path.clone(), source })?;
        prepare_file(options).await.map_err(failed)?;
    }
    let base = SqliteConnectOptions::new()
        .filename(&options.path)
        .journal_mode(SqliteJournalMode::Wal)
        .foreign_keys(true)
        .synchronous(match options.synchronous {
            Synchronous::Full => SqliteSynchronous::Full,
            Synchronous::Normal => SqliteSynchronous::Normal,
        })
        // Only backups and people with a shell compete with the one writer.
        .busy_timeout(acquire)
        .pragma("journal_size_limit", "67108864")
        .pragma("cache_size", CACHED_KIB)
        .pragma("mmap_size", mapped(&options.path).to_string())
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging();
    let pool = |size| {
        SqlitePoolOptions::new()
            .max_connections(size)
            .min_connections(0)
            .acquire_timeout(acquire)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .after_release(|connection, _| Box::pin(has_no_transaction(connection)))
    };
    let write = pool(1).connect_with(base.clone()).await.map_err(failed)?;
    let read = pool(options.readers.max(1))
        .connect_with(base.pragma("query_only", "ON"))
        .await
        .map_err(failed)?;
    Ok(Pools { read: read.into(), write: write.into(), link: Link::embedded() })
}

/// Whether a connection may be used again.
///
/// A full disk makes SQLite itself roll back. The driver's own ROLLBACK then fails, and it goes on
/// to count a transaction that is not there: the next one would be a savepoint whose release
/// commits nothing. Such a connection is closed, and the pool opens another.
async fn has_no_transaction(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        // A rollback may be under way: its turn comes before this answer.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}

/// How much of a file is mapped. A disk that fails is an error of a read, but a signal that ends
/// the process where the file is mapped: nothing is mapped over a network, nor where nobody knows.
fn mapped(file: &Path) -> u64 {
    match file_system::of(file) {
        Some(FileSystem::Disk | FileSystem::Memory) => MAPPED,
        Some(FileSystem::Network(_) | FileSystem::Program) | None => 0,
    }
}

/// Settings that only an empty file can take: pages freed by deletes can be given back later.
async fn prepare_file(options: &SqliteOptions) -> Result<(), sqlx::Error> {
    let mut connection = SqliteConnectOptions::new()
        .filename(&options.path)
        .create_if_missing(true)
        .auto_vacuum(SqliteAutoVacuum::Incremental)
        .disable_statement_logging()
        .connect()
        .await?;
    connection.execute("VACUUM").await?;
    connection.close().await
}

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait, Statement};

    use super::*;

    #[tokio::test]
    async fn every_connection_maps_the_file_and_keeps_what_it_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chatapp.db");
        let options =
            SqliteOptions { path: path.clone(), readers: 2, synchronous: Synchronous::Full };
        let pools = open(&options, Duration::from_secs(5)).await.unwrap();
        let expected = i64::try_from(mapped(&path)).unwrap();
        if matches!(file_system::of(folder.path()), Some(FileSystem::Disk)) {
            assert_eq!(expected, 1 << 30);
        }
        for pool in [&pools.read, &pools.write] {
            let ask = async |sql| {
                let statement = Statement::from_string(pool.get_database_backend(), sql);
                let row = pool.query_one_raw(statement).await.unwrap().unwrap();
                row.try_get_by_index::<i64>(0).unwrap()
            };
            assert_eq!(ask("PRAGMA mmap_size").await, expected);
            assert_eq!(ask("PRAGMA cache_size").await, -16_384);
        }
    }
}
