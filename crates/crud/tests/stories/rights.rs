//! What other accounts, other sessions and other settings of a database server do to us.

use std::process::Command;
use std::time::Duration;

use crud::{ConnectError, Database, MySqlTarget, Options};
use testkit::{Engine, World};

const OPERATING: &str = include_str!("../../../../docs/OPERATING.md");

/// How to open the test's database as somebody else, perhaps under another name.
fn options_of(world: &World, account: &str, database: &str) -> Options {
    let mut options = world.options();
    let Database::MySql(mysql) = &mut options.database else { panic!("a server") };
    let MySqlTarget::Parts { user, name, .. } = &mut mysql.target else { panic!("in parts") };
    account.clone_into(user);
    database.clone_into(name);
    options
}

/// Makes an account with the test's password and these rights.
async fn account(world: &World, name: &str, rights: &str, database: &str) {
    let password = &world.database().server().unwrap().password;
    for host in ["localhost", "%"] {
        let user = format!("'{name}'@'{host}'");
        for statement in [
            format!("CREATE USER {user} IDENTIFIED BY '{password}'"),
            format!("GRANT {rights} ON {database}.* TO {user}"),
        ] {
            world.database().administer(&statement).await;
        }
    }
}

/// Runs a line of docs/OPERATING.md in a shell.
fn documented(world: &World, program: &str, account: &str, database: &str) {
    let server = world.database().server().unwrap();
    let line = OPERATING.lines().find(|line| line.starts_with(program)).unwrap();
    let line = line
        .replace("HOST", &server.host)
        .replace("USER", account)
        .replace("NAME", database)
        // Read from the environment here instead of from a terminal.
        .replace(" --password", "")
        .replace("FILE", "dump.sql");
    let ran = Command::new("sh")
        .args(["-c", &line])
        .current_dir(world.database().directory())
        .env("MYSQL_PWD", &server.password)
        .env("MYSQL_TCP_PORT", server.port.to_string())
        .output()
        .unwrap();
    assert!(ran.status.success(), "{line}: {}", String::from_utf8_lossy(&ran.stderr));
}

#[testkit::test(mariadb)]
async fn o5_the_documented_dump_serves_another_account(world: World) {
    super::open(&world).await.close().await;
    super::store_conversation(&world, "x'000102030405060708090a0b0c0d0e0f'").await;
    let server = world.database().server().unwrap();
    let (old, new) = (server.name.clone(), format!("{}moved", server.name));
    world.database().administer(&format!("CREATE DATABASE {new}")).await;
    account(&world, &new, "ALL", &new).await;
    documented(&world, "mariadb-dump ", &old, &old);
    documented(&world, "mariadb ", &new, &new);

    let opened = crud::connect(&options_of(&world, &new, &new)).await.unwrap();
    assert!(opened.applied.steps.is_empty());
    opened.db.close().await;
    // As nobody but the new account, and without the old one.
    for host in ["localhost", "%"] {
        world.database().administer(&format!("DROP USER '{old}'@'{host}'")).await;
    }
    let options = options_of(&world, &new, &new);
    assert_eq!(migration_views(&options).await, [""; 0]);
    let count = format!(
        "CREATE TABLE {new}.seen AS SELECT (SELECT COUNT(*) FROM {new}.users_view) AS users, \
         (SELECT COUNT(*) FROM {new}.conversations_view) AS conversations, \
         (SELECT COUNT(*) FROM {new}.messages_view) AS messages"
    );
    world.database().administer(&count).await;
    let check = format!(
        "SELECT IF((SELECT users + conversations FROM {new}.seen) = 2, 1, \
         (SELECT 1 UNION SELECT 2))"
    );
    world.database().administer(&check).await;
}

/// The views that a look at the database finds faulty.
async fn migration_views(options: &Options) -> Vec<&'static str> {
    crud::examine::examine(&options.database).await.unwrap().unwrap().views
}

