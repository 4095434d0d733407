//! Accounts and sessions.

mod profile;
mod removal;
mod reset;
mod signup;
mod step_up;

use std::sync::Arc;
use std::time::Duration;

use auth::{
    AccessClaims, AccessTokens, Actor, Credential, KEY_PREFIX, OpaqueToken, Passwords, Purpose,
    RefreshTokens, SetupCodes, Verified, canonical_email, token_hash,
};
use crud::sessions::{Exchange, Exchanged, Login};
use engine::Engine;
use models::{SessionId, Time, UserId, refresh_token, session, user};
use schemas::account::{LoginRequest, SessionOut, TokenResponse, UserOut};
use schemas::list::List;
use schemas::validate;
use secrecy::SecretString;

use crate::core::Core;
use crate::error::{Error, Result};
use crate::keys::Keys;
use crate::links::Links;
use crate::throttle::{Attempt, Throttle};

/// How many exchanges further a refresh token is followed that several callers present at once.
const REFRESH_CHAIN: usize = 8;
/// How often a login is tried whose password is right, and replaced while it is checked.
const LOGIN_TRIES: usize = 3;

/// Who is calling, as far as it matters for a login.
#[derive(Debug, Clone, Default)]
pub struct Client {
    /// The `User-Agent`.
    pub user_agent: String,
    /// The address of the peer.
    pub address: String,
    /// The host that people know this server by, without its port.
    pub host: String,
    /// Whether the request looks as if it was made at this machine. A proxy that says nothing of
    /// itself looks the same.
    pub local: bool,
}

/// The use cases of accounts.
#[derive(Debug, Clone)]
pub struct Accounts {
    core: Arc<Core>,
    engine: Arc<Engine>,
    passwords: Arc<Passwords>,
    tokens: Arc<AccessTokens>,
    refresh_tokens: RefreshTokens,
    keys: Keys,
    links: Links,
    throttle: Throttle,
    setup: SetupCodes,
    /// Counts sign-ups and wrong codes by address.
    signups: Throttle,
}

impl Accounts {
    pub(crate) fn new(
        core: Arc<Core>,
        engine: Arc<Engine>,
        passwords: Arc<Passwords>,
        (tokens, refresh_tokens): (AccessTokens, RefreshTokens),
        setup: SetupCodes,
        (keys, links): (Keys, Links),
    ) -> Self {
        let throttle = Throttle::new(core.clone(), core.settings.throttle);
        let signups = Throttle::new(core.clone(), core.settings.signups);
        let tokens = tokens.into();
        Self {
            core,
            engine,
            passwords,
            tokens,
            refresh_tokens,
            keys,
            links,
            throttle,
            setup,
            signups,
        }
    }

    /// Logs in. An unknown address and a wrong password are told apart neither by the answer nor
    /// by the time it takes, and both are counted.
    pub async fn login(&self, body: LoginRequest, client: Client) -> Result<TokenResponse> {
        for _ in 0..LOGIN_TRIES {
            if let Some(tokens) = self.try_login(&body, client.clone()).await? {
                return Ok(tokens);
            }
        }
        Err(Error::InvalidCredentials)
    }

    /// As [`Accounts::login`]; none when the password was right and was replaced meanwhile. Perhaps
    /// only its hash is another one.
    async fn try_login(
        &self,
        LoginRequest { email, password }: &LoginRequest,
        client: Client,
    ) -> Result<Option<TokenResponse>> {
        let canonical = canonical_email(email).ok();
        let account = canonical.as_deref().unwrap_or(email);
        let found = match &canonical {
            Some(email) => crud::accounts::find_by_email(&self.core.db, email).await?,
            None => None,
        };
        let stored = found.as_ref().map(|user| user.password_hash.clone());
        let password = password_text(password);
        let address = &client.address;
        let attempt = self.throttle.login(account, address, &password, stored.as_deref()).await?;
        let is_usable = found.as_ref().is_some_and(|user| user.disabled_at.is_none());
        let line = self.throttle.line_at(address);
        let verified = self
            .verify((attempt, line), (password.clone(), stored), is_usable)
            .await
            .inspect_err(|error| log_throttled(error, found.as_ref(), address))?;
        let (Some(user), Verified::Yes { rehash }) = (found.as_ref(), verified) else {
            log_refused(found.as_ref(), address, "wrong password");
            metrics::counter!("chatapp_login_refused_total").increment(1);
            return Err(Error::InvalidCredentials);
        };
        let now = self.core.context.now();
        let mut password_hash = user.password_hash.clone();
        if rehash {
            let new = self.passwords.turn(Purpose::Check, line).await?.hash(password).await?;
            let old = std::mem::replace(&mut password_hash, new.clone());
            crud::accounts::replace_password_hash(&self.core.db, user.id, old, new, now).await?;
        }
        let address = client.address.clone();
        let (session, refresh, token) = self.new_session(user.id, client, now);
        let id = session.id;
        let login = Login { password_hash, session, refresh };
        if !crud::sessions::log_in(&self.core.db, login).await? {
            return Ok(None);
        }
        tracing::info!(user = %user.id, session = %id, address, "logged in");
        self.answer(user, id, token.reveal(), now).map(Some)
    }

