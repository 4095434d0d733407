//! The end of an account on a running server.

use crud::users::removal::Hidden;
use models::UserId;

use super::Accounts;
use crate::error::{Error, Result};
use crate::responses::Responses;

/// How many accounts left over from an interrupted delete are taken up at a start.
const LEFT_OVER: u64 = 1000;

impl Accounts {
    /// Deletes an account: nobody can use or see it from now on, its running answers are stopped,
    /// and its rows are removed in the background, in steps.
    pub async fn delete_user(&self, id: UserId) -> Result<()> {
        let now = self.engine.context.now();
        match crud::users::removal::hide(&self.engine.db, id, now).await? {
            Hidden::Done => {}
            Hidden::Missing => return Err(Error::NotFound("user")),
            Hidden::LastAdministrator => return Err(Error::LastAdministrator),
        }
        tracing::info!(user = %id, "account deleted");
        Responses::new(self.engine.clone()).stop_all_of(id).await;
        self.remove_in_background(vec![id]);
        Ok(())
    }

    /// Goes on with deletes that a stop of the server interrupted.
    pub(crate) async fn remove_left_over(&self) -> Result<()> {
        let ids = crud::users::removal::list_hidden(&self.engine.db, LEFT_OVER).await?;
        if !ids.is_empty() {
            self.remove_in_background(ids);
        }
        Ok(())
    }

    fn remove_in_background(&self, ids: Vec<UserId>) {
        let engine = self.engine.clone();
        self.engine.tasks.spawn(async move {
            for id in ids {
                let now = engine.context.now();
                let removal = crud::users::removal::remove(&engine.db, id, now);
                let removed = tokio::select! {
                    removed = removal => removed,
                    // The next start goes on.
                    () = engine.stopped.cancelled() => return,
                };
                if let Err(error) = removed {
                    // It stays hidden, and the next start tries again.
                    tracing::warn!(user = %id, %error, "removing an account failed");
                }
            }
        });
    }
}
