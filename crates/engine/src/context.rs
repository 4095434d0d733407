//! What the model is given: instructions first, then the newest messages of the branch that fit.
//!
//! No message is ever cut. What did not fit is counted and reported with the response. A message
//! or instructions that say nothing are not sent, and what is sent of a conversation begins with a
//! person's message: many a model takes nothing else.

use std::collections::VecDeque;

use crud::responses::ContextSent;
use models::Content;
use models::message::Role;
use provider::{ChatMessage, ModelFacts, Tokenizer};
use schemas::response::ContextReport;
use schemas::validate::says_nothing;

use crate::branch::Branch;
use crate::error::{Error, Result};
use crate::item::{Item, said};
use crate::tokens::{Counter, PER_REQUEST, message_as_prose, most_of_message, most_of_text};

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
        let most = instructions.into_iter().map(most_of_text);
        if sum(most.chain(said.iter().map(|content| most_of_message(content)))) <= limit {
            return Ok(());
        }
        let instructions = instructions.map(|text| Content::from(text.to_owned()));
        let given: Vec<&Content> = instructions.iter().chain(said.iter().copied()).collect();
        let got = match self.tokenizer {
            Tokenizer::Estimate => sum(given.iter().map(|content| message_as_prose(content))),
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
/// Tokens are counted only where the result may depend on it: what fits if every byte is a token
/// fits by every tokenizer, and an estimate will do to report it.
pub(crate) async fn select(
    counter: &Counter,
    (branch, seq): (Branch<'_>, i64),
    instructions: Option<&str>,
    window: Window,
    tail: Vec<(Role, Content)>,
) -> Result<Selected> {
    let instructions = instructions.filter(|text| !says_nothing(text));
    let instructions = instructions.map(|text| Content::from(text.to_owned()));
    let given: Vec<&Content> =
        instructions.iter().chain(tail.iter().map(|(_, content)| content)).collect();
    let mut branch = ReadAhead::new(branch);
    let tokenizer = branch.tokenizer(&given, window).await?;
    let beside = Beside::count(counter, tokenizer, &given, instructions.is_some()).await?;
    let history = History::new(beside.tokens, window.budget());
    let history = branch.fill(history, counter, tokenizer).await?.beginning_with_a_question();
    let sent = history.sent(seq, window, &beside, tokenizer);
    let report =
        ContextReport { messages_sent: history.count(), messages_omitted: history.omitted };
    let system = instructions.map(|content| said(Role::System, content));
    let tail = tail.into_iter().map(|(role, content)| said(role, content));
    let messages = system.into_iter().chain(history.into_messages()).chain(tail).collect();
    Ok(Selected { messages, report, sent })
}

/// What is sent in any case, in tokens.
struct Beside {
    /// All of it, with what a request itself costs.
    tokens: u32,
    /// Of them, the instructions.
    instructions: u32,
    /// Of them, what comes behind the messages of the branch.
    tail: u32,
}

impl Beside {
    /// Counts `given`, which begins with the instructions if there are any.
    async fn count(
        counter: &Counter,
        tokenizer: Tokenizer,
        given: &[&Content],
        has_instructions: bool,
    ) -> Result<Self> {
        let given = counter.of_messages(tokenizer, given).await?;
        let tokens = sum(given.iter().copied());
        let instructions = given.first().copied().filter(|_| has_instructions).unwrap_or(0);
        let tail = tokens.saturating_sub(instructions).saturating_sub(PER_REQUEST);
        Ok(Self { tokens, instructions, tail })
    }
}

/// A branch from its newest message on, of which some was read before it was counted.
struct ReadAhead<'db> {
    branch: Branch<'db>,
    /// What was read and not taken yet, in the order of reading.
    batches: VecDeque<Vec<Item>>,
}

impl<'db> ReadAhead<'db> {
    fn new(branch: Branch<'db>) -> Self {
        Self { branch, batches: VecDeque::new() }
    }

    /// How tokens are to be counted: an estimate will do where everything fits by any tokenizer.
    async fn tokenizer(&mut self, given: &[&Content], window: Window) -> Result<Tokenizer> {
        let mut most = sum(given.iter().map(|content| most_of_message(content)));
        while most <= window.budget() {
            let batch = next_batch(&mut self.branch).await?;
            if batch.is_empty() {
                return Ok(Tokenizer::Estimate);
            }
            let mosts = batch.iter().map(|item| most_of_message(&item.content));
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
                return Ok(history);
            }
            let costs = counter.of_messages(tokenizer, &contents(&batch)).await?;
            for (item, cost) in batch.into_iter().zip(costs) {
                if !history.takes(item, cost) {
                    return Ok(history);
                }
            }
        }
    }
}

