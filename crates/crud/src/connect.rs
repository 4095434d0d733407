//! From connection options to an open, migrated database.

mod error;

use std::sync::Arc;
use std::time::Duration;

use migration::Applied;
use sea_orm::{DatabaseConnection, DbErr};
use tokio::time::Instant;

use crate::db::Db;
use crate::dialect::Class;
use crate::exclusive::Exclusive;
use crate::link::{Link, Pools};
use crate::pool::Limits;
use crate::transport::Transport;
use crate::{dialect, mysql, private, sqlite};

pub use self::error::ConnectError;
pub use crate::mysql::tls::{Tls, TlsMode, check_authorities};
pub use crate::mysql::{MySqlOptions, MySqlTarget};
pub use crate::sqlite::{SqliteOptions, Synchronous};

/// Which database to use.
#[derive(Debug, Clone)]
pub enum Database {
    /// The embedded one.
    Sqlite(SqliteOptions),
    /// `MySQL` or `MariaDB`.
    MySql(MySqlOptions),
}

/// How to open a database.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which one.
    pub database: Database,
    /// How long to try to reach it.
    pub give_up_after: Duration,
    /// Bounds on every write.
    pub limits: Limits,
    /// Whether to bring the schema up to date; otherwise an old schema is an error.
    pub migrate: bool,
    /// Whether to be the only server of an `SQLite` file.
    pub exclusive: bool,
}

/// An open database.
#[derive(Debug)]
pub struct Connected {
    /// The handles.
    pub db: Db,
    /// What was migrated.
    pub applied: Applied,
}

/// Opens the database: waits for it, creates it where it is missing, migrates it.
pub async fn connect(options: &Options) -> Result<Connected, ConnectError> {
    let guard = match &options.database {
        Database::Sqlite(sqlite) if options.exclusive => {
            Some(Arc::new(Exclusive::take(&sqlite.path)?))
        }
        Database::Sqlite(_) | Database::MySql(_) => None,
    };
    let pools = reach(options).await?;
    match &options.database {
        Database::Sqlite(sqlite) => private::keep_database(&sqlite.path),
        Database::MySql(_) => {}
    }
    if let Ok(Some(Transport { tls: None, is_here: false, .. })) =
        transport(&options.database, &pools.write).await
    {
        tracing::warn!(
            "what people write goes to the database server in plain text; DB_TLS=required asks for \
             TLS"
        );
    }
    let failed = |error| match error {
        migration::Error::Database(source) => damaged(&options.database, source)
            .unwrap_or_else(|source| migration::Error::Database(source).into()),
        other => other.into(),
    };
    let applied = if options.migrate {
        let applied = migration::run(&pools.write, options.give_up_after).await.map_err(failed)?;
        repair_views(&pools.write).await;
        applied
    } else {
        let pending = migration::pending(&pools.write).await.map_err(failed)?;
        if !pending.is_empty() {
            return Err(ConnectError::Outdated(pending.join(", ")));
        }
        Applied { steps: Vec::new() }
    };
    Ok(Connected { db: Db::new(pools, options.limits, guard), applied })
}

/// What a start says when the file is damaged; the error itself when it is not.
fn damaged(database: &Database, source: DbErr) -> Result<ConnectError, DbErr> {
    match database {
        Database::Sqlite(sqlite) if dialect::classify(&source) == Class::Damaged => {
            Ok(ConnectError::Damaged { path: sqlite.path.clone(), source })
        }
        Database::Sqlite(_) | Database::MySql(_) => Err(source),
    }
}

/// Makes the views again that are missing or that a dump brought from another account. The server
/// does without them, so failing is only said.
async fn repair_views(db: &DatabaseConnection) {
    match migration::views::repair(db).await {
        Ok(made) if made.is_empty() => {}
        Ok(made) => tracing::info!(views = made.join(", "), "made views again"),
        Err(error) => tracing::warn!(%error, "the views for people with a SQL tool are not right"),
    }
}

/// Tries to open the database until it answers or the time is over.
async fn reach(options: &Options) -> Result<Pools, ConnectError> {
    let began = Instant::now();
    let mut pause = Duration::from_millis(100);
    loop {
        let result = match &options.database {
            Database::Sqlite(sqlite) => sqlite::open(sqlite, options.limits.acquire).await,
            Database::MySql(mysql) => mysql::open(mysql, options.limits).await,
        };
        let (place, source) = match result {
            Err(ConnectError::Unreachable { place, source, .. }) => {
                match damaged(&options.database, source) {
                    Ok(damaged) => return Err(damaged),
                    Err(source) => (place, source),
                }
            }
            result => return result,
        };
        let left = options.give_up_after.saturating_sub(began.elapsed());
        if left.is_zero() {
            let waited = Duration::from_secs_f32(began.elapsed().as_secs_f32().round());
            return Err(ConnectError::Unreachable { place, waited, source });
        }
        tracing::warn!(place, error = %source, "the database cannot be reached; trying again");
        tokio::time::sleep(pause.min(left)).await;
        pause = (pause * 2).min(Duration::from_secs(5));
    }
}

/// A connection to a database that is there; creates nothing, and does not wait for it.
pub(crate) async fn open_existing(
    database: &Database,
    acquire: Duration,
) -> Result<Option<(DatabaseConnection, Link)>, ConnectError> {
    match database {
        Database::Sqlite(options) if !options.path.exists() => Ok(None),
        Database::Sqlite(options) => {
            let pools = sqlite::open(options, acquire).await?;
            close(pools.write).await;
            Ok(Some((pools.read, pools.link)))
        }
        Database::MySql(options) => {
            let limits = Limits { acquire, ..Limits::default() };
            let pools = mysql::open_existing(options, limits).await?;
            Ok(pools.map(|pools| (pools.write, pools.link)))
        }
    }
}

/// How `connection` is spoken; `None` of an embedded database.
pub(crate) async fn transport(
    database: &Database,
    connection: &DatabaseConnection,
) -> Result<Option<Transport>, DbErr> {
    match database {
        Database::Sqlite(_) => Ok(None),
        Database::MySql(options) => Transport::of(options, connection).await.map(Some),
    }
}

/// Gives a connection back.
pub(crate) async fn close(connection: DatabaseConnection) {
    if let Err(error) = connection.close().await {
        tracing::debug!(%error, "closing the database failed");
    }
}
