//! A test's own database.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sea_orm::sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sea_orm::sqlx::{self, AssertSqlSafe, Connection};
use tempfile::TempDir;

use super::Engine;
use super::server::Endpoint;

/// Every character that breaks a connection URL when a caller forgets to escape it.
const PASSWORD: &str = "p@ss:w/rd#%?";
/// How long the removal of a database may take; a longer one means that a lock is held.
const REMOVE_LIMIT: Duration = Duration::from_secs(5);

/// How to reach a database on a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerAddress {
    /// Always `127.0.0.1`.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Unix socket.
    pub socket: PathBuf,
    /// A user with all rights on this database and none elsewhere.
    pub user: String,
    /// The user's password; hostile to connection URLs.
    pub password: String,
    /// The database, with the server's default character set.
    pub name: String,
}

/// An empty database of one test; clones are the same one.
#[derive(Clone, Debug)]
pub struct Database(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    engine: Engine,
    /// Removed with the last clone.
    directory: TempDir,
    address: Option<ServerAddress>,
}

impl Database {
    /// The engine it is on.
    pub fn engine(&self) -> Engine {
        self.0.engine
    }

    /// A temporary directory of the test; with SQLite it is where the database is.
    pub fn directory(&self) -> &Path {
        self.0.directory.path()
    }

    /// The SQLite file, which does not exist before something opens it; `None` on a server.
    pub fn sqlite_file(&self) -> Option<PathBuf> {
        self.0.address.is_none().then(|| self.directory().join("chatapp.db"))
    }

    /// How to reach it on its server; `None` with SQLite.
    pub fn server(&self) -> Option<&ServerAddress> {
        self.0.address.as_ref()
    }

    /// Runs a statement as the administrator of its server.
    pub async fn administer(&self, statement: &str) {
        let address = self.server().expect("a database on a server");
        run(&mut administrator(&address.socket).await, statement.to_owned()).await;
    }

    pub(super) fn sqlite() -> Self {
        let directory = directory(&std::env::temp_dir());
        Self(Arc::new(Inner { engine: Engine::Sqlite, directory, address: None }))
    }

    pub(super) async fn create(engine: Engine, endpoint: Endpoint) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        // No underscore: in a GRANT it stands for any character.
        let name = format!("test{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let mut root = administrator(&endpoint.socket).await;
        run(&mut root, format!("CREATE DATABASE {name}")).await;
        // MariaDB has an anonymous user at localhost, who would go before a user at any host.
        for host in ["localhost", "%"] {
            let user = format!("'{name}'@'{host}'");
            run(&mut root, format!("CREATE USER {user} IDENTIFIED BY '{PASSWORD}'")).await;
            run(&mut root, format!("GRANT ALL ON {name}.* TO {user}")).await;
        }
        // Inside the server's own directory, which goes even when this process is killed.
        let directory = directory(endpoint.socket.parent().expect("a socket in a directory"));
        let address = ServerAddress {
            host: "127.0.0.1".to_owned(),
            port: endpoint.port,
            socket: endpoint.socket,
            user: name.clone(),
            password: PASSWORD.to_owned(),
            name,
        };
        Self(Arc::new(Inner { engine, directory, address: Some(address) }))
    }

    /// Frees the server of it, as far as nobody holds it; a directory needs no such help.
    pub(crate) async fn remove(&self) {
        let Some(address) = self.server() else { return };
        let work = async {
            let mut root = administrator(&address.socket).await;
            let statement = format!("DROP DATABASE {}", address.name);
            // A test that failed may have left connections; the whole server ends soon.
            let _ = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut root).await;
        };
        let _ = tokio::time::timeout(REMOVE_LIMIT, work).await;
    }
}

fn directory(parent: &Path) -> TempDir {
    let made = tempfile::Builder::new().prefix("chatapp-test-").tempdir_in(parent);
    made.expect("a temporary directory")
}

async fn administrator(socket: &Path) -> MySqlConnection {
    let options = MySqlConnectOptions::new().socket(socket).username("root");
    MySqlConnection::connect_with(&options).await.expect("root may connect by socket")
}

async fn run(connection: &mut MySqlConnection, statement: String) {
    sqlx::raw_sql(AssertSqlSafe(statement.clone()))
        .execute(connection)
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
}
