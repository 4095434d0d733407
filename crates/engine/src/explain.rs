//! What a model was given, told from what was stored when it was asked.
//!
//! The row of a response says which part of its branch was sent, and how that was counted. Only
//! the messages themselves are read again, and counted by the tokenizer of that time.

use std::collections::VecDeque;

use crud::Owned;
use crud::messages::STEP_BYTES;
use models::{Parameters, response};
use provider::Tokenizer;
use schemas::context::{ContextMessage, ContextOmitted, ContextOut, ContextTokens, ContextWindow};

use super::engine::Engine;
use crate::branch::Branch;
use crate::error::Result;
use crate::item::{Item, Items};
use crate::tokens::{Counted, PER_REQUEST};

/// How many messages are listed.
const LISTED: usize = 1_000;
/// How many are counted together.
const BATCH: usize = 200;

impl Engine {
    /// What the model was given for a response.
    pub async fn explain(&self, row: Owned<response::Model>) -> Result<ContextOut> {
        let sent = count(row.context_messages);
        let tokenizer = row.tokenizer.as_deref().and_then(Tokenizer::find);
        let found = self.sent_messages(&row, sent.unwrap_or(0), tokenizer).await?;
        let row = row.into_inner();
        let omitted = count(row.context_omitted).unwrap_or(0);
        Ok(ContextOut {
            object: "response.context",
            response_id: row.id,
            window: window(&row),
            tokens: tokens(&row),
            reported_input_tokens: row
                .input_tokens
                .filter(|_| !row.usage_estimated)
                .and_then(|tokens| u64::try_from(tokens).ok()),
            messages_sent: sent,
            refusals: count(row.context_refusals).unwrap_or(0),
            learnt: row.context_budget.is_some(),
            messages_deleted: sent.unwrap_or(0).saturating_sub(found.count),
            omitted: ContextOmitted {
                messages: omitted,
                reason: (omitted > 0).then_some("window"),
                newest: found.omitted.filter(|_| omitted > 0),
            },
            has_more: u32::try_from(found.listed.len()).is_ok_and(|listed| listed < found.count),
            messages: found.listed.into(),
            model: row.model,
            provider: row.provider,
        })
    }

    /// The messages that were sent, as far as they are still there, and the next older one.
    async fn sent_messages(
        &self,
        row: &Owned<response::Model>,
        sent: u32,
        tokenizer: Option<Tokenizer>,
    ) -> Result<Found> {
        let mut found = Found::default();
        if sent == 0 {
            return Ok(found);
        }
        let from = Some(row.user_message_id);
        let (conversation, to_seq) = (row.conversation(), row.input_to_seq);
        let branch = Branch::new(&self.db, conversation, from, to_seq, u64::from(sent) + 1);
        let has_tools = !Parameters::read(&row.parameters).tools.is_empty();
        let mut items = Items::new(branch, has_tools);
        let tokenizer = tokenizer.unwrap_or(Tokenizer::Estimate);
        loop {
            let (mut batch, mut bytes) = (Vec::new(), 0);
            while batch.len() < BATCH
                && (bytes < STEP_BYTES || batch.is_empty())
                && let Some(step) = items.next().await?
            {
                let is_older = step.seq < row.input_from_seq;
                bytes += step.bytes;
                // What was empty then was no part of it, and neither was what came later.
                batch.extend(step.item);
                if is_older && !batch.is_empty() {
                    break;
                }
            }
            if batch.is_empty() {
                return Ok(found);
            }
            let counted: Vec<Counted<'_>> = batch.iter().map(Item::counted).collect();
            let costs = self.counter.of_messages(tokenizer, &counted).await?;
            for (item, tokens) in batch.iter().zip(costs) {
                let message = described(item, tokens);
                if message.seq < row.input_from_seq {
                    found.omitted = Some(message);
                    return Ok(found);
                }
                found.count = found.count.saturating_add(1);
                if found.listed.len() < LISTED {
                    found.listed.push_front(message);
                }
            }
        }
    }
}

/// What is left of what was sent.
#[derive(Debug, Default)]
struct Found {
    /// In the order of the conversation.
    listed: VecDeque<ContextMessage>,
    count: u32,
    /// The newest message that was not sent.
    omitted: Option<ContextMessage>,
}

fn described(item: &Item, tokens: u32) -> ContextMessage {
    ContextMessage { id: item.id, seq: item.seq, role: item.role, tokens }
}

fn window(row: &response::Model) -> Option<ContextWindow> {
    let (context_tokens, output_reserve_tokens) =
        (count(row.context_window)?, count(row.context_reserve)?);
    let left = context_tokens.saturating_sub(output_reserve_tokens);
    Some(ContextWindow {
        context_tokens,
        output_reserve_tokens,
        budget_tokens: count(row.context_budget).unwrap_or(left),
    })
}

fn tokens(row: &response::Model) -> Option<ContextTokens> {
    let (total, instructions) = (count(row.context_tokens)?, count(row.instructions_tokens)?);
    let kept = count(row.kept_tokens)?;
    let other = instructions.saturating_add(kept).saturating_add(PER_REQUEST);
    let tokenizer = row.tokenizer.clone()?;
    Some(ContextTokens {
        estimated: tokenizer == Tokenizer::Estimate.name(),
        tokenizer,
        instructions,
        messages: total.saturating_sub(other),
        kept,
        total,
    })
}

fn count(value: Option<i32>) -> Option<u32> {
    value.and_then(|value| u32::try_from(value).ok())
}
