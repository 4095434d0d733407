//! Messages as clients see them.

use std::collections::HashMap;

use models::message::{self, MessageStatus};
use models::{ConversationId, MessageId, ResponseId};
use schemas::message::MessageOut;

use crate::error::Result;
use crate::responses::{self, engine::Engine};

/// Renders rows of one conversation: with their place among their siblings, with reasoning, and
/// with the text so far of an answer that runs here.
pub(crate) async fn describe(
    engine: &Engine,
    conversation: ConversationId,
    rows: Vec<message::Model>,
) -> Result<Vec<MessageOut>> {
    let siblings = Siblings::load(engine, conversation, &rows).await?;
    let answers: Vec<ResponseId> = rows
        .iter()
        .filter(|row| row.kind == message::MessageType::Message)
        .filter_map(|row| row.response_id)
        .collect();
    let mut reasoning: HashMap<ResponseId, String> = HashMap::new();
    for (response, text) in crud::messages::list_reasoning(&engine.db, &answers).await? {
        if let Some(response) = response {
            reasoning.entry(response).or_default().push_str(&text);
        }
    }
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        let is_answer = row.kind == message::MessageType::Message;
        let (sibling_index, sibling_count) = siblings.place(&row);
        let (content, covers_seq) = match row.response_id {
            Some(id) if row.status == MessageStatus::InProgress => so_far(engine, id).await?,
            _ => (row.content, None),
        };
        out.push(MessageOut {
            id: row.id,
            conversation_id: row.conversation_id,
            seq: row.seq,
            parent_id: row.parent_id,
            sibling_index,
            sibling_count,
            response_id: row.response_id,
            kind: row.kind,
            role: row.role,
            is_user: row.is_user,
            status: row.status,
            content,
            covers_seq,
            reasoning: row.response_id.filter(|_| is_answer).and_then(|id| reasoning.remove(&id)),
            model: row.model,
            created_at: row.created_at,
            updated_at: row.updated_at,
        });
    }
    Ok(out)
}

/// The text of an answer in progress and the last event it covers: from memory when it runs here,
/// otherwise as far as it is stored.
async fn so_far(engine: &Engine, id: ResponseId) -> Result<(String, Option<u64>)> {
    if let Some(log) = engine.find_log(id) {
        return Ok(log.answer());
    }
    match crud::responses::find_any(&engine.db, id).await? {
        Some(row) => Ok(responses::stored(engine, &row).await?.answer()),
        None => Ok((String::new(), None)),
    }
}

/// Who hangs below the same parents as some messages.
struct Siblings {
    below: HashMap<Option<MessageId>, Vec<MessageId>>,
}

impl Siblings {
    async fn load(
        engine: &Engine,
        conversation: ConversationId,
        rows: &[message::Model],
    ) -> Result<Self> {
        let mut below: HashMap<Option<MessageId>, Vec<MessageId>> = HashMap::new();
        let mut parents: Vec<MessageId> = rows.iter().filter_map(|row| row.parent_id).collect();
        parents.sort_unstable();
        parents.dedup();
        for (parent, id) in
            crud::messages::list_children(&engine.db, conversation, &parents).await?
        {
            below.entry(Some(parent)).or_default().push(id);
        }
        if rows.iter().any(|row| row.parent_id.is_none()) {
            below.insert(None, crud::messages::list_roots(&engine.db, conversation).await?);
        }
        Ok(Self { below })
    }

    /// Index and count of a row; a row that is no message proper stands alone.
    fn place(&self, row: &message::Model) -> (u32, u32) {
        let siblings = self.below.get(&row.parent_id).map_or(&[][..], Vec::as_slice);
        let index = siblings.iter().position(|id| *id == row.id);
        let count = |n| u32::try_from(n).unwrap_or(u32::MAX);
        index.map_or((0, 1), |index| (count(index), count(siblings.len())))
    }
}
