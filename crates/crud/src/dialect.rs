//! The only place where the statements of databases differ.

use migration::dialect::Dialect;
use models::search_doc::Column as Doc;
use models::{UserId, search_doc};
use sea_orm::sea_query::{Expr, ExprTrait, LikeExpr};
use sea_orm::sqlx::{self, SqlitePool, mysql::MySqlDatabaseError};
use sea_orm::{
    ColumnTrait, Condition, ConnAcquireErr, ConnectionTrait, DatabaseConnection, DbErr, RuntimeErr,
    SqliteTransactionMode, Statement, TransactionOptions, Value,
};
use search::Term;

use crate::pool::Pool;
use crate::transport::Tls;

/// What kind of failure a driver reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Deadlock, lock wait, snapshot conflict, busy: run the whole closure again.
    Serialization,
    /// No connection became free in time.
    PoolTimeout,
    /// The connection could not be made or was lost.
    Unavailable,
    /// The disk is full or failing.
    StorageFull,
    /// The file, or the disk it is on, is read-only.
    ReadOnly,
    /// More than a packet may hold.
    TooLarge,
    /// The file is damaged, or was never a database: waiting mends neither.
    Damaged,
    /// Anything else.
    Other,
}

/// The words of an error of ours: a statement was not sent because the server would refuse it.
const TOO_LARGE: &str = "larger than max_allowed_packet";

/// Refuses a statement that is larger than a packet of `limit` bytes. A server that gets one ends
/// the connection, often before it has said why.
pub(crate) fn check_size(statement: &Statement, limit: usize) -> Result<(), DbErr> {
    let length = |value: &Value| match value {
        Value::String(Some(text)) => text.len(),
        Value::Bytes(Some(bytes)) => bytes.len(),
        _ => 0,
    };
    let values = statement.values.iter().flat_map(sea_orm::Values::iter);
    let size = values.map(|value| length(value) + PER_VALUE).sum::<usize>() + statement.sql.len();
    if size > limit { Err(DbErr::Custom(TOO_LARGE.to_owned())) } else { Ok(()) }
}

/// What a value takes in a packet beside its text: its type and its length.
const PER_VALUE: usize = 16;

/// Whether writes go through one writer with group commit (`SQLite`), rather than a pool.
pub(crate) fn has_single_writer(db: &impl ConnectionTrait) -> bool {
    match Dialect::of(db) {
        Dialect::Sqlite => true,
        Dialect::MySql => false,
    }
}

/// The connections to an embedded database: those that read and the one that writes. None of a
/// database server.
pub(crate) fn embedded_pools<'a>(
    read: &'a DatabaseConnection,
    write: &'a DatabaseConnection,
) -> Option<(&'a SqlitePool, &'a SqlitePool)> {
    match Dialect::of(write) {
        Dialect::Sqlite => {
            Some((read.get_sqlite_connection_pool(), write.get_sqlite_connection_pool()))
        }
        Dialect::MySql => None,
    }
}

/// How a write transaction begins. On `SQLite` it takes the write lock at once, so that it never
/// fails half-way because another connection was quicker; on `MySQL` the session already has
/// READ COMMITTED.
pub(crate) fn write_transaction(db: &impl ConnectionTrait) -> TransactionOptions {
    let sqlite_transaction_mode = match Dialect::of(db) {
        Dialect::Sqlite => Some(SqliteTransactionMode::Immediate),
        Dialect::MySql => None,
    };
    TransactionOptions { sqlite_transaction_mode, ..Default::default() }
}

/// The database as a person calls it.
pub(crate) fn name(db: &impl ConnectionTrait) -> &'static str {
    match Dialect::of(db) {
        Dialect::Sqlite => "SQLite",
        Dialect::MySql => "MySQL/MariaDB",
    }
}

/// The database's own words for its version.
pub(crate) async fn version(db: &impl ConnectionTrait) -> Result<String, DbErr> {
    let sql = match Dialect::of(db) {
        Dialect::Sqlite => "SELECT sqlite_version()",
        Dialect::MySql => "SELECT VERSION()",
    };
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    let version: Option<String> = row.map(|row| row.try_get_by_index(0)).transpose()?;
    Ok(format!("{} {}", name(db), version.unwrap_or_default()))
}

