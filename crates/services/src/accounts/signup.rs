//! New accounts: who may make one, and who becomes the administrator.
//!
//! What is cheap to refuse is refused first: nothing is hashed for a stranger at a closed door, for
//! a wrong code, or for an address that has an account.

use std::sync::Arc;

use auth::{SetupCodes, canonical_email, password_rule, token_hash};
use crud::accounts::{Claim, SignUp, SignedUp};
use models::{invitation, user};
use schemas::account::{AdministratorSetup, SignupRequest, SignupState, TokenResponse};
use schemas::validate::{self, Invalid};
use secrecy::SecretString;
use tokio::sync::Semaphore;

use super::{Accounts, Client};
use crate::error::{Error, Result};
use crate::settings::Signup;
use crate::throttle::{Guess, Throttle, ThrottleLimits};

/// How many new passwords are hashed, or wait for that among the logins, at once: the rest of the
/// queue is for logins.
const HASHING: usize = 4;
/// How many sign-ups more may wait for their turn.
const WAITING: usize = 64;

/// What keeps sign-ups from taking what others need.
#[derive(Debug, Clone)]
pub(super) struct Door {
    /// Counts sign-ups and wrong codes by address.
    throttle: Throttle,
    /// One permit a sign-up that is hashed or waits for it.
    admitted: Arc<Semaphore>,
    /// One permit a sign-up among the logins.
    hashing: Arc<Semaphore>,
}

impl Door {
    pub(super) fn new(limits: ThrottleLimits) -> Self {
        Self {
            throttle: Throttle::new(limits),
            admitted: Arc::new(Semaphore::new(HASHING + WAITING)),
            hashing: Arc::new(Semaphore::new(HASHING)),
        }
    }
}

impl Accounts {
    /// Makes an account and logs it in. With the set-up code it is the administrator's.
    pub async fn signup(&self, body: SignupRequest, client: Client) -> Result<TokenResponse> {
        let SignupRequest { email, password, name, setup_token, invitation } = body;
        let mut only = None;
        let claim = match (setup_token, invitation) {
            (Some(code), None) => self.setup_claim(&code, &client).await?,
            (None, Some(token)) => {
                let found = self.invitation(&token, &client).await?;
                only = found.email;
                Claim::Invitation(found.hash)
            }
            (Some(_), Some(_)) => {
                let rule = "either setup_token or invitation can be given";
                return Err(Invalid::new("invitation", rule).into());
            }
            (None, None) => match self.engine.settings.signup {
                _ if self.is_open_to(&client) => Claim::None,
                Signup::Closed => return Err(Error::SignupClosed),
                _ => return Err(Error::InvitationRequired),
            },
        };
        let email = canonical_email(&email).map_err(|rule| Invalid::new("email", rule))?;
        if only.is_some_and(|only| only != email) {
            return Err(Error::InvitationOfAnother);
        }
        password_rule(&password).map_err(|rule| Invalid::new("password", rule))?;
        let name = name.trim().to_owned();
        validate::chars_at_most("name", &name, validate::MAX_NAME_CHARS)?;
        if claim == Claim::None {
            self.count_attempt(&client)?;
        }
        if crud::accounts::is_email_taken(&self.engine.db, &email).await? {
            return Err(Error::EmailTaken);
        }
        let password_hash = self.hash_new(password).await?;
        let now = self.engine.context.now();
        let user = user::Model {
            id: self.engine.context.new_id(),
            email,
            password_hash,
            name,
            role: user::UserRole::User,
            disabled_at: None,
            deleted_at: None,
            token_version: 0,
            created_at: now,
            updated_at: now,
        };
        let (session, refresh, token) = self.new_session(user.id, client, now);
        let new = SignUp { user, session: session.clone(), refresh, claim };
        match crud::accounts::sign_up(&self.engine.db, new).await? {
            SignedUp::Created(user) => {
                tracing::info!(user = %user.id, role = ?user.role, "account made");
                self.answer(&user, session.id, token.reveal(), now)
            }
            SignedUp::EmailTaken => Err(Error::EmailTaken),
            SignedUp::SetupUsed => Err(Error::SetupTokenInvalid),
            SignedUp::InvitationUsed => Err(Error::InvitationInvalid),
        }
    }

