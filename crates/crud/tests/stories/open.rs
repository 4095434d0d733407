//! Opening: locks, missing databases, other people's tables.

use crud::{ConnectError, Database};
use testkit::{Engine, World};

#[testkit::test]
async fn opening_twice_migrates_once(world: World) {
    let first = crud::connect(&world.options()).await.unwrap();
    assert_eq!(first.applied.steps.len(), recorded(&world, "").await);
    first.db.close().await;
    drop(first);
    let second = crud::connect(&world.options()).await.unwrap();
    assert!(second.applied.steps.is_empty());
}

#[testkit::test]
async fn several_starters_at_once_migrate_once(world: World) {
    let options = crud::Options { exclusive: false, ..world.options() };
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

#[testkit::test]
async fn a_migration_that_was_interrupted_goes_on(world: World) {
    super::open(&world).await.close().await;
    let mut sql = world.sql().await;
    // As after a kill between a step and its record; the engine commits DDL by itself.
    let undone = recorded(&world, "m20261122_000002").await;
    sql.execute("DELETE FROM seaql_migrations WHERE version > 'm20261122_000002'").await;
    let opened = crud::connect(&world.options()).await.unwrap();
    assert_eq!(opened.applied.steps.len(), undone);
}

#[testkit::test]
async fn foreign_tables_are_left_untouched_and_named(world: World) {
    let mut sql = world.sql().await;
    sql.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(50))").await;
    sql.execute("CREATE TABLE conversations (id INTEGER PRIMARY KEY)").await;
    sql.execute("INSERT INTO users (id, name) VALUES (1, 'kept')").await;
    let error = crud::connect(&world.options()).await.unwrap_err();
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

#[testkit::test]
async fn a_newer_database_is_refused(world: World) {
    super::open(&world).await.close().await;
    let mut sql = world.sql().await;
    sql.execute("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29990101_x', 1)")
        .await;
    let error = crud::connect(&world.options()).await.unwrap_err().to_string();
    assert!(error.contains("m29990101_x"), "{error}");
}

#[testkit::test(sqlite)]
async fn a_second_server_is_refused(world: World) {
    let _db = super::open(&world).await;
    let error = crud::connect(&world.options()).await.unwrap_err();
    assert!(matches!(error, ConnectError::InUse(_)), "{error}");
    // Other commands do not need to be alone.
    let options = crud::Options { exclusive: false, ..world.options() };
    crud::connect(&options).await.unwrap();
}

#[testkit::test(sqlite)]
async fn the_file_has_the_settings_it_needs(world: World) {
    let _db = super::open(&world).await;
    let mut sql = world.sql().await;
    assert_eq!(sql.value("PRAGMA auto_vacuum").await, "2", "incremental");
    assert_eq!(sql.value("PRAGMA journal_mode").await, "wal");
}

/// The flags of `.cargo/config.toml` have reached the library that this program links.
#[testkit::test(sqlite)]
async fn sqlite_is_built_as_the_workspace_asks(world: World) {
    let _db = super::open(&world).await;
    let options = world.sql().await.rows("PRAGMA compile_options").await.concat();
    let has = |name: &str| options.iter().any(|option| option == name);
    assert!(has("ENABLE_QPSG") && has("DEFAULT_MEMSTATUS=0"), "{options:?}");
    for unset in ["ENABLE_MEMORY_MANAGEMENT", "ENABLE_API_ARMOR", "ENABLE_STAT4"] {
        assert!(!has(unset), "{unset}: {options:?}");
    }
}

#[testkit::test(servers)]
async fn a_missing_database_is_created(world: World) {
    let mut options = world.options();
    let Database::MySql(mysql) = &mut options.database else { panic!("a server") };
    let crud::MySqlTarget::Parts { name, .. } = &mut mysql.target else { panic!("in parts") };
    *name = format!("{name}new");
    let name = name.clone();
    // The test's account has rights on its own database only.
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
