//! What a session or a key is not enough for: whoever has found an administrator's shall not make
//! themselves an administrator of their own with it, nor a new password for the one they found.

use auth::Actor;
use models::UserId;
use models::user::UserRole;
use schemas::admin::{InvitationCreate, ResetLinkCreate};

use super::Accounts;
use crate::error::Result;

impl Accounts {
    /// Checks the caller's password where an invitation makes administrators.
    pub async fn may_invite(&self, actor: &Actor, body: &mut InvitationCreate) -> Result<()> {
        let is_needed = body.role == UserRole::Admin;
        let what = "An invitation for an administrator";
        self.step_up(actor, is_needed, body.current_password.take(), what).await
    }

    /// Checks the caller's password where a link leads into the account of an administrator.
    pub async fn may_link(
        &self,
        actor: &Actor,
        user: UserId,
        body: &mut ResetLinkCreate,
    ) -> Result<()> {
        let found = crud::users::find(&self.core.db, user).await?;
        let is_needed = found.is_some_and(|user| user.role == UserRole::Admin);
        let what = "A link to a new password for an administrator";
        self.step_up(actor, is_needed, body.current_password.take(), what).await
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