    /// Who can make an account, as far as it concerns this caller.
    pub async fn signup_state(&self, client: &Client) -> Result<SignupState> {
        let is_done = crud::accounts::has_first_administrator(&self.engine.db).await?;
        Ok(SignupState {
            open: self.is_open_to(client),
            invitations: self.engine.settings.signup != Signup::Closed,
            administrator: match is_done {
                true => AdministratorSetup::Done,
                false => AdministratorSetup::SetupToken,
            },
        })
    }

    /// The set-up code, when the server has no administrator: the same on every server of the
    /// database, until somebody has used it.
    pub async fn offer_setup_code(&self) -> Result<Option<SecretString>> {
        let fresh = SetupCodes::new_seed();
        let seed = crud::accounts::keep_setup_seed(&self.engine.db, fresh).await?;
        Ok(seed.map(|seed| self.setup.code(&seed)))
    }

    /// Whether this caller can make an account without being invited.
    fn is_open_to(&self, client: &Client) -> bool {
        match self.engine.settings.signup {
            Signup::Open => true,
            Signup::Auto => client.local,
            Signup::Invite | Signup::Closed => false,
        }
    }

    /// What the holder of a set-up code may claim. A wrong one is counted; what else the request
    /// says is not looked at.
    async fn setup_claim(&self, code: &str, client: &Client) -> Result<Claim> {
        let attempt = self.count_attempt(client)?;
        let seed = crud::accounts::find_setup_seed(&self.engine.db).await?;
        match seed.filter(|seed| self.setup.is_code(seed, code)) {
            Some(seed) => {
                self.forgive_attempt(attempt);
                Ok(Claim::Setup(seed))
            }
            None => {
                tracing::warn!(address = client.address, "sign-up refused: wrong set-up code");
                Err(Error::SetupTokenInvalid)
            }
        }
    }

    /// The invitation that a token is for, if it can be used. A wrong one is counted; what else
    /// the request says is not looked at.
    async fn invitation(&self, token: &str, client: &Client) -> Result<invitation::Model> {
        if self.engine.settings.signup == Signup::Closed {
            return Err(Error::SignupClosed);
        }
        let attempt = self.count_attempt(client)?;
        let now = self.engine.context.now();
        match crud::invitations::find(&self.engine.db, token_hash(token), now).await? {
            Some(found) => {
                self.forgive_attempt(attempt);
                Ok(found)
            }
            None => {
                tracing::warn!(address = client.address, "sign-up refused: wrong invitation");
                Err(Error::InvitationInvalid)
            }
        }
    }

    /// Counts an attempt for its address, unless there were too many before.
    pub(super) fn count_attempt(&self, client: &Client) -> Result<Guess> {
        let throttle = &self.door.throttle;
        let attempt = Throttle::of_address_only(throttle.guess("", &client.address));
        throttle.admit(attempt, self.engine.context.now()).map_err(|wait| {
            metrics::counter!("signup_throttled_total").increment(1);
            Error::TooManySignups(wait)
        })?;
        Ok(attempt)
    }

    /// Takes an attempt back: it had the right code.
    pub(super) fn forgive_attempt(&self, attempt: Guess) {
        self.door.throttle.right(attempt, self.engine.context.now());
    }

    /// Hashes a new password without crowding logins out.
    pub(super) async fn hash_new(&self, password: String) -> Result<String> {
        let _admitted = self.door.admitted.try_acquire().map_err(|_| Error::Busy)?;
        let _turn = self.door.hashing.acquire().await.map_err(Error::internal)?;
        Ok(self.passwords.hash(SecretString::from(password)).await?)
    }
}