#[testkit::test]
async fn o5_views_are_made_again_where_they_are_wrong(world: World) {
    let options = world.options();
    super::open(&world).await.close().await;
    assert_eq!(migration_views(&options).await, [""; 0]);
    let mut sql = world.sql().await;
    sql.execute("DROP VIEW users_view").await;
    let mut wrong = vec!["users_view"];
    if world.engine() != Engine::Sqlite {
        // What an interrupted restore leaves, and what earlier releases made.
        for broken in [
            "CREATE OR REPLACE SQL SECURITY INVOKER VIEW conversations_view AS SELECT 1 AS id",
            "CREATE OR REPLACE SQL SECURITY DEFINER VIEW messages_view AS \
             SELECT HEX(id) AS id FROM messages",
        ] {
            sql.execute(broken).await;
        }
        wrong.extend(["conversations_view", "messages_view"]);
    }
    assert_eq!(migration_views(&options).await, wrong);
    super::open(&world).await.close().await;
    assert_eq!(migration_views(&options).await, [""; 0]);
    assert!(sql.rows("SELECT email, name FROM users_view").await.is_empty());
    assert!(sql.rows("SELECT user_id, pinned FROM conversations_view").await.is_empty());
}

#[testkit::test(servers)]
async fn o6_a_migration_says_what_it_waits_for(world: World) {
    super::open(&world).await.close().await;
    let mut sql = world.sql().await;
    sql.execute("DELETE FROM seaql_migrations WHERE version LIKE '%21_views'").await;
    // Somebody's shell, in the middle of something.
    sql.execute("BEGIN").await;
    sql.rows("SELECT id FROM users").await;
    let options = Options { give_up_after: Duration::ZERO, ..world.options() };
    let error = crud::connect(&options).await.unwrap_err();
    assert!(
        matches!(error, ConnectError::Migration(migration::Error::Locked(_))),
        "{error}: {error:?}"
    );
    let text = error.to_string();
    assert!(text.contains("another session uses it (session "), "{text}");
    sql.execute("COMMIT").await;
    crud::connect(&options).await.unwrap().db.close().await;
}

#[testkit::test(servers)]
async fn o6_a_server_without_autocommit_is_used_all_the_same(world: World) {
    let server = world.own_server().await;
    let world = server.world();
    world.database().administer("SET GLOBAL autocommit = 0").await;
    super::open(world).await.close().await;
    let opened = crud::connect(&world.options()).await.unwrap();
    assert!(opened.applied.steps.is_empty(), "what was migrated was stored");
    opened.db.close().await;
}

#[testkit::test(servers)]
async fn o13_a_current_schema_needs_no_right_to_change_it(world: World) {
    let name = world.database().server().unwrap().name.clone();
    let account_name = format!("{name}least");
    account(&world, &account_name, "SELECT, INSERT, UPDATE, DELETE", &name).await;
    let options = options_of(&world, &account_name, &name);
    // Without a schema the missing rights are named.
    let text = crud::connect(&options).await.unwrap_err().to_string();
    assert!(text.contains("may not change the schema") && text.contains("CREATE VIEW"), "{text}");
    super::open(&world).await.close().await;
    for migrate in [true, false] {
        let options = Options { migrate, ..options.clone() };
        let opened = crud::connect(&options).await.unwrap();
        assert!(opened.applied.steps.is_empty());
        opened.db.close().await;
    }
}

#[testkit::test]
async fn o22_a_view_shows_no_message_of_the_trash(world: World) {
    let _db = super::open(&world).await;
    let id = "x'000102030405060708090a0b0c0d0e0f'";
    super::store_conversation(&world, id).await;
    let mut sql = world.sql().await;
    let at = super::AT;
    sql.execute(&format!(
        "INSERT INTO messages (conversation_id, seq, id, depth, type, role, is_user, status, \
         content, created_at, updated_at) \
         VALUES ({id}, 0, {id}, 0, 'message', 'user', TRUE, 'completed', 'x', {at}, {at})"
    ))
    .await;
    let count = "SELECT COUNT(*) FROM messages_view";
    assert_eq!(sql.value(count).await, "1");
    sql.execute(&format!("UPDATE conversations SET deleted_at = {at}")).await;
    assert_eq!(sql.value(count).await, "0");
    assert_eq!(sql.value("SELECT COUNT(*) FROM conversations_view").await, "0");
}
