//! A new password for a user who has forgotten theirs, by a link from an administrator.

use auth::token_hash;
use schemas::account::PasswordReset;

use super::{Accounts, Client};
use crate::error::{Error, Result};
use crate::rules;

impl Accounts {
    /// Gives the account that the link is for a new password, and ends all its sessions. Wrong
    /// tokens are counted like those of sign-ups, and cost no hash.
    pub async fn reset_password(&self, body: PasswordReset, client: &Client) -> Result<()> {
        let PasswordReset { token, new_password } = body;
        let attempt = self.count_attempt(client).await?;
        let hash = token_hash(&token);
        let now = self.core.context.now();
        let found = crud::users::reset::find(&self.core.db, hash.clone(), now).await?;
        let Some(email) = found else {
            attempt.wrong(now).await?;
            tracing::warn!(address = client.address, "reset refused: wrong token");
            return Err(Error::ResetTokenInvalid);
        };
        drop(attempt);
        rules::password("new_password", &new_password, &email, &client.host)?;
        let password_hash = self.hash_new(new_password, client).await?;
        let now = self.core.context.now();
        let spent = crud::users::reset::spend(&self.core.db, hash, password_hash, now).await?;
        let user = spent.ok_or(Error::ResetTokenInvalid)?;
        tracing::info!(%user, "password reset, sessions ended");
        Ok(())
    }
}
