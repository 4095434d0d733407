//! Steps that meet the lock of another session.
//!
//! To change a table, `MySQL` and `MariaDB` wait until no transaction uses it any more. An open
//! transaction in an operator's shell would hold up every start without a word; so a session waits
//! for some seconds only (`lock_wait_timeout`), and this module says what it waits for.

use std::time::Duration;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::sqlx::{self, mysql::MySqlDatabaseError};
use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, RuntimeErr, Statement};
use tokio::time::Instant;

use crate::dialect::Dialect;
use crate::{Error, Migrator};

/// Applies the missing steps, again as long as another session's lock is in their way, for
/// `patience` at most.
pub(crate) async fn up(db: &DatabaseConnection, patience: Duration) -> Result<(), Error> {
    let began = Instant::now();
    loop {
        let error = match Migrator::up(db, None).await {
            Err(error) if matches!(number(&error), Some(1205 | 3572)) => error,
            result => return result.map_err(sorted),
        };
        let holders = sessions(db).await.unwrap_or_default();
        if began.elapsed() >= patience {
            return Err(Error::Locked(holders));
        }
        tracing::warn!(
            %error,
            "the schema cannot be changed because another session uses a table{holders}; trying again"
        );
    }
}

/// The number of an error of `MySQL` or `MariaDB`.
fn number(error: &DbErr) -> Option<u16> {
    let (DbErr::Exec(RuntimeErr::SqlxError(source)) | DbErr::Query(RuntimeErr::SqlxError(source))) =
        error
    else {
        return None;
    };
    let sqlx::Error::Database(error) = &**source else { return None };
    error.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number)
}

/// A failed statement, told by what its number means: 1044 and 1142 are missing rights on a
/// database and on a table, 1227 and 1370 others.
pub(crate) fn sorted(error: DbErr) -> Error {
    match number(&error) {
        Some(1044 | 1142 | 1227 | 1370) => Error::Rights(error),
        _ => Error::Database(error),
    }
}

/// The sessions that have been in this database for longest, as far as the account may see them.
async fn sessions(db: &DatabaseConnection) -> Result<String, DbErr> {
    let sql = match Dialect::of(db) {
        Dialect::Sqlite => return Ok(String::new()),
        Dialect::MySql => {
            "SELECT CONCAT('session ', ID, ' of ', USER, ' at ', HOST, ', ', LOWER(COMMAND), \
             ' for ', TIME, ' s') FROM information_schema.PROCESSLIST \
             WHERE DB = DATABASE() AND ID <> CONNECTION_ID() ORDER BY TIME DESC LIMIT 3"
        }
    };
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    let mut found = Vec::new();
    for row in rows {
        found.push(row.try_get_by_index::<String>(0)?);
    }
    Ok(if found.is_empty() { String::new() } else { format!(" ({})", found.join("; ")) })
}
