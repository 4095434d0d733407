//! What operators do to accounts and API keys: on the server's own database, also while servers
//! use it.
//!
//! A server looks at the database for every request, so what is changed here counts at the next
//! one.

mod keys;
mod links;
mod moving;

use anyhow::{Context as _, Result, anyhow, bail};
use auth::{canonical_email, password_rule};
use crud::users::NewPassword;
use crud::users::administration::{self, Ruled};
use crud::users::removal::{self, Hidden};
use crud::{Db, Options};
use models::user::{self, UserRole};
use models::{Context, UserId};
use schemas::validate::{self, MAX_NAME_CHARS};
use secrecy::{ExposeSecret as _, SecretString};
use services::Transfers;

pub use self::keys::NewKey;
use crate::app;
use crate::config::Config;

/// Why somebody stays administrator.
const LAST_ADMINISTRATOR: &str = "the account is the only administrator, and nobody else could \
    administer this server; make another one first: chatapp user role USER admin";
/// How many rows one query reads.
const PAGE: u64 = 200;

/// An operator at work.
#[derive(Debug)]
pub struct Operator {
    db: Db,
    context: Context,
    config: Config,
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

impl Operator {
    /// Opens the database as it is: nothing is made or migrated.
    pub async fn open(config: Config, context: Context) -> Result<Self> {
        if let Some(path) = config.database.sqlite_path().filter(|path| !path.exists()) {
            bail!(
                "there is no database {} yet; check --data-dir, or make it with: chatapp migrate",
                path.display()
            );
        }
        let options = Options { migrate: false, ..app::options(&config, false) };
        let db = crud::connect(&options).await?.db;
        Ok(Self { db, context, config })
    }

    /// Closes the database in good order.
    pub async fn close(self) {
        self.db.close().await;
    }

    /// Conversations in and out.
    pub fn transfers(&self) -> Transfers {
        Transfers::new(self.db.clone(), self.context.clone(), app::settings(&self.config))
    }

    /// All accounts, oldest first.
    pub async fn list_users(&self) -> Result<Vec<user::Model>> {
        let mut users: Vec<user::Model> = Vec::new();
        loop {
            let last = users.last().map(|user| user.id);
            let page = administration::list(&self.db, last, PAGE).await?;
            if page.is_empty() {
                return Ok(users);
            }
            users.extend(page);
        }
    }

    /// The account with this e-mail address or id.
    pub async fn find_user(&self, account: &str) -> Result<user::Model> {
        let found = match account.parse::<UserId>() {
            Ok(id) => crud::users::find(&self.db, id).await?,
            Err(_) => match canonical_email(account) {
                Ok(email) => crud::accounts::find_by_email(&self.db, &email).await?,
                Err(_) => None,
            },
        };
        found.ok_or_else(|| no_account(account))
    }

    /// Makes an account.
    pub async fn add_user(&self, new: NewUser) -> Result<UserId> {
        let NewUser { email, name, role, password } = new;
        let email = canonical_email(&email).map_err(|rule| anyhow!(rule))?;
        let name = name.trim().to_owned();
        validate::chars_at_most("name", &name, MAX_NAME_CHARS)?;
        let password_hash = self.hash(password, &email).await?;
        let now = self.context.now();
        let id = self.context.new_id();
        let user = user::Model {
            id,
            email,
            password_hash,
            name,
            role,
            disabled_at: None,
            deleted_at: None,
            token_version: 0,
            created_at: now,
            updated_at: now,
        };
        if !administration::add(&self.db, user).await? {
            bail!(
                "another account has this e-mail address; chatapp user password gives that one a \
                 new password"
            );
        }
        tracing::info!(user = %id, ?role, "account made");
        Ok(id)
    }

    /// Replaces an account's password and ends its sessions. API keys go on working.
    pub async fn set_password(&self, account: &str, password: SecretString) -> Result<()> {
        let user::Model { id: user, email, .. } = self.find_user(account).await?;
        let hash = self.hash(password, &email).await?;
        let now = self.context.now();
        let new = NewPassword { user, old_hash: None, hash, keep: None, end_keys: None, now };
        if !crud::users::change_password(&self.db, new).await? {
            return Err(no_account(account));
        }
        tracing::info!(%user, "password changed, sessions ended");
        Ok(())
    }

    /// Keeps everybody out of an account and ends its sessions, or lets its owner in again.
    pub async fn set_disabled(&self, account: &str, disabled: bool) -> Result<()> {
        let user = self.find_user(account).await?.id;
        let now = self.context.now();
        match administration::set_disabled(&self.db, user, disabled, now).await? {
            Ruled::Done => {}
            Ruled::Missing => return Err(no_account(account)),
            Ruled::LastAdministrator => bail!(LAST_ADMINISTRATOR),
        }
        if disabled {
            tracing::info!(%user, "account disabled, sessions ended");
        } else {
            tracing::info!(%user, "account enabled");
        }
        Ok(())
    }

    /// Makes an account an administrator's, or an ordinary one.
    pub async fn set_role(&self, account: &str, role: UserRole) -> Result<()> {
        let user = self.find_user(account).await?.id;
        match administration::set_role(&self.db, user, role, self.context.now()).await? {
            Ruled::Done => {}
            Ruled::Missing => return Err(no_account(account)),
            Ruled::LastAdministrator => bail!(LAST_ADMINISTRATOR),
        }
        tracing::info!(%user, ?role, "role changed");
        Ok(())
    }

    /// Deletes an account with everything in it: hidden at once, then removed in steps. What is
    /// interrupted the server's next start continues.
    pub async fn delete_user(&self, user: UserId) -> Result<()> {
        match removal::hide(&self.db, user, self.context.now()).await? {
            Hidden::Done => {}
            Hidden::Missing => return Err(no_account(&user.to_string())),
            Hidden::LastAdministrator => bail!(LAST_ADMINISTRATOR),
        }
        tracing::info!(%user, "account deleted; removing what is in it");
        removal::remove(&self.db, user, self.context.now()).await.context(
            "the account is deleted, but some of its rows are left; the server's next start goes \
             on removing them",
        )?;
        tracing::info!(%user, "everything removed");
        Ok(())
    }

    async fn hash(&self, password: SecretString, email: &str) -> Result<String> {
        let public = self.config.server.public_url.as_ref();
        let host = public.and_then(|url| url.0.split_once("://")).map_or("", |(_, host)| host);
        password_rule(password.expose_secret(), email, host).map_err(|rule| anyhow!(rule))?;
        Ok(app::passwords(&self.config)?.hash(password).await?)
    }
}

fn no_account(account: &str) -> anyhow::Error {
    anyhow!("there is no account {account:?}; chatapp user list shows all of them")
}
