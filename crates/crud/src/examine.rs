//! A look at a database that changes nothing: whether a server could use it.

use std::time::Duration;

use models::Time;
use sea_orm::DatabaseConnection;

use crate::connect::{ConnectError, Database, close, open_existing, transport};
use crate::link::Link;
use crate::transport::Transport;
use crate::{dialect, secret};

/// How long one statement may wait for a connection.
const ACQUIRE: Duration = Duration::from_secs(5);

/// What was found.
#[derive(Debug)]
pub struct Examined {
    /// The engine's own words for its version.
    pub version: String,
    /// What a start would do to the schema, or why it would refuse.
    pub schema: Result<Vec<String>, migration::Error>,
    /// The time of a database server; none of an embedded one.
    pub time: Option<Time>,
    /// The largest packet that a database server takes, in bytes; none of an embedded one.
    pub packet: Option<u64>,
    /// The fingerprint of the secret that servers of this database sign with, if they said so.
    pub secret: Option<String>,
    /// The views that are missing or were made under another account.
    pub views: Vec<&'static str>,
    /// How a database server is spoken to; none of an embedded one.
    pub transport: Option<Transport>,
    /// Rows that refer to rows that do not exist; only an embedded database can have any, from
    /// statements of people whose shell had foreign keys off.
    pub orphans: u64,
}

/// Looks at a database, once and without waiting for it. `None` if there is none yet.
pub async fn examine(database: &Database) -> Result<Option<Examined>, ConnectError> {
    let Some((connection, link)) = open_existing(database, ACQUIRE).await? else { return Ok(None) };
    let found = look(database, &connection, &link).await;
    close(connection).await;
    found.map(Some).map_err(|source| ConnectError::Unreachable {
        place: "statements".to_owned(),
        waited: Duration::ZERO,
        source,
    })
}

async fn look(
    database: &Database,
    connection: &DatabaseConnection,
    link: &Link,
) -> Result<Examined, sea_orm::DbErr> {
    let schema = migration::check(connection).await;
    let is_current = matches!(&schema, Ok(pending) if pending.is_empty());
    Ok(Examined {
        version: dialect::version(connection).await?,
        schema,
        secret: if is_current { secret::noted(connection).await? } else { None },
        views: migration::views::faulty(connection).await?,
        time: dialect::time(connection).await?,
        transport: transport(database, connection).await?,
        packet: link.limit_of_packets(),
        orphans: dialect::orphans(connection).await?,
    })
}
