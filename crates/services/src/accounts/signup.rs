//! New accounts: who may make one, and who becomes the administrator.
//!
//! What is cheap to refuse is refused first: nothing is hashed for a stranger at a closed door, for
//! a wrong code, or for an address that has an account.

use auth::{Purpose, SetupCodes, token_hash};
use crud::accounts::{Claim, SignUp, SignedUp};
use models::invitation;
use models::user::UserRole;
use schemas::account::{AdministratorSetup, SignupRequest, SignupState, TokenResponse};
use schemas::validate::Invalid;
use secrecy::SecretString;

use super::{Accounts, Client};
use crate::error::{Error, Result};
use crate::rules;
use crate::settings::Signup;
use crate::throttle::Attempt;

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
            (None, None) => match self.core.settings.signup {
                _ if self.is_open_to(&client) => Claim::None,
                Signup::Closed => return Err(Error::SignupClosed),
                _ => return Err(Error::InvitationRequired),
            },
        };
        let email = rules::email(&email)?;
        if only.is_some_and(|only| only != email) {
            return Err(Error::InvitationOfAnother);
        }
        rules::password("password", &password, &email, &client.host)?;
        let name = rules::name(&name)?;
        if claim == Claim::None {
            self.count_attempt(&client).await?.wrong(self.core.context.now()).await?;
        }
        if crud::accounts::is_email_taken(&self.core.db, &email).await? {
            // With an invitation one could ask about one address after the other.
            if claim != Claim::None {
                self.count_attempt(&client).await?.wrong(self.core.context.now()).await?;
            }
            return Err(Error::EmailTaken);
        }
        let password_hash = self.hash_new(password, &client).await?;
        let context = &self.core.context;
        let user = rules::account(context, (email, name), password_hash, UserRole::User);
        let now = user.created_at;
        let (session, refresh, token) = self.new_session(user.id, client, now);
        let new = SignUp { user, session: session.clone(), refresh, claim };
        match crud::accounts::sign_up(&self.core.db, new).await? {
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
        let is_done = crud::accounts::has_first_administrator(&self.core.db).await?;
        let accounts = is_done || crud::users::is_anybody_there(&self.core.db).await?;
        Ok(SignupState {
            open: self.is_open_to(client),
            invitations: self.core.settings.signup != Signup::Closed,
            administrator: if is_done {
                AdministratorSetup::Done
            } else {
                AdministratorSetup::SetupToken
            },
            accounts,
        })
    }

    /// The set-up code, when the server has no administrator: the same on every server of the
    /// database, until it was used.
    pub async fn offer_setup_code(&self) -> Result<Option<SecretString>> {
        let fresh = SetupCodes::new_seed();
        let seed = crud::accounts::keep_setup_seed(&self.core.db, fresh).await?;
        Ok(seed.map(|seed| self.setup.code(&seed)))
    }

    /// Whether this caller can make an account without being invited.
    fn is_open_to(&self, client: &Client) -> bool {
        match self.core.settings.signup {
            Signup::Open => true,
            Signup::Auto => client.local,
            Signup::Invite | Signup::Closed => false,
        }
    }

    /// What the holder of a set-up code may claim. A wrong one is counted; what else the request
    /// says is not looked at.
    async fn setup_claim(&self, code: &str, client: &Client) -> Result<Claim> {
        let attempt = self.count_attempt(client).await?;
        let seed = crud::accounts::find_setup_seed(&self.core.db).await?;
        if let Some(seed) = seed.filter(|seed| self.setup.is_code(seed, code)) {
            return Ok(Claim::Setup(seed));
        }
        attempt.wrong(self.core.context.now()).await?;
        tracing::warn!(address = client.address, "sign-up refused: wrong set-up code");
        Err(Error::SetupTokenInvalid)
    }

    /// The invitation that a token is for, if it can be used. A wrong one is counted; what else
    /// the request says is not looked at.
    async fn invitation(&self, token: &str, client: &Client) -> Result<invitation::Model> {
        if self.core.settings.signup == Signup::Closed {
            return Err(Error::SignupClosed);
        }
        let attempt = self.count_attempt(client).await?;
        let now = self.core.context.now();
        if let Some(found) = crud::invitations::find(&self.core.db, token_hash(token), now).await? {
            return Ok(found);
        }
        attempt.wrong(now).await?;
        tracing::warn!(address = client.address, "sign-up refused: wrong invitation");
        Err(Error::InvitationInvalid)
    }

    /// An attempt that counts for its address if it turns out to be wrong, unless there were too
    /// many before.
    pub(super) async fn count_attempt(&self, client: &Client) -> Result<Attempt> {
        let attempt = self.signups.signup(&client.address).await?;
        attempt.ask(self.core.context.now()).map_err(|wait| {
            metrics::counter!("chatapp_signup_throttled_total").increment(1);
            Error::TooManySignups(wait)
        })?;
        Ok(attempt)
    }

    /// Hashes a new password without crowding logins out.
    pub(super) async fn hash_new(&self, password: String, client: &Client) -> Result<String> {
        let line = self.signups.line_at(&client.address);
        let turn = self.passwords.turn(Purpose::Store, line).await?;
        Ok(turn.hash(SecretString::from(password)).await?)
    }
}
