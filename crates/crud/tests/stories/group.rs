//! Group commit: nobody pays for a neighbour.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crud::{CrudError, Db};
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, Statement};
use testkit::World;
use tokio::sync::Semaphore;

/// Field case F14: a shell or a backup program holds the write lock.
#[testkit::test(sqlite)]
async fn f14_a_lock_of_another_program_is_waited_for_once(world: World) {
    let limits = crud::Limits { acquire: Duration::from_millis(50), ..crud::Limits::default() };
    let options = crud::Options { limits, ..world.options() };
    let db = crud::connect(&options).await.unwrap().db;
    let mut other = world.sql().await;
    other.execute("BEGIN IMMEDIATE").await;
    assert!(!db.is_locked());
    // Far more than could each wait for the lock while anybody waits for this test.
    let writes = (0..2_000).map(|_| crud::secret::note(&db, "a".to_owned(), Vec::new()));
    for outcome in join_all(writes).await {
        assert!(matches!(outcome, Err(CrudError::Locked)), "{outcome:?}");
    }
    assert!(db.is_locked());
    db.ping().await.unwrap();
    other.execute("ROLLBACK").await;
    crud::secret::note(&db, "a".to_owned(), Vec::new()).await.unwrap();
    assert!(!db.is_locked());
}

async fn execute(db: &Db, sql: &'static str) {
    db.write((), move |tx, ()| {
        Box::pin(async move {
            tx.execute_unprepared(sql).await?;
            Ok(())
        })
    })
    .await
    .unwrap();
}

/// What one of the fifty does.
#[derive(Clone, Copy)]
enum Action {
    Insert,
    Violate,
    Panic,
    Fill,
    Refuse,
}

async fn put(db: &Db, kind: Action, n: i64, runs: Arc<AtomicU32>) -> Result<i64, CrudError> {
    db.write((kind, n, runs), |tx, (kind, n, runs)| {
        Box::pin(async move {
            runs.fetch_add(1, Ordering::SeqCst);
            let (n, size) = match kind {
                Action::Insert => (*n, 10),
                Action::Violate => (0, 10),
                Action::Fill => (*n, 8_000_000),
                Action::Panic => panic!("planted"),
                Action::Refuse => return Ok(-1),
            };
            let statement = Statement::from_sql_and_values(
                tx.get_database_backend(),
                "INSERT INTO things (n, filler) VALUES (?, zeroblob(?))",
                [n.into(), i64::from(size).into()],
            );
            tx.execute_raw(statement).await?;
            Ok(n)
        })
    })
    .await
}

#[testkit::test(sqlite)]
async fn a_group_of_fifty_survives_a_violation_a_panic_and_a_full_disk(world: World) {
    testkit::log::expect_error("planted");
    let db = super::open(&world).await;
    execute(&db, "CREATE TABLE things (n INTEGER PRIMARY KEY, filler BLOB)").await;
    execute(&db, "INSERT INTO things (n, filler) VALUES (0, NULL)").await;
    // Some room for small rows, none for the large one: a full disk, as SQLite sees it.
    execute(&db, "PRAGMA max_page_count = 500").await;

    // Holds the writer until all fifty wait behind it.
    let (began, gate) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let held = db.write((began.clone(), gate.clone()), |_, (began, gate)| {
        Box::pin(async move {
            began.add_permits(1);
            let _open = gate.acquire().await.unwrap();
            Ok(())
        })
    });
    let runs: Vec<Arc<AtomicU32>> = (0..50).map(|_| Arc::default()).collect();
    let kind = |n| match n {
        10 => Action::Violate,
        20 => Action::Panic,
        30 => Action::Fill,
        40 => Action::Refuse,
        _ => Action::Insert,
    };
    let fifty =
        join_all(runs.iter().zip(1_i64..).map(|(runs, n)| put(&db, kind(n), n, runs.clone())));
    let open_gate = async { gate.add_permits(1) };
    // Polled in this order: the fifty are in the queue before the gate opens.
    let (held, results, ()) = futures_util::join!(held, fifty, open_gate);
    held.unwrap();

    for (result, n) in results.iter().zip(1_i64..) {
        match kind(n) {
            Action::Insert => assert_eq!(*result.as_ref().unwrap(), n),
            Action::Refuse => assert_eq!(*result.as_ref().unwrap(), -1),
            Action::Violate => assert!(matches!(result, Err(CrudError::Conflict(_))), "{result:?}"),
            Action::Panic => assert!(matches!(result, Err(CrudError::Panicked)), "{result:?}"),
            Action::Fill => assert!(matches!(result, Err(CrudError::StorageFull(_))), "{result:?}"),
        }
    }
    let first_ran = runs.first().unwrap().load(Ordering::SeqCst);
    assert_eq!(first_ran, 2, "the first ran in the group and again by itself");
    let stored = world.sql().await.value("SELECT COUNT(*) FROM things WHERE n > 0").await;
    assert_eq!(stored, "46");
}

/// A full disk makes `SQLite` roll back by itself, and the driver loses count of transactions:
/// later ones would be answered and not be stored.
#[testkit::test(sqlite)]
async fn a_transaction_that_the_engine_ended_spoils_no_other(world: World) {
    let db = super::open(&world).await;
    execute(&db, "CREATE TABLE things (n INTEGER PRIMARY KEY)").await;
    for sql in ["ROLLBACK; INSERT INTO nowhere VALUES (1)", "INSERT INTO nowhere VALUES (1)"] {
        let failed = db.write(sql, |tx, sql| {
            Box::pin(async move {
                tx.execute_unprepared(sql).await?;
                Ok(())
            })
        });
        failed.await.unwrap_err();
    }
    execute(&db, "INSERT INTO things VALUES (7)").await;
    assert_eq!(world.sql().await.value("SELECT n FROM things").await, "7", "it was acknowledged");
}

#[testkit::test]
async fn a_write_finishes_when_its_caller_is_gone(world: World) {
    let db = super::open(&world).await;
    execute(&db, "CREATE TABLE things (n INTEGER PRIMARY KEY)").await;
    let began = Arc::new(Semaphore::new(0));
    let go_on = Arc::new(Semaphore::new(0));
    let write = db.write((began.clone(), go_on.clone()), |tx, (began, go_on)| {
        Box::pin(async move {
            began.add_permits(1);
            go_on.acquire().await.unwrap().forget();
            tx.execute_unprepared("INSERT INTO things (n) VALUES (7)").await?;
            Ok(())
        })
    });
    {
        let mut write = std::pin::pin!(write);
        tokio::select! {
            _ = &mut write => panic!("it waits for the test"),
            permit = began.acquire() => permit.unwrap().forget(),
        }
        // The caller goes away here.
    }
    go_on.add_permits(1);
    // On every engine: close waits for writes in flight.
    db.close().await;
    assert_eq!(world.sql().await.value("SELECT COUNT(*) FROM things").await, "1");
}

#[testkit::test]
async fn rivals_of_one_counter_all_count(world: World) {
    let db = super::open(&world).await;
    execute(&db, "CREATE TABLE counter (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)").await;
    execute(&db, "INSERT INTO counter (id, n) VALUES (1, 0)").await;
    let add = |_| async {
        for _ in 0..20 {
            execute(&db, "UPDATE counter SET n = n + 1 WHERE id = 1").await;
        }
    };
    join_all((0..16).map(add)).await;
    assert_eq!(world.sql().await.value("SELECT n FROM counter").await, "320");
}
