//! Opening: locks, missing databases, other people's tables.

use crud::{ConnectError, Database};
use testkit::{Engine, Harness, World};

pub(crate) fn stories(harness: Harness) -> Harness {
    harness
        .story("opening_twice_migrates_once", twice)
        .story("several_starters_at_once_migrate_once", at_once)
        .story("a_migration_that_was_interrupted_goes_on", interrupted)
        .story("foreign_tables_are_left_untouched_and_named", foreign)
        .story("a_newer_database_is_refused", newer)
        .story_on(&[Engine::Sqlite], "a_second_server_is_refused", second)
        .story_on(&[Engine::Sqlite], "the_file_has_the_settings_it_needs", settings)
        .story_on(&[Engine::Sqlite], "sqlite_is_built_as_the_workspace_asks", built)
        .story_on(&[Engine::MariaDb, Engine::MySql], "a_missing_database_is_created", missing)
}

async fn twice(world: World) {
    let first = crud::connect(&super::options(&world)).await.unwrap();
    assert_eq!(first.applied.steps.len(), recorded(&world, "").await);
    first.db.close().await;
    drop(first);
    let second = crud::connect(&super::options(&world)).await.unwrap();
    assert!(second.applied.steps.is_empty());
}

async fn at_once(world: World) {
    let options = crud::Options { exclusive: false, ..super::options(&world) };
    // The file itself is made once; servers of one SQLite file do not race for that.
    if let Some(file) = world.database().sqlite_file() {
        assert!(!file.exists());
        let (first, second) = tokio::join!(crud::connect(&options), async {
            while !file.exists() {
                tokio::task::yield_now().await;
            }
            crud::connect(&options).await
        });
        let steps = first.unwrap().applied.steps.len() + second.unwrap().applied.steps.len();
        assert_eq!(steps, recorded(&world, "").await);
        return;
    }
    let three = futures_util::future::join_all((0..3).map(|_| crud::connect(&options))).await;
    let steps: usize = three.into_iter().map(|opened| opened.unwrap().applied.steps.len()).sum();
    assert_eq!(steps, recorded(&world, "").await, "each step was applied by exactly one of three");
}

/// How many steps after this one the database says were applied.
async fn recorded(world: &World, after: &str) -> usize {
    let count = format!("SELECT COUNT(*) FROM seaql_migrations WHERE version > '{after}'");
    world.sql().await.value(&count).await.parse().unwrap()
}

async fn interrupted(world: World) {
    super::open(&world).await.close().await;
    let mut sql = world.sql().await;
    // As after a kill between a step and its record; the engine commits DDL by itself.
    let undone = recorded(&world, "m20261122_000002").await;
    sql.execute("DELETE FROM seaql_migrations WHERE version > 'm20261122_000002'").await;
    let opened = crud::connect(&super::options(&world)).await.unwrap();
    assert_eq!(opened.applied.steps.len(), undone);
}

async fn foreign(world: World) {
    let mut sql = world.sql().await;
    sql.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(50))").await;
    sql.execute("CREATE TABLE conversations (id INTEGER PRIMARY KEY)").await;
    sql.execute("INSERT INTO users (id, name) VALUES (1, 'kept')").await;
    let error = crud::connect(&super::options(&world)).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, ConnectError::Migration(_)), "{text}");
    assert!(text.contains("users, conversations"), "{text}");
    assert_eq!(sql.rows("SELECT id, name FROM users").await, [["1", "kept"]]);
    let tables = match world.engine() {
        Engine::Sqlite => "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'",
        _ => "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()",
    };
    assert_eq!(sql.value(tables).await, "2", "nothing was added");
}

async fn newer(world: World) {
    super::open(&world).await.close().await;
    let mut sql = world.sql().await;
    sql.execute("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29990101_x', 1)")
        .await;
    let error = crud::connect(&super::options(&world)).await.unwrap_err().to_string();
    assert!(error.contains("m29990101_x"), "{error}");
}

async fn second(world: World) {
    let _db = super::open(&world).await;
    let error = crud::connect(&super::options(&world)).await.unwrap_err();
    assert!(matches!(error, ConnectError::InUse(_)), "{error}");
    // Other commands do not need to be alone.
    let options = crud::Options { exclusive: false, ..super::options(&world) };
    crud::connect(&options).await.unwrap();
}

async fn settings(world: World) {
    let _db = super::open(&world).await;
    let mut sql = world.sql().await;
    assert_eq!(sql.value("PRAGMA auto_vacuum").await, "2", "incremental");
    assert_eq!(sql.value("PRAGMA journal_mode").await, "wal");
}

/// The flags of `.cargo/config.toml` have reached the library that this program links.
async fn built(world: World) {
    let _db = super::open(&world).await;
    let options = world.sql().await.rows("PRAGMA compile_options").await.concat();
    let has = |name: &str| options.iter().any(|option| option == name);
    assert!(has("ENABLE_QPSG") && has("DEFAULT_MEMSTATUS=0"), "{options:?}");
    for unset in ["ENABLE_MEMORY_MANAGEMENT", "ENABLE_API_ARMOR", "ENABLE_STAT4"] {
        assert!(!has(unset), "{unset}: {options:?}");
    }
}

async fn missing(world: World) {
    let mut options = super::options(&world);
    let Database::MySql(mysql) = &mut options.database else { panic!("a server") };
    let crud::MySqlTarget::Parts { name, .. } = &mut mysql.target else { panic!("in parts") };
    *name = format!("{name}new");
    let name = name.clone();
    // The story's account has rights on its own database only.
    let error = crud::connect(&options).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, ConnectError::Missing { .. }), "{text}");
    assert!(text.contains(&format!("CREATE DATABASE IF NOT EXISTS `{name}`")), "{text}");

    let Database::MySql(mysql) = &mut options.database else { panic!("a server") };
    let crud::MySqlTarget::Parts { user, password, socket, .. } = &mut mysql.target else {
        panic!("in parts")
    };
    (*user, *password) = ("root".to_owned(), "".into());
    *socket = Some(world.database().server().unwrap().socket.clone());
    let opened = crud::connect(&options).await.unwrap();
    assert!(!opened.applied.steps.is_empty());
}
