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
