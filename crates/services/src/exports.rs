//! Conversations on their way out: as JSON Lines that can be imported again, or as Markdown.

mod archive;

pub use archive::DataExports;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use auth::Actor;
use bytes::Bytes;
use crud::{Db, Owned};
use engine::Running;
use engine::branch::Branch;
use futures_util::Stream;
use models::conversation::ConversationKind;
use models::message::{MessageStatus, MessageType};
use models::response::ResponseStatus;
use models::{ConversationId, Part, ResponseId, UserId, conversation, message, response};
use schemas::event::Annotation;
use schemas::view::{Attachment, Message, ToolCall};
use transfer::{markdown, own};

use crate::core::Core;
use crate::error::{Error, Result};
use crate::messages;
use crate::reads::Reads;

/// How many rows one query reads.
const PAGE: u64 = 200;
/// The same of conversations, whose instructions nothing else bounds.
const CONVERSATIONS: u64 = 20;

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// A line of JSON per conversation, every branch; can be imported again.
    JsonLines,
    /// The selected branch of each conversation, for people.
    Markdown,
}

/// The use case of exports.
#[derive(Debug, Clone)]
pub struct Exports {
    core: Arc<Core>,
    running: Running,
    reads: Reads,
}

impl Exports {
    pub(crate) fn new(core: Arc<Core>, running: Running, reads: Reads) -> Self {
        Self { core, running, reads }
    }

    /// All conversations of the actor, archived ones included, oldest first. A conversation that is
    /// deleted meanwhile is left out; a running answer is exported with its text so far.
    pub fn all(
        &self,
        actor: &Actor,
        format: ExportFormat,
    ) -> Result<impl Stream<Item = Result<Bytes>> + Send + use<>> {
        let owner = actor.user_id;
        let reading = self.reads.export(actor)?;
        Ok(reading.pace(self.whole(owner, format)))
    }

    /// The same, whose reader is bounded elsewhere.
    fn whole(
        &self,
        owner: UserId,
        format: ExportFormat,
    ) -> impl Stream<Item = Result<Bytes>> + Send + use<> {
        self.write(owner, format, None)
    }

    /// One conversation of `owner`.
    pub async fn one(
        &self,
        actor: &Actor,
        id: ConversationId,
        format: ExportFormat,
    ) -> Result<impl Stream<Item = Result<Bytes>> + Send + use<>> {
        let owner = actor.user_id;
        let found = crud::conversations::find(&self.core.db, owner, id).await?;
        let row = found.ok_or(Error::NotFound("conversation"))?;
        let reading = self.reads.export(actor)?;
        Ok(reading.pace(self.write(owner, format, Some(row))))
    }

    fn write(
        &self,
        owner: UserId,
        format: ExportFormat,
        only: Option<Owned<conversation::Model>>,
    ) -> impl Stream<Item = Result<Bytes>> + Send + use<> {
        let exports = self.clone();
        async_stream::try_stream! {
            let (mut conversations, mut count) = (0u64, 0u64);
            let is_lines = format == ExportFormat::JsonLines;
            if is_lines {
                yield Bytes::from(own::header(exports.core.context.now()));
            }
            let is_one = only.is_some();
            let mut page: Vec<Owned<conversation::Model>> = only.into_iter().collect();
            if !is_one {
                let _turn = exports.reads.step().await?;
                page = crud::conversations::list_by_id(&exports.core.db, owner, None, CONVERSATIONS).await?;
            }
            while let Some(last) = page.last().map(|row| row.id) {
                for row in page {
                    conversations += 1;
                    yield Bytes::from(begin(&row, is_lines, conversations == 1)?);
                    let mut turn = exports.reads.step().await?;
                    let mut pages = Pages::new(&exports.core.db, &row, is_lines).await?;
                    let mut is_first = true;
                    while let Some(entries) = pages.next(&exports, row.owned_id()).await? {
                        drop(turn);
                        for entry in entries {
                            count += 1;
                            yield Bytes::from(entry.write(is_lines, is_first)?);
                            is_first = false;
                        }
                        turn = exports.reads.step().await?;
                    }
                    drop(turn);
                    if is_lines {
                        yield Bytes::from_static(own::close().as_bytes());
                    }
                }
                page = if is_one {
                    Vec::new()
                } else {
                    let _turn = exports.reads.step().await?;
                    crud::conversations::list_by_id(&exports.core.db, owner, Some(last), CONVERSATIONS)
                        .await?
                };
            }
            if is_lines {
                yield Bytes::from(own::end(conversations, count));
            }
        }
    }
}

