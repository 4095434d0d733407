//! What is new in a conversation that was moved before.

use crud::imports::More;
use models::ConversationId;

use super::rows::Planned;
use super::store::Store;
use crate::error::Result;

/// How many messages one step compares.
const STEP: u64 = 200;

/// What became of messages that are new where a conversation came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extension {
    /// There are none.
    Nothing,
    /// So many follow the last message here, or would on a dry run.
    Added(usize),
    /// So many were left out: the conversation went on here, or was changed.
    LeftOut(usize),
}

impl Store {
    /// Adds what the conversation `id` lacks of the one planned, if it has only the beginning of
    /// that, word by word.
    pub(super) async fn extend(
        &self,
        id: ConversationId,
        planned: &mut Planned,
    ) -> Result<Extension> {
        let db = &self.core.db;
        let Some(row) = crud::conversations::find(db, self.owner, id).await? else {
            return Ok(Extension::Nothing);
        };
        let (mut same, mut last, mut next) = (0, None, 0);
        'compared: loop {
            let step = crud::messages::list_up(db, row.owned_id(), next, STEP).await?;
            let Some(newest) = step.last() else { break };
            next = newest.seq + 1;
            for message in &step {
                if same == planned.len() {
                    break 'compared;
                }
                if !planned.is_at(same, message) {
                    return Ok(Extension::LeftOut(planned.len() - same));
                }
                (same, last) = (same + 1, Some(message.id));
            }
        }
        let new = planned.len() - same;
        let (Some(last), true) = (last, new > 0) else {
            let is_missing = new > 0 && row.next_seq == 0;
            return Ok(if is_missing { Extension::LeftOut(new) } else { Extension::Nothing });
        };
        let mut next_seq = i64::try_from(same).unwrap_or(i64::MAX);
        if row.next_seq != next_seq {
            // Messages were deleted here.
            let unseen = planned.len().saturating_sub(usize::try_from(row.next_seq).unwrap_or(0));
            let left_out = Extension::LeftOut(unseen);
            return Ok(if unseen > 0 { left_out } else { Extension::Nothing });
        }
        if self.dry_run {
            return Ok(Extension::Added(new));
        }
        let updated_at = planned.newest().unwrap_or(row.updated_at).max(row.updated_at);
        planned.go_on(id, same, last);
        self.core.quota.take(db, self.owner, planned.bytes()).await?;
        while let Some(rows) = planned.step() {
            let count = i64::try_from(rows.messages.len()).unwrap_or(i64::MAX);
            let owner = self.owner;
            let more = More { owner, conversation: id, next_seq, rows, updated_at };
            if !crud::imports::extend(db, more).await? {
                return Ok(Extension::LeftOut(new));
            }
            next_seq += count;
        }
        Ok(Extension::Added(new))
    }
}
