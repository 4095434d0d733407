//! The responses that are being made in this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crud::{Db, Owned};
use models::{ConversationId, ResponseId};

use super::generation::Generation;
use super::log::{Log, SoFar};
use super::stored;
use crate::error::Result;

/// All of them, by id. Empty, and staying so, in a process that makes none. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Running(Arc<Mutex<HashMap<ResponseId, Arc<Generation>>>>);

impl Running {
    // A panic while the lock is held leaves the map whole.
    fn lock(&self) -> MutexGuard<'_, HashMap<ResponseId, Arc<Generation>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn insert(&self, generation: Arc<Generation>) {
        self.lock().insert(generation.row.id, generation);
    }

    pub(super) fn remove(&self, id: ResponseId) {
        self.lock().remove(&id);
    }

    /// One of them.
    pub(crate) fn find(&self, id: ResponseId) -> Option<Arc<Generation>> {
        self.lock().get(&id).cloned()
    }

    /// The log of one of them.
    pub fn find_log(&self, id: ResponseId) -> Option<Arc<Log>> {
        self.find(id).map(|generation| generation.log.clone())
    }

    /// An answer in progress as far as it is: from memory when it runs here, otherwise as far as it
    /// is stored.
    pub async fn so_far(
        &self,
        db: &Db,
        conversation: Owned<ConversationId>,
        id: ResponseId,
    ) -> Result<SoFar> {
        if let Some(log) = self.find_log(id) {
            return Ok(log.so_far());
        }
        match crud::responses::find_in(db, conversation, id).await? {
            Some(row) => Ok(stored::log(db, &row).await?.so_far()),
            None => Ok(SoFar::default()),
        }
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<Arc<Generation>> {
        self.lock().values().cloned().collect()
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }
}
