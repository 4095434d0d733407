//! Walking a branch: from a message towards its root, and to the newest leaf below it.
//!
//! A parent always has a lower `seq` than its children, so one scan of the conversation in
//! bounded steps meets the whole branch, whatever its depth, the same way on every engine.

use std::collections::{HashMap, HashSet, VecDeque};

use crud::messages::Link;
use crud::{Db, Owned};
use models::message::Model;
use models::{ConversationId, MessageId, ResponseId};
use schemas::answer_data::AnswerData;

use crate::error::Result;

/// The most rows one query reads.
const STEP: u64 = 200;
/// The same of rows without their texts.
const LINKS: u64 = 1000;
/// How many numbers behind an answer are looked at for what its response brought beside it.
const BESIDE: i64 = 200;

/// A walk; each [`Branch::next`] is one message closer to the root.
#[derive(Debug)]
pub struct Branch<'a> {
    db: &'a Db,
    conversation: Owned<ConversationId>,
    /// The message wanted next.
    wanted: Option<MessageId>,
    /// Where the next query begins; negative at the end.
    seq: i64,
    step: u64,
    /// Rows read and not yet looked at, newest first.
    rows: VecDeque<Model>,
    /// What responses brought beside answers that the walk has not come to, newest first.
    beside: HashMap<ResponseId, Vec<Model>>,
    /// What belongs to the message that came last.
    brought: Vec<Model>,
    /// The bytes of both.
    bytes: usize,
}

impl<'a> Branch<'a> {
    /// A walk that begins at `from`, whose `seq` is at most `seq`. `expected` is how many messages
    /// the caller hopes for; it bounds the first query only.
    pub fn new(
        db: &'a Db,
        conversation: Owned<ConversationId>,
        from: Option<MessageId>,
        seq: i64,
        expected: u64,
    ) -> Self {
        let step = expected.clamp(1, STEP);
        let (rows, beside) = (VecDeque::new(), HashMap::new());
        let (brought, bytes) = (Vec::new(), 0);
        Self { db, conversation, wanted: from, seq, step, rows, beside, brought, bytes }
    }

    /// A walk over `rows`, the newest first, none of which is stored, and on from the stored message
    /// that the oldest of them hangs below, whose `seq` is at most `seq`; negative if that is none.
    pub(crate) fn of_rows(
        db: &'a Db,
        conversation: Owned<ConversationId>,
        rows: Vec<Model>,
        seq: i64,
    ) -> Self {
        let wanted = rows.first().map(|row| row.id);
        // What the response that wrote the stored message brought stands behind it.
        let seq = if seq < 0 { seq } else { seq.saturating_add(BESIDE) };
        Self {
            wanted,
            seq,
            step: STEP,
            rows: rows.into(),
            ..Self::new(db, conversation, None, seq, STEP)
        }
    }

    /// The bytes of the text that came last, and of what its response brought beside it.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// What the responses that wrote the message that came last brought beside it, in its order. To
    /// be taken once.
    ///
    /// Left out is what came to an answer that was continued behind the place where the walk began.
    pub fn take_beside(&mut self) -> Vec<Model> {
        std::mem::take(&mut self.brought)
    }

    /// Keeps what a response brought beside its answer, which stands in front of it.
    fn keep(&mut self, response: ResponseId, row: Model) {
        self.beside.entry(response).or_default().push(row);
    }

    /// What was kept for a message: of the response that wrote it, and of those that it continues.
    fn brought_by(&mut self, row: &Model) -> Vec<Model> {
        let Some(response) = row.response_id.filter(|_| !self.beside.is_empty()) else {
            return Vec::new();
        };
        let earlier = AnswerData::read(row.data.as_deref()).earlier;
        let responses = earlier.iter().map(|earlier| earlier.response).chain([response]);
        let mut brought: Vec<Model> =
            responses.filter_map(|id| self.beside.remove(&id)).flatten().collect();
        brought.sort_by_key(|row| row.seq);
        brought
    }

    /// The next message of the branch.
    pub async fn next(&mut self) -> Result<Option<Model>> {
        let Some(wanted) = self.wanted else { return Ok(None) };
        loop {
            while let Some(row) = self.rows.pop_front() {
                if let Some(response) = row.response_id.filter(|_| !row.is_in_tree()) {
                    self.keep(response, row);
                    continue;
                }
                // Of a message on another branch it is let go.
                let brought = self.brought_by(&row);
                if row.id == wanted {
                    self.wanted = row.parent_id;
                    let texts = brought.iter().chain([&row]).map(crud::messages::text_bytes);
                    self.bytes = texts.sum();
                    self.brought = brought;
                    return Ok(Some(row));
                }
            }
            if self.seq < 0 {
                return Ok(None);
            }
            let page =
                crud::messages::list_down(self.db, self.conversation, self.seq, self.step).await?;
            self.step = STEP;
            self.seq = page.last().map_or(-1, |row| row.seq - 1);
            self.rows = page.into();
        }
    }
}

/// A message and all messages below it, by number: parents before their children.
pub async fn subtree(db: &Db, row: &Owned<Model>) -> Result<Vec<Link>> {
    let mut ids = HashSet::from([row.id]);
    let mut found = Vec::new();
    let mut next = Some(row.seq);
    while let Some(seq) = next {
        let links = crud::messages::list_links(db, row.conversation(), seq, LINKS).await?;
        next = links.last().map(|link| link.seq + 1);
        for link in links {
            if link.id == row.id || link.parent_id.is_some_and(|parent| ids.contains(&parent)) {
                ids.insert(link.id);
                found.push(link);
            }
        }
    }
    Ok(found)
}

/// The items from `from`, which ends the selected branch, towards its root, as far as their numbers
/// are at least `seq`.
pub async fn path(
    db: &Db,
    conversation: Owned<ConversationId>,
    from: Option<MessageId>,
    seq: i64,
) -> Result<HashSet<MessageId>> {
    let mut parents: HashMap<MessageId, Option<MessageId>> = HashMap::new();
    let mut next = Some(seq);
    while let Some(seq) = next {
        let links = crud::messages::list_links(db, conversation, seq, LINKS).await?;
        next = links.last().map(|link| link.seq + 1);
        parents.extend(links.iter().map(|link| (link.id, link.parent_id)));
    }
    let mut path = HashSet::new();
    let mut at = from;
    while let Some((id, parent)) = at.and_then(|id| parents.remove_entry(&id)) {
        path.insert(id);
        at = parent;
    }
    Ok(path)
}

/// The newest leaf below the message `from`, whose number is `seq`: at each step the newest child.
pub async fn newest_leaf(
    db: &Db,
    conversation: Owned<ConversationId>,
    from: MessageId,
    seq: i64,
) -> Result<MessageId> {
    let mut newest_child: HashMap<MessageId, MessageId> = HashMap::new();
    let mut next = Some(seq);
    while let Some(seq) = next {
        let links = crud::messages::list_links(db, conversation, seq, LINKS).await?;
        next = links.last().map(|link| link.seq + 1);
        newest_child.extend(links.iter().filter_map(|link| Some((link.parent_id?, link.id))));
    }
    let mut leaf = from;
    while let Some(child) = newest_child.remove(&leaf) {
        leaf = child;
    }
    Ok(leaf)
}
