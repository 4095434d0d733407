//! What a move from another service's database says about each row.

use serde::Serialize;

use crate::import::{ImportEntry, ImportNote};
use crate::{ConversationId, UserId};

/// What became of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UserOutcome {
    /// There is an account now.
    Moved,
    /// There would be one: this was a dry run.
    WouldMove,
    /// An account has the address already; it stays as it is.
    AlreadyThere,
    /// There is none; `reason` says why.
    LeftOut,
}

/// What became of one user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MovedUser {
    /// The id there.
    pub source_id: String,
    /// What became of it.
    pub outcome: UserOutcome,
    /// The address of the account.
    pub email: Option<String>,
    /// The account here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// Why the old password does not work here, if it does not: it has to be reset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub must_reset: Option<&'static str>,
    /// Why it was left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What became of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversationOutcome {
    /// It is stored.
    Moved,
    /// It would be stored: this was a dry run.
    WouldMove,
    /// It was moved before, and the messages that are new there were added.
    Extended,
    /// The same on a dry run.
    WouldExtend,
    /// It was moved before; `reason` says so if messages that are new there were left out.
    AlreadyThere,
    /// There is nothing in it.
    Empty,
    /// It was left out; `reason` says why.
    LeftOut,
}

/// What became of one conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MovedConversation {
    /// The id there.
    pub source_id: String,
    /// What became of it.
    pub outcome: ConversationOutcome,
    /// The address of its account.
    pub email: Option<String>,
    /// What it is here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<ConversationId>,
    /// How many messages were stored, or would be.
    pub messages: u64,
    /// How many were left out.
    pub messages_left_out: u64,
    /// What was left out or changed.
    pub notes: Vec<ImportNote>,
    /// Why something was left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Rows that belong to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Strays {
    /// How many.
    pub count: u64,
    /// What they are and why they were left out.
    pub reason: String,
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MoveSummary {
    /// Whether nothing was stored.
    pub dry_run: bool,
    /// Accounts made, or that would be.
    pub users_moved: u64,
    /// Of those, the accounts whose password has to be reset.
    pub users_to_reset: u64,
    /// Users who have an account already.
    pub users_already_there: u64,
    /// Users without an account.
    pub users_left_out: u64,
    /// Conversations stored, or that would be.
    pub conversations_moved: u64,
    /// Conversations that were there and got new messages, or would get them.
    pub conversations_extended: u64,
    /// Conversations that were there.
    pub conversations_already_there: u64,
    /// Conversations with nothing in them.
    pub conversations_empty: u64,
    /// Conversations that were left out.
    pub conversations_left_out: u64,
    /// Messages stored, or that would be.
    pub messages_moved: u64,
    /// Messages that were left out, with their conversation or alone.
    pub messages_left_out: u64,
    /// Why the move ended before its end; run again, it does the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum MoveLine {
    /// What became of a user.
    User(MovedUser),
    /// What became of a conversation.
    Conversation(MovedConversation),
    /// Rows that belong to nothing.
    Strays(Strays),
    /// The end.
    Summary(MoveSummary),
}

impl MovedConversation {
    /// Of a conversation of which `entry` says what became.
    pub fn of(source_id: String, email: Option<String>, entry: ImportEntry) -> Self {
        use crate::import::ImportOutcome;
        let outcome = match entry.outcome {
            ImportOutcome::Imported => ConversationOutcome::Moved,
            ImportOutcome::WouldImport => ConversationOutcome::WouldMove,
            ImportOutcome::AlreadyThere => ConversationOutcome::AlreadyThere,
            ImportOutcome::Empty => ConversationOutcome::Empty,
            ImportOutcome::Failed => ConversationOutcome::LeftOut,
        };
        let is_new = matches!(outcome, ConversationOutcome::Moved | ConversationOutcome::WouldMove);
        Self {
            source_id,
            outcome,
            email,
            conversation_id: entry.conversation_id,
            messages: if is_new { entry.messages } else { 0 },
            messages_left_out: 0,
            notes: entry.notes,
            reason: entry.reason,
        }
    }
}
