//! What an import says about each conversation.

use serde::Serialize;
use utoipa::ToSchema;

use crate::ConversationId;

/// What became of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportOutcome {
    /// It is stored.
    Imported,
    /// It would be stored: this was a dry run.
    WouldImport,
    /// It was imported before, or is still there.
    AlreadyThere,
    /// There is nothing in it.
    Empty,
    /// It could not be read or stored; `reason` says why.
    Failed,
}

/// Something that was left out or changed on the way in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ImportNote {
    /// Which rule.
    #[schema(example = "tool_skipped")]
    pub code: String,
    /// How often it applied.
    pub count: u32,
    /// What it means.
    pub message: &'static str,
}

/// A line of the answer of `POST /api/import`: what became of one conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ImportEntry {
    /// What became of it.
    pub outcome: ImportOutcome,
    /// Its title, if it has one.
    pub title: Option<String>,
    /// The product it came from: `chatapp`, `chatgpt`, `claude`, `open-webui` or `librechat`.
    #[schema(example = "chatgpt")]
    pub source: Option<String>,
    /// Its id there.
    pub source_id: Option<String>,
    /// The file of the archive it stands in; only of what could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Its place in that file, from 1; only of what could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// What it is here.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub conversation_id: Option<ConversationId>,
    /// How many messages it has.
    pub messages: u64,
    /// What was left out or changed.
    pub notes: Vec<ImportNote>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The last line of the answer of `POST /api/import`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ImportSummary {
    /// Whether nothing was stored.
    pub dry_run: bool,
    /// Conversations stored, or that would be.
    pub imported: u64,
    /// Conversations that were there already.
    pub already_there: u64,
    /// Conversations with nothing in them.
    pub empty: u64,
    /// Conversations that could not be read or stored.
    pub failed: u64,
    /// Messages of the conversations stored, or that would be.
    pub messages: u64,
    /// Why the import ended before the end of the file; then the counts are of what came before,
    /// and the same file can be sent again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// One line of the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ImportLine {
    /// What became of one conversation.
    Conversation(ImportEntry),
    /// The end.
    Summary(ImportSummary),
}
