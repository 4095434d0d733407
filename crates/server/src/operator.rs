//! What operators do to accounts, API keys and conversations: on the server's own database, also
//! while servers use it.
//!
//! The work is that of `services::Administration` and `services::Transfers`; here it is opened and
//! closed, and said what to type next when it is refused.

mod moving;

use anyhow::{Context as _, Result, anyhow, bail};
use auth::Actor;
use crud::{Db, Options};
use models::user::{self, UserRole};
use models::{Context, UserId};
use schemas::admin::{InvitationCreate, InvitationCreated, ResetLinkCreate, ResetLinkCreated};
use schemas::key::{KeyCreate, KeyCreated, KeyOut};
use secrecy::SecretString;
use services::{Administration, Error, NewUser, Transfers};

use crate::app;
use crate::config::Config;

/// An operator at work.
#[derive(Debug)]
pub struct Operator {
    db: Db,
    context: Context,
    config: Config,
    administration: Administration,
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
        let public = config.server.public_url.as_ref();
        let host = public.and_then(|url| url.0.split_once("://")).map_or("", |(_, host)| host);
        let settings = app::settings(&config);
        let administration =
            Administration::beside_servers(db.clone(), context.clone(), settings, host);
        Ok(Self { db, context, config, administration })
    }

    /// Closes the database in good order.
    pub async fn close(self) {
        self.db.close().await;
    }

    /// The time, for what ends so long after it.
    pub fn now(&self) -> models::Time {
        self.context.now()
    }

    /// Conversations in and out.
    pub fn transfers(&self) -> Transfers {
        Transfers::new(self.db.clone(), self.context.clone(), app::settings(&self.config))
    }

    /// The operator, acting for the owner of the account with this e-mail address or id.
    pub async fn act_for(&self, account: &str) -> Result<Actor> {
        self.administration.act_for(account).await.map_err(|error| of_account(error, account))
    }

    /// All accounts, oldest first.
    pub async fn list_users(&self) -> Result<Vec<user::Model>> {
        Ok(self.administration.list().await?)
    }

    /// The account with this e-mail address or id.
    pub async fn find_user(&self, account: &str) -> Result<user::Model> {
        self.administration.find(account).await.map_err(|error| of_account(error, account))
    }

    /// Makes an account.
    pub async fn add_user(&self, new: NewUser) -> Result<UserId> {
        let passwords = app::passwords(&self.config)?;
        match self.administration.add(new, &passwords).await {
            Err(Error::EmailTaken) => bail!(
                "another account has this e-mail address; chatapp user password gives that one a \
                 new password"
            ),
            added => Ok(added?),
        }
    }

    /// Replaces an account's password and ends its sessions. API keys go on working.
    pub async fn set_password(&self, user: &user::Model, password: SecretString) -> Result<()> {
        let passwords = app::passwords(&self.config)?;
        let set = self.administration.set_password(user, password, &passwords).await;
        set.map_err(|error| of_account(error, &user.email))
    }

    /// Keeps everybody out of an account and ends its sessions, or lets its owner in again.
    pub async fn set_disabled(&self, account: &str, disabled: bool) -> Result<()> {
        let user = self.find_user(account).await?.id;
        let set = self.administration.set_disabled(user, disabled).await;
        set.map_err(|error| of_account(error, account))
    }

    /// Makes an account an administrator's, or an ordinary one.
    pub async fn set_role(&self, account: &str, role: UserRole) -> Result<()> {
        let user = self.find_user(account).await?.id;
        let set = self.administration.set_role(user, role).await;
        set.map_err(|error| of_account(error, account))
    }

    /// Deletes an account with everything in it: hidden at once, then removed in steps. What is
    /// interrupted the server's next start continues.
    pub async fn delete_user(&self, user: UserId) -> Result<()> {
        let deleted = self.administration.delete(user).await;
        deleted.map_err(|error| of_account(error, &user.to_string()))?;
        self.administration.remove_deleted(user).await.context(
            "the account is deleted, but some of its rows are left; the server's next start goes \
             on removing them",
        )
    }

    /// Makes an invitation.
    pub async fn invite(&self, invitation: InvitationCreate) -> Result<InvitationCreated> {
        match self.administration.links.invite(None, invitation, &self.base()).await {
            Err(Error::SignupClosed) => bail!(
                "auth.signup is closed, so nobody could use an invitation; set it to auto or \
                 invite, or make the account with: chatapp user add EMAIL"
            ),
            Err(Error::EmailTaken) => bail!(
                "an account has this e-mail address; chatapp user reset-link makes a link to a \
                 new password"
            ),
            made => Ok(made?),
        }
    }

    /// Makes a link to a new password for an account.
    pub async fn reset_link(
        &self,
        account: &str,
        link: ResetLinkCreate,
    ) -> Result<ResetLinkCreated> {
        let user = self.find_user(account).await?.id;
        let made = self.administration.links.reset_link(user, link, &self.base()).await;
        made.map_err(|error| of_account(error, account))
    }

    /// The keys of an account that are not revoked, newest first.
    pub async fn list_keys(&self, account: &str) -> Result<Vec<KeyOut>> {
        let actor = self.act_for(account).await?;
        Ok(self.administration.keys.list(&actor).await?.data)
    }

    /// Makes a key for an account. Its text is in the answer and nowhere else.
    pub async fn create_key(&self, account: &str, new: KeyCreate) -> Result<KeyCreated> {
        let actor = self.act_for(account).await?;
        match self.administration.create_key(&actor, new).await {
            Err(Error::TooManyKeys(limit)) => bail!(
                "the account has {limit} keys, as many as limits.keys_per_user allows; revoke one \
                 that is not used any more"
            ),
            // Deleted since it was found.
            Err(Error::InvalidToken) => Err(no_account(account)),
            made => Ok(made?),
        }
    }

    /// Revokes a key of an account: its next request is refused.
    pub async fn revoke_key(&self, account: &str, key: &str) -> Result<()> {
        let actor = self.act_for(account).await?;
        let missing = || anyhow!("the account has no key {key:?}; chatapp key list shows its keys");
        let id = key.parse().map_err(|_| missing())?;
        match self.administration.keys.revoke(&actor, id).await {
            Err(Error::NotFound(_)) => Err(missing()),
            revoked => Ok(revoked?),
        }
    }

    /// Whether links begin with an address that others can use, as far as the configuration says.
    pub fn has_public_url(&self) -> bool {
        self.config.server.public_url.is_some()
    }

    fn base(&self) -> String {
        app::public_url(&self.config, self.config.server.own_address())
    }
}

/// Why something was not done to an account.
fn of_account(error: Error, account: &str) -> anyhow::Error {
    match error {
        Error::NotFound(_) => no_account(account),
        Error::LastAdministrator => anyhow!(
            "the account is the only administrator, and nobody else could administer this server; \
             make another one first: chatapp user role USER admin"
        ),
        error => error.into(),
    }
}

fn no_account(account: &str) -> anyhow::Error {
    anyhow!("there is no account {account:?}; chatapp user list shows all of them")
}
