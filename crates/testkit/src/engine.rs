//! The database engines tests run on: SQLite in a temporary directory, MariaDB and MySQL as
//! child processes with temporary data.
//!
//! A server is started once per test binary, when the first test needs it, on a free port and
//! a unix socket. Each test gets a database and a user of its own.

mod database;
mod program;
mod server;

use std::fmt;
use std::sync::{Arc, OnceLock};

pub use database::{Database, ServerAddress};

use program::Program;
pub(crate) use program::command_from;
pub use program::find;
use server::Server;

/// A database engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// SQLite, linked into the program.
    Sqlite,
    /// MariaDB, when `mariadbd` is installed or `CHATAPP_TEST_MARIADBD` names it.
    MariaDb,
    /// MySQL, when `CHATAPP_TEST_MYSQLD` names its server: a program, or a whole command such
    /// as a loader with its options. A script must `exec` the server, so that it can be ended.
    MySql,
}

impl Engine {
    /// Every engine, in the order in which tests run.
    pub const ALL: [Self; 3] = [Self::Sqlite, Self::MariaDb, Self::MySql];

    /// The engine's name in test names and in `CHATAPP_TEST_REQUIRE`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::MariaDb => "mariadb",
            Self::MySql => "mysql",
        }
    }

    /// Whether the engine can be started here; if not, why not and what would help.
    pub fn available(self) -> Result<(), String> {
        match self {
            Self::Sqlite => Ok(()),
            Self::MariaDb => program::mariadb().map(drop),
            Self::MySql => program::mysql().map(drop),
        }
    }
}

/// Whether `CHATAPP_TEST_REQUIRE` (names separated by commas) names this program: then its absence is
/// a failure.
pub fn is_required(program: &str) -> bool {
    std::env::var("CHATAPP_TEST_REQUIRE")
        .is_ok_and(|names| names.split(',').any(|name| name.trim() == program))
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The servers of one test process. They end when this is dropped or the process is gone,
/// whatever ended it.
#[derive(Debug, Default)]
pub struct Engines {
    mariadb: OnceLock<Result<Server, String>>,
    mysql: OnceLock<Result<Server, String>>,
    /// Options of all of them, besides the usual ones.
    options: Vec<String>,
}

impl Engines {
    /// Servers not yet started.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Servers not yet started, which are to have these options, too.
    pub fn with(options: &[String]) -> Arc<Self> {
        Arc::new(Self { options: options.to_vec(), ..Self::default() })
    }

    /// A new, empty database on `engine`, which is started when this is its first.
    pub async fn database(self: &Arc<Self>, engine: Engine) -> Database {
        let engines = Arc::clone(self);
        let address = match engine {
            Engine::Sqlite => return Database::sqlite(),
            Engine::MariaDb | Engine::MySql => {
                // Starting takes a second or two and blocks everybody who wants this server.
                tokio::task::spawn_blocking(move || engines.started(engine))
                    .await
                    .expect("starting a server does not panic")
            }
        };
        let address = address.unwrap_or_else(|why| panic!("{engine} does not start: {why}"));
        Database::create(engine, address).await
    }

    /// Ends the server of `engine` as a crash would. Its data stays.
    pub async fn kill(self: &Arc<Self>, engine: Engine) {
        self.tell(engine, Server::kill).await;
    }

    /// Starts the server of `engine` again, on the same port and data, and waits until it is ready.
    pub async fn start_again(self: &Arc<Self>, engine: Engine) {
        self.tell(engine, Server::launch).await;
    }

    async fn tell(self: &Arc<Self>, engine: Engine, what: fn(&Server) -> Result<(), String>) {
        let engines = Arc::clone(self);
        let told = tokio::task::spawn_blocking(move || what(engines.server(engine)?));
        let told = told.await.expect("telling a server does not panic");
        told.unwrap_or_else(|why| panic!("{engine}: {why}"));
    }

    fn started(&self, engine: Engine) -> Result<server::Endpoint, String> {
        self.server(engine).map(|server| server.endpoint().clone())
    }

    fn server(&self, engine: Engine) -> Result<&Server, String> {
        let (slot, find) = match engine {
            Engine::Sqlite => return Err("there is no server to start".to_owned()),
            Engine::MariaDb => (&self.mariadb, program::mariadb as fn() -> Result<Program, String>),
            Engine::MySql => (&self.mysql, program::mysql as fn() -> _),
        };
        let server = slot.get_or_init(|| {
            let mut program = find()?;
            program.options.extend(self.options.iter().cloned());
            Server::start(&program)
        });
        server.as_ref().map_err(Clone::clone)
    }
}
