//! Events of a response as rows: the log that is read from them, and a run of it as one of them.

use crud::responses::Checkpoint;
use crud::{Db, Owned};
use models::{ResponseId, response};

use super::log::{Log, Unstored};
use crate::error::Result;

/// The log of a response as it is stored.
pub(crate) async fn log(db: &Db, row: &Owned<response::Model>) -> Result<Log> {
    let stored = crud::responses::list_events(db, row.owned_id()).await?;
    let runs = stored
        .iter()
        .map(|run| (u64::try_from(run.first_seq).unwrap_or_default(), run.payload.as_str()));
    Ok(Log::restore(row.message_id, runs))
}

/// A run of events as it is stored.
pub(crate) fn run(response_id: ResponseId, unstored: &Unstored) -> Checkpoint {
    Checkpoint {
        response_id,
        first_seq: i64::try_from(unstored.first_seq).unwrap_or(i64::MAX),
        last_seq: i64::try_from(unstored.last_seq).unwrap_or(i64::MAX),
        payload: unstored.payload.clone(),
    }
}
