//! The rows that a conversation from elsewhere becomes.

use std::collections::{HashMap, HashSet, VecDeque};

use crud::Db;
use crud::imports::Rows;
use engine::known_sources;
use models::Parameters;
use models::conversation::{self, ConversationKind, TitleSource};
use models::ending::EndReason;
use models::message::{self, CallData, MessageStatus, MessageType, ResultData, Role, is_user};
use models::response::{self, Purpose, ResponseStatus};
use models::word::{OrUnknown, Words};
use models::{
    Content, ConversationId, MessageId, Part, ResponseId, ServerId, Time, UserId, import,
};
use schemas::answer_data::AnswerData;
use schemas::event::{Annotation, ToolCall};
use schemas::validate::{
    self, MAX_CONTENT_BYTES, MAX_INSTRUCTIONS_BYTES, MAX_MODEL_BYTES, MAX_TITLE_CHARS,
};
use serde_json::Map;
use transfer::{Conversation, Message, Note, Notes, Source};
use uuid::Uuid;

use crate::core::Core;
use crate::error::Result;
use crate::titles;

/// The most messages, and about the most bytes of text, that one transaction stores.
const STEP_ROWS: usize = 200;
const STEP_BYTES: usize = 1 << 20;

/// The most that one imported answer may have in all: its text, its reasoning, its calls of tools,
/// and what stands beside them. Longer ones exist, but a reader gets them as one body, and not every
/// database takes them in one statement. What a person wrote is bounded as it is where messages are
/// sent.
const MAX_MESSAGE_BYTES: usize = 8 << 20;
/// The longest explanation of a failure that is kept, in characters.
const MAX_REASON_CHARS: usize = 4096;

/// What of `conversation` breaks a bound, in words; nothing of it is stored then.
pub(super) fn too_large(conversation: &Conversation) -> Option<String> {
    for message in &conversation.messages {
        let is_typed = matches!(message.role, transfer::Role::User | transfer::Role::System);
        if is_typed && message.text.len() > MAX_CONTENT_BYTES {
            return Some(format!("a message of it is longer than {MAX_CONTENT_BYTES} bytes"));
        }
        if written_bytes(message) > MAX_MESSAGE_BYTES {
            return Some(format!(
                "an answer of it is longer than {MAX_MESSAGE_BYTES} bytes, with its reasoning, \
                 calls and files"
            ));
        }
    }
    if conversation.instructions.as_ref().is_some_and(|text| text.len() > MAX_INSTRUCTIONS_BYTES) {
        return Some(format!("its instructions are longer than {MAX_INSTRUCTIONS_BYTES} bytes"));
    }
    validate::metadata("metadata", &conversation.metadata).err().map(|invalid| invalid.message)
}

/// The bytes of all texts of a message as JSON writes them, which is how they are sent.
fn written_bytes(message: &Message) -> usize {
    let calls = message.calls.iter().flat_map(|call| [&call.id, &call.name, &call.arguments]);
    let files = message.attachments.iter();
    let files = files.flat_map(|file| {
        file.name.iter().chain(&file.media_type).chain(std::iter::once(&file.place))
    });
    let sources = message.annotations.iter().flat_map(|source| [&source.url, &source.title]);
    let texts = message.reasoning.iter().chain(calls).chain(files).chain(sources);
    let texts = texts.chain(std::iter::once(&message.text));
    let texts = texts.chain(message.parts.iter().flat_map(transfer::Part::texts));
    texts.flat_map(|text| text.bytes()).map(written).sum()
}

/// How many bytes JSON writes for one of a text.
fn written(byte: u8) -> usize {
    match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 8 | 12 => 2,
        0..0x20 => 6,
        _ => 1,
    }
}

/// A conversation ready to be stored.
pub(super) struct Planned {
    pub(super) conversation: conversation::Model,
    pub(super) import: import::Model,
    /// The id it had when this product exported it.
    pub(super) exported_id: Option<ConversationId>,
    pub(super) notes: Notes,
    messages: VecDeque<message::Model>,
    responses: VecDeque<response::Model>,
}

