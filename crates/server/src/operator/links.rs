//! Links that operators give away.

use anyhow::{Result, bail};
use schemas::admin::{InvitationCreate, InvitationCreated, ResetLinkCreate, ResetLinkCreated};
use services::{Error, Links};

use super::Operator;
use crate::app;

impl Operator {
    /// Makes an invitation.
    pub async fn invite(&self, invitation: InvitationCreate) -> Result<InvitationCreated> {
        match self.links().invite(None, invitation, &self.base()).await {
            Ok(made) => Ok(made),
            Err(Error::SignupClosed) => bail!(
                "auth.signup is closed, so nobody could use an invitation; set it to auto or \
                 invite, or make the account with: chatapp user add EMAIL"
            ),
            Err(Error::EmailTaken) => bail!(
                "an account has this e-mail address; chatapp user reset-link makes a link to a \
                 new password"
            ),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a link to a new password for an account.
    pub async fn reset_link(
        &self,
        account: &str,
        link: ResetLinkCreate,
    ) -> Result<ResetLinkCreated> {
        let user = self.find_user(account).await?.id;
        Ok(self.links().reset_link(user, link, &self.base()).await?)
    }

    /// Whether links begin with an address that others can use, as far as the configuration says.
    pub fn has_public_url(&self) -> bool {
        self.config.server.public_url.is_some()
    }

    /// The time, for what ends so long after it.
    pub fn now(&self) -> models::Time {
        self.context.now()
    }

    fn links(&self) -> Links {
        let settings = app::settings(&self.config);
        Links::beside_servers(self.db.clone(), self.context.clone(), settings)
    }

    fn base(&self) -> String {
        app::public_url(&self.config, self.config.server.own_address())
    }
}