    /// Checks a password when its turn has come in its line, and counts it if it is wrong, or if
    /// the account is not `usable`.
    async fn verify(
        &self,
        (mut attempt, line): (Attempt, u64),
        (password, stored): (SecretString, Option<String>),
        usable: bool,
    ) -> Result<Verified> {
        attempt.ask(self.core.context.now()).map_err(throttled)?;
        let turn = self.passwords.turn(Purpose::Check, line).await?;
        attempt.begin(self.core.context.now()).map_err(throttled)?;
        let core = self.core.clone();
        // What was checked is counted.
        let check = self.core.to_the_end(async move {
            let verified = turn.verify(password, stored).await?;
            if usable && verified != Verified::No {
                attempt.right().await?;
                return Ok(verified);
            }
            attempt.wrong(core.context.now()).await?;
            Ok(Verified::No)
        });
        check.await
    }

    /// Exchanges a refresh token for the next pair. All who present the same one within a short
    /// time get the same; later it counts as stolen and ends its session.
    pub async fn refresh(&self, refresh_token: &str, client: &Client) -> Result<TokenResponse> {
        let now = self.core.context.now();
        let mut tokens = Vec::with_capacity(REFRESH_CHAIN);
        let mut token = self.refresh_tokens.successor(refresh_token);
        for _ in 0..REFRESH_CHAIN {
            let next = self.refresh_tokens.successor(token.reveal());
            tokens.push(std::mem::replace(&mut token, next));
        }
        let presented = std::iter::once(token_hash(refresh_token));
        let exchange = Exchange {
            chain: presented.chain(tokens.iter().map(OpaqueToken::hash)).collect(),
            new_expires_at: now + self.core.settings.refresh_lifetime,
            now,
            grace: self.core.settings.refresh_grace,
        };
        match crud::sessions::exchange(&self.core.db, exchange).await? {
            Exchanged::Renewed(place, renewed) => {
                self.core.rows_age.notify_one();
                let (session, user) = *renewed;
                let token = place.checked_sub(1).and_then(|place| tokens.get(place));
                let token = token.ok_or_else(|| Error::internal("no token at this place"))?;
                self.answer(&user, session.id, token.reveal(), now)
            }
            Exchanged::Invalid => Err(Error::InvalidToken),
            Exchanged::Reused(session) => {
                let address = &client.address;
                tracing::warn!(%session, address, "a used refresh token was presented; session ended");
                metrics::counter!("chatapp_refresh_reuse_total").increment(1);
                Err(Error::InvalidToken)
            }
        }
    }

    /// How long a refresh token waits for its use.
    pub fn refresh_lifetime(&self) -> Duration {
        self.core.settings.refresh_lifetime
    }

    /// Ends the session the request was made with.
    pub async fn logout(&self, actor: &Actor) -> Result<()> {
        let session = actor.session_id().ok_or(Error::SessionRequired)?;
        self.revoke_session(actor, session).await
    }