impl Planned {
    /// Gives rows to everything in `conversation`, whose texts move into them; ids are kept where
    /// they are ours.
    pub(super) fn new(core: &Core, owner: UserId, mut conversation: Conversation) -> Self {
        let exported_id = (conversation.source == Source::Chatapp)
            .then(|| conversation.source_id.as_deref()?.parse().ok())
            .flatten();
        let id = exported_id.unwrap_or_else(|| core.context.new_id());
        let now = core.context.now();
        let mut notes = conversation.notes.clone();
        let created_at = conversation
            .created_at
            .or_else(|| conversation.messages.iter().find_map(|message| message.created_at))
            .unwrap_or(now);
        let (title, title_source) = title(&conversation, &mut notes);
        let source_id = source_id(&conversation);
        let list = std::mem::take(&mut conversation.messages);
        let maker = Maker { core, owner, id, created_at, conversation: &conversation };
        let (messages, responses) = maker.rows(list);
        let newest = messages.iter().map(|row| row.created_at).max();
        let is_ours = exported_id.is_some();
        let metadata = (!conversation.metadata.is_empty())
            .then(|| serde_json::to_string(&conversation.metadata).ok())
            .flatten();
        let updated_at = conversation.updated_at.or(newest).unwrap_or(created_at);
        let mut in_tree = messages.iter().filter(|row| row.is_in_tree());
        let head_id = conversation.head.and_then(|head| in_tree.nth(head)).map(|row| row.id);
        let row = conversation::Model {
            id,
            user_id: owner,
            kind: if conversation.is_chain {
                ConversationKind::Chain
            } else {
                ConversationKind::Chat
            },
            title,
            title_source,
            // Another product's model is probably not one of this server.
            model: conversation.model.clone().filter(|_| is_ours).map(model_name),
            instructions: conversation.instructions.clone(),
            pinned: conversation.is_pinned,
            archived_at: conversation.archived.map(|since| since.unwrap_or(updated_at)),
            deleted_at: None,
            removed_at: None,
            metadata,
            next_seq: 0,
            active_response_id: None,
            head_id,
            version: 1,
            created_at,
            updated_at,
        };
        let import = import::Model {
            user_id: owner,
            source: conversation.source.name().to_owned(),
            source_id,
            conversation_id: id,
            created_at: now,
        };
        Self { conversation: row, import, exported_id, notes, messages, responses }
    }

    /// Its title, if it has one.
    pub(super) fn title(&self) -> Option<String> {
        Some(self.conversation.title.clone()).filter(|title| !title.is_empty())
    }

    /// How many messages it has, of which none are stored yet.
    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether the stored message `row` is the one at `place`, by what it says.
    pub(super) fn is_at(&self, place: usize, row: &message::Model) -> bool {
        self.messages.get(place).is_some_and(|ours| {
            (ours.kind, ours.role, &ours.content) == (row.kind, row.role, &row.content)
        })
    }

    /// When its newest message was written.
    pub(super) fn newest(&self) -> Option<Time> {
        self.messages.iter().map(|row| row.created_at).max()
    }

    /// Leaves out the first `count` messages, which `conversation` has; the others follow its
    /// message `last`. Only for one without branches.
    pub(super) fn go_on(&mut self, conversation: ConversationId, count: usize, last: MessageId) {
        let mut left_out = None;
        for row in self.messages.drain(..count.min(self.messages.len())) {
            if self.responses.front().is_some_and(|next| next.message_id == row.id) {
                self.responses.pop_front();
            }
            left_out = Some(row.id);
        }
        self.conversation.id = conversation;
        let message = |id: MessageId| if Some(id) == left_out { last } else { id };
        for row in &mut self.messages {
            row.conversation_id = conversation;
            row.parent_id = row.parent_id.map(message);
        }
        for row in &mut self.responses {
            row.conversation_id = conversation;
            row.user_message_id = message(row.user_message_id);
        }
    }

    /// Whether ids come from the export; those of messages may be ours where the conversation's
    /// is none.
    pub(super) fn keeps_ids(&self) -> bool {
        self.import.source == Source::Chatapp.name()
    }

    /// Whether a row with one of its ids exists.
    pub(super) async fn is_any_id_taken(&self, db: &Db) -> Result<bool> {
        let messages: Vec<MessageId> = self.messages.iter().map(|row| row.id).collect();
        let responses: Vec<ResponseId> = self.responses.iter().map(|row| row.id).collect();
        Ok(crud::imports::is_any_taken(db, self.conversation.id, &messages, &responses).await?)
    }

