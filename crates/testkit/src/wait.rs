//! Waiting for what cannot announce itself.

use std::time::Duration;

/// How long anything may take to become true.
const LIMIT: Duration = Duration::from_mins(1);
/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// Waits until `condition` holds; after a minute the test fails and names `what`.
///
/// For what happens in other processes and in tables. Inside one process there is nearly
/// always something to await instead.
pub async fn eventually<F>(what: &str, mut condition: F)
where
    F: AsyncFnMut() -> bool,
{
    let look = async {
        while !condition().await {
            tokio::time::sleep(PAUSE).await;
        }
    };
    let seen = tokio::time::timeout(LIMIT, look).await.is_ok();
    assert!(seen, "this did not happen within {} s: {what}", LIMIT.as_secs());
}
