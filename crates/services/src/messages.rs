//! Messages with what stands beside them.

use std::collections::HashMap;

use crud::messages::SiblingPosition;
use crud::{Db, Owned};
use engine::{Running, SoFar, call_of};
use models::message::{self, MessageStatus, MessageType, ResultData};
use models::{Content, ConversationId, MessageId, Part, ResponseId};
use schemas::answer_data::AnswerData;
use schemas::view::{Attachment, Message, Siblings, ToolCall};

use crate::error::Result;

/// What is said of rows of one conversation: with their place among their siblings, with reasoning and
/// calls, and with the text so far of an answer that runs here.
pub(crate) async fn describe(
    db: &Db,
    running: &Running,
    conversation: Owned<ConversationId>,
    rows: Vec<message::Model>,
) -> Result<Vec<Message>> {
    describe_with(db, running, conversation, rows, None).await
}

/// The same, where all rows of one response are `known`.
pub(crate) async fn describe_with(
    db: &Db,
    running: &Running,
    conversation: Owned<ConversationId>,
    rows: Vec<message::Model>,
    known: Option<(ResponseId, &[message::Model])>,
) -> Result<Vec<Message>> {
    let places: HashMap<MessageId, SiblingPosition> =
        crud::messages::list_places(db, conversation, &rows)
            .await?
            .into_iter()
            .map(|place| (place.id, place))
            .collect();
    let mut beside = list_beside(db, conversation, &rows, known).await?;
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        let is_in_tree = row.is_in_tree();
        let beside = match row.kind {
            MessageType::Message => beside.remove(&row.id).unwrap_or_default(),
            // A call that a client told is an item, not one beside an answer.
            _ if is_in_tree => Beside::default(),
            _ => Beside::of(&row),
        };
        // A row beside the tree stands alone.
        let siblings = places.get(&row.id).map_or(Siblings::NONE, siblings);
        let attachments = attachments(&row);
        let told = (is_in_tree && row.kind == MessageType::FunctionCall).then(|| call_of(&row));
        let parts = parts(&row);
        let SoFar { content, reasoning, annotations, calls, covers_seq } = match row.response_id {
            Some(id) if row.status == MessageStatus::InProgress => {
                beside.before(running.so_far(db, conversation, id).await?)
            }
            _ => {
                let Beside { reasoning, calls } = beside;
                let annotations = match row.kind {
                    MessageType::Message => AnswerData::read(row.data.as_deref()).annotations,
                    _ => Vec::new(),
                };
                let content = if told.is_some() { String::new() } else { row.content };
                SoFar { content, reasoning, annotations, calls, covers_seq: None }
            }
        };
        let call_id = match row.kind {
            MessageType::FunctionCallOutput => ResultData::read(row.data.as_deref()),
            _ => None,
        };
        let call_id = call_id.map(|data| data.call_id);
        let (call_id, name, arguments) = match told {
            Some(call) => (Some(call.call_id), Some(call.name), Some(call.arguments)),
            None => (call_id, None, None),
        };
        out.push(Message {
            call_id,
            name,
            arguments,
            id: row.id,
            conversation_id: row.conversation_id,
            seq: row.seq,
            parent_id: row.parent_id,
            siblings,
            response_id: row.response_id,
            kind: row.kind,
            role: row.role,
            is_user: row.is_user,
            status: row.status,
            content,
            parts,
            covers_seq,
            reasoning,
            calls,
            annotations,
            attachments,
            model: row.model,
            created_at: row.created_at,
            updated_at: row.updated_at,
        });
    }
    Ok(out)
}

/// What the responses that wrote messages have brought beside them, by message.
async fn list_beside(
    db: &Db,
    conversation: Owned<ConversationId>,
    rows: &[message::Model],
    known: Option<(ResponseId, &[message::Model])>,
) -> Result<HashMap<MessageId, Beside>> {
    let mut answers: HashMap<ResponseId, MessageId> = HashMap::new();
    for row in rows.iter().filter(|row| row.kind == MessageType::Message) {
        let Some(response) = row.response_id else { continue };
        let data = AnswerData::read(row.data.as_deref());
        let earlier = data.earlier.iter().map(|earlier| earlier.response);
        answers.extend(earlier.chain([response]).map(|response| (response, row.id)));
    }
    let unknown = answers.keys().copied().filter(|id| known.is_none_or(|(known, _)| known != *id));
    let mut produced =
        crud::messages::list_beside(db, conversation, &unknown.collect::<Vec<_>>()).await?;
    let known = known.into_iter().flat_map(|(_, rows)| rows);
    produced.extend(known.filter(|row| row.kind != MessageType::Message).cloned());
    produced.sort_by_key(|row| row.seq);
    let mut beside: HashMap<MessageId, Beside> = HashMap::new();
    for row in produced {
        if let Some(answer) = row.response_id.and_then(|response| answers.get(&response)) {
            beside.entry(*answer).or_default().add(&row);
        }
    }
    Ok(beside)
}

/// What the responses of an answer have brought beside it.
#[derive(Debug, Default)]
struct Beside {
    reasoning: Option<String>,
    calls: Vec<ToolCall>,
}

impl Beside {
    /// What is said of a row that stands alone: a call is its own.
    fn of(row: &message::Model) -> Self {
        let calls = (row.kind == MessageType::FunctionCall).then(|| call_of(row));
        Self { reasoning: None, calls: calls.into_iter().collect() }
    }

    fn add(&mut self, row: &message::Model) {
        if row.kind == MessageType::Reasoning {
            self.reasoning.get_or_insert_default().push_str(&row.content);
        }
        self.calls.extend(Self::of(row).calls);
    }

    /// The same and what the response that continues the answer has brought so far.
    fn before(mut self, so_far: SoFar) -> SoFar {
        if let Some(more) = &so_far.reasoning {
            self.reasoning.get_or_insert_default().push_str(more);
        }
        self.calls.extend(so_far.calls);
        SoFar { reasoning: self.reasoning, calls: self.calls, ..so_far }
    }
}

/// The parts of a row that are not text only; none where they are.
fn parts(row: &message::Model) -> Vec<Part> {
    let data = row.data.as_deref().filter(|data| data.contains("\"parts\""));
    let Some(data) = data else { return Vec::new() };
    let content = Content::read(row.content.clone(), Some(data));
    if content.is_plain() { Vec::new() } else { content.into_parts() }
}

/// The files that belonged to an imported message; their places, not their bytes.
fn attachments(row: &message::Model) -> Vec<Attachment> {
    let data = row.data.as_deref().and_then(|data| serde_json::from_str(data).ok());
    let attachments = data.and_then(|mut data: serde_json::Value| {
        serde_json::from_value(data.get_mut("attachments")?.take()).ok()
    });
    let attachments: Vec<transfer::Attachment> = attachments.unwrap_or_default();
    let file = |transfer::Attachment { name, media_type, size, place }| Attachment {
        name,
        media_type,
        size,
        place,
    };
    attachments.into_iter().map(file).collect()
}

fn siblings(place: &SiblingPosition) -> Siblings {
    let count = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
    Siblings {
        index: count(place.place - 1),
        count: count(place.siblings),
        previous: place.previous,
        next: place.next,
    }
}