    /// New ids for everything: the old ones belong to rows that are still there.
    pub(super) fn renew_ids(&mut self, core: &Core) {
        let conversation: ConversationId = core.context.new_id();
        let messages: HashMap<MessageId, MessageId> =
            self.messages.iter().map(|row| (row.id, core.context.new_id())).collect();
        let responses: HashMap<ResponseId, ResponseId> =
            self.responses.iter().map(|row| (row.id, core.context.new_id())).collect();
        let message = |id: MessageId| messages.get(&id).copied().unwrap_or(id);
        let response = |id: ResponseId| responses.get(&id).copied().unwrap_or(id);
        self.conversation.id = conversation;
        self.conversation.head_id = self.conversation.head_id.map(message);
        self.import.conversation_id = conversation;
        for row in &mut self.messages {
            row.conversation_id = conversation;
            row.id = message(row.id);
            row.parent_id = row.parent_id.map(message);
            row.response_id = row.response_id.map(response);
        }
        for row in &mut self.responses {
            row.id = response(row.id);
            row.conversation_id = conversation;
            row.message_id = message(row.message_id);
            row.user_message_id = message(row.user_message_id);
        }
    }

    /// The bytes of its texts.
    pub(super) fn bytes(&self) -> usize {
        self.messages.iter().map(crud::messages::text_bytes).sum()
    }

    /// The next rows to be stored together, a response with its message; `None` when all are
    /// taken.
    pub(super) fn step(&mut self) -> Option<Rows> {
        let mut step = Rows::default();
        let mut bytes = 0;
        while step.messages.len() < STEP_ROWS && bytes < STEP_BYTES {
            let Some(row) = self.messages.pop_front() else { break };
            bytes += crud::messages::text_bytes(&row);
            if self.responses.front().is_some_and(|next| next.message_id == row.id) {
                step.responses.extend(self.responses.pop_front());
            }
            step.messages.push(row);
        }
        (!step.messages.is_empty()).then_some(step)
    }
}

fn title(conversation: &Conversation, notes: &mut Notes) -> (String, TitleSource) {
    let Some(title) = conversation.title.as_deref().map(str::trim).filter(|t| !t.is_empty()) else {
        let first = conversation.messages.iter().find(|m| m.role == transfer::Role::User);
        return match first {
            Some(first) if conversation.source != Source::Chatapp => {
                (titles::first_line(&first.text), TitleSource::FirstLine)
            }
            _ => (String::new(), TitleSource::None),
        };
    };
    let source = match conversation.title_source.as_deref() {
        Some("first_line") => TitleSource::FirstLine,
        Some("user") => TitleSource::User,
        _ => TitleSource::Model,
    };
    if title.chars().count() > MAX_TITLE_CHARS {
        notes.add(Note::TitleCut);
        return (titles::first_line(title), source);
    }
    (title.to_owned(), source)
}

/// What tells this conversation from others of the same source.
fn source_id(conversation: &Conversation) -> String {
    match &conversation.source_id {
        Some(id) if id.len() <= 255 => id.clone(),
        _ => {
            let texts = conversation.messages.iter().map(|message| message.text.as_str());
            let whole: Vec<&str> = conversation.title.as_deref().into_iter().chain(texts).collect();
            let digest = auth::hash_written(|out| Ok(serde_json::to_writer(out, &whole)?))
                .unwrap_or_default();
            format!("sha256:{}", hex::encode(digest))
        }
    }
}

/// A name no longer than the column.
fn model_name(mut name: String) -> String {
    let mut end = MAX_MODEL_BYTES.min(name.len());
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.truncate(end);
    name
}

/// What a message says: its parts, or its text where it has none.
fn content(message: &mut Message) -> Content {
    if message.parts.is_empty() {
        return std::mem::take(&mut message.text).into();
    }
    let part = |part| match part {
        transfer::Part::Text { text } => Part::Text(text),
        transfer::Part::Image { url, detail } => Part::Image { url, detail },
        transfer::Part::File { filename, data, url } => Part::File { filename, data, url },
    };
    std::mem::take(&mut message.parts).into_iter().map(part).collect()
}

