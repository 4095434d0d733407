//! Moving in: users, conversations and messages of the FastAPI service that this server replaces,
//! from its database into ours.

mod report;
mod users;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use auth::Passwords;
use chrono::{FixedOffset, Offset as _, Utc};
use crud::predecessor::{self, Counts, Key, Predecessor, Stored};
use models::{Time, UserId};
use schemas::import::ImportOutcome;
use schemas::moving::{ConversationOutcome, MoveLine, MoveSummary, MovedConversation, Strays};
use tokio::sync::mpsc;
use tokio::time::Instant;
use transfer::plain::{Plain, Said, Sender};

use super::extend::Extension;
use super::store::Store;
use super::{Imports, REPORT_AHEAD};
use crate::core::Core;
use crate::error::{Error, Result};

/// How often it is told how far the move is.
const TELL_EVERY: Duration = Duration::from_secs(5);
/// The most messages of a conversation, and the most bytes of their texts; it is in memory whole.
const MAX_MESSAGES: u64 = 100_000;
const MAX_BYTES: u64 = 64 << 20;
/// The longest id that is kept as it is, in bytes.
const MAX_ID: usize = 200;

/// How to move.
#[derive(Debug, Clone, Default)]
pub struct MoveOptions {
    /// Whether to store nothing, and say what would happen.
    pub dry_run: bool,
    /// What makes an address of a name, for users who have no address.
    pub email_domain: Option<String>,
    /// How many minutes before UTC the clock stood by which times were written that name no zone:
    /// 120 for `+02:00`.
    pub offset_minutes: i32,
    /// Whether not to tell how far it is.
    pub quiet: bool,
}

/// A move that is under way; its report.
pub type Moving = mpsc::Receiver<MoveLine>;

impl Imports {
    /// Moves everything from `source`, and says what becomes of each row, at last of all.
    ///
    /// `passwords` makes the hash of users whose own cannot be checked here. What was moved
    /// before is left as it is, but for messages that are new there.
    pub fn move_in(
        &self,
        source: Predecessor,
        passwords: Passwords,
        options: MoveOptions,
    ) -> Moving {
        let (report, lines) = mpsc::channel(REPORT_AHEAD);
        let core = self.core.clone();
        let offset = FixedOffset::east_opt(options.offset_minutes.saturating_mul(60));
        self.core.tasks.spawn(async move {
            let summary = MoveSummary { dry_run: options.dry_run, ..MoveSummary::default() };
            let mut moving = Move {
                core,
                passwords,
                options,
                offset: offset.unwrap_or(Utc.fix()),
                source,
                report,
                summary,
                total: Counts::default(),
                unusable: None,
                addresses: HashSet::new(),
                left_out: HashMap::new(),
                owner: None,
                told: Instant::now(),
            };
            if let Err(error) = moving.run().await {
                moving.summary.error = Some(crate::chain(&error));
            }
            moving.end().await;
        });
        lines
    }
}

struct Move {
    core: Arc<Core>,
    passwords: Passwords,
    options: MoveOptions,
    /// At which offset times are that name none.
    offset: FixedOffset,
    source: Predecessor,
    report: mpsc::Sender<MoveLine>,
    summary: MoveSummary,
    /// How much there is to move.
    total: Counts,
    /// A hash that no password leads to.
    unusable: Option<String>,
    /// Digests of the addresses of users seen so far.
    addresses: HashSet<[u8; 16]>,
    /// The users without an account, and why.
    left_out: HashMap<Key, String>,
    /// The user of the conversation before, and their account.
    owner: Option<(Key, String, UserId)>,
    told: Instant,
}

impl Move {
    async fn run(&mut self) -> Result<()> {
        self.total = self.source.count().await?;
        let Counts { users, conversations, messages } = self.total;
        tracing::info!(users, conversations, messages, "moving in");
        self.users().await?;
        let (mut after, mut ends) = (None, HashSet::new());
        loop {
            let page = self.source.list_conversations(after.as_ref()).await?;
            let Some(last) = page.last() else { break };
            after = Some(next_place(&mut ends, &last.id)?);
            for conversation in page {
                self.conversation(conversation).await?;
            }
        }
        self.strays().await
    }

