//! The kit on itself: engines start and end, databases are apart, failures are noticed.
//!
//! Some tests run this very program again as [`CASE`] says, as tests that fail or hang.
#![expect(clippy::expect_used, reason = "in a test a broken expectation is a panic")]

use std::path::PathBuf;
use std::process::ExitCode;

use testkit::process::ProcessBuilder;
use testkit::{Engine, Test, World, eventually};

/// The environment variable that makes this program one of the inner cases.
const CASE: &str = "TESTKIT_CASE";

#[testkit::test]
async fn a_database_is_empty_and_its_own(world: World) {
    let mut sql = world.sql().await;
    // Every test makes the same table, so one shared database would not do.
    sql.execute("CREATE TABLE t (id INT, name VARCHAR(20))").await;
    assert_eq!(sql.execute("INSERT INTO t VALUES (1, 'one'), (2, NULL)").await, 2);
    assert_eq!(sql.rows("SELECT * FROM t ORDER BY id").await, [["1", "one"], ["2", "NULL"]]);
    assert_eq!(sql.value("SELECT COUNT(*) FROM t").await, "2");
    assert!(sql.try_execute("SELECT nonsense FROM t").await.is_err());
}

#[testkit::test]
async fn bytes_are_shown_as_digits(world: World) {
    let mut sql = world.sql().await;
    sql.execute("CREATE TABLE t (id BLOB)").await;
    sql.execute("INSERT INTO t VALUES (X'01890A5D7F1E7C3B8A1E2F3A4B5C6D7E')").await;
    assert_eq!(sql.value("SELECT id FROM t").await, "01890a5d7f1e7c3b8a1e2f3a4b5c6d7e");
}

#[testkit::test(servers)]
async fn the_server_is_one_that_nobody_configured(world: World) {
    let server = world.database().server().expect("a server").clone();
    assert_eq!(server.password, "p@ss:w/rd#%?");
    assert!(server.socket.exists());
    let mut sql = world.sql().await;
    assert_eq!(sql.value("SELECT @@character_set_database").await, "latin1");
    assert_eq!(sql.value("SELECT CURRENT_USER()").await, format!("{}@%", server.user));
    let refused = sql.try_execute("CREATE DATABASE another").await;
    assert!(refused.is_err(), "the user has rights on its own database only");
}

#[testkit::test]
async fn an_expected_error_does_not_fail_the_test() {
    testkit::log::expect_error("the disk is on fire");
    tracing::error!("the disk is on fire");
}

/// This program again, as the inner case `case`.
fn inner(case: &str, directory: &tempfile::TempDir) -> ProcessBuilder {
    let this = std::env::current_exe().expect("this program");
    ProcessBuilder::new(this, directory.path()).env(CASE, case)
}

fn scratch() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

#[testkit::test]
async fn what_goes_wrong_in_a_test_fails_it() {
    let output = inner("fail", &scratch()).output().await;
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(101), "{text}");
    for part in [
        "a_broken_expectation panicked",
        "two and two are five",
        "an_error_line logged errors it did not expect",
        "the disk is on fire disk=\"sda\"",
        "a_panic_in_a_task logged errors it did not expect",
        "nobody awaits me",
        "0 passed; 3 failed",
    ] {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
}

/// Runs the case `hang`, whose test prints the place of its server, kills it, and waits until
/// nothing of that server is left.
#[testkit::test]
async fn a_killed_test_process_leaves_no_server_behind() {
    let directory = scratch();
    let tests = inner("hang", &directory).arg("--include-ignored").launch();
    let mut socket = PathBuf::new();
    let mut ended = Engine::MariaDb.available().is_err();
    eventually("the inner test has its server", async || {
        let line =
            tests.stderr().lines().find_map(|line| line.strip_prefix("socket=").map(PathBuf::from));
        socket = line.unwrap_or_default();
        // Where no server is installed there is nothing to leave behind.
        ended |= !socket.as_os_str().is_empty();
        ended
    })
    .await;
    let home = socket.parent().map(PathBuf::from).unwrap_or_default();
    let id = std::fs::read_to_string(home.join("pid")).unwrap_or_default();
    let running = || std::path::Path::new("/proc").join(id.trim()).exists();
    assert!(id.is_empty() || running());
    tests.kill().await;
    eventually("the server's data is gone", async || !home.exists()).await;
    assert!(id.is_empty() || !running(), "process {id} is left");
}

fn fail() -> ExitCode {
    let broken = Test::once(async || {
        assert_eq!(2 + 2, 5, "two and two are five");
    });
    let line = Test::once(async || {
        tracing::error!(disk = "sda", "the disk is on fire");
    });
    let task = Test::once(async || {
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(async { unreachable!("nobody awaits me") });
        let _ = tasks.join_next().await;
    });
    let tests =
        [("a_broken_expectation", broken), ("an_error_line", line), ("a_panic_in_a_task", task)];
    testkit::run(tests.map(|(name, test)| (name.to_owned(), test)))
}

#[expect(clippy::print_stderr, reason = "how the outer test learns where the server is")]
fn hang() -> ExitCode {
    let hangs = async |world: World| {
        eprintln!("socket={}", world.database().server().expect("a server").socket.display());
        std::future::pending::<()>().await;
    };
    testkit::run([("hang".to_owned(), Test::on(&[Engine::MariaDb], hangs))])
}

fn main() -> ExitCode {
    match std::env::var(CASE).as_deref() {
        Ok("fail") => fail(),
        Ok("hang") => hang(),
        _ => testkit::main(),
    }
}
