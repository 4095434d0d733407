//! Memory that the connections to an `SQLite` file keep, given back from time to time.
//!
//! Each connection keeps pages that it has read or written, and has the file mapped. After one
//! large read both are large and would stay so: nothing else makes a connection forget. So while
//! the database is used each connection gives back what it has every [`PERIOD`], and once more
//! after the last use; then nothing runs. Whatever is needed again is read from where the system
//! has it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{self, Executor as _, Sqlite, SqlitePool};
use tokio::sync::Notify;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// How long connections may keep what they have read.
const PERIOD: Duration = Duration::from_secs(15);

/// Where uses of the database are noted. Clones are the same; the last one to go ends the task.
#[derive(Debug, Clone)]
pub(crate) struct Uses {
    noted: Arc<Noted>,
    /// Ends the task.
    end: Arc<DropGuard>,
}

#[derive(Debug, Default)]
struct Noted {
    /// Whether there was one since the last time that memory was given back.
    any: AtomicBool,
    changed: Notify,
}

impl Noted {
    fn note(&self) {
        if !self.any.swap(true, Ordering::Relaxed) {
            self.changed.notify_one();
        }
    }
}

impl Uses {
    /// Starts to look after the connections of two pools.
    pub(crate) fn start(read: &SqlitePool, write: &SqlitePool, tasks: &TaskTracker) -> Self {
        let (noted, end) = (Arc::new(Noted::default()), CancellationToken::new());
        let work = look_after(read.clone(), write.clone(), noted.clone());
        tasks.spawn(end.clone().run_until_cancelled_owned(work));
        Self { noted, end: Arc::new(end.drop_guard()) }
    }

    /// Takes note that a connection is used.
    pub(crate) fn note(&self) {
        self.noted.note();
    }

    /// Ends the task.
    pub(crate) fn close(&self) {
        self.end.token().cancel();
    }
}

async fn look_after(read: SqlitePool, write: SqlitePool, noted: Arc<Noted>) {
    loop {
        noted.changed.notified().await;
        tokio::time::sleep(PERIOD).await;
        noted.any.store(false, Ordering::Relaxed);
        if !give_back(&read, &write).await {
            noted.note();
        }
    }
}

/// Lets the connections give back what they keep; whether none was too busy.
async fn give_back(read: &SqlitePool, write: &SqlitePool) -> bool {
    // All that nobody uses, so that each has its turn.
    let readers: Vec<_> = std::iter::from_fn(|| read.try_acquire()).collect();
    let all = readers.len() == usize::try_from(read.size()).unwrap_or(usize::MAX);
    for reader in readers {
        forget(reader).await;
    }
    // There is one, which is hardly ever free where much is written: this waits for its turn.
    let writer = write.acquire().await;
    let any = writer.is_ok();
    if let Ok(writer) = writer {
        forget(writer).await;
    }
    all && any
}

/// Lets one connection give back what it keeps. One that fails to is as it was, or reads without
/// the map; both are slower or larger, and never wrong.
async fn forget(mut connection: PoolConnection<Sqlite>) {
    let forgotten = async {
        connection.execute("PRAGMA shrink_memory").await?;
        let mapped: i64 =
            sqlx::query_scalar("PRAGMA mmap_size").fetch_one(&mut *connection).await?;
        if mapped > 0 {
            connection.execute("PRAGMA mmap_size = 0").await?;
            let map_again = sqlx::AssertSqlSafe(format!("PRAGMA mmap_size = {mapped}"));
            connection.execute(sqlx::raw_sql(map_again)).await?;
        }
        Ok::<_, sqlx::Error>(())
    };
    if let Err(error) = forgotten.await {
        tracing::debug!(%error, "a connection keeps what it has read");
    }
}

#[cfg(test)]
mod tests {
    use crate::sqlite::{self, SqliteOptions, Synchronous};

    use super::*;

    /// How many bytes of files in `folder` this process has mapped.
    fn mapped(folder: &std::path::Path) -> u64 {
        let file = format!("{}/chatapp.db", folder.display());
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
        let bytes = maps.lines().filter(|line| line.ends_with(&file)).map(|line| {
            let range = line.split_whitespace().next().unwrap();
            let (from, to) = range.split_once('-').unwrap();
            u64::from_str_radix(to, 16).unwrap() - u64::from_str_radix(from, 16).unwrap()
        });
        bytes.sum()
    }

    #[tokio::test]
    #[cfg(target_os = "linux")]
    async fn s2_connections_give_back_the_map_of_the_file_and_map_it_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chatapp.db");
        let options = SqliteOptions { path, readers: 2, synchronous: Synchronous::Normal };
        let pools = sqlite::open(&options, Duration::from_secs(5)).await.unwrap();
        let read = pools.read.get_sqlite_connection_pool();
        let write = pools.write.get_sqlite_connection_pool();
        write.execute("CREATE TABLE large (text BLOB)").await.unwrap();
        write.execute("INSERT INTO large VALUES (zeroblob(8000000))").await.unwrap();
        write.execute("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
        let look = async || {
            let mut both = [read.acquire().await.unwrap(), read.acquire().await.unwrap()];
            for connection in &mut both {
                let length: i64 = sqlx::query_scalar("SELECT SUM(LENGTH(hex(text))) FROM large")
                    .fetch_one(&mut **connection)
                    .await
                    .unwrap();
                assert_eq!(length, 16_000_000);
            }
        };
        look().await;
        let setting = async || {
            let size = sqlx::query_scalar::<_, i64>("PRAGMA mmap_size");
            size.fetch_one(read).await.unwrap()
        };
        let before = setting().await;
        if before > 0 {
            assert!(mapped(folder.path()) >= 16_000_000, "each has it mapped");
        }
        // A connection that is dropped takes a moment to be back.
        while read.num_idle() < 2 {
            tokio::task::yield_now().await;
        }
        assert!(give_back(read, write).await);
        assert_eq!(mapped(folder.path()), 0);
        assert_eq!(setting().await, before);
        look().await;
        // A busy one is left alone, and known to have been.
        let busy = read.acquire().await.unwrap();
        assert!(!give_back(read, write).await);
        drop(busy);
    }
}
