//! Makes texts searchable that were stored before there was a search.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crud::search_docs::{self, Pace, Progress};

use super::Searches;
use crate::error::Result;

/// How long to wait after a failure.
const LATER: Duration = Duration::from_secs(10);
/// How long to wait before a text that failed is tried again.
const SOON: Duration = Duration::from_millis(200);

/// How often one text is tried before it is passed over.
const ATTEMPTS: u32 = 3;

impl Searches {
    /// Goes through older texts in the background, if there are any left.
    pub(crate) async fn index_left_over(&self) -> Result<()> {
        match search_docs::index_some(&self.core.db, Pace::Many).await {
            Ok(Progress::Done) => return Ok(()),
            Err(error) if !error.is_permanent() => return Err(error.into()),
            // What one text has done to it is seen to below.
            Ok(Progress::More) | Err(_) => {}
        }
        self.is_indexing.store(true, Ordering::Relaxed);
        let searches = self.clone();
        self.core.tasks.spawn(async move { searches.index_all().await });
        Ok(())
    }

    async fn index_all(&self) {
        let core = &self.core;
        // How many texts are still to be taken one by one, and how often the next one failed.
        let (mut singly, mut failures) = (0_u64, 0_u32);
        while !core.stopped.is_cancelled() {
            let pace = match (singly, failures) {
                (0, _) => Pace::Many,
                (_, ATTEMPTS..) => Pace::Skip,
                _ => Pace::One,
            };
            let indexed = search_docs::index_some(&core.db, pace).await;
            let pause = match indexed {
                Ok(Progress::Done) => {
                    self.is_indexing.store(false, Ordering::Relaxed);
                    return;
                }
                Ok(Progress::More) => {
                    (singly, failures) = (singly.saturating_sub(1), 0);
                    continue;
                }
                Err(error) if error.is_permanent() && pace != Pace::Skip => {
                    let error = crate::chain(&error);
                    match pace {
                        Pace::Many => singly = Pace::Many.limit(),
                        _ => failures += 1,
                    }
                    if failures == ATTEMPTS {
                        metrics::counter!("chatapp_rows_skipped_total", "work" => "search backlog")
                            .increment(1);
                        tracing::error!(error, "a text cannot be made searchable; it is skipped");
                    }
                    SOON
                }
                Err(error) => {
                    let error = crate::chain(&error);
                    tracing::warn!(error, "making older messages searchable failed");
                    LATER
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = core.stopped.cancelled() => {}
            }
        }
    }
}
