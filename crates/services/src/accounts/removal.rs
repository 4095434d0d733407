//! The end of an account on a running server.

use models::UserId;

use super::Accounts;
use crate::error::Result;
use crate::removals;

impl Accounts {
    /// Deletes an account: nobody can use or see it from now on, its running answers are stopped,
    /// and its rows are removed in the background, in steps.
    pub(super) async fn delete_user(&self, id: UserId) -> Result<()> {
        // A client that goes away now must not leave rows that nothing removes.
        let here = self.clone();
        self.core.to_the_end(async move { here.hide(id).await }).await
    }

    async fn hide(&self, id: UserId) -> Result<()> {
        removals::hide_account(&self.core, id).await?;
        self.engine.stop_all_of(id).await;
        removals::accounts(&self.core, vec![id]);
        Ok(())
    }
}
