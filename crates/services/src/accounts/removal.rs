//! The end of an account on a running server.

use crud::users::removal::Hidden;
use engine::rows;
use models::UserId;

use super::Accounts;
use crate::error::{Error, Result};

impl Accounts {
    /// Deletes an account: nobody can use or see it from now on, its running answers are stopped,
    /// and its rows are removed in the background, in steps.
    pub async fn delete_user(&self, id: UserId) -> Result<()> {
        let now = self.core.context.now();
        match crud::users::removal::hide(&self.core.db, id, now).await? {
            Hidden::Done => {}
            Hidden::Missing => return Err(Error::NotFound("user")),
            Hidden::LastAdministrator => return Err(Error::LastAdministrator),
        }
        tracing::info!(user = %id, "account deleted");
        self.engine.stop_all_of(id).await;
        self.remove_in_background(vec![id]);
        Ok(())
    }

    /// Continues deletes that a stop of the server interrupted.
    pub(crate) async fn remove_left_over(&self) -> Result<()> {
        let ids = crud::users::removal::list_hidden(&self.core.db).await?;
        if !ids.is_empty() {
            self.remove_in_background(ids);
        }
        Ok(())
    }

    /// Removes accounts in the background. They stay hidden meanwhile.
    fn remove_in_background(&self, ids: Vec<UserId>) {
        let core = self.core.clone();
        self.core.tasks.spawn(async move {
            let (db, context) = (&core.db, &core.context);
            let work =
                |id| async move { Ok(crud::users::removal::remove(db, id, context.now()).await?) };
            rows::see_to(&core.stopped, "removal of an account", ids, work).await;
        });
    }
}
