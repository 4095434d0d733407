//! Links that administrators give away: invitations, and ways to a new password.
//!
//! Only hashes of their tokens are stored. The token is in the fragment of a link, which browsers
//! send to nobody, so that no log has it.

use std::sync::Arc;

use auth::OpaqueToken;
use models::{InvitationId, UserId, invitation, password_reset};
use schemas::admin::{
    INVITATION_LIFETIME, InvitationCreate, InvitationCreated, InvitationOut, RESET_LIFETIME,
    ResetLinkCreate, ResetLinkCreated,
};
use schemas::list::List;

use crate::core::Core;
use crate::error::{Error, Result};
use crate::rules;
use crate::settings::Signup;

/// What the tokens of invitations begin with.
const INVITATION_PREFIX: &str = "invite_";
/// What the tokens of links to a new password begin with.
const RESET_PREFIX: &str = "reset_";
/// How many invitations there may be that can be used.
const MOST_INVITATIONS: u32 = 200;

/// The use cases of such links. Who may use them is the caller's to check.
#[derive(Debug, Clone)]
pub struct Links {
    core: Arc<Core>,
}

impl Links {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core }
    }

    /// Makes an invitation in the name of `author`, or of the command line. The link is below
    /// `base`, an address without a trailing slash.
    pub async fn invite(
        &self,
        author: Option<UserId>,
        body: InvitationCreate,
        base: &str,
    ) -> Result<InvitationCreated> {
        if self.core.settings.signup == Signup::Closed {
            return Err(Error::SignupClosed);
        }
        let now = self.core.context.now();
        body.validate(now)?;
        let InvitationCreate { email, role, uses, expires_at, current_password: _ } = body;
        let email = email.map(|email| rules::email(&email)).transpose()?;
        if let Some(email) = &email
            && crud::accounts::is_email_taken(&self.core.db, email).await?
        {
            return Err(Error::EmailTaken);
        }
        let token = OpaqueToken::generate(INVITATION_PREFIX);
        let row = invitation::Model {
            id: self.core.context.new_id(),
            hash: token.hash(),
            email,
            role,
            uses: 0,
            max_uses: i32::try_from(uses).unwrap_or(i32::MAX),
            created_by: author,
            expires_at: expires_at.unwrap_or(now + INVITATION_LIFETIME),
            created_at: now,
        };
        let limit = MOST_INVITATIONS;
        if !crud::invitations::add(&self.core.db, row.clone(), limit.into()).await? {
            return Err(Error::TooManyInvitations(limit));
        }
        self.core.rows_age.notify_one();
        tracing::info!(invitation = %row.id, author = author.map(tracing::field::display), ?role, "invitation made");
        Ok(InvitationCreated {
            token: token.reveal().to_owned(),
            link: format!("{base}/signup#invite={}", token.reveal()),
            details: out(row),
        })
    }

    /// The invitations that can be used, newest first.
    pub async fn list_invitations(&self) -> Result<List<InvitationOut>> {
        let now = self.core.context.now();
        let limit = MOST_INVITATIONS.into();
        let rows = crud::invitations::list(&self.core.db, now, limit).await?;
        let data = rows.into_iter().map(out).collect();
        Ok(List::new(data, false, |one: &InvitationOut| one.id.to_string()))
    }

    /// Takes an invitation back: nobody makes an account with it any more.
    pub async fn revoke_invitation(&self, id: InvitationId) -> Result<()> {
        if !crud::invitations::remove(&self.core.db, id).await? {
            return Err(Error::NotFound("invitation"));
        }
        tracing::info!(invitation = %id, "invitation taken back");
        Ok(())
    }

    /// The account with this address.
    pub(crate) async fn account_of(&self, email: &str) -> Result<UserId> {
        let user = crud::accounts::find_by_email(&self.core.db, &rules::email(email)?).await?;
        user.map(|user| user.id).ok_or(Error::NotFound("account"))
    }

    /// Makes a link with which the owner of an account gives it a new password, in the place of
    /// the one before.
    pub async fn reset_link(
        &self,
        user: UserId,
        body: ResetLinkCreate,
        base: &str,
    ) -> Result<ResetLinkCreated> {
        let now = self.core.context.now();
        body.validate(now)?;
        let token = OpaqueToken::generate(RESET_PREFIX);
        let expires_at = body.expires_at.unwrap_or(now + RESET_LIFETIME);
        let row = password_reset::Model {
            user_id: user,
            hash: token.hash(),
            expires_at,
            created_at: now,
        };
        if !crud::users::reset::replace(&self.core.db, row).await? {
            return Err(Error::NotFound("user"));
        }
        self.core.rows_age.notify_one();
        tracing::info!(%user, "link to a new password made");
        Ok(ResetLinkCreated {
            token: token.reveal().to_owned(),
            link: format!("{base}/reset#token={}", token.reveal()),
            expires_at,
        })
    }
}

fn out(row: invitation::Model) -> InvitationOut {
    InvitationOut {
        id: row.id,
        email: row.email,
        role: row.role,
        uses_left: u32::try_from(row.max_uses - row.uses).unwrap_or_default(),
        created_by: row.created_by,
        created_at: row.created_at,
        expires_at: row.expires_at,
    }
}
