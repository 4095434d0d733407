//! What a story is given.

use crate::engine::{Database, Engine};
use crate::sql::Sql;

/// One story's surroundings: an engine and an empty database on it that nobody else uses.
#[derive(Clone, Debug)]
pub struct World {
    database: Database,
}

impl World {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// The engine the story runs on this time.
    pub fn engine(&self) -> Engine {
        self.database.engine()
    }

    /// The story's database and how to connect to it.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// A connection of its own to the story's database, as its operator would open one.
    pub async fn sql(&self) -> Sql {
        Sql::connect(&self.database).await
    }
}
