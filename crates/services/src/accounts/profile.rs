//! What people do with their own account.

use auth::{Actor, Purpose, Verified};
use crud::users::{Changed, NewPassword, Profile};
use models::user;
use schemas::account::{AccountDelete, MePatch, PasswordChange, UserOut};
use schemas::key::{KeyCreate, KeyCreated};
use schemas::validate::{Invalid, Patch};
use secrecy::SecretString;

use super::{Accounts, Client, password_text, user_out};
use crate::error::{Error, Result};
use crate::rules;

impl Accounts {
    /// The account of the caller.
    pub async fn me(&self, actor: &Actor) -> Result<UserOut> {
        Ok(user_out(&self.own(actor).await?))
    }

    /// Changes the caller's name, and their address if they say their password.
    pub async fn update_me(&self, actor: &Actor, body: MePatch) -> Result<UserOut> {
        let MePatch { name, email, current_password } = body;
        let name = match name {
            Patch::Absent => None,
            Patch::Null => Some(String::new()),
            Patch::Value(name) => Some(rules::name(&name)?),
        };
        let email = match email {
            Patch::Absent => None,
            Patch::Null => return Err(Invalid::new("email", "email must not be empty").into()),
            Patch::Value(email) => Some(rules::email(&email)?),
        };
        let user = self.own(actor).await?;
        // A form that sends everything it shows has changed nothing by that.
        let email = email.filter(|email| *email != user.email);
        let is_new_address = email.is_some();
        if is_new_address {
            let password = current_password.ok_or_else(|| {
                let rule = "current_password is required to change the e-mail address";
                Invalid::new("current_password", rule)
            })?;
            self.confirm(&user, password).await?;
        }
        let now = self.core.context.now();
        let profile = Profile { name, email };
        let changed =
            crud::users::update_profile(&self.core.db, actor.user_id, profile, now).await?;
        match changed {
            Changed::Done(user) => {
                if is_new_address {
                    tracing::info!(user = %user.id, "e-mail address changed");
                }
                Ok(user_out(&user))
            }
            Changed::EmailTaken => Err(Error::EmailTaken),
            Changed::Missing => Err(Error::NotFound("user")),
        }
    }

    /// Replaces the caller's password and ends all their other sessions, and their other API keys
    /// if they say so.
    pub async fn change_password(
        &self,
        actor: &Actor,
        body: PasswordChange,
        client: &Client,
    ) -> Result<()> {
        let PasswordChange { current_password, new_password, end_keys } = body;
        let user = self.own(actor).await?;
        rules::password("new_password", &new_password, &user.email, &client.host)?;
        self.confirm(&user, current_password).await?;
        let turn = self.passwords.turn(Purpose::Store, self.throttle.line_of(user.id)).await?;
        let hash = turn.hash(SecretString::from(new_password)).await?;
        let new = NewPassword {
            user: user.id,
            old_hash: Some(user.password_hash),
            hash,
            keep: actor.session_id(),
            end_keys: end_keys.then_some(actor.key_id()),
            now: self.core.context.now(),
        };
        if !crud::users::change_password(&self.core.db, new).await? {
            // Another request that knew it was quicker.
            return Err(Error::WrongPassword);
        }
        tracing::info!(user = %user.id, address = client.address, end_keys, "password changed, other sessions ended");
        Ok(())
    }

    /// Makes an API key. What could be used to keep an account that somebody has got hold of takes
    /// the password.
    pub async fn create_key(&self, actor: &Actor, mut body: KeyCreate) -> Result<KeyCreated> {
        let is_needed = self.keys.check(actor, &body)?;
        let what =
            "A key with the scope `account` or `admin`, or that works longer than a session,";
        self.step_up(actor, is_needed, body.current_password.take(), what).await?;
        self.keys.create(actor, body).await
    }

    /// Checks that whoever asks for `what` knows the caller's password.
    pub(crate) async fn confirm_own(
        &self,
        actor: &Actor,
        password: Option<String>,
        what: &'static str,
    ) -> Result<()> {
        let password = password.ok_or(Error::PasswordRequired(what))?;
        self.confirm(&self.own(actor).await?, password).await
    }

    /// Deletes the caller's account and everything in it.
    pub async fn delete_me(&self, actor: &Actor, body: AccountDelete) -> Result<()> {
        let user = self.own(actor).await?;
        self.confirm(&user, body.current_password).await?;
        self.delete_user(user.id).await
    }

    /// Checks that whoever has the caller's session or key knows the password, too. Counted for
    /// the account apart from its logins, so that strangers cannot keep its owner from it.
    async fn confirm(&self, user: &user::Model, password: String) -> Result<()> {
        let stored = user.password_hash.clone();
        let password = password_text(&password);
        let attempt = self.throttle.confirmation(user.id, &password, &stored).await?;
        let line = self.throttle.line_of(user.id);
        let verified = self.verify((attempt, line), (password, Some(stored)), true).await?;
        if verified == Verified::No {
            tracing::warn!(account = %user.id, "a change was not confirmed: wrong password");
            return Err(Error::WrongPassword);
        }
        Ok(())
    }

    async fn own(&self, actor: &Actor) -> Result<user::Model> {
        let found = crud::users::find(&self.core.db, actor.user_id).await?;
        found.ok_or(Error::NotFound("user"))
    }
}
