//! What the model is given: instructions first, then the newest messages of the branch that fit.
//!
//! No message is ever cut. What did not fit is counted and reported with the response.

use std::collections::VecDeque;

use crud::Db;
use crud::responses::ContextSent;
use models::message::{MessageType, Model, Role};
use models::{ConversationId, MessageId};
use provider::{ChatMessage, ChatRole, ModelFacts, Tokenizer};
use schemas::response::ContextReport;

use crate::branch::Branch;
use crate::error::{Error, Result};
use crate::tokens::{Counter, PER_REQUEST, most_of_message};

/// How many messages are counted together.
const BATCH: usize = 64;

/// How much fits, in tokens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    /// The model's whole window.
    pub(crate) context: u32,
    /// What is kept free for the answer.
    pub(crate) reserve: u32,
    /// How tokens are counted.
    pub(crate) tokenizer: Tokenizer,
}

impl From<ModelFacts> for Window {
    fn from(facts: ModelFacts) -> Self {
        Self {
            context: facts.context_tokens,
            reserve: facts.output_reserve_tokens,
            tokenizer: facts.tokenizer,
        }
    }
}

impl Window {
    /// What instructions and messages may cost.
    pub(crate) fn budget(self) -> u32 {
        self.context.saturating_sub(self.reserve)
    }

    /// Refuses instructions and a message that could not be sent even alone.
    pub(crate) async fn check(
        self,
        counter: &Counter,
        instructions: Option<&str>,
        content: &str,
    ) -> Result<()> {
        let texts: Vec<&str> = instructions.into_iter().chain([content]).collect();
        let limit = self.budget();
        if sum(texts.iter().map(|text| most_of_message(text))) <= limit {
            return Ok(());
        }
        let got = sum(counter.of_messages(self.tokenizer, &texts).await?);
        if got > limit { Err(Error::ContextTooLong { limit, got }) } else { Ok(()) }
    }
}

/// What a request with messages of so many tokens costs.
fn sum(messages: impl IntoIterator<Item = u32>) -> u32 {
    messages.into_iter().fold(PER_REQUEST, u32::saturating_add)
}

/// The messages to send and what is known of them.
#[derive(Debug, Clone)]
pub(crate) struct Selected {
    /// In the order of the conversation, instructions first.
    pub(crate) messages: Vec<ChatMessage>,
    /// How many were sent and left out.
    pub(crate) report: ContextReport,
    /// The same and more, for the response's row.
    pub(crate) sent: ContextSent,
}

/// Who speaks in a message that is part of a context; none if it is not.
pub(crate) fn speaker(message: &Model) -> Option<ChatRole> {
    // An answer that failed before its first word says nothing.
    if message.kind != MessageType::Message || message.content.is_empty() {
        return None;
    }
    message.role.map(|role| match role {
        Role::User => ChatRole::User,
        Role::Assistant => ChatRole::Assistant,
        Role::System => ChatRole::System,
    })
}

/// Selects the context of an answer below the message `last`, whose number is `seq`. `tail` comes
/// behind it in any case.
///
/// Tokens are counted only where the result may depend on it: what fits if every byte is a token
/// fits by every tokenizer, and an estimate will do to report it.
pub(crate) async fn select(
    db: &Db,
    counter: &Counter,
    conversation: ConversationId,
    (last, seq): (MessageId, i64),
    instructions: Option<&str>,
    window: Window,
    tail: Vec<ChatMessage>,
) -> Result<Selected> {
    let given: Vec<&str> = instructions
        .into_iter()
        .chain(tail.iter().map(|message| message.content.as_str()))
        .collect();
    let mut branch = Branch::new(db, conversation, Some(last), seq, 50);
    let mut ahead = VecDeque::new();
    let mut most = sum(given.iter().map(|text| most_of_message(text)));
    let tokenizer = loop {
        if most > window.budget() {
            break window.tokenizer;
        }
        let batch = next_batch(&mut branch).await?;
        if batch.is_empty() {
            break Tokenizer::Estimate;
        }
        let mosts = batch.iter().map(|message| most_of_message(&message.content));
        most = mosts.fold(most, u32::saturating_add);
        ahead.push_back(batch);
    };

    let given = counter.of_messages(tokenizer, &given).await?;
    let mut used = sum(given.iter().copied());
    let instructions_tokens =
        given.first().copied().filter(|_| instructions.is_some()).unwrap_or(0);
    let kept_tokens = used.saturating_sub(instructions_tokens).saturating_sub(PER_REQUEST);
    let mut from_seq = seq;
    let mut omitted = 0;
    let mut newest_first = Vec::new();
    'full: loop {
        let batch = match ahead.pop_front() {
            Some(batch) => batch,
            None => next_batch(&mut branch).await?,
        };
        if batch.is_empty() {
            break;
        }
        let costs = counter.of_messages(tokenizer, &contents(&batch)).await?;
        for (message, cost) in batch.into_iter().zip(costs) {
            let fits = used.saturating_add(cost) <= window.budget();
            if !fits && !newest_first.is_empty() {
                omitted = u32::try_from(message.depth).unwrap_or(0).saturating_add(1);
                break 'full;
            }
            used = used.saturating_add(cost);
            from_seq = message.seq;
            let Some(role) = speaker(&message) else { continue };
            newest_first.push(ChatMessage { role, content: message.content });
        }
    }
    let count = u32::try_from(newest_first.len()).unwrap_or(u32::MAX);
    let system =
        instructions.map(|text| ChatMessage { role: ChatRole::System, content: text.to_owned() });
    let small = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    Ok(Selected {
        messages: system.into_iter().chain(newest_first.into_iter().rev()).chain(tail).collect(),
        report: ContextReport { messages_sent: count, messages_omitted: omitted },
        sent: ContextSent {
            messages: small(count),
            omitted: small(omitted),
            from_seq,
            window: small(window.context),
            reserve: small(window.reserve),
            tokens: small(used),
            instructions_tokens: small(instructions_tokens),
            kept_tokens: small(kept_tokens),
            tokenizer: tokenizer.name(),
        },
    })
}

/// What messages say, in their order.
pub(crate) fn contents(messages: &[Model]) -> Vec<&str> {
    messages.iter().map(|message| message.content.as_str()).collect()
}

/// The next messages of a branch that say something, newest first.
async fn next_batch(branch: &mut Branch<'_>) -> Result<Vec<Model>> {
    let mut batch = Vec::new();
    while batch.len() < BATCH
        && let Some(message) = branch.next().await?
    {
        if speaker(&message).is_some() {
            batch.push(message);
        }
    }
    Ok(batch)
}