/// The time of a database server; none of an embedded database.
pub(crate) async fn time(db: &impl ConnectionTrait) -> Result<Option<models::Time>, DbErr> {
    let sql = match Dialect::of(db) {
        Dialect::Sqlite => return Ok(None),
        Dialect::MySql => "SELECT UTC_TIMESTAMP(6)",
    };
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    row.map(|row| row.try_get_by_index(0)).transpose()
}

/// Version and cipher of the connection to a database server; none in plain text, and none of an
/// embedded database.
pub(crate) async fn tls(db: &impl ConnectionTrait) -> Result<Option<Tls>, DbErr> {
    let sql = match Dialect::of(db) {
        Dialect::Sqlite => return Ok(None),
        Dialect::MySql => {
            "SHOW SESSION STATUS WHERE Variable_name IN ('Ssl_version', 'Ssl_cipher')"
        }
    };
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    let mut values = [String::new(), String::new()];
    for row in rows {
        let (name, value): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let [version, cipher] = &mut values;
        *(if name.eq_ignore_ascii_case("Ssl_version") { version } else { cipher }) = value;
    }
    let [version, cipher] = values;
    Ok((!cipher.is_empty()).then_some(Tls { version, cipher }))
}

/// How busy the connections of a pool are.
pub(crate) fn pool(name: &'static str, db: &DatabaseConnection) -> Pool {
    let count = |idle| u32::try_from(idle).unwrap_or(u32::MAX);
    match Dialect::of(db) {
        Dialect::Sqlite => {
            let pool = db.get_sqlite_connection_pool();
            let limit = pool.options().get_max_connections();
            Pool { name, open: pool.size(), idle: count(pool.num_idle()), limit }
        }
        Dialect::MySql => {
            let pool = db.get_mysql_connection_pool();
            let limit = pool.options().get_max_connections();
            Pool { name, open: pool.size(), idle: count(pool.num_idle()), limit }
        }
    }
}

/// How many rows refer to rows that do not exist, where the database would let that happen.
pub(crate) async fn orphans(db: &impl ConnectionTrait) -> Result<u64, DbErr> {
    let sql = match Dialect::of(db) {
        Dialect::Sqlite => "SELECT COUNT(*) FROM pragma_foreign_key_check",
        Dialect::MySql => return Ok(0),
    };
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    let count: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose()?;
    Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or_default())
}

/// Statement that removes freed pages from the file, where that is not done by itself.
pub(crate) fn incremental_vacuum(db: &impl ConnectionTrait) -> Option<&'static str> {
    match Dialect::of(db) {
        Dialect::Sqlite => Some("PRAGMA incremental_vacuum(1000)"),
        Dialect::MySql => None,
    }
}

/// That a column is NULL, where it hardly ever is. Without being told, `SQLite` takes it for
/// frequent and reads the whole conversation instead of asking an index.
pub(crate) fn is_rarely_null(db: &impl ConnectionTrait, column: impl ColumnTrait) -> Expr {
    match Dialect::of(db) {
        Dialect::Sqlite => Expr::cust_with_exprs("likelihood(?, 0.01)", [column.is_null()]),
        Dialect::MySql => column.is_null(),
    }
}

/// How many rows of `search_docs` one statement may look at. `None` where an index knows which
/// of them have the terms.
///
/// `FULLTEXT` is no such index: it forgets words that are short or frequent, each server others,
/// and sorts all it found before it gives the newest.
pub(crate) fn scan_step(db: &impl ConnectionTrait) -> Option<u64> {
    match Dialect::of(db) {
        Dialect::Sqlite => None,
        Dialect::MySql => Some(10_000),
    }
}

