//! Following responses that another server generates: one reader of the database for each
//! followed response, whatever the number of its followers, and none when nobody follows.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use models::ResponseId;
use models::response;

use super::engine::Engine;
use super::log::Log;
use super::recover;
use crate::error::Result;

/// How often the database is asked. The other server stores what it has at least every 2 s.
const POLL: Duration = Duration::from_millis(300);

/// The logs that are being read, for as long as somebody holds them.
#[derive(Debug, Default)]
pub(crate) struct Remote(Mutex<HashMap<ResponseId, Weak<Log>>>);

impl Remote {
    /// The log of a response that runs elsewhere; starts reading it unless somebody does.
    pub(crate) async fn log(engine: &Arc<Engine>, row: &response::Model) -> Result<Arc<Log>> {
        if let Some(log) = engine.remote.find(row.id) {
            return Ok(log);
        }
        let log = Arc::new(recover::stored(engine, row).await?.lagging());
        // Somebody may have been quicker while the database was read.
        if let Some(other) = engine.remote.keep(row.id, &log) {
            return Ok(other);
        }
        engine.tasks.spawn(read(engine.clone(), row.id, Arc::downgrade(&log)));
        Ok(log)
    }

    fn find(&self, id: ResponseId) -> Option<Arc<Log>> {
        let logs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        logs.get(&id).and_then(Weak::upgrade)
    }

    /// Keeps `log`, unless another one is being read already: that one.
    fn keep(&self, id: ResponseId, log: &Arc<Log>) -> Option<Arc<Log>> {
        let mut logs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(other) = logs.get(&id).and_then(Weak::upgrade) {
            return Some(other);
        }
        logs.insert(id, Arc::downgrade(log));
        metrics::gauge!("remote_responses_followed")
            .set(f64::from(u32::try_from(logs.len()).unwrap_or(u32::MAX)));
        None
    }

    fn forget(&self, id: ResponseId, log: &Weak<Log>) {
        let mut logs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Another follower may have begun a new log under the same id.
        if logs.get(&id).is_some_and(|kept| kept.ptr_eq(log)) {
            logs.remove(&id);
        }
    }
}

/// Reads until the response has ended, nobody follows any more, or this server stops.
async fn read(engine: Arc<Engine>, id: ResponseId, log: Weak<Log>) {
    loop {
        tokio::select! {
            () = engine.stopped.cancelled() => break,
            () = tokio::time::sleep(POLL) => {}
        }
        let Some(followed) = log.upgrade() else { break };
        match read_once(&engine, id, &followed).await {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                tracing::warn!(
                    response = %id, error = %crate::chain(&error),
                    "reading what another server generates failed"
                );
            }
        }
    }
    if let Some(log) = log.upgrade() {
        log.close();
    }
    engine.remote.forget(id, &log);
}

/// Adds what was stored since; whether to go on.
async fn read_once(engine: &Engine, id: ResponseId, log: &Log) -> Result<bool> {
    // The row first: when it says that the response has ended, the events after it are all.
    let row = crud::responses::find_any(&engine.db, id).await?;
    let last = i64::try_from(log.next_seq()).unwrap_or(i64::MAX) - 1;
    let stored = crud::responses::list_events_after(&engine.db, id, last).await?;
    for run in stored {
        log.append_stored(u64::try_from(run.first_seq).unwrap_or_default(), &run.payload);
    }
    let is_open = row.is_some_and(|row| !row.status.is_final());
    Ok(is_open && !log.has_ended())
}
