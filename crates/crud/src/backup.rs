//! Copies of an `SQLite` file, and what must be known of one before it is trusted.
//!
//! Nothing here needs the server to stand still: `VACUUM INTO` copies one snapshot while others
//! write. (The engine's own backup interface begins again whenever another process has written,
//! so under load it never ends.)

use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sea_orm::sqlx::{self, AssertSqlSafe, ConnectOptions, Connection};
use sea_orm::{DbErr, RuntimeErr};

/// What a database file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// The steps of the schema that were applied, in order.
    pub steps: Vec<String>,
    /// The number of rows of each table of ours, by the table's name.
    pub rows: Vec<(&'static str, u64)>,
}

impl Contents {
    /// The first step that this release does not know.
    pub fn newer_step(&self) -> Option<&str> {
        let known = migration::steps();
        self.steps.iter().find(|step| !known.contains(step)).map(String::as_str)
    }

    /// How many steps of this release are missing.
    pub fn missing_steps(&self) -> usize {
        migration::steps().iter().filter(|step| !self.steps.contains(step)).count()
    }
}

/// Why a database file cannot be copied or read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Its pages contradict each other.
    #[error("{} is damaged: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the check found first.
        what: String,
    },
    /// It is a database, but none of ours.
    #[error("{} holds no chatapp data", .0.display())]
    Foreign(PathBuf),
    /// Its name is not UTF-8, which the engine asks for.
    #[error("the name {} is not UTF-8; choose another", .0.display())]
    Name(PathBuf),
    /// A statement failed.
    #[error("a statement on {} failed: {source}", path.display())]
    Failed {
        /// The file.
        path: PathBuf,
        /// What the driver says.
        source: DbErr,
    },
}

/// How many bytes [`copy`] will write: the pages in use.
pub async fn size(source: &Path) -> Result<u64, FileError> {
    let sql = "SELECT ((SELECT page_count FROM pragma_page_count) \
               - (SELECT freelist_count FROM pragma_freelist_count)) \
               * (SELECT page_size FROM pragma_page_size)";
    let bytes: i64 =
        on(live(source), source, async |c| sqlx::query_scalar(sql).fetch_one(c).await).await?;
    Ok(u64::try_from(bytes).unwrap_or_default())
}

/// Writes one snapshot of the database at `source` to the empty file `target`, without free
/// pages. Writers go on; what they commit after the beginning is not in it. `target` is not
/// synced to disk.
pub async fn copy(source: &Path, target: &Path) -> Result<(), FileError> {
    // Absolute, so that no name is taken for a URI.
    let name = std::path::absolute(target).ok().and_then(|path| path.to_str().map(str::to_owned));
    let name = name.ok_or_else(|| FileError::Name(target.to_owned()))?;
    on(live(source), source, async |c| sqlx::query("VACUUM INTO ?").bind(name).execute(c).await)
        .await?;
    Ok(())
}

/// Checks every page and index of a file that nobody writes to, and says what it holds. Bytes
/// behind the last page are not looked at.
pub async fn inspect(file: &Path) -> Result<Contents, FileError> {
    // Without locks and files beside it: a backup may lie where nothing can be written.
    let options = SqliteConnectOptions::new().filename(file).read_only(true).immutable(true);
    let (found, contents) =
        on(options, file, async |c| Ok((check(c).await?, contents(c).await?))).await?;
    is_whole(file, &found)?;
    contents.ok_or_else(|| FileError::Foreign(file.to_owned()))
}

/// Checks every page and index of a database that may be in use.
pub async fn check_live(file: &Path) -> Result<(), FileError> {
    is_whole(file, &on(live(file), file, check).await?)
}

/// Brings everything that was committed into the one file, so that it can be moved alone.
/// As far as nothing else uses the database: a program that moves it moves its log, if it has one.
pub async fn settle(file: &Path) -> Result<(), FileError> {
    let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
    // The last connection removes the write-ahead log when it closes. A person with a shell may
    // keep it there; that is not waited for.
    let options = live(file).busy_timeout(Duration::ZERO);
    on(options, file, async |c| sqlx::query(sql).execute(c).await).await?;
    Ok(())
}

/// Ends every session of a database that nobody uses: all clients have to log in again. The
/// number of sessions that were open.
pub async fn end_sessions(file: &Path, now: models::Time) -> Result<u64, FileError> {
    let sql = "UPDATE sessions SET revoked_at = ? WHERE revoked_at IS NULL";
    let done = on(live(file), file, async |c| sqlx::query(sql).bind(now).execute(c).await).await?;
    Ok(done.rows_affected())
}

fn live(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(file).busy_timeout(Duration::from_secs(5))
}

/// Does `work` on a connection of its own, which is closed when this returns.
async fn on<T>(
    options: SqliteConnectOptions,
    file: &Path,
    work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, sqlx::Error>,
) -> Result<T, FileError> {
    let connected = options.disable_statement_logging().connect().await;
    let mut connection = connected.map_err(|error| explain(error, file))?;
    let done = work(&mut connection).await;
    if let Err(error) = connection.close().await {
        tracing::debug!(%error, "closing a database file failed");
    }
    done.map_err(|error| explain(error, file))
}

/// What is wrong with the pages and indexes; `ok` if nothing is.
async fn check(connection: &mut SqliteConnection) -> Result<String, sqlx::Error> {
    sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(connection).await
}

fn is_whole(file: &Path, found: &str) -> Result<(), FileError> {
    if found == "ok" {
        return Ok(());
    }
    Err(FileError::Damaged { path: file.to_owned(), what: found.replace('\n', " ") })
}

/// What a database holds; none if it is not one of ours.
async fn contents(connection: &mut SqliteConnection) -> Result<Option<Contents>, sqlx::Error> {
    let names: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'table'")
            .fetch_all(&mut *connection)
            .await?;
    let exists = |table: &str| names.iter().any(|name| name == table);
    if !exists(migration::record::TABLE) {
        return Ok(None);
    }
    let sql = format!("SELECT version FROM {} ORDER BY version", migration::record::TABLE);
    let steps = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut *connection).await?;
    let mut rows = Vec::new();
    for table in migration::TABLES.into_iter().filter(|table| exists(table)) {
        let sql = AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
        let count: i64 = sqlx::query_scalar(sql).fetch_one(&mut *connection).await?;
        rows.push((table, u64::try_from(count).unwrap_or_default()));
    }
    Ok(Some(Contents { steps, rows }))
}

fn explain(error: sqlx::Error, file: &Path) -> FileError {
    // CORRUPT and NOTADB, of which the driver may give an extended code.
    let code = |error: &sqlx::Error| {
        let code = error.as_database_error()?.code()?.parse::<i32>().ok()?;
        Some(code & 0xff)
    };
    if matches!(code(&error), Some(11 | 26)) {
        let what = error.as_database_error().map(|error| error.message().to_owned());
        return FileError::Damaged { path: file.to_owned(), what: what.unwrap_or_default() };
    }
    let source = DbErr::Exec(RuntimeErr::SqlxError(error.into()));
    FileError::Failed { path: file.to_owned(), source }
}