    async fn end(self) {
        let Self { source, report, summary, .. } = self;
        source.close().await;
        tracing::info!(
            dry_run = summary.dry_run,
            users = summary.users_moved,
            conversations = summary.conversations_moved,
            messages = summary.messages_moved,
            "move ended"
        );
        // A caller who has gone does not need to know.
        let _ = report.send(MoveLine::Summary(summary)).await;
    }

    async fn conversation(&mut self, row: predecessor::Conversation) -> Result<()> {
        let size = self.source.size(&row.id).await?;
        let mut line = MovedConversation {
            source_id: row.id.to_string(),
            outcome: ConversationOutcome::LeftOut,
            email: None,
            conversation_id: None,
            messages: 0,
            messages_left_out: size.messages,
            notes: Vec::new(),
            reason: None,
        };
        match self.owner(&row).await? {
            Err(reason) => line.reason = Some(reason),
            Ok((email, _)) if size.messages > MAX_MESSAGES || size.bytes > MAX_BYTES => {
                line.email = Some(email);
                line.reason = Some(format!(
                    "it has more than {MAX_MESSAGES} messages or {MAX_BYTES} bytes of text"
                ));
            }
            Ok((email, owner)) => {
                let messages = self.source.list_messages(&row.id).await?;
                line = self.stored(row, owner, email, messages).await?;
            }
        }
        self.say(MoveLine::Conversation(line)).await;
        Ok(())
    }

    /// Stores a conversation, or what is new in it.
    async fn stored(
        &self,
        row: predecessor::Conversation,
        owner: UserId,
        email: String,
        messages: Vec<predecessor::Message>,
    ) -> Result<MovedConversation> {
        let (source_id, count) = (row.id.to_string(), messages.len() as u64);
        let plain = self.plain(row, messages);
        let store = Store { core: self.core.clone(), owner, dry_run: self.options.dry_run };
        let (mut entry, planned) = store.plan(plain.into());
        let Some(mut planned) = planned else {
            let mut line = MovedConversation::of(source_id, Some(email), entry);
            line.messages_left_out = count;
            return Ok(line);
        };
        let fitting = entry.messages;
        let stored = async {
            // What people throw away does not come back because the move is run again.
            if store.is_deleted(&planned).await? {
                return Ok((ImportOutcome::AlreadyThere, None, Extension::Nothing));
            }
            let (outcome, id) = store.store(&mut planned).await?;
            let extension = match (outcome, id) {
                (ImportOutcome::AlreadyThere, Some(id)) => store.extend(id, &mut planned).await?,
                _ => Extension::Nothing,
            };
            Ok::<_, Error>((outcome, id, extension))
        };
        let (outcome, id, extension) = match stored.await {
            Ok(stored) => stored,
            Err(error @ (Error::Unavailable(_) | Error::StorageFull | Error::Busy)) => {
                return Err(error);
            }
            Err(Error::QuotaReached { limit }) => {
                let reason = format!("its user may store {limit} bytes, and it does not fit");
                entry.reason = Some(reason);
                (ImportOutcome::Failed, None, Extension::Nothing)
            }
            Err(error) => {
                let error = crate::chain(&error);
                tracing::warn!(user = %owner, conversation = source_id, error, "moving failed");
                entry.reason = Some("it could not be stored; run the move again".to_owned());
                (ImportOutcome::Failed, None, Extension::Nothing)
            }
        };
        (entry.outcome, entry.conversation_id) = (outcome, id);
        let mut line = MovedConversation::of(source_id, Some(email), entry);
        line.messages_left_out = match line.outcome {
            ConversationOutcome::LeftOut => count,
            _ => count.saturating_sub(fitting),
        };
        match extension {
            Extension::Nothing => {}
            Extension::Added(new) => {
                line.messages = new as u64;
                line.outcome = if self.options.dry_run {
                    ConversationOutcome::WouldExtend
                } else {
                    ConversationOutcome::Extended
                };
            }
            Extension::LeftOut(new) => {
                line.messages_left_out += new as u64;
                line.reason = Some(format!(
                    "it was moved before and has changed here; {new} messages there were left out"
                ));
            }
        }
        Ok(line)
    }