/// What of a branch is sent, found from its newest item on.
struct History {
    newest_first: Vec<(Item, u32)>,
    /// How many of the oldest items of the branch are left out.
    omitted: u32,
    /// What it costs, with what is sent beside it.
    used: u32,
    budget: u32,
}

impl History {
    /// Nothing yet, beside what costs `used`.
    fn new(used: u32, budget: u32) -> Self {
        Self { newest_first: Vec::new(), omitted: 0, used, budget }
    }

    /// Takes the next older item; `false` when it does not fit. The newest one is taken in any case.
    fn takes(&mut self, item: Item, cost: u32) -> bool {
        let used = self.used.saturating_add(cost);
        if used > self.budget && !self.newest_first.is_empty() {
            self.omitted = with_all_before(&item);
            return false;
        }
        self.used = used;
        self.newest_first.push((item, cost));
        true
    }

    /// The same without answers that come before the first question, and what is before them.
    fn beginning_with_a_question(mut self) -> Self {
        let spoken = &self.newest_first;
        if let Some(question) = spoken.iter().rposition(|(item, _)| item.role == Role::User) {
            let older = spoken.iter().skip(question);
            let kept = older.take_while(|(item, _)| item.role != Role::Assistant).count();
            for (item, cost) in self.newest_first.drain(question.saturating_add(kept)..) {
                self.used = self.used.saturating_sub(cost);
                self.omitted = self.omitted.max(with_all_before(&item));
            }
        }
        self
    }

    /// How many messages are sent.
    fn count(&self) -> u32 {
        u32::try_from(self.newest_first.len()).unwrap_or(u32::MAX)
    }

    /// What is noted of it, below a message whose number is `seq`.
    fn sent(&self, seq: i64, window: Window, beside: &Beside, tokenizer: Tokenizer) -> ContextSent {
        let small = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
        ContextSent {
            messages: small(self.count()),
            omitted: small(self.omitted),
            from_seq: self.newest_first.last().map_or(seq, |(item, _)| item.seq),
            window: small(window.context),
            reserve: small(window.reserve),
            budget: window.allowed.map(|_| small(window.budget())),
            refusals: None,
            tokens: small(self.used),
            instructions_tokens: small(beside.instructions),
            kept_tokens: small(beside.tail),
            tokenizer: tokenizer.name(),
        }
    }

    /// The messages in the order of the conversation.
    fn into_messages(self) -> impl Iterator<Item = ChatMessage> {
        self.newest_first.into_iter().rev().map(|(item, _)| item.into_message())
    }
}

/// How many items of its branch an item and all before it are.
fn with_all_before(item: &Item) -> u32 {
    u32::try_from(item.depth).unwrap_or(0).saturating_add(1)
}

/// What items say, in their order.
pub(crate) fn contents(items: &[Item]) -> Vec<&Content> {
    items.iter().map(|item| &item.content).collect()
}

