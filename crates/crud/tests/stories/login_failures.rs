//! Counts of wrong passwords: whatever servers count at the same time, with clocks that differ.

use std::time::Duration;

use models::{Context, Time};
use testkit::World;

use super::open;

const REMEMBERED: Duration = Duration::from_mins(15);

/// Counts one and returns what is stored then: how many, and at what time, in seconds from `from`.
async fn add(db: &crud::Db, from: Time, at: i64) -> (i64, i64) {
    let now = from + chrono::TimeDelta::seconds(at);
    let rows = crud::login_failures::add(db, vec![vec![7; 32]], now, REMEMBERED).await.unwrap();
    let row = rows.first().unwrap();
    (row.wrong.into(), row.last_at.signed_duration_since(from).num_seconds())
}

#[testkit::test]
async fn no_late_wrong_password_moves_the_time_of_the_last_one_back(world: World) {
    let db = open(&world).await;
    let from = Context::system().now();
    for (at, stored) in [
        (0, (1, 0)),
        (10, (2, 10)),
        // Stored later, and of a moment before; or of a server whose clock is behind.
        (5, (3, 10)),
        (-300, (4, 10)),
        (20, (5, 20)),
        // After a quarter of an hour it begins anew.
        (20 + 900, (1, 920)),
        // The clock was set back since: a time so far ahead says nothing.
        (920 - 900, (2, 20)),
        (21, (3, 21)),
    ] {
        assert_eq!(add(&db, from, at).await, stored, "{at}");
    }
    db.close().await;
}
