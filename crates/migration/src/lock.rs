//! A lease on the right to migrate: one row, raised every second by its holder.
//!
//! Not a named lock of the server: those are not cluster-wide on Galera. No clocks are compared:
//! a server that waits watches the row by its own monotonic clock and takes it over when it has not
//! moved for [`STALE`].

use std::time::Duration;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::ddl;

/// The table that holds the one row.
pub const TABLE: &str = "migration_lock";
/// How long the row must stand still before another server may take it.
pub const STALE: Duration = Duration::from_secs(10);
const BEAT: Duration = Duration::from_secs(1);
const POLL: Duration = Duration::from_millis(200);

/// The right to migrate; ends with [`Lease::release`], or [`STALE`] after its holder died.
#[derive(Debug)]
pub struct Lease {
    db: DatabaseConnection,
    holder: i64,
    heartbeats: JoinHandle<()>,
}

/// Waits for the lease.
pub async fn acquire(db: &DatabaseConnection) -> Result<Lease, DbErr> {
    db.execute_unprepared(&format!(
        "CREATE TABLE IF NOT EXISTS {TABLE} (id INTEGER NOT NULL PRIMARY KEY, holder BIGINT NOT NULL, \
         beat BIGINT NOT NULL){}",
        ddl::options(db)
    ))
    .await?;
    let holder = random_holder();
    let mut seen: Option<((i64, i64), Instant)> = None;
    loop {
        let current = read(db).await?;
        let taken = match (current, seen) {
            (None, _) => claim(db, holder).await?,
            (Some(now), Some((before, since))) if now == before && since.elapsed() >= STALE => {
                tracing::warn!("taking over the migration lease of a server that stopped moving");
                take_over(db, holder, now).await?
            }
            (Some(now), Some((before, _))) if now == before => false,
            (Some(now), _) => {
                seen = Some((now, Instant::now()));
                false
            }
        };
        if taken {
            let heartbeats = heartbeat(db.clone(), holder);
            return Ok(Lease { db: db.clone(), holder, heartbeats });
        }
        tokio::time::sleep(POLL).await;
    }
}

impl Lease {
    /// Lets the next server have it.
    pub async fn release(self) -> Result<(), DbErr> {
        self.heartbeats.abort();
        let sql = format!("DELETE FROM {TABLE} WHERE id = 1 AND holder = ?");
        execute(&self.db, &sql, [self.holder.into()]).await?;
        Ok(())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.heartbeats.abort();
    }
}

/// Tells holders apart; the address space layout and the process id are random enough for that.
fn random_holder() -> i64 {
    use std::hash::{BuildHasher, Hasher};
    let mut hasher = std::collections::hash_map::RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    i64::from_ne_bytes(hasher.finish().to_ne_bytes())
}

#[expect(clippy::disallowed_methods, reason = "aborted by its only owner, the lease")]
fn heartbeat(db: DatabaseConnection, holder: i64) -> JoinHandle<()> {
    tokio::spawn(async move {
        let sql = format!("UPDATE {TABLE} SET beat = beat + 1 WHERE id = 1 AND holder = ?");
        loop {
            tokio::time::sleep(BEAT).await;
            if let Err(error) = execute(&db, &sql, [holder.into()]).await {
                tracing::warn!(%error, "could not raise the migration lease");
            }
        }
    })
}

async fn read(db: &DatabaseConnection) -> Result<Option<(i64, i64)>, DbErr> {
    let sql = format!("SELECT holder, beat FROM {TABLE} WHERE id = 1");
    let statement = Statement::from_string(db.get_database_backend(), sql);
    match db.query_one_raw(statement).await? {
        Some(row) => Ok(Some((row.try_get("", "holder")?, row.try_get("", "beat")?))),
        None => Ok(None),
    }
}

async fn claim(db: &DatabaseConnection, holder: i64) -> Result<bool, DbErr> {
    let sql = format!("INSERT INTO {TABLE} (id, holder, beat) VALUES (1, ?, 0)");
    match execute(db, &sql, [holder.into()]).await {
        Ok(_) => Ok(true),
        // Another server was quicker.
        Err(error) if error.sql_err().is_some() => Ok(false),
        Err(error) => Err(error),
    }
}

async fn take_over(db: &DatabaseConnection, holder: i64, from: (i64, i64)) -> Result<bool, DbErr> {
    let sql =
        format!("UPDATE {TABLE} SET holder = ?, beat = 0 WHERE id = 1 AND holder = ? AND beat = ?");
    Ok(execute(db, &sql, [holder.into(), from.0.into(), from.1.into()]).await? == 1)
}

async fn execute<const N: usize>(
    db: &DatabaseConnection,
    sql: &str,
    values: [sea_orm_migration::sea_orm::Value; N],
) -> Result<u64, DbErr> {
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    Ok(db.execute_raw(statement).await?.rows_affected())
}