/// What stands before the messages of a conversation.
fn begin(row: &conversation::Model, is_lines: bool, is_first: bool) -> Result<String> {
    if !is_lines {
        let between = if is_first { "" } else { markdown::between() };
        let top = markdown::top(&row.title, row.created_at, row.instructions.as_deref());
        return Ok(format!("{between}{top}"));
    }
    let metadata = row.metadata.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let title_source = serde_json::to_value(row.title_source).map_err(Error::internal)?;
    let head = own::Head {
        id: row.id.to_string(),
        title: row.title.clone(),
        title_source: title_source.as_str().unwrap_or_default().to_owned(),
        model: row.model.clone(),
        instructions: row.instructions.clone(),
        pinned: row.pinned,
        archived_at: row.archived_at,
        chain: row.kind == ConversationKind::Chain,
        metadata: metadata.unwrap_or_default(),
        head_id: row.head_id.map(|id| id.to_string()),
        created_at: row.created_at,
        updated_at: row.updated_at,
    };
    own::open(&head).map_err(Error::internal)
}

/// The messages of a conversation, a step at a time, oldest first.
struct Pages {
    /// Where the next step begins; `None` at the end.
    from: Option<i64>,
    /// Only these ones; `None` for every branch.
    only: Option<HashSet<i64>>,
}

impl Pages {
    async fn new(db: &Db, row: &Owned<conversation::Model>, is_all: bool) -> Result<Self> {
        if is_all {
            return Ok(Self { from: Some(0), only: None });
        }
        // The walk goes from the newest message to the oldest, and only their numbers are kept.
        let mut branch = Branch::new(db, row.owned_id(), row.head_id, i64::MAX, PAGE);
        let mut seqs = HashSet::new();
        while let Some(message) = branch.next().await? {
            seqs.insert(message.seq);
        }
        Ok(Self { from: Some(0), only: Some(seqs) })
    }

    async fn next(
        &mut self,
        exports: &Exports,
        id: Owned<ConversationId>,
    ) -> Result<Option<Vec<Entry>>> {
        let Some(seq) = self.from else { return Ok(None) };
        let mut rows = crud::messages::list_up(&exports.core.db, id, seq, PAGE).await?;
        self.from = rows.last().map(|row| row.seq + 1);
        if rows.is_empty() {
            return Ok(None);
        }
        if let Some(only) = &self.only {
            rows.retain(|row| only.contains(&row.seq));
        }
        Ok(Some(entries(exports, id, rows).await?))
    }
}

/// A message with all that is said of it.
struct Entry {
    message: Message,
    response: Option<response::Model>,
}

async fn entries(
    exports: &Exports,
    id: Owned<ConversationId>,
    mut rows: Vec<message::Model>,
) -> Result<Vec<Entry>> {
    rows.retain(message::Model::is_in_tree);
    let ids: Vec<ResponseId> = rows.iter().filter_map(|row| row.response_id).collect();
    let mut responses: HashMap<ResponseId, response::Model> =
        crud::responses::list_by_ids(&exports.core.db, id, &ids)
            .await?
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
    let described = messages::describe(&exports.core.db, &exports.running, id, rows).await?;
    let entry = |message: Message| Entry {
        response: message.response_id.and_then(|id| responses.remove(&id)),
        message,
    };
    Ok(described.into_iter().map(entry).collect())
}

impl Entry {
    fn write(self, is_lines: bool, is_first: bool) -> Result<String> {
        let Self { message, response } = self;
        let role = match (message.kind, message.role) {
            (MessageType::FunctionCallOutput, _) => transfer::Role::Tool,
            (MessageType::FunctionCall, _) => transfer::Role::Call,
            (MessageType::Reasoning, _) => transfer::Role::Reasoning,
            (_, Some(message::Role::Assistant)) => transfer::Role::Assistant,
            (_, Some(message::Role::System)) => transfer::Role::System,
            (_, Some(message::Role::User) | None) => transfer::Role::User,
        };
        let is_complete = message.status == MessageStatus::Completed;
        let annotations: Vec<transfer::Annotation> =
            message.annotations.into_iter().map(annotated).collect();
        let told = message.name.zip(message.arguments);
        let (call_id, told) = match told {
            Some((name, arguments)) => {
                let id = message.call_id.unwrap_or_default();
                let status = status_word(MessageStatus::Completed);
                (None, Some(transfer::ToolCall { id, name, arguments, status, offset: 0 }))
            }
            None => (message.call_id, None),
        };
        let calls: Vec<transfer::ToolCall> =
            message.calls.into_iter().map(called).chain(told).collect();
        let parts: Vec<transfer::Part> = message.parts.into_iter().map(part).collect();
        let attachments: Vec<transfer::Attachment> =
            message.attachments.into_iter().map(attached).collect();
        if !is_lines {
            return Ok(markdown::message(&markdown::Entry {
                role,
                text: &message.content,
                reasoning: message.reasoning.as_deref(),
                calls: &calls,
                call_id: call_id.as_deref(),
                model: message.model.as_deref(),
                is_complete,
                annotations: &annotations,
                attachments: &attachments,
                parts: &parts,
                at: message.created_at,
            }));
        }
        let line = own::Line {
            id: message.id.to_string(),
            parent_id: message.parent_id.map(|id| id.to_string()),
            role,
            status: status_word(message.status),
            content: message.content,
            reasoning: message.reasoning,
            calls,
            call_id,
            parts,
            model: message.model,
            annotations,
            attachments,
            response: response.map(exported),
            created_at: message.created_at,
            updated_at: message.updated_at,
        };
        own::message(&line, is_first).map_err(Error::internal)
    }
}

