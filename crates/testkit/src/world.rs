//! What a test is given.

use std::sync::Arc;

use crate::engine::{Database, Engine, Engines};
use crate::sql::Sql;

/// One test's surroundings: an engine and an empty database on it that nobody else uses.
#[derive(Clone, Debug)]
pub struct World {
    database: Database,
}

impl World {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// The engine the test runs on this time.
    pub fn engine(&self) -> Engine {
        self.database.engine()
    }

    /// The test's database and how to connect to it.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// A connection of its own to the test's database, as its operator would open one.
    pub async fn sql(&self) -> Sql {
        Sql::connect(&self.database).await
    }

    /// The same engine on a server that no other test uses.
    pub async fn own_server(&self) -> OwnServer {
        self.own_server_with(&[]).await
    }

    /// The same, started with these options besides the usual ones, which they go before.
    pub async fn own_server_with(&self, options: &[String]) -> OwnServer {
        let engines = Engines::with(options);
        let world = Self::new(engines.database(self.engine()).await);
        OwnServer { world, engines }
    }
}

/// A database server of one test, which may do to it whatever it likes. Ends when it is dropped.
#[derive(Debug)]
pub struct OwnServer {
    world: World,
    engines: Arc<Engines>,
}

impl OwnServer {
    /// An empty database on it.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Ends it as a crash would.
    pub async fn kill(&self) {
        self.engines.kill(self.world.engine()).await;
    }

    /// Starts it again, and waits until it is ready.
    pub async fn start_again(&self) {
        self.engines.start_again(self.world.engine()).await;
    }
}
