//! The users of a move: who gets an account, and whose conversations go where.

use std::collections::HashSet;

use auth::{canonical_email, foreign_hash};
use crud::predecessor::{self, Key};
use crud::users::administration;
use models::UserId;
use models::user::{self, UserRole};
use schemas::moving::{MoveLine, MovedUser, UserOutcome};
use schemas::validate::MAX_NAME_CHARS;
use secrecy::SecretString;

use super::{Move, next_place, truth};
use crate::error::Result;
use crate::rules;

impl Move {
    /// Gives every user an account who has none.
    pub(super) async fn users(&mut self) -> Result<()> {
        let (mut after, mut ends) = (None, HashSet::new());
        loop {
            let page = self.source.list_users(after.as_ref()).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(next_place(&mut ends, &last.id)?);
            for row in page {
                let key = row.id.clone();
                let line = self.user(row).await?;
                if let Some(reason) = &line.reason {
                    self.left_out.insert(key, reason.clone());
                }
                self.say(MoveLine::User(line)).await;
            }
        }
    }

    async fn user(&mut self, row: predecessor::User) -> Result<MovedUser> {
        let mut line = MovedUser {
            source_id: row.id.to_string(),
            outcome: UserOutcome::LeftOut,
            email: None,
            user_id: None,
            must_reset: None,
            reason: None,
        };
        let email = match self.address(row.email.as_deref(), row.username.as_deref()) {
            Ok(email) => email,
            Err(reason) => {
                line.reason = Some(reason);
                return Ok(line);
            }
        };
        line.email = Some(email.clone());
        let digest = auth::token_hash(&email);
        let digest = digest.first_chunk::<16>().copied().unwrap_or_default();
        if !self.addresses.insert(digest) {
            line.reason = Some("another user before has the same address".to_owned());
            return Ok(line);
        }
        if let Some(found) = crud::accounts::find_by_email(&self.core.db, &email).await? {
            (line.outcome, line.user_id) = (UserOutcome::AlreadyThere, Some(found.id));
            return Ok(line);
        }
        let hash = foreign_hash(row.password.as_deref().unwrap_or_default());
        line.must_reset = hash.err();
        if self.options.dry_run {
            line.outcome = UserOutcome::WouldMove;
            return Ok(line);
        }
        let password_hash = match hash {
            Ok(hash) => hash.to_owned(),
            Err(_) => self.unusable().await?,
        };
        let account = self.account(&row, email, password_hash);
        let id = account.id;
        match administration::add(&self.core.db, account).await {
            Ok(true) => {
                (line.outcome, line.user_id) = (UserOutcome::Moved, Some(id));
            }
            // A user signed up at this moment.
            Ok(false) => line.outcome = UserOutcome::AlreadyThere,
            Err(error) if error.is_outage() => return Err(error.into()),
            Err(error) => {
                let error = crate::chain(&error);
                tracing::warn!(user = line.source_id, error, "moving failed");
                line.reason = Some("it could not be stored; run the move again".to_owned());
            }
        }
        Ok(line)
    }

    fn account(
        &self,
        row: &predecessor::User,
        email: String,
        password_hash: String,
    ) -> user::Model {
        let now = self.core.context.now();
        let is = |flag: &Option<String>| flag.as_deref().and_then(truth);
        let is_admin = row.admin.as_deref().is_some_and(|word| {
            let word = word.trim().to_lowercase();
            truth(&word) == Some(true)
                || matches!(word.as_str(), "admin" | "administrator" | "superuser")
        });
        let is_disabled = is(&row.active) == Some(false) || is(&row.disabled) == Some(true);
        let name = row.name.as_deref().or(row.username.as_deref()).unwrap_or_default();
        let name = name.trim().replace('\0', "\u{fffd}");
        let created_at = self.time(row.created_at.as_ref()).unwrap_or(now);
        let name = name.chars().take(MAX_NAME_CHARS).collect();
        // The first administrator makes the set-up code void, which takes one who can log in.
        let role = if is_admin && !is_disabled { UserRole::Admin } else { UserRole::User };
        user::Model {
            disabled_at: is_disabled.then_some(now),
            created_at,
            ..rules::account(&self.core.context, (email, name), password_hash, role)
        }
    }

    /// The address of a user in its canonical form, or why there is none.
    fn address(&self, email: Option<&str>, username: Option<&str>) -> Result<String, String> {
        let given = |text: Option<&str>| {
            text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let (email, username) = (given(email), given(username));
        if let Some(email) = &email {
            match canonical_email(email) {
                Ok(email) => return Ok(email),
                Err(rule) if self.options.email_domain.is_none() => {
                    return Err(format!("its address cannot be used: {rule}"));
                }
                Err(_) => {}
            }
        }
        let Some(name) = username else {
            return Err("it has neither a usable address nor a user name".to_owned());
        };
        if let Ok(email) = canonical_email(&name) {
            return Ok(email);
        }
        let Some(domain) = &self.options.email_domain else {
            return Err("it has no address; --email-domain makes one of the user name".to_owned());
        };
        canonical_email(&format!("{name}@{domain}"))
            .map_err(|rule| format!("its user name makes no address: {rule}"))
    }

    /// Address and account of a conversation's user, or why the conversation has none.
    pub(super) async fn owner(
        &mut self,
        row: &predecessor::Conversation,
    ) -> Result<Result<(String, UserId), String>> {
        let Some(key) = row.user.as_ref() else {
            return Ok(Err("it names no user".to_owned()));
        };
        if !row.has_user {
            return Ok(Err(format!("its user {key} is not there")));
        }
        if let Some((_, email, id)) = self.owner.as_ref().filter(|(known, ..)| known == key) {
            return Ok(Ok((email.clone(), *id)));
        }
        if let Some(reason) = self.left_out.get(key) {
            return Ok(Err(format!("its user {key} was left out: {reason}")));
        }
        let email = match self.address(row.email.as_deref(), row.username.as_deref()) {
            Ok(email) => email,
            Err(reason) => return Ok(Err(format!("its user {key} was left out: {reason}"))),
        };
        let id = match crud::accounts::find_by_email(&self.core.db, &email).await? {
            Some(user) => user.id,
            // Of an account that would be made nothing is stored yet.
            None if self.options.dry_run => self.core.context.new_id(),
            None => return Ok(Err(format!("the account of its user {key} is gone"))),
        };
        self.owner = Some((Key::clone(key), email.clone(), id));
        Ok(Ok((email, id)))
    }

    /// A hash that no password leads to, made once.
    async fn unusable(&mut self) -> Result<String> {
        if let Some(hash) = &self.unusable {
            return Ok(hash.clone());
        }
        let nobody_knows = auth::OpaqueToken::generate("").reveal().to_owned();
        let hash = self.passwords.hash(SecretString::from(nobody_knows)).await?;
        self.unusable = Some(hash.clone());
        Ok(hash)
    }
}