/// That a row of `search_docs` has all these terms. Where an index knows, it may name only the
/// newest `limit` of those below the row `below`.
pub(crate) fn has_terms(
    db: &impl ConnectionTrait,
    (owner, is_title): (UserId, bool),
    terms: &[Term],
    below: i64,
    limit: u64,
) -> Condition {
    // Terms consist of ASCII letters and digits: nothing in them has a meaning in a pattern.
    match Dialect::of(db) {
        Dialect::Sqlite => {
            let (_, random) = owner.0.as_u64_pair();
            let kind = if is_title { 't' } else { 'm' };
            let quoted = terms.iter().map(|term| match term {
                Term::Whole(term) => format!("\"{kind}{random:016x}{term}\""),
                Term::Beginning(term) => format!("\"{kind}{random:016x}{term}\" *"),
            });
            let query = quoted.collect::<Vec<_>>().join(" AND ");
            let rows = "doc IN (SELECT rowid FROM search_index WHERE search_index MATCH ? \
                        AND rowid < ? ORDER BY rowid DESC LIMIT ?)";
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            Condition::all().add(Expr::cust_with_values::<_, Value, _>(
                rows,
                [query.into(), below.into(), limit.into()],
            ))
        }
        Dialect::MySql => terms.iter().fold(Condition::all(), |all, term| {
            all.add(Expr::col((search_doc::Entity, Doc::Terms)).like(LikeExpr::new(match term {
                Term::Whole(term) => format!("% {term} %"),
                Term::Beginning(term) => format!("% {term}%"),
            })))
        }),
    }
}

/// Whether an error of class [`Class::Unavailable`] is one of the connection itself.
pub(crate) fn is_broken_connection(error: &DbErr) -> bool {
    matches!(
        error,
        DbErr::Conn(RuntimeErr::SqlxError(source))
        | DbErr::Exec(RuntimeErr::SqlxError(source))
        | DbErr::Query(RuntimeErr::SqlxError(source))
            if matches!(**source, sqlx::Error::Io(_) | sqlx::Error::Protocol(_))
    )
}

/// Sorts a driver error.
pub(crate) fn classify(error: &DbErr) -> Class {
    let source = match error {
        DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) => return Class::PoolTimeout,
        DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed) => return Class::Unavailable,
        DbErr::Conn(RuntimeErr::SqlxError(source))
        | DbErr::Exec(RuntimeErr::SqlxError(source))
        | DbErr::Query(RuntimeErr::SqlxError(source)) => &**source,
        DbErr::Custom(words) if words == TOO_LARGE => return Class::TooLarge,
        _ => return Class::Other,
    };
    match source {
        sqlx::Error::PoolTimedOut => Class::PoolTimeout,
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => Class::Unavailable,
        sqlx::Error::Database(database) => {
            if let Some(mysql) = database.try_downcast_ref::<MySqlDatabaseError>() {
                classify_mysql(mysql.number())
            } else {
                // The extended result code; its low byte is the primary one.
                let code = database.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or(0);
                classify_sqlite(code & 0xff)
            }
        }
        _ => Class::Other,
    }
}

fn classify_mysql(number: u16) -> Class {
    match number {
        // Deadlock, lock wait timeout, record changed since last read (MariaDB snapshot isolation),
        // a lock that is not waited for.
        1213 | 1205 | 1020 | 3572 => Class::Serialization,
        // Disk full, table full, error writing file.
        1021 | 1114 | 3 | 1026 => Class::StorageFull,
        // A packet, or the result of a function, above max_allowed_packet.
        1153 | 1301 => Class::TooLarge,
        // Too many connections (of all, of this account), network errors as the server sees them,
        // shutting down, not ready (Galera), error during commit, read-only node, killed.
        1040
        | 1158..=1161
        | 1203
        | 1226
        | 1053
        | 1047
        | 1180
        | 1290
        | 1317
        | 1836
        | 1927
        | 2006
        | 2013 => Class::Unavailable,
        _ => Class::Other,
    }
}

fn classify_sqlite(primary: i32) -> Class {
    match primary {
        // BUSY, LOCKED.
        5 | 6 => Class::Serialization,
        // IOERR, FULL.
        10 | 13 => Class::StorageFull,
        // READONLY.
        8 => Class::ReadOnly,
        // CANTOPEN.
        14 => Class::Unavailable,
        // CORRUPT, NOTADB.
        11 | 26 => Class::Damaged,
        _ => Class::Other,
    }
}
