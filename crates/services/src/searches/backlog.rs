//! Makes texts searchable that were stored before there was a search.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crud::search_docs::{self, Progress};

use super::Searches;
use crate::error::Result;

/// How long to wait after a failure.
const LATER: Duration = Duration::from_secs(10);

impl Searches {
    /// Goes through older texts in the background, if there are any left.
    pub(crate) async fn index_left_over(&self) -> Result<()> {
        if search_docs::index_some(&self.engine.db).await? == Progress::Done {
            return Ok(());
        }
        self.is_indexing.store(true, Ordering::Relaxed);
        let searches = self.clone();
        self.engine.tasks.spawn(async move {
            let engine = &searches.engine;
            while !engine.stopped.is_cancelled() {
                match search_docs::index_some(&engine.db).await {
                    Ok(Progress::More) => {}
                    Ok(Progress::Done) => {
                        searches.is_indexing.store(false, Ordering::Relaxed);
                        return;
                    }
                    Err(error) => {
                        let error = crate::chain(&error);
                        tracing::warn!(error, "making older messages searchable failed");
                        tokio::select! {
                            () = tokio::time::sleep(LATER) => {}
                            () = engine.stopped.cancelled() => {}
                        }
                    }
                }
            }
        });
        Ok(())
    }
}
