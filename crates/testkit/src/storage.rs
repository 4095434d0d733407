//! A test's database as code of ours opens it.

use std::time::Duration;

use crud::{Database, Limits, MySqlOptions, MySqlTarget, Options, SqliteOptions, Synchronous, Tls};

use crate::world::World;

impl World {
    /// How to open the test's database: by TCP on a server, alone and with every commit synced as
    /// a file. The schema is brought up to date.
    pub fn options(&self) -> Options {
        let database = self.database();
        let database = match (database.server(), database.sqlite_file()) {
            (None, file) => Database::Sqlite(SqliteOptions {
                path: file.expect("a database without a server is a file"),
                readers: 2,
                synchronous: Synchronous::Full,
            }),
            (Some(server), _) => Database::MySql(MySqlOptions {
                target: MySqlTarget::Parts {
                    host: server.host.clone(),
                    port: server.port,
                    socket: None,
                    user: server.user.clone(),
                    password: server.password.clone().into(),
                    name: server.name.clone(),
                },
                tls: Tls::default(),
                max_connections: 8,
            }),
        };
        Options {
            database,
            give_up_after: Duration::from_secs(5),
            limits: Limits::default(),
            migrate: true,
            exclusive: true,
        }
    }
}
