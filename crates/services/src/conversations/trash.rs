//! Deleting: into the trash, out of it, or for good.
//!
//! Whichever it is, the conversation is hidden first, then what runs in it is stopped. Rows are
//! removed in the background, in steps.

use auth::Actor;
use crud::conversations::Version;
use crud::conversations::trash::{self, Fate};
use models::{ConversationId, UserId};
use schemas::conversation::{BulkDelete, BulkDeleted, Deleted, Selection};
use schemas::view::Conversation;

use super::{Conversations, done, view};
use crate::error::{Error, Result};
use crate::removals;

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
        // A client that goes away now must not leave rows that nothing removes.
        let (here, owner) = (self.clone(), actor.user_id);
        let hide = async move { here.hide(owner, id, expected, permanent).await };
        self.core.to_the_end(hide).await
    }

    async fn hide(
        &self,
        owner: UserId,
        id: ConversationId,
        expected: Option<Vec<Version>>,
        permanent: bool,
    ) -> Result<Deleted> {
        let now = self.core.context.now();
        let fate = self.fate(permanent);
        let deleted = trash::delete(&self.core.db, owner, id, expected, fate, now).await;
        if removals::may_be_hidden(&deleted) {
            removals::perhaps_hidden(&self.core, (owner, now), vec![id]);
        }
        let row = done(deleted?)?;
        self.engine.stop_hidden(row.active_response_id).await;
        let purge_at = match fate {
            Fate::Trash => {
                self.core.trash_has_grown.notify_one();
                row.deleted_at.map(|deleted_at| deleted_at + self.core.settings.trash_retention)
            }
            Fate::Removal => {
                removals::conversations(&self.core, vec![id]);
                None
            }
        };
        Ok(Deleted { id: id.to_string(), object: "conversation", deleted: true, purge_at })
    }

    /// Deletes many conversations, as [`Conversations::delete`] does one.
    pub async fn delete_many(&self, actor: &Actor, body: BulkDelete) -> Result<BulkDeleted> {
        let (here, owner) = (self.clone(), actor.user_id);
        let hide = async move { here.hide_many(owner, body).await };
        self.core.to_the_end(hide).await
    }

    async fn hide_many(&self, owner: UserId, body: BulkDelete) -> Result<BulkDeleted> {
        let selection = body.selection()?;
        let fate = self.fate(body.permanent || selection == Selection::Trash);
        let (selection, mut not_found) = match selection {
            Selection::Ids(ids) => (trash::Selection::Ids(ids.clone()), ids),
            Selection::All => (trash::Selection::All, Vec::new()),
            Selection::Trash => (trash::Selection::Trash, Vec::new()),
        };
        let now = self.core.context.now();
        let mut count = 0;
        let db = &self.core.db;
        loop {
            if self.core.stopped.is_cancelled() {
                return Err(Error::ShuttingDown);
            }
            let ids = trash::list_deletable(db, owner, &selection, fate, now).await?;
            if ids.is_empty() {
                break;
            }
            let step = (selection.clone(), ids.clone());
            let rows = trash::delete_some(db, owner, step, fate, now).await;
            if removals::may_be_hidden(&rows) {
                removals::perhaps_hidden(&self.core, (owner, now), ids);
            }
            let rows = rows?;
            count += rows.len() as u64;
            not_found.retain(|id| rows.iter().all(|(deleted, _)| deleted != id));
            let (ids, running): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
            let stops = running.into_iter().map(|response| self.engine.stop_hidden(response));
            futures_util::future::join_all(stops).await;
            match fate {
                Fate::Trash => self.core.trash_has_grown.notify_one(),
                Fate::Removal => removals::conversations(&self.core, ids),
            }
        }
        Ok(BulkDeleted { deleted: count, not_found })
    }

    /// Takes a conversation out of the trash. One that is not there stays as it is.
    pub async fn restore(&self, actor: &Actor, id: ConversationId) -> Result<Conversation> {
        let owner = actor.user_id;
        let row = trash::restore(&self.core.db, owner, id).await?;
        row.map(|row| view(&self.core, row)).ok_or(Error::NotFound("conversation"))
    }

    fn fate(&self, permanent: bool) -> Fate {
        if permanent || self.core.settings.trash_retention.is_zero() {
            Fate::Removal
        } else {
            Fate::Trash
        }
    }
}
