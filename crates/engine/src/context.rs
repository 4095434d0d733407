//! What the model is given: instructions first, then the newest messages of the branch that fit.
//!
//! No message is ever cut. What did not fit is counted and reported with the response. A message
//! or instructions that say nothing are not sent, and what is sent of a conversation begins with a
//! person's message: many a model takes nothing else.
//!
//! Results of tools are sent together with the calls that they answer, or not at all (`history`).

mod history;

use std::collections::VecDeque;

use crud::messages::STEP_BYTES;
use crud::responses::ContextSent;
use models::message::Role;
use models::{Content, Parameters, parameters};
use provider::{ChatMessage, ModelFacts, Tokenizer};
use schemas::response::ContextReport;
use schemas::validate::says_nothing;

use crate::branch::Branch;
use crate::error::{Error, Result};
use crate::item::{self, Item, Items, said};
use crate::tokens::{Counted, Counter, PER_REQUEST};
use history::History;

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
    /// What instructions and messages may cost, where the provider takes less than the window
    /// leaves.
    pub(crate) allowed: Option<u32>,
}

impl From<ModelFacts> for Window {
    fn from(facts: ModelFacts) -> Self {
        Self {
            context: facts.context_tokens,
            reserve: facts.output_reserve_tokens,
            tokenizer: facts.tokenizer,
            allowed: None,
        }
    }
}

impl Window {
    /// What instructions and messages may cost.
    pub(crate) fn budget(self) -> u32 {
        let left = self.context.saturating_sub(self.reserve);
        self.allowed.map_or(left, |allowed| allowed.min(left))
    }

    /// The same window, of which no more than `allowed` is used.
    pub(crate) fn allowing(self, allowed: Option<u32>) -> Self {
        Self { allowed, ..self }
    }

