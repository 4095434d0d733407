//! Every SQL statement, behind two handles: [`Db`] reads, and runs write transactions.
pub mod backup;
pub mod connect;
pub mod db;
mod dialect;
pub mod engine;
pub mod error;
pub mod examine;
mod exclusive;
mod expiry;
pub mod file_system;
mod give_back;
mod group;
pub mod idempotency;
mod job;
#[cfg(feature = "kill-points")]
mod kill_point;
mod link;
mod mysql;
pub mod owned;
mod pool;
pub mod private;
mod reader;
mod sqlite;
pub mod transport;
mod tx;
pub use connect::{
    ConnectError, Connected, Database, MySqlOptions, MySqlTarget, Options, SqliteOptions,
    Synchronous, Tls, TlsMode, check_authorities, connect,
};
pub use db::Db;
pub use error::{CrudError, Result};
pub use exclusive::Exclusive;
#[cfg(feature = "kill-points")]
pub use kill_point::kill_point;
pub use owned::Owned;
pub use pool::{Limits, Pool};
pub use tx::Tx;
pub mod accounts;
pub mod conversations;
pub mod imports;
pub mod invitations;
pub mod keys;
pub mod login_failures;
pub mod messages;
pub mod predecessor;
pub mod prune;
pub mod responses;
pub mod search_docs;
pub mod secret;
pub mod servers;
pub mod sessions;
pub mod turns;
pub mod users;

use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};

/// Inserts a row as given, without asking the database for it again.
pub(crate) async fn insert<A, M>(tx: &Tx, row: M) -> Result<()>
where
    A: ActiveModelTrait,
    M: IntoActiveModel<A>,
{
    A::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    Ok(())
}

/// Inserts rows as given, with one statement.
pub(crate) async fn insert_all<A, M>(tx: &Tx, rows: impl IntoIterator<Item = M>) -> Result<()>
where
    A: ActiveModelTrait,
    M: IntoActiveModel<A>,
{
    let rows = rows.into_iter().map(|row| row.into_active_model().reset_all());
    A::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}

/// The most rows, and about the most bytes of text, that one statement inserts.
const STATEMENT_ROWS: usize = 200;
const STATEMENT_BYTES: usize = 1 << 20;

/// Rows in runs for one statement each, in their order. A run ends with the row that brings it to
/// its bound: a database refuses larger statements.
pub(crate) fn in_statements<M>(
    rows: impl IntoIterator<Item = M>,
    bytes: impl Fn(&M) -> usize,
) -> Vec<Vec<M>> {
    let mut runs: Vec<Vec<M>> = Vec::new();
    let mut free = 0;
    for row in rows {
        let size = bytes(&row);
        if let Some(run) = runs.last_mut().filter(|run| free > 0 && run.len() < STATEMENT_ROWS) {
            run.push(row);
        } else {
            runs.push(vec![row]);
            free = STATEMENT_BYTES;
        }
        free = free.saturating_sub(size);
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_has_a_bound_in_rows_and_in_bytes() {
        let runs = |sizes: &[usize]| -> Vec<usize> {
            in_statements(sizes.iter().copied(), |size| *size).iter().map(Vec::len).collect()
        };
        assert!(runs(&[]).is_empty());
        // A title or a message with what follows it is one statement, whatever its length.
        assert_eq!(runs(&[8, 4 << 20]), [2]);
        assert_eq!(runs(&[512 << 10, 0]), [2]);
        assert_eq!(runs(&[512 << 10; 5]), [2, 2, 1]);
        assert_eq!(runs(&[0; 401]), [200, 200, 1]);
    }
}
