//! API keys, made and revoked for their owners.

use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use auth::{OpaqueToken, new_api_key};
use crud::keys::{Added, Maker};
use models::ApiKeyId;
use models::api_key::{Model, Scope};
use schemas::key::KeyCreate;

use super::{Operator, no_account};

const DAY: Duration = Duration::from_hours(24);

/// A key that does not exist yet.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// What to call it.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// After how many days it stops working.
    pub days: Option<u32>,
}

impl Operator {
    /// The keys of an account that are not revoked, newest first.
    pub async fn list_keys(&self, account: &str) -> Result<Vec<Model>> {
        let owner = self.find_user(account).await?.id;
        Ok(crud::keys::list(&self.db, owner).await?)
    }

    /// Makes a key for an account. Its text is in the answer and nowhere else.
    pub async fn create_key(&self, account: &str, new: NewKey) -> Result<OpaqueToken> {
        let user_id = self.find_user(account).await?.id;
        let NewKey { name, scopes, days } = new;
        let now = self.context.now();
        let expires_at = days.map(|days| now + DAY * days);
        let body = KeyCreate { name, scopes, expires_at, current_password: None };
        body.validate(now)?;
        let (id, key) = (self.context.new_id(), new_api_key());
        let row = services::key_row(id, user_id, body, &key, now);
        let limit = self.config.limits.keys_per_user;
        match crud::keys::add(&self.db, row, Maker::Operator, limit).await? {
            Added::Stored => {}
            Added::TooMany => bail!(
                "the account has {limit} keys, as many as limits.keys_per_user allows; revoke one \
                 that is not used any more"
            ),
            Added::NoOwner => return Err(no_account(account)),
        }
        tracing::info!(user = %user_id, key = %id, "API key made; it is shown this once");
        Ok(key)
    }

    /// Revokes a key of an account: its next request is refused.
    pub async fn revoke_key(&self, account: &str, key: &str) -> Result<()> {
        let user = self.find_user(account).await?.id;
        let missing = || anyhow!("the account has no key {key:?}; chatapp key list shows its keys");
        let id: ApiKeyId = key.parse().map_err(|_| missing())?;
        if !crud::keys::revoke(&self.db, user, id, self.context.now()).await? {
            return Err(missing());
        }
        tracing::info!(%user, key = %id, "API key revoked");
        Ok(())
    }
}