/// What is in progress is, on paper, not finished.
fn status_word(status: MessageStatus) -> String {
    if status == MessageStatus::Completed { "completed" } else { "incomplete" }.to_owned()
}

fn annotated(source: Annotation) -> transfer::Annotation {
    let Annotation { url, title, start, end } = source;
    transfer::Annotation { url, title, start_index: start, end_index: end }
}

fn part(part: Part) -> transfer::Part {
    match part {
        Part::Text(text) => transfer::Part::Text { text },
        Part::Image { url, detail } => transfer::Part::Image { url, detail },
        Part::File { filename, data, url } => transfer::Part::File { filename, data, url },
    }
}

fn attached(file: Attachment) -> transfer::Attachment {
    let Attachment { name, media_type, size, place } = file;
    transfer::Attachment { name, media_type, size, place }
}

fn called(call: ToolCall) -> transfer::ToolCall {
    let ToolCall { id: _, call_id, name, arguments, status, offset } = call;
    transfer::ToolCall { id: call_id, name, arguments, status: status_word(status), offset }
}

fn exported(row: response::Model) -> transfer::Response {
    let status = match row.status {
        ResponseStatus::Completed => "completed",
        ResponseStatus::Failed => "failed",
        ResponseStatus::Cancelled => "cancelled",
        // What runs is, on paper, an answer that was not finished.
        ResponseStatus::Incomplete | ResponseStatus::Queued | ResponseStatus::InProgress => {
            "incomplete"
        }
    };
    transfer::Response {
        id: row.id.to_string(),
        status: status.to_owned(),
        incomplete_reason: row.incomplete_reason.map(|reason| reason.to_string()),
        finish_reason: row.finish_reason,
        model: row.model,
        provider: row.provider,
        usage: transfer::Usage {
            input_tokens: row.input_tokens,
            output_tokens: row.output_tokens,
            cached_tokens: row.cached_tokens,
            reasoning_tokens: row.reasoning_tokens,
            estimated: row.usage_estimated,
        },
        error_code: row.error_code.map(|code| code.to_string()),
        error_message: row.error_message,
        created_at: row.created_at,
        completed_at: row.completed_at,
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::time::Duration;

    use crud::{Limits, Options, SqliteOptions, Synchronous};
    use futures_util::{StreamExt as _, poll};
    use models::Context;

    use crate::{Settings, Transfers};

    use super::*;

    #[tokio::test]
    async fn s2_an_export_reads_nothing_before_it_has_a_turn() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chatapp.db");
        let sqlite = SqliteOptions { path, readers: 2, synchronous: Synchronous::Normal };
        let options = Options {
            database: crud::Database::Sqlite(sqlite),
            give_up_after: Duration::ZERO,
            limits: Limits::default(),
            migrate: true,
            exclusive: false,
        };
        let db = crud::connect(&options).await.unwrap().db;
        let exports = Transfers::new(db.clone(), Context::system(), Settings::default()).exports;
        // The caller is told so at once.
        db.close().await;
        let owner = format!("user_{:032x}", 1).parse().unwrap();
        let mut lines = pin!(exports.whole(owner, ExportFormat::JsonLines));
        lines.next().await.expect("a header").unwrap();
        let turn = exports.reads.step().await.expect("nothing is read yet");
        assert!(poll!(lines.next()).is_pending(), "it has asked without a turn");
        drop(turn);
        assert!(matches!(lines.next().await, Some(Err(_))));
    }
}