/// The next items of a branch that are sent, newest first.
async fn next_batch(branch: &mut Branch<'_>) -> Result<Vec<Item>> {
    let mut batch = Vec::new();
    while batch.len() < BATCH
        && let Some(row) = branch.next().await?
    {
        batch.extend(Item::of(row));
    }
    Ok(batch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::message::{MessageStatus, MessageType, Model};
    use models::{ConversationId, MessageId, Time};
    use proptest::prelude::*;

    /// Texts of answers and questions: some say something.
    const TEXTS: [&str; 6] = ["text", "", "\n\n", "\u{feff}", " \u{200b}\u{2060}\t", "x"];

    fn message(
        depth: i32,
        role: Role,
        status: MessageStatus,
        kind: MessageType,
        text: &str,
    ) -> Model {
        Model {
            conversation_id: ConversationId(uuid::Uuid::nil()),
            seq: i64::from(depth),
            id: MessageId(uuid::Uuid::nil()),
            parent_id: None,
            depth,
            response_id: None,
            kind,
            role: Some(role),
            is_user: role == Role::User,
            status,
            content: text.to_owned(),
            data: None,
            model: None,
            created_at: Time::UNIX_EPOCH,
            updated_at: Time::UNIX_EPOCH,
        }
    }

    prop_compose! {
        fn any_message()(
            role in prop_oneof![
                4 => Just(Role::User), 6 => Just(Role::Assistant), 1 => Just(Role::System)
            ],
            status in prop_oneof![Just(MessageStatus::Completed), Just(MessageStatus::Incomplete)],
            kind in prop_oneof![
                6 => Just(MessageType::Message), 1 => Just(MessageType::Reasoning),
                1 => Just(MessageType::FunctionCall), 1 => Just(MessageType::FunctionCallOutput)
            ],
            text in prop::sample::select(&TEXTS[..]),
            cost in 1..50_u32,
        ) -> (Role, MessageStatus, MessageType, &'static str, u32) {
            (role, status, kind, text, cost)
        }
    }

    proptest! {
        /// Every branch of every tree is a line of messages that ends with a question.
        #[test]
        fn f4_what_is_sent_begins_with_a_question_and_says_something(
            older in prop::collection::vec(any_message(), 0..30),
            budget in 0..600_u32,
        ) {
            let branch: Vec<(Model, u32)> = (0..)
                .zip(older)
                .map(|(depth, (role, status, kind, text, cost))| {
                    (message(depth, role, status, kind, text), cost)
                })
                .collect();
            let last = i32::try_from(branch.len()).unwrap();
            let question =
                message(last, Role::User, MessageStatus::Completed, MessageType::Message, "now");
            let mut history = History::new(3, budget);
            let line = branch.iter().cloned().chain([(question, 5)]);
            for (message, cost) in line.rev() {
                if Item::of(message).is_some_and(|item| !history.takes(item, cost)) {
                    break;
                }
            }
            let history = history.beginning_with_a_question();
            let sent: Vec<_> = history.newest_first.iter().rev().collect();
            prop_assert_eq!(sent.last().unwrap().0.content.text(), "now");
            let first = sent.iter().find(|(item, _)| item.role != Role::System);
            prop_assert_eq!(first.unwrap().0.role, Role::User);
            prop_assert!(sent.iter().all(|(item, _)| !says_nothing(&item.content.text())));
            prop_assert!(history.used <= budget || sent.len() == 1, "{}", history.used);
            let costs: u32 = sent.iter().map(|(_, cost)| cost).sum();
            prop_assert_eq!(history.used, 3 + costs);
            // Everything that says something is sent or left out.
            let spoken = branch.iter().filter(|(message, _)| Item::of(message.clone()).is_some());
            let left_out = u32::try_from(spoken.clone().count() + 1 - sent.len()).unwrap();
            let omitted = |message: &Model| message.depth < i32::try_from(history.omitted).unwrap();
            let counted = spoken.filter(|(message, _)| omitted(message)).count();
            prop_assert_eq!(u32::try_from(counted).unwrap(), left_out);
        }
    }
}
