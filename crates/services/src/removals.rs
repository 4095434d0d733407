//! Conversations and accounts on their way out: hidden first, then removed row by row in the
//! background.
//!
//! One policy for both ([`rows::see_to`]): whatever fails is tried again until it is done. What a
//! stop interrupts stays hidden, and the next start continues it.

use std::sync::Arc;

use crud::CrudError;
use crud::conversations::trash;
use crud::users::removal;
use engine::rows;
use models::{ConversationId, Time, UserId};

use crate::core::Core;
use crate::error::Result;
use crate::rules;

/// Removes conversations that are hidden; any other one stays.
pub(crate) fn conversations(core: &Arc<Core>, ids: Vec<ConversationId>) {
    if ids.is_empty() {
        return;
    }
    let here = core.clone();
    core.tasks.spawn(async move {
        let db = &here.db;
        let work = |id| async move { Ok(trash::remove(db, id).await?) };
        rows::see_to(&here.stopped, "removal of a conversation", ids, work).await;
    });
}

/// Removes of these conversations what a delete of this user at this time has hidden, if it has.
pub(crate) fn perhaps_hidden(core: &Arc<Core>, delete: (UserId, Time), ids: Vec<ConversationId>) {
    let here = core.clone();
    core.tasks.spawn(async move {
        let db = &here.db;
        let work = |id| async move { Ok(trash::remove_hidden_by(db, delete, id).await?) };
        rows::see_to(&here.stopped, "removal of a conversation", ids, work).await;
    });
}

/// Hides an account, unless nobody else could administer the server. What is in it is still there.
pub(crate) async fn hide_account(core: &Arc<Core>, id: UserId) -> Result<()> {
    let hidden = removal::hide(&core.db, id, core.context.now()).await;
    if may_be_hidden(&hidden) {
        accounts(core, vec![id]);
    }
    rules::ruled(hidden?)?;
    tracing::info!(user = %id, "account deleted");
    Ok(())
}

/// Removes accounts that are hidden; any other one stays.
pub(crate) fn accounts(core: &Arc<Core>, ids: Vec<UserId>) {
    if ids.is_empty() {
        return;
    }
    let here = core.clone();
    core.tasks.spawn(async move {
        let (db, context) = (&here.db, &here.context);
        let work = |id| async move { Ok(removal::remove(db, id, context.now()).await?) };
        rows::see_to(&here.stopped, "removal of an account", ids, work).await;
    });
}

/// Continues what a stop interrupted. To be called before anything else begins: an import that
/// runs is hidden, too.
pub(crate) async fn continue_interrupted(core: &Arc<Core>) -> Result<()> {
    conversations(core, trash::list_removing(&core.db).await?);
    accounts(core, removal::list_hidden(&core.db).await?);
    Ok(())
}

/// Whether something may have been hidden although hiding it failed. Then nothing else would find
/// it before the next start.
pub(crate) fn may_be_hidden<T>(hiding: &Result<T, CrudError>) -> bool {
    matches!(hiding, Err(CrudError::Ambiguous(_)))
}