/// What the row of a message holds: its text, and what stands beside it.
fn texts(message: &mut Message) -> (String, Option<String>) {
    if let (transfer::Role::Call, Some(call)) = (message.role, message.calls.pop()) {
        let transfer::ToolCall { id: call_id, name, arguments, .. } = call;
        return (arguments, Some(CallData { call_id, name }.stored()));
    }
    let content = content(message);
    let data = data(message, &content);
    (content.into_text(), data)
}

/// What a message holds beside its text.
fn data(message: &mut Message, content: &Content) -> Option<String> {
    if message.role == transfer::Role::Tool {
        return message.call_id.take().map(|call_id| ResultData { call_id }.stored(content));
    }
    let mut others = Map::new();
    if !message.attachments.is_empty() {
        others.insert("attachments".to_owned(), serde_json::json!(message.attachments));
    }
    content.put_parts(&mut others);
    let sources = message.annotations.iter().cloned().map(|source| {
        let transfer::Annotation { url, title, start_index, end_index } = source;
        Annotation { url, title, start: start_index, end: end_index }
    });
    let annotations = known_sources(&content.text(), sources);
    AnswerData { annotations, others, ..AnswerData::default() }.stored()
}

struct Maker<'a> {
    core: &'a Core,
    owner: UserId,
    id: ConversationId,
    created_at: Time,
    conversation: &'a Conversation,
}

