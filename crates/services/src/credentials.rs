//! Ends what is open with a session or an API key soon after that has ended itself, wherever this
//! was done: on this server, on another one, or by a command; or because its time was over.
//!
//! While something is open the database is asked once in [`POLL`] about all of them together;
//! nobody asks otherwise. That an access token expires meanwhile changes nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use auth::{Actor, Credential};
use models::{ApiKeyId, SessionId};
use tokio_util::sync::CancellationToken;

use crate::core::Core;
use crate::error::{Error, Result};

/// How often the database is asked.
const POLL: Duration = Duration::from_secs(2);
/// How many credentials one round of queries asks about.
const CHUNK: usize = 500;

/// Watches the credentials that something is open with.
#[derive(Debug, Clone)]
pub struct Credentials {
    core: Arc<Core>,
    watched: Arc<Mutex<Watched>>,
}

/// What requests are made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Id {
    Session(SessionId),
    Key(ApiKeyId),
}

#[derive(Debug, Default)]
struct Watched {
    credentials: HashMap<Id, Open>,
    /// Whether somebody asks.
    polled: bool,
}

#[derive(Debug, Default)]
struct Open {
    /// How many things are open with it.
    watches: usize,
    /// Of a session: its owner's token version when it was first asked about.
    version: Option<i32>,
    ended: CancellationToken,
}

/// Something that is open with a credential. Dropping it says that it was closed.
#[derive(Debug)]
pub struct CredentialWatch {
    /// None for what nothing ends.
    id: Option<Id>,
    watched: Arc<Mutex<Watched>>,
    ended: CancellationToken,
}

// A panic while the lock is held can at worst leave a credential watched.
fn lock(watched: &Mutex<Watched>) -> MutexGuard<'_, Watched> {
    watched.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Credentials {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core, watched: Arc::default() }
    }

    /// Watches the credential that a request was made with.
    pub fn watch(&self, actor: &Actor) -> CredentialWatch {
        let id = match actor.credential {
            Credential::Session(id) => Id::Session(id),
            Credential::Key { id, .. } => Id::Key(id),
            Credential::Operator => {
                let (watched, ended) = (self.watched.clone(), CancellationToken::new());
                return CredentialWatch { id: None, watched, ended };
            }
        };
        let mut watched = lock(&self.watched);
        let open = watched.credentials.entry(id).or_default();
        open.watches += 1;
        let ended = open.ended.clone();
        if !std::mem::replace(&mut watched.polled, true) {
            self.core.tasks.spawn(self.clone().poll());
        }
        CredentialWatch { id: Some(id), watched: self.watched.clone(), ended }
    }

    /// Asks until nothing is open any more.
    async fn poll(self) {
        loop {
            let ids = {
                let mut watched = lock(&self.watched);
                watched.polled = !watched.credentials.is_empty();
                watched.credentials.keys().copied().collect::<Vec<_>>()
            };
            if ids.is_empty() {
                return;
            }
            if let Err(error) = self.ask(&ids).await {
                tracing::warn!(error = %crate::chain(&error), "asking about credentials failed");
            }
            tokio::select! {
                () = self.core.stopped.cancelled() => return,
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    async fn ask(&self, ids: &[Id]) -> Result<()> {
        for ids in ids.chunks(CHUNK) {
            let live = self.live(ids).await?;
            let mut watched = lock(&self.watched);
            for id in ids {
                let Some(open) = watched.credentials.get_mut(id) else { continue };
                match live.get(id) {
                    Some(version) if *open.version.get_or_insert(*version) == *version => {}
                    _ => open.ended.cancel(),
                }
            }
        }
        Ok(())
    }

    /// Those that were not ended, each with its owner's token version.
    async fn live(&self, ids: &[Id]) -> Result<HashMap<Id, i32>> {
        let (mut sessions, mut keys) = (Vec::new(), Vec::new());
        for id in ids {
            match id {
                Id::Session(id) => sessions.push(*id),
                Id::Key(id) => keys.push(*id),
            }
        }
        let db = &self.core.db;
        let now = self.core.context.now();
        let sessions = crud::sessions::list_live(db, sessions, now).await?;
        let sessions = sessions.into_iter().map(|(id, version)| (Id::Session(id), version));
        // A key does not depend on the version.
        let keys =
            crud::keys::list_live(db, keys, now).await?.into_iter().map(|id| (Id::Key(id), 0));
        Ok(sessions.chain(keys).collect())
    }
}

impl CredentialWatch {
    /// Waits until the credential has ended; how requests with it are refused from then on.
    pub async fn ended(&self) -> Error {
        self.ended.cancelled().await;
        match self.id {
            Some(Id::Key(_)) => Error::InvalidKey,
            Some(Id::Session(_)) | None => Error::InvalidToken,
        }
    }
}

impl Drop for CredentialWatch {
    fn drop(&mut self) {
        let Some(id) = self.id else { return };
        let mut watched = lock(&self.watched);
        let Some(open) = watched.credentials.get_mut(&id) else { return };
        open.watches -= 1;
        if open.watches == 0 {
            watched.credentials.remove(&id);
        }
    }
}
