//! Rows as the response resource that clients see.

use models::message::{self, MessageStatus, MessageType};
use models::response;
use schemas::event::{Ending, Failure, ItemKind, Tokens};
use schemas::response::{ContextReport, NewResponse, ResponseResource};
use schemas::stream::{DoneItem, Item};

/// The response as it was when it began; the base of every event's snapshot.
pub(crate) fn begun(row: &response::Model) -> ResponseResource {
    let parameters: serde_json::Value = serde_json::from_str(&row.parameters).unwrap_or_default();
    let instructions =
        parameters.get("instructions").and_then(|value| value.as_str()).map(str::to_owned);
    ResponseResource::begun(NewResponse {
        id: row.id,
        conversation_id: row.conversation_id,
        user_message_id: row.user_message_id,
        message_id: row.message_id,
        model: row.model.clone(),
        provider: row.provider.clone(),
        instructions,
        created_at: row.created_at,
    })
}

/// The response as it is now; `rows` are what it produced.
pub(crate) fn resource(row: &response::Model, rows: &[message::Model]) -> ResponseResource {
    let begun = begun(row);
    let mut resource = match ending(row) {
        Some(ending) => begun.ended(&ending, &output(rows)),
        None => ResponseResource { status: row.status, context: context(row), ..begun },
    };
    resource.last_seq = Some(row.last_seq);
    resource
}

/// How a response ended, from its row.
pub(crate) fn ending(row: &response::Model) -> Option<Ending> {
    let at = row.completed_at.filter(|_| row.status.is_final())?;
    let error = row
        .error_code
        .clone()
        .map(|code| Failure { code, message: row.error_message.clone().unwrap_or_default() });
    let count = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok());
    let usage = count(row.input_tokens).map(|input| Tokens {
        input,
        output: count(row.output_tokens).unwrap_or(0),
        cached: count(row.cached_tokens).unwrap_or(0),
        reasoning: count(row.reasoning_tokens).unwrap_or(0),
        estimated: row.usage_estimated,
    });
    let reason = row.incomplete_reason.clone();
    Some(Ending { status: row.status, reason, error, usage, context: context(row), at })
}

fn context(row: &response::Model) -> Option<ContextReport> {
    let count = |value: Option<i32>| value.and_then(|value| u32::try_from(value).ok());
    Some(ContextReport {
        messages_sent: count(row.context_messages)?,
        messages_omitted: count(row.context_omitted)?,
    })
}

/// The output items of stored rows: reasoning first, as it came. An answer that never began is
/// no item.
pub(crate) fn output(rows: &[message::Model]) -> Vec<DoneItem> {
    let is_item = |row: &&message::Model| {
        row.kind == MessageType::Reasoning
            || row.status == MessageStatus::Completed
            || !row.content.is_empty()
    };
    let mut items: Vec<&message::Model> = rows.iter().filter(is_item).collect();
    items.sort_by_key(|row| (row.kind != MessageType::Reasoning, row.seq));
    items
        .into_iter()
        .zip(0..)
        .map(|(row, index)| DoneItem {
            item: Item {
                index,
                id: row.id,
                kind: match row.kind {
                    MessageType::Reasoning => ItemKind::Reasoning,
                    _ => ItemKind::Message,
                },
            },
            text: row.content.clone(),
            complete: row.status == MessageStatus::Completed,
        })
        .collect()
}