impl Maker<'_> {
    fn rows(&self, list: Vec<Message>) -> (VecDeque<message::Model>, VecDeque<response::Model>) {
        let mut rows: Vec<message::Model> = Vec::new();
        let mut responses = VecDeque::new();
        let mut response_ids = HashSet::new();
        // The place of each message's row.
        let mut places: Vec<usize> = Vec::new();
        for mut message in list {
            let parent = message.parent.and_then(|at| rows.get(*places.get(at)?));
            let seq = i64::try_from(rows.len()).unwrap_or(i64::MAX);
            let mut row = self.row(&message, parent, seq);
            if message.role == transfer::Role::Assistant {
                let mut response = self.response(&message, &row, parent);
                // A file that was edited may name one response at two messages.
                if !response_ids.insert(response.id) {
                    response.id = self.core.context.new_id();
                }
                row.response_id = Some(response.id);
                responses.push_back(response);
            }
            // What stands beside an answer belongs to its response; without one it would be an
            // item of the tree.
            let beside = if row.response_id.is_some() {
                self.beside(&mut message, &row)
            } else {
                Vec::new()
            };
            (row.content, row.data) = texts(&mut message);
            places.push(rows.len());
            rows.push(row);
            for beside in beside {
                let seq = i64::try_from(rows.len()).unwrap_or(i64::MAX);
                rows.push(message::Model { seq, ..beside });
            }
        }
        (rows.into(), responses)
    }

    /// The rows beside that of a message: its reasoning and its calls.
    fn beside(&self, message: &mut Message, row: &message::Model) -> Vec<message::Model> {
        let beside = |kind, content| message::Model {
            id: self.core.context.new_id(),
            kind,
            content,
            data: None,
            is_user: false,
            ..row.clone()
        };
        let reasoning = message.reasoning.take();
        let reasoning = reasoning.map(|text| beside(MessageType::Reasoning, text));
        let calls = std::mem::take(&mut message.calls).into_iter().map(|call| {
            let transfer::ToolCall { id, name, arguments, status, offset } = call;
            let data = ToolCall { call_id: id, name, offset, extra: None };
            let is_whole = status == "completed";
            let status =
                if is_whole { MessageStatus::Completed } else { MessageStatus::Incomplete };
            let data = serde_json::to_string(&data).ok();
            message::Model { status, data, ..beside(MessageType::FunctionCall, arguments) }
        });
        reasoning.into_iter().chain(calls).collect()
    }

    /// The row of a message, still without its text and its files.
    fn row(&self, message: &Message, parent: Option<&message::Model>, seq: i64) -> message::Model {
        let kept = message.source_id.as_deref().filter(|_| self.is_ours());
        let id = kept.and_then(|id| id.parse().ok());
        let (kind, role) = match message.role {
            transfer::Role::User => (MessageType::Message, Some(Role::User)),
            transfer::Role::Assistant => (MessageType::Message, Some(Role::Assistant)),
            transfer::Role::System => (MessageType::Message, Some(Role::System)),
            transfer::Role::Tool => (MessageType::FunctionCallOutput, None),
            transfer::Role::Call => (MessageType::FunctionCall, None),
            transfer::Role::Reasoning => (MessageType::Reasoning, None),
        };
        let created_at = message
            .created_at
            .unwrap_or_else(|| parent.map_or(self.created_at, |parent| parent.created_at));
        message::Model {
            conversation_id: self.id,
            seq,
            id: id.unwrap_or_else(|| self.core.context.new_id()),
            parent_id: parent.map(|parent| parent.id),
            depth: parent.map_or(0, |parent| parent.depth.saturating_add(1)),
            response_id: None,
            kind,
            role,
            is_user: is_user(kind, role),
            status: if message.is_complete {
                MessageStatus::Completed
            } else {
                MessageStatus::Incomplete
            },
            content: String::new(),
            data: None,
            model: message.model.clone().map(model_name),
            created_at,
            updated_at: message.updated_at.unwrap_or(created_at),
        }
    }

    fn is_ours(&self) -> bool {
        self.conversation.source == Source::Chatapp
    }

    /// How the answer was made, as far as that is known.
    fn response(
        &self,
        message: &Message,
        row: &message::Model,
        parent: Option<&message::Model>,
    ) -> response::Model {
        let known = message.response.and_then(|at| self.conversation.responses.get(at));
        let usage = known.map(|known| known.usage).unwrap_or_default();
        let status = match known.map(|known| known.status.as_str()) {
            Some("completed") => ResponseStatus::Completed,
            Some("failed") => ResponseStatus::Failed,
            Some("cancelled") => ResponseStatus::Cancelled,
            None if message.is_complete => ResponseStatus::Completed,
            Some(_) | None => ResponseStatus::Incomplete,
        };
        let interrupted =
            (status == ResponseStatus::Incomplete).then(|| EndReason::Interrupted.into());
        let accepted = response::Model::accepted(response::Accepted {
            id: known
                .and_then(|known| known.id.parse().ok())
                .unwrap_or_else(|| self.core.context.new_id()),
            user_id: self.owner,
            conversation_id: self.id,
            user_message_id: parent.map_or(row.id, |parent| parent.id),
            message_id: row.id,
            purpose: Purpose::Answer,
            model: known
                .map(|known| known.model.clone())
                .or_else(|| row.model.clone())
                .map_or_else(|| "unknown".to_owned(), model_name),
            provider: known.map_or_else(
                || self.conversation.source.name().to_owned(),
                |known| known.provider.chars().take(64).collect(),
            ),
            parameters: Parameters::default(),
            // No server of ours has made it.
            server_id: ServerId(Uuid::nil()),
            epoch: 0,
            at: known.map_or(row.created_at, |known| known.created_at),
        });
        response::Model {
            status,
            incomplete_reason: known
                .and_then(|known| known.incomplete_reason.as_deref())
                .map(word)
                .or(interrupted),
            finish_reason: known
                .and_then(|known| known.finish_reason.as_ref())
                .map(|word| word.chars().take(64).collect()),
            input_to_seq: parent.map_or(row.seq, |parent| parent.seq),
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cached_tokens: usage.cached_tokens,
            reasoning_tokens: usage.reasoning_tokens,
            usage_estimated: usage.estimated,
            error_code: known.and_then(|known| known.error_code.as_deref()).map(word),
            error_message: known
                .and_then(|known| known.error_message.as_ref())
                .map(|text| text.chars().take(MAX_REASON_CHARS).collect()),
            completed_at: Some(
                known.and_then(|known| known.completed_at).unwrap_or(row.updated_at),
            ),
            updated_at: row.updated_at,
            ..accepted
        }
    }
}

/// A word of the export of any version, as far as it fits its column.
fn word<T: Words>(text: &str) -> OrUnknown<T> {
    text.chars().take(64).collect::<String>().as_str().into()
}
