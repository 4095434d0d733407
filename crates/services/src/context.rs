//! What the model is given: instructions first, then the newest messages of the branch that fit.
//!
//! No message is ever cut. What did not fit is counted and reported with the response.

use crud::Db;
use models::message::{MessageType, Role};
use models::{ConversationId, MessageId};
use provider::{ChatMessage, ChatRole, ModelFacts};
use schemas::response::ContextReport;

use crate::branch::Branch;
use crate::error::{Error, Result};
use crate::tokens;

/// How much fits, in tokens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    /// The model's whole window.
    pub(crate) context: u32,
    /// What is kept free for the answer.
    pub(crate) reserve: u32,
}

impl From<ModelFacts> for Window {
    fn from(facts: ModelFacts) -> Self {
        Self { context: facts.context_tokens, reserve: facts.output_reserve_tokens }
    }
}

impl Window {
    fn budget(self) -> u32 {
        self.context.saturating_sub(self.reserve)
    }

    /// The same with `tokens` less room.
    pub(crate) fn without(self, tokens: u32) -> Self {
        Self { context: self.context.saturating_sub(tokens), ..self }
    }

    /// Refuses instructions and a message that could not be sent even alone.
    pub(crate) fn check(self, instructions: Option<&str>, content: &str) -> Result<()> {
        let got =
            instructions.map_or(0, tokens::of_message).saturating_add(tokens::of_message(content));
        let limit = self.budget();
        if got > limit { Err(Error::ContextTooLong { limit, got }) } else { Ok(()) }
    }
}

/// The messages to send and what is known of them.
#[derive(Debug, Clone)]
pub(crate) struct Selected {
    /// In the order of the conversation, instructions first.
    pub(crate) messages: Vec<ChatMessage>,
    /// How many were sent and left out.
    pub(crate) report: ContextReport,
    /// `seq` of the oldest message sent.
    pub(crate) from_seq: i64,
    /// The estimate of what they cost.
    pub(crate) tokens: u32,
}

/// Selects the context of an answer below the message `last`, whose number is `seq`.
pub(crate) async fn select(
    db: &Db,
    conversation: ConversationId,
    (last, seq): (MessageId, i64),
    instructions: Option<&str>,
    window: Window,
) -> Result<Selected> {
    let mut used = instructions.map_or(0, tokens::of_message);
    let mut from_seq = seq;
    let mut omitted = 0;
    let mut newest_first = Vec::new();
    let mut branch = Branch::new(db, conversation, Some(last), seq, 50);
    while let Some(message) = branch.next().await? {
        let role = match (message.kind, message.role) {
            (MessageType::Message, Some(Role::User)) => ChatRole::User,
            (MessageType::Message, Some(Role::Assistant)) => ChatRole::Assistant,
            (MessageType::Message, Some(Role::System)) => ChatRole::System,
            _ => continue,
        };
        // An answer that failed before its first word says nothing.
        if message.content.is_empty() {
            continue;
        }
        let cost = tokens::of_message(&message.content);
        let fits = used.saturating_add(cost) <= window.budget();
        if !fits && !newest_first.is_empty() {
            omitted = u32::try_from(message.depth).unwrap_or(0).saturating_add(1);
            break;
        }
        used = used.saturating_add(cost);
        from_seq = message.seq;
        newest_first.push(ChatMessage { role, content: message.content });
    }
    let sent = u32::try_from(newest_first.len()).unwrap_or(u32::MAX);
    let system =
        instructions.map(|text| ChatMessage { role: ChatRole::System, content: text.to_owned() });
    Ok(Selected {
        messages: system.into_iter().chain(newest_first.into_iter().rev()).collect(),
        report: ContextReport { messages_sent: sent, messages_omitted: omitted },
        from_seq,
        tokens: used,
    })
}