    fn plain(&self, row: predecessor::Conversation, messages: Vec<predecessor::Message>) -> Plain {
        let said = |message: predecessor::Message| {
            let is_user = message.is_user.as_deref().and_then(truth);
            let sender = match is_user {
                Some(true) => Sender::User,
                Some(false) => Sender::Assistant,
                None => message.role.as_deref().map_or(Sender::Unknown, Sender::named),
            };
            Said {
                number: message.id.as_ref().and_then(Key::number),
                id: message.id.map(|id| id.to_string()).unwrap_or_default(),
                sender,
                text: message.content.unwrap_or_default(),
                at: self.time(message.created_at.as_ref()),
            }
        };
        Plain {
            source: transfer::Source::Fastapi,
            id: source_id(&row),
            created_at: self.time(row.created_at.as_ref()),
            updated_at: self.time(row.updated_at.as_ref()),
            title: row.title,
            messages: messages.into_iter().map(said).collect(),
        }
    }

    fn time(&self, stored: Option<&Stored>) -> Option<Time> {
        let Stored { text, is_utc } = stored?;
        transfer::time_in(text, if *is_utc { Utc.fix() } else { self.offset })
    }

    /// Says which rows belong to nothing.
    async fn strays(&mut self) -> Result<()> {
        let Counts { users, conversations, messages: _ } = self.source.count_nameless().await?;
        for (count, what) in [(users, "users"), (conversations, "conversations")] {
            if count > 0 {
                let reason = format!("{what} without an id");
                self.say(MoveLine::Strays(Strays { count, reason })).await;
            }
        }
        for (conversation, count) in self.source.list_strays().await? {
            let reason = match conversation {
                Some(id) => format!("messages of the conversation {id}, which is not there"),
                None => "messages of no conversation".to_owned(),
            };
            self.summary.messages_left_out += count;
            self.say(MoveLine::Strays(Strays { count, reason })).await;
        }
        Ok(())
    }
}

/// Where the next page begins: behind the `last` row of this one. `ends` are those of the pages
/// before; a table whose ids do not rise as they are compared would have no end.
fn next_place(ends: &mut HashSet<Key>, last: &Key) -> Result<Key> {
    if !ends.insert(last.clone()) {
        return Err(Error::internal(format!("the id {last} comes again: ids have no order there")));
    }
    Ok(last.clone())
}

/// What tells a conversation from others. Two services number theirs alike, so that the time it
/// was made belongs to it, as it is stored.
fn source_id(row: &predecessor::Conversation) -> String {
    let mut id = row.id.to_string();
    if id.len() > MAX_ID {
        id = hex::encode(auth::token_hash(&id));
    }
    let made = row.created_at.as_ref().and_then(|at| transfer::time_in(&at.text, Utc.fix()));
    match made {
        Some(made) => format!("{id}@{}", made.timestamp_micros()),
        None => id,
    }
}

/// A truth value as a text; `None` if it is none.
fn truth(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "1" | "true" | "t" | "yes" | "y" | "on" | "\u{1}" => Some(true),
        "0" | "false" | "f" | "no" | "n" | "off" | "\0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truth_has_many_words_and_the_rest_is_unknown() {
        for text in ["1", "true", " TRUE ", "t", "Yes", "\u{1}"] {
            assert_eq!(truth(text), Some(true), "{text:?}");
        }
        for text in ["0", "false", "F", "no", "\0"] {
            assert_eq!(truth(text), Some(false), "{text:?}");
        }
        for text in ["", "2", "user", "null"] {
            assert_eq!(truth(text), None, "{text:?}");
        }
    }
}
