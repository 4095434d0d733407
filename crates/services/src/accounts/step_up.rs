//! What a session or a key is not enough for: whoever has found an administrator's shall not make
//! themselves an administrator of their own with it, nor a new password for the one they found.

use auth::Actor;
use models::UserId;
use models::user::UserRole;
use schemas::admin::{
    InvitationCreate, InvitationCreated, ResetLinkByEmail, ResetLinkCreate, ResetLinkCreated,
};

use super::Accounts;
use crate::error::Result;

impl Accounts {
    /// Makes an invitation, as [`Links::invite`](crate::Links::invite). One that makes
    /// administrators takes the caller's password. That the caller is an administrator is checked
    /// before.
    pub async fn invite(
        &self,
        actor: &Actor,
        mut body: InvitationCreate,
        base: &str,
    ) -> Result<InvitationCreated> {
        let is_needed = body.role == UserRole::Admin;
        let what = "An invitation for an administrator";
        self.step_up(actor, is_needed, body.current_password.take(), what).await?;
        self.links.invite(Some(actor.user_id), body, base).await
    }

    /// Makes a link to a new password, as [`Links::reset_link`](crate::Links::reset_link). One into
    /// the account of an administrator takes the caller's password. That the caller is an
    /// administrator is checked before.
    pub async fn reset_link(
        &self,
        actor: &Actor,
        user: UserId,
        mut body: ResetLinkCreate,
        base: &str,
    ) -> Result<ResetLinkCreated> {
        let found = crud::users::find(&self.core.db, user).await?;
        let is_needed = found.is_some_and(|user| user.role == UserRole::Admin);
        let what = "A link to a new password for an administrator";
        self.step_up(actor, is_needed, body.current_password.take(), what).await?;
        self.links.reset_link(user, body, base).await
    }

    /// The same for the account with an e-mail address.
    pub async fn reset_link_to(
        &self,
        actor: &Actor,
        body: ResetLinkByEmail,
        base: &str,
    ) -> Result<ResetLinkCreated> {
        let ResetLinkByEmail { email, expires_at, current_password } = body;
        let user = self.links.account_of(&email).await?;
        let body = ResetLinkCreate { expires_at, current_password };
        self.reset_link(actor, user, body, base).await
    }

    /// A password that is given is checked, also where none is needed.
    pub(super) async fn step_up(
        &self,
        actor: &Actor,
        is_needed: bool,
        password: Option<String>,
        what: &'static str,
    ) -> Result<()> {
        if is_needed || password.is_some() {
            self.confirm_own(actor, password, what).await?;
        }
        Ok(())
    }
}