    /// Who makes a request: an access token has to be genuine, and its session, or the API key,
    /// alive by the database, so that a revocation counts at the very next request, on every
    /// server.
    pub async fn authenticate(&self, bearer: &str) -> Result<Actor> {
        if bearer.starts_with(KEY_PREFIX) {
            return self.keys.authenticate(bearer).await;
        }
        let now = self.core.context.now();
        let claims = self.tokens.verify(now, bearer)?;
        let found = crud::sessions::find_bearer(&self.core.db, claims.session_id).await?;
        let alive = found.filter(|found| {
            found.user_id == claims.user_id
                && found.token_version == claims.token_version
                && found.revoked_at.is_none()
                && found.disabled_at.is_none()
                && found.expires_at > now
        });
        let found = alive.ok_or(Error::InvalidToken)?;
        let credential = Credential::Session(claims.session_id);
        Ok(Actor { user_id: found.user_id, credential, role: found.role })
    }

    /// The live sessions of the caller, newest use first.
    pub async fn list_sessions(&self, actor: &Actor) -> Result<List<SessionOut>> {
        let rows =
            crud::sessions::list(&self.core.db, actor.user_id, self.core.context.now()).await?;
        let out = |row: session::Model| SessionOut {
            current: actor.session_id() == Some(row.id),
            id: row.id,
            user_agent: row.user_agent,
            address: row.address,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
        };
        let rows = rows.into_iter().map(out).collect();
        Ok(List::new(rows, false, |session| session.id.to_string()))
    }

    /// Ends a session of the caller.
    pub async fn revoke_session(&self, actor: &Actor, id: SessionId) -> Result<()> {
        let now = self.core.context.now();
        if !crud::sessions::revoke(&self.core.db, actor.user_id, id, now).await? {
            return Err(Error::NotFound("session"));
        }
        tracing::info!(user = %actor.user_id, session = %id, "session ended");
        Ok(())
    }

    fn new_session(
        &self,
        user_id: UserId,
        client: Client,
        now: Time,
    ) -> (session::Model, refresh_token::Model, OpaqueToken) {
        let Client { user_agent, address, host: _, local: _ } = client;
        self.core.rows_age.notify_one();
        let session = session::Model {
            id: self.core.context.new_id(),
            user_id,
            user_agent: user_agent.chars().filter(|c| !c.is_control()).take(255).collect(),
            address,
            created_at: now,
            last_used_at: now,
            expires_at: now + self.core.settings.session_lifetime,
            revoked_at: None,
        };
        let token = RefreshTokens::generate();
        let refresh = refresh_token::Model {
            hash: token.hash(),
            session_id: session.id,
            used_at: None,
            successor: None,
            expires_at: now + self.core.settings.refresh_lifetime,
            created_at: now,
        };
        (session, refresh, token)
    }

    fn answer(
        &self,
        user: &user::Model,
        session_id: SessionId,
        refresh_token: &str,
        now: Time,
    ) -> Result<TokenResponse> {
        let claims =
            AccessClaims { user_id: user.id, session_id, token_version: user.token_version };
        Ok(TokenResponse {
            access_token: self.tokens.issue(now, &claims)?,
            token_type: "Bearer",
            expires_in: self.tokens.lifetime().as_secs(),
            refresh_token: Some(refresh_token.to_owned()),
            user: user_out(user),
        })
    }
}

/// A password that no account can have costs as much as any other. Cut off, it is still too long to
/// be one.
fn password_text(password: &str) -> SecretString {
    SecretString::from(password.chars().take(validate::MAX_PASSWORD_BYTES + 1).collect::<String>())
}

fn throttled(wait: Duration) -> Error {
    metrics::counter!("chatapp_login_throttled_total").increment(1);
    Error::TooManyAttempts(wait)
}

/// A refused login, for those who look for attacks: whose account, if there is one, and from where.
/// What was typed for an address may be a password, so it is not logged.
fn log_refused(user: Option<&user::Model>, address: &str, why: &'static str) {
    let account = user.map_or_else(|| "unknown".to_owned(), |user| user.id.to_string());
    tracing::info!(account, address, why, "login refused");
}

fn log_throttled(error: &Error, user: Option<&user::Model>, address: &str) {
    if matches!(error, Error::TooManyAttempts(_) | Error::TooManyAtOnce) {
        log_refused(user, address, "too many attempts");
    }
}

fn user_out(user: &user::Model) -> UserOut {
    UserOut {
        id: user.id,
        email: user.email.clone(),
        name: user.name.clone(),
        role: user.role,
        created_at: user.created_at,
    }
}