    /// Refuses instructions and what is said that certainly cannot be sent even alone. Where tokens
    /// are only estimated they count as prose here, so that the provider decides in doubt.
    pub(crate) async fn check(
        self,
        counter: &Counter,
        instructions: Option<&str>,
        said: &[&Content],
    ) -> Result<()> {
        let instructions = instructions.filter(|text| !says_nothing(text));
        let limit = self.budget();
        let instructions = instructions.map(|text| Content::from(text.to_owned()));
        let given = instructions.iter().chain(said.iter().copied());
        let given: Vec<Counted<'_>> = given.map(Counted::from).collect();
        if sum(given.iter().map(Counted::most)) <= limit {
            return Ok(());
        }
        let got = match self.tokenizer {
            Tokenizer::Estimate => sum(given.iter().map(Counted::as_prose)),
            known => sum(counter.of_messages(known, &given).await?),
        };
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

/// Selects the context of an answer below the newest message of `branch`, whose number is `seq`.
/// `tail` comes behind it in any case.
///
/// `parameters` are what was asked for: instructions and tools are sent, too, and a history that
/// does not fit is an error where it shall not be cut.
///
/// Tokens are counted only where the result may depend on it: what fits if every byte is a token
/// fits by every tokenizer, and an estimate will do to report it.
pub(crate) async fn select(
    counter: &Counter,
    (branch, seq): (Branch<'_>, i64),
    parameters: &Parameters,
    window: Window,
    tail: Vec<(Role, Content)>,
) -> Result<Selected> {
    let instructions = parameters.instructions.as_deref().filter(|text| !says_nothing(text));
    let instructions = instructions.map(|text| Content::from(text.to_owned()));
    let tools = described(&parameters.tools);
    let head: Vec<Counted<'_>> = instructions.iter().chain(&tools).map(Counted::from).collect();
    let heads = head.len();
    let behind = tail.iter().map(|(_, content)| Counted::from(content));
    let given: Vec<Counted<'_>> = head.into_iter().chain(behind).collect();
    let mut branch = ReadAhead::new(Items::new(branch, tools.is_some()));
    let tokenizer = branch.tokenizer(&given, window).await?;
    let beside = Beside::count(counter, tokenizer, &given, heads).await?;
    let history = History::new(beside.tokens, window.budget());
    let history = branch.fill(history, counter, tokenizer).await?;
    if let Some(got) = history.refused.filter(|_| parameters.truncate == Some(false)) {
        return Err(Error::ContextTooLong { limit: window.budget(), got });
    }
    let history = history.beginning_with_a_question();
    let sent = history.sent(seq, window, &beside, tokenizer);
    let report =
        ContextReport { messages_sent: history.count(), messages_omitted: history.omitted };
    let system = instructions.map(|content| said(Role::System, content));
    let tail = tail.into_iter().map(|(role, content)| said(role, content));
    let messages = item::messages(history.into_items());
    let messages = system.into_iter().chain(messages).chain(tail).collect();
    Ok(Selected { messages, report, sent })
}

/// The tools that are offered, as much as is known of how a provider writes them for its model.
fn described(tools: &[parameters::Tool]) -> Option<Content> {
    if tools.is_empty() {
        return None;
    }
    serde_json::to_string(tools).ok().map(Content::from)
}

/// What is sent in any case, in tokens.
struct Beside {
    /// All of it, with what a request itself costs.
    tokens: u32,
    /// Of them, the instructions and the tools.
    instructions: u32,
    /// Of them, what comes behind the messages of the branch.
    tail: u32,
}

impl Beside {
    /// Counts `given`, of which the first `heads` are instructions and tools.
    async fn count(
        counter: &Counter,
        tokenizer: Tokenizer,
        given: &[Counted<'_>],
        heads: usize,
    ) -> Result<Self> {
        let given = counter.of_messages(tokenizer, given).await?;
        let tokens = sum(given.iter().copied());
        let instructions = given.iter().take(heads).copied().fold(0, u32::saturating_add);
        let tail = tokens.saturating_sub(instructions).saturating_sub(PER_REQUEST);
        Ok(Self { tokens, instructions, tail })
    }
}

/// A branch from its newest message on, of which some was read before it was counted.
struct ReadAhead<'db> {
    branch: Items<'db>,
    /// What was read and not taken yet, in the order of reading.
    batches: VecDeque<Vec<Item>>,
}

impl<'db> ReadAhead<'db> {
    fn new(branch: Items<'db>) -> Self {
        Self { branch, batches: VecDeque::new() }
    }

    /// How tokens are to be counted: an estimate will do where everything fits by any tokenizer.
    async fn tokenizer(&mut self, given: &[Counted<'_>], window: Window) -> Result<Tokenizer> {
        let mut most = sum(given.iter().map(Counted::most));
        while most <= window.budget() {
            let batch = next_batch(&mut self.branch).await?;
            if batch.is_empty() {
                return Ok(Tokenizer::Estimate);
            }
            let mosts = batch.iter().map(|item| item.counted().most());
            most = mosts.fold(most, u32::saturating_add);
            self.batches.push_back(batch);
        }
        Ok(window.tokenizer)
    }

    /// Adds messages to `history` until it is full or there are no more.
    async fn fill(
        mut self,
        mut history: History,
        counter: &Counter,
        tokenizer: Tokenizer,
    ) -> Result<History> {
        loop {
            let batch = match self.batches.pop_front() {
                Some(batch) => batch,
                None => next_batch(&mut self.branch).await?,
            };
            if batch.is_empty() {
                history.close();
                return Ok(history);
            }
            let costly: Vec<Counted<'_>> = batch.iter().map(Item::counted).collect();
            let costs = counter.of_messages(tokenizer, &costly).await?;
            for (item, cost) in batch.into_iter().zip(costs) {
                if !history.takes(item, cost) {
                    return Ok(history);
                }
            }
        }
    }
}

/// The next items of a branch that are sent, newest first.
async fn next_batch(branch: &mut Items<'_>) -> Result<Vec<Item>> {
    let (mut batch, mut bytes) = (Vec::new(), 0);
    while batch.len() < BATCH
        && (bytes < STEP_BYTES || batch.is_empty())
        && let Some(step) = branch.next().await?
    {
        batch.extend(step.item);
        bytes += step.bytes;
    }
    Ok(batch)
}
