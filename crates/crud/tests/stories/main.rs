//! What the database layer promises, on every engine.

#![expect(clippy::unwrap_used, clippy::panic, reason = "in a test a broken expectation is a panic")]

mod accounts;
mod group;
mod imports;
mod open;
mod schema;
mod servers;

use std::process::ExitCode;
use std::time::Duration;

use crud::{Db, Engine, Limits, MySqlOptions, MySqlTarget, Options, SqliteOptions, Synchronous};
use testkit::{Harness, World};

fn main() -> ExitCode {
    let harness = Harness::new();
    let harness = group::stories(harness);
    let harness = imports::stories(harness);
    let harness = open::stories(harness);
    let harness = schema::stories(harness);
    let harness = servers::stories(harness);
    accounts::stories(harness).run()
}

/// How to open the story's database.
fn options(world: &World) -> Options {
    let engine = match world.database().server() {
        None => Engine::Sqlite(SqliteOptions {
            path: world.database().sqlite_file().unwrap(),
            readers: 2,
            synchronous: Synchronous::Full,
        }),
        Some(server) => Engine::MySql(MySqlOptions {
            target: MySqlTarget::Parts {
                host: server.host.clone(),
                port: server.port,
                socket: None,
                user: server.user.clone(),
                password: server.password.clone().into(),
                name: server.name.clone(),
            },
            max_connections: 8,
        }),
    };
    Options {
        engine,
        give_up_after: Duration::from_secs(5),
        limits: Limits::default(),
        migrate: true,
        exclusive: true,
    }
}

async fn open(world: &World) -> Db {
    crud::connect(&options(world)).await.unwrap().db
}
