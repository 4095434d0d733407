//! What operators do to accounts, beside the servers: by the rules that hold for everybody, and
//! through the use cases of keys and links that the API has.
//!
//! A server looks at the database for every request, so what is changed here counts at the next
//! one.

use std::sync::Arc;

use auth::{Actor, Credential, Passwords};
use crud::Db;
use crud::users::administration;
use crud::users::{NewPassword, removal};
use models::user::{self, UserRole};
use models::{Context, UserId};
use schemas::key::{KeyCreate, KeyCreated};
use secrecy::{ExposeSecret as _, SecretString};

use crate::core::Core;
use crate::error::{Error, Result};
use crate::keys::Keys;
use crate::links::Links;
use crate::settings::Settings;
use crate::{removals, rules};

/// How many rows one query reads.
const PAGE: u64 = 200;

/// The use cases of operators.
#[derive(Debug, Clone)]
pub struct Administration {
    core: Arc<Core>,
    /// API keys, for whom an operator acts for.
    pub keys: Keys,
    /// Links to be given away.
    pub links: Links,
    host: String,
}

/// An account that does not exist yet.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Its e-mail address.
    pub email: String,
    /// What its owner is called; may be empty.
    pub name: String,
    /// What its owner may do.
    pub role: UserRole,
    /// Its password.
    pub password: SecretString,
}

impl Administration {
    /// On the same database as the servers, which people know by `host`; nothing is begun.
    pub fn beside_servers(db: Db, context: Context, settings: Settings, host: &str) -> Self {
        let core = Core::beside_servers(db, context, settings);
        let (keys, links) = (Keys::new(core.clone()), Links::new(core.clone()));
        Self { core, keys, links, host: host.to_owned() }
    }

    /// All accounts, oldest first.
    pub async fn list(&self) -> Result<Vec<user::Model>> {
        let mut users: Vec<user::Model> = Vec::new();
        loop {
            let last = users.last().map(|user| user.id);
            let page = administration::list(&self.core.db, last, PAGE).await?;
            if page.is_empty() {
                return Ok(users);
            }
            users.extend(page);
        }
    }

    /// The account with this e-mail address or id.
    pub async fn find(&self, account: &str) -> Result<user::Model> {
        let db = &self.core.db;
        let found = match account.parse::<UserId>() {
            Ok(id) => crud::users::find(db, id).await?,
            Err(_) => match rules::email(account) {
                Ok(email) => crud::accounts::find_by_email(db, &email).await?,
                Err(_) => None,
            },
        };
        found.ok_or(Error::NotFound("user"))
    }

    /// The operator, acting for the owner of the account with this e-mail address or id.
    pub async fn act_for(&self, account: &str) -> Result<Actor> {
        let user = self.find(account).await?;
        Ok(Actor { user_id: user.id, credential: Credential::Operator, role: user.role })
    }

    /// Makes an account; the first administrator's makes the set-up code void.
    pub async fn add(&self, new: NewUser, passwords: &Passwords) -> Result<UserId> {
        let NewUser { email, name, role, password } = new;
        let (email, name) = (rules::email(&email)?, rules::name(&name)?);
        let hash = self.hash(password, &email, passwords).await?;
        let user = rules::account(&self.core.context, (email, name), hash, role);
        let id = user.id;
        if !administration::add(&self.core.db, user).await? {
            return Err(Error::EmailTaken);
        }
        tracing::info!(user = %id, ?role, "account made");
        Ok(id)
    }

    /// Replaces an account's password and ends its sessions. API keys go on working.
    pub async fn set_password(
        &self,
        user: &user::Model,
        password: SecretString,
        passwords: &Passwords,
    ) -> Result<()> {
        let hash = self.hash(password, &user.email, passwords).await?;
        let (user, now) = (user.id, self.core.context.now());
        let new = NewPassword { user, old_hash: None, hash, keep: None, end_keys: None, now };
        if !crud::users::change_password(&self.core.db, new).await? {
            return Err(Error::NotFound("user"));
        }
        tracing::info!(%user, "password changed, sessions ended");
        Ok(())
    }

    /// Keeps everybody out of an account and ends its sessions, or lets its owner in again.
    pub async fn set_disabled(&self, user: UserId, disabled: bool) -> Result<()> {
        let now = self.core.context.now();
        rules::ruled(administration::set_disabled(&self.core.db, user, disabled, now).await?)?;
        if disabled {
            tracing::info!(%user, "account disabled, sessions ended");
        } else {
            tracing::info!(%user, "account enabled");
        }
        Ok(())
    }

    /// Makes an account an administrator's, or an ordinary one. A link to a new password that was
    /// made for an ordinary account does not lead into an administrator's.
    pub async fn set_role(&self, user: UserId, role: UserRole) -> Result<()> {
        let now = self.core.context.now();
        rules::ruled(administration::set_role(&self.core.db, user, role, now).await?)?;
        tracing::info!(%user, ?role, "role changed");
        Ok(())
    }

    /// Deletes an account: nobody can use or see it from now on. Its rows are left to
    /// [`Administration::remove_deleted`], or to the next start of a server.
    pub async fn delete(&self, user: UserId) -> Result<()> {
        removals::hide_account(&self.core, user).await
    }

    /// Removes what is in a deleted account, to the end; any other account stays.
    pub async fn remove_deleted(&self, user: UserId) -> Result<()> {
        removal::remove(&self.core.db, user, self.core.context.now()).await?;
        tracing::info!(%user, "everything removed");
        Ok(())
    }

    /// Makes a key for whom the operator acts for. Unlike its owner, an operator needs no password
    /// for a key that lasts or reaches the account.
    pub async fn create_key(&self, actor: &Actor, body: KeyCreate) -> Result<KeyCreated> {
        self.keys.check(actor, &body)?;
        self.keys.create(actor, body).await
    }

    async fn hash(
        &self,
        password: SecretString,
        email: &str,
        passwords: &Passwords,
    ) -> Result<String> {
        rules::password("password", password.expose_secret(), email, &self.host)?;
        Ok(passwords.hash(password).await?)
    }
}
