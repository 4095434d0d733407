//! API keys: long-lived credentials for programs, each with scopes of its own.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use auth::{Actor, Credential, OpaqueToken, is_api_key, new_api_key, token_hash, visible_prefix};
use crud::keys::{Added, Maker};
use models::api_key::{self, Scope, Scopes};
use models::{ApiKeyId, Time, UserId};
use schemas::key::{KeyCreate, KeyCreated, KeyOut, KeyPatch};
use schemas::list::List;

use crate::core::Core;
use crate::error::{Error, Result};

/// How exactly the last use of a key is known: it is written this often at the most.
const USE_NOTED_EVERY: Duration = Duration::from_mins(1);

/// A key as it is stored: its hash, not its text.
fn key_row(
    id: ApiKeyId,
    user_id: UserId,
    body: KeyCreate,
    key: &OpaqueToken,
    now: Time,
) -> api_key::Model {
    let KeyCreate { name, scopes, expires_at, current_password: _ } = body;
    api_key::Model {
        id,
        user_id,
        name: name.trim().to_owned(),
        hash: key.hash(),
        prefix: visible_prefix(key),
        scopes: scopes.into_iter().collect::<Scopes>().to_string(),
        expires_at,
        last_used_at: None,
        revoked_at: None,
        created_at: now,
    }
}

/// The use cases of API keys.
#[derive(Debug, Clone)]
pub struct Keys {
    core: Arc<Core>,
    /// Keys whose use is being noted, so that requests at the same moment write it once.
    noting: Arc<Mutex<HashSet<ApiKeyId>>>,
}

impl Keys {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core, noting: Arc::default() }
    }

    /// The caller's keys, newest first.
    pub async fn list(&self, actor: &Actor) -> Result<List<KeyOut>> {
        let rows = crud::keys::list(&self.core.db, actor.user_id).await?;
        let data = rows.into_iter().map(|row| out(row, actor)).collect();
        Ok(List::new(data, false, |key: &KeyOut| key.id.to_string()))
    }

    /// Checks what is asked of a key; whether it takes the password to make it. Whoever has found
    /// a session or a key shall not have made themselves something that outlives it, or that
    /// reaches the account. A key makes no key that may do more than itself.
    pub(crate) fn check(&self, actor: &Actor, body: &KeyCreate) -> Result<bool> {
        let now = self.core.context.now();
        body.validate(now)?;
        if let Some(missing) = body.scopes.iter().find(|scope| !actor.has_scope(**scope)) {
            return Err(Error::InsufficientScope(*missing));
        }
        let longest = now + self.core.settings.session_lifetime;
        let is_lasting = body.expires_at.is_none_or(|end| end > longest);
        let is_harmless = |scope: &Scope| matches!(scope, Scope::Read | Scope::Write);
        Ok(is_lasting || !body.scopes.iter().all(is_harmless))
    }

    /// Makes a key that was checked. Its text is in the answer and nowhere else.
    pub(crate) async fn create(&self, actor: &Actor, body: KeyCreate) -> Result<KeyCreated> {
        let now = self.core.context.now();
        let key = new_api_key();
        let row = key_row(self.core.context.new_id(), actor.user_id, body, &key, now);
        let limit = self.core.settings.keys_per_user;
        let maker = match actor.credential {
            Credential::Session(id) => Maker::Session(id),
            Credential::Key { id, .. } => Maker::Key(id),
            Credential::Operator => Maker::Operator,
        };
        match crud::keys::add(&self.core.db, row.clone(), maker, limit).await? {
            Added::Stored => {}
            Added::TooMany => return Err(Error::TooManyKeys(limit)),
            Added::NoOwner => return Err(Error::InvalidToken),
        }
        tracing::info!(user = %actor.user_id, key = %row.id, "API key made");
        Ok(KeyCreated { key: key.reveal().to_owned(), details: out(row, actor) })
    }

    /// Renames a key of the caller.
    pub async fn update(&self, actor: &Actor, id: ApiKeyId, body: KeyPatch) -> Result<KeyOut> {
        body.validate()?;
        let name = body.name.trim().to_owned();
        let row = crud::keys::rename(&self.core.db, actor.user_id, id, name).await?;
        row.map(|row| out(row, actor)).ok_or(Error::NotFound("key"))
    }

    /// Revokes a key of the caller: its next request is refused, on every server.
    pub async fn revoke(&self, actor: &Actor, id: ApiKeyId) -> Result<()> {
        let now = self.core.context.now();
        if !crud::keys::revoke(&self.core.db, actor.user_id, id, now).await? {
            return Err(Error::NotFound("key"));
        }
        tracing::info!(user = %actor.user_id, key = %id, "API key revoked");
        Ok(())
    }

    /// Who makes a request with this key: looked up by its hash at every request, so that a
    /// revocation counts at the next one.
    pub(crate) async fn authenticate(&self, key: &str) -> Result<Actor> {
        if !is_api_key(key) {
            return Err(Error::InvalidKey);
        }
        let now = self.core.context.now();
        let found = crud::keys::find_bearer(&self.core.db, token_hash(key)).await?;
        let alive = found.filter(|found| {
            found.revoked_at.is_none()
                && found.disabled_at.is_none()
                && found.expires_at.is_none_or(|end| end > now)
        });
        let found = alive.ok_or(Error::InvalidKey)?;
        self.note_use(found.id, found.last_used_at, now);
        let scopes = Scopes::from_stored(&found.scopes);
        let credential = Credential::Key { id: found.id, scopes };
        Ok(Actor { user_id: found.user_id, credential, role: found.role })
    }

    /// Notes the use beside the request, which does not wait for it: at most once a minute a key.
    fn note_use(&self, id: ApiKeyId, last: Option<Time>, now: Time) {
        let is_fresh = last.is_some_and(|last| now < last + USE_NOTED_EVERY);
        if is_fresh || self.core.stopped.is_cancelled() || !self.lock_noting().insert(id) {
            return;
        }
        let keys = self.clone();
        self.core.tasks.spawn(async move {
            let db = &keys.core.db;
            if let Err(error) = crud::keys::note_use(db, id, now).await {
                tracing::debug!(key = %id, %error, "noting the use of a key failed");
            }
            keys.lock_noting().remove(&id);
        });
    }

    fn lock_noting(&self) -> std::sync::MutexGuard<'_, HashSet<ApiKeyId>> {
        self.noting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn out(row: api_key::Model, actor: &Actor) -> KeyOut {
    KeyOut {
        current: actor.key_id() == Some(row.id),
        id: row.id,
        name: row.name,
        prefix: row.prefix,
        scopes: Scopes::from_stored(&row.scopes).iter().collect(),
        created_at: row.created_at,
        last_used_at: row.last_used_at,
        expires_at: row.expires_at,
    }
}
