//! Rows as the view of a response.

use models::message::{self, MessageStatus, MessageType};
use models::{Parameters, response};
use schemas::answer_data::AnswerData;
use schemas::event::{Ending, Failure, ItemKind, Tokens, ToolCall};
use schemas::response::ContextReport;
use schemas::stream::{DoneItem, Item};
use schemas::view::{self, NewResponse, Response, State};

/// The response as it was when it began.
pub(crate) fn begun(row: &response::Model) -> NewResponse {
    NewResponse {
        id: row.id,
        conversation_id: row.conversation_id,
        user_message_id: row.user_message_id,
        message_id: row.message_id,
        previous_response_id: row.previous_response_id,
        model: row.model.clone(),
        provider: row.provider.clone(),
        parameters: Parameters::read(&row.parameters),
        created_at: row.created_at,
    }
}

/// The response as it is now, without what it waits for; `rows` are what it produced.
pub fn view(row: &response::Model, rows: &[message::Model]) -> Response {
    let state = match ending(row) {
        Some(ending) => State::Ended { ending, output: output(rows) },
        None => State::Open { status: row.status, context: context(row), waiting: None },
    };
    Response { begun: begun(row), last_seq: row.last_seq, state }
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
    Some(Ending {
        status: row.status,
        reason: row.incomplete_reason.clone(),
        finish_reason: row.finish_reason.clone(),
        error,
        usage,
        context: context(row),
        at,
    })
}

fn context(row: &response::Model) -> Option<ContextReport> {
    let count = |value: Option<i32>| value.and_then(|value| u32::try_from(value).ok());
    Some(ContextReport {
        messages_sent: count(row.context_messages)?,
        messages_omitted: count(row.context_omitted)?,
    })
}

/// The output items of stored rows: reasoning first, as it came, and the answer in one piece, with
/// the calls before it and behind its beginning around it. An answer that never began, or that is
/// calls only, is no item.
pub fn output(rows: &[message::Model]) -> Vec<DoneItem> {
    let has_calls = rows.iter().any(|row| row.kind == MessageType::FunctionCall);
    let is_item = |row: &&message::Model| {
        row.kind != MessageType::Message
            || (row.status == MessageStatus::Completed && !has_calls)
            || !row.content.is_empty()
    };
    // Nothing comes after what was cut off, so an answer is never the only thing that was.
    let is_cut = |row: &message::Model| {
        row.kind != MessageType::Message && row.status != MessageStatus::Completed
    };
    let is_elsewhere = rows.iter().any(is_cut);
    let mut items: Vec<DoneItem> = rows
        .iter()
        .filter(is_item)
        .filter_map(|row| {
            let kind = match row.kind {
                MessageType::Reasoning => ItemKind::Reasoning,
                MessageType::FunctionCall => ItemKind::FunctionCall(call(row)),
                MessageType::Message => ItemKind::Message,
                // No response produces one.
                MessageType::FunctionCallOutput => return None,
            };
            let complete = row.status == MessageStatus::Completed
                || (kind == ItemKind::Message && is_elsewhere);
            let item = Item { index: 0, id: row.id, kind };
            let annotations = match item.kind {
                ItemKind::Message => AnswerData::read(row.data.as_deref()).annotations,
                ItemKind::Reasoning | ItemKind::FunctionCall(_) => Vec::new(),
            };
            Some(DoneItem { item, text: row.content.clone(), annotations, complete })
        })
        .collect();
    // The rows come in the order of their numbers, and sorting keeps it.
    items.sort_by_key(|done| (!done.complete, place(&done.item.kind)));
    for (done, index) in items.iter_mut().zip(0..) {
        done.item.index = index;
    }
    items
}

/// Where an item stands in the output.
fn place(kind: &ItemKind) -> u8 {
    match kind {
        ItemKind::Reasoning => 0,
        ItemKind::FunctionCall(call) if call.offset == 0 => 1,
        ItemKind::Message => 2,
        ItemKind::FunctionCall(_) => 3,
    }
}

/// What the row of a call says of it.
pub(crate) fn call(row: &message::Model) -> ToolCall {
    let data = row.data.as_deref().and_then(|data| serde_json::from_str(data).ok());
    let unknown = || ToolCall {
        call_id: row.id.to_string(),
        name: "unknown".to_owned(),
        offset: 0,
        extra: None,
    };
    data.unwrap_or_else(unknown)
}

/// The call that a row holds.
pub fn call_of(row: &message::Model) -> view::ToolCall {
    let ToolCall { call_id, name, offset, extra: _ } = call(row);
    let arguments = row.content.clone();
    view::ToolCall { id: row.id, call_id, name, arguments, status: row.status, offset }
}
