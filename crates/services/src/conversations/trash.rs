//! Deleting: into the trash, out of it, or for good.
//!
//! Whichever it is, the conversation is hidden first, then what runs in it is stopped. Rows are
//! removed in the background, in steps.

use std::sync::Arc;

use auth::Actor;
use crud::conversations::Version;
use crud::conversations::trash::{self, Fate};
use engine::rows;
use models::ConversationId;
use schemas::conversation::{BulkDelete, BulkDeleted, ConversationOut, Deleted, Selection};

use super::{Conversations, done, out};
use crate::core::Core;
use crate::error::{Error, Result};

impl Conversations {
    /// Deletes a conversation: it is gone for everybody at once and a running answer is stopped.
    /// It stays in the trash as long as the operator lets it, unless the delete is `permanent`.
    pub async fn delete(
        &self,
        actor: &Actor,
        id: ConversationId,
        expected: Option<Vec<Version>>,
        permanent: bool,
    ) -> Result<Deleted> {
        let owner = actor.user_id;
        let now = self.core.context.now();
        let fate = self.fate(permanent);
        let deleted = trash::delete(&self.core.db, owner, id, expected, fate, now).await?;
        let row = done(deleted)?;
        self.engine.stop_hidden(row.active_response_id).await;
        let purge_at = match fate {
            Fate::Trash => {
                self.core.trash_has_grown.notify_one();
                row.deleted_at.map(|deleted_at| deleted_at + self.core.settings.trash_retention)
            }
            Fate::Removal => {
                remove_in_background(&self.core, vec![id]);
                None
            }
        };
        Ok(Deleted { id: id.to_string(), object: "conversation", deleted: true, purge_at })
    }

    /// Deletes many conversations, as [`Conversations::delete`] does one.
    pub async fn delete_many(&self, actor: &Actor, body: BulkDelete) -> Result<BulkDeleted> {
        let owner = actor.user_id;
        let selection = body.selection()?;
        let fate = self.fate(body.permanent || selection == Selection::Trash);
        let (selection, mut not_found) = match selection {
            Selection::Ids(ids) => (trash::Selection::Ids(ids.clone()), ids),
            Selection::All => (trash::Selection::All, Vec::new()),
            Selection::Trash => (trash::Selection::Trash, Vec::new()),
        };
        let now = self.core.context.now();
        let mut count = 0;
        loop {
            let selection = selection.clone();
            let rows = trash::delete_some(&self.core.db, owner, selection, fate, now).await?;
            if rows.is_empty() {
                break;
            }
            count += rows.len() as u64;
            not_found.retain(|id| rows.iter().all(|(deleted, _)| deleted != id));
            let (ids, running): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
            let stops = running.into_iter().map(|response| self.engine.stop_hidden(response));
            futures_util::future::join_all(stops).await;
            match fate {
                Fate::Trash => self.core.trash_has_grown.notify_one(),
                Fate::Removal => remove_in_background(&self.core, ids),
            }
        }
        Ok(BulkDeleted { deleted: count, not_found })
    }

    /// Takes a conversation out of the trash. One that is not there stays as it is.
    pub async fn restore(&self, actor: &Actor, id: ConversationId) -> Result<ConversationOut> {
        let owner = actor.user_id;
        let row = trash::restore(&self.core.db, owner, id).await?;
        row.map(|row| out(&self.core, row)).ok_or(Error::NotFound("conversation"))
    }

    /// Goes on in the background with removals that a stop of the server interrupted.
    pub(crate) async fn remove_left_over(&self) -> Result<()> {
        let ids = trash::list_removing(&self.core.db).await?;
        if !ids.is_empty() {
            remove_in_background(&self.core, ids);
        }
        Ok(())
    }

    fn fate(&self, permanent: bool) -> Fate {
        if permanent || self.core.settings.trash_retention.is_zero() {
            Fate::Removal
        } else {
            Fate::Trash
        }
    }
}

/// Removes rows of conversations in the background. What a stop interrupts stays hidden, and the
/// next start goes on.
pub(crate) fn remove_in_background(core: &Arc<Core>, ids: Vec<ConversationId>) {
    let here = core.clone();
    core.tasks.spawn(async move {
        let db = &here.db;
        let work = |id| async move { Ok(trash::remove(db, id).await?) };
        rows::see_to(&here.stopped, "removal of a conversation", ids, work).await;
    });
}
