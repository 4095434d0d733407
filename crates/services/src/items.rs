//! Rows as items, which each call and each reasoning is by itself, and items as a client tells
//! them.

use std::collections::HashMap;

use crud::turns::NewItem;
use crud::{Db, Owned};
use engine::call_of;
use models::message::{self, MessageType, ResultData};
use models::{Content, ConversationId, MessageId, Part, ResponseId, UserId};
use schemas::Invalid;
use schemas::answer_data::AnswerData;
use schemas::v1::{InputItem, InputPart};
use schemas::view::{Item, ItemBody};

use crate::core::Core;
use crate::error::Result;

/// The items of rows of the tree of one conversation, those of each row in their order: what a
/// response brought beside its answer stands where the response's output has it, and an answer
/// that says nothing beside that is no item.
pub(crate) async fn describe(
    db: &Db,
    conversation: Owned<ConversationId>,
    rows: Vec<message::Model>,
) -> Result<Vec<Vec<Item>>> {
    let mut answers: HashMap<ResponseId, MessageId> = HashMap::new();
    for row in rows.iter().filter(|row| row.kind == MessageType::Message) {
        let Some(response) = row.response_id else { continue };
        let earlier = AnswerData::read(row.data.as_deref()).earlier;
        let all = earlier.into_iter().map(|earlier| earlier.response).chain([response]);
        answers.extend(all.map(|response| (response, row.id)));
    }
    let responses: Vec<ResponseId> = answers.keys().copied().collect();
    let mut beside: HashMap<MessageId, Vec<message::Model>> = HashMap::new();
    for row in crud::messages::list_beside(db, conversation, &responses).await? {
        if let Some(answer) = row.response_id.and_then(|response| answers.get(&response)) {
            beside.entry(*answer).or_default().push(row);
        }
    }
    let items = rows.into_iter().map(|row| {
        if row.response_id.is_none() {
            return vec![of_row(row)];
        }
        of_answer(beside.remove(&row.id).unwrap_or_default(), row)
    });
    Ok(items.collect())
}

/// The item that stands beside an answer.
pub(crate) fn beside(row: message::Model) -> Option<Item> {
    engine::output(&[row]).into_iter().next().map(Item::from)
}

/// The items of an answer, with what stands beside it.
fn of_answer(mut rows: Vec<message::Model>, answer: message::Model) -> Vec<Item> {
    let is_said = rows.is_empty() || !answer.content.is_empty();
    if is_said {
        rows.push(answer);
    }
    rows.sort_by_key(|row| row.seq);
    engine::output(&rows).into_iter().map(Item::from).collect()
}

/// The item of a row that no response produced.
fn of_row(row: message::Model) -> Item {
    let (id, status) = (row.id, row.status);
    let body = match row.kind {
        MessageType::Message => ItemBody::Message {
            // Only a row that a person broke by hand has none.
            role: row.role.unwrap_or(models::message::Role::System),
            annotations: AnswerData::read(row.data.as_deref()).annotations,
            content: content_of(row),
        },
        MessageType::FunctionCall => {
            let call = call_of(&row);
            ItemBody::FunctionCall {
                call_id: call.call_id,
                name: call.name,
                arguments: call.arguments,
            }
        }
        MessageType::FunctionCallOutput => {
            let data = ResultData::read(row.data.as_deref());
            let call_id = data.map_or_else(|| id.to_string(), |data| data.call_id);
            ItemBody::FunctionCallOutput { call_id, output: content_of(row) }
        }
        MessageType::Reasoning => ItemBody::Reasoning { text: row.content },
    };
    Item { id, status, body }
}

fn content_of(row: message::Model) -> Content {
    Content::read(row.content, row.data.as_deref())
}

/// How much one request may have copied of what it refers to.
const MAX_COPIED_BYTES: usize = 8 * 1024 * 1024;

/// Items that a client tells, as they are stored, each with a new id of ours: an id that a client
/// brings may be that of an item which a response is still writing. What the items refer to is
/// found through `owner` and stored once more. `field` is what the client calls them.
pub(crate) async fn told(
    core: &Core,
    owner: UserId,
    field: &str,
    items: Vec<InputItem>,
) -> Result<Vec<NewItem>> {
    let mut told = Vec::with_capacity(items.len());
    let mut copied = 0;
    for (at, item) in items.into_iter().enumerate() {
        let id = core.context.new_id();
        told.push(match item {
            InputItem::Message { spoken, content, .. } => {
                NewItem::Message { id, role: spoken.role(), content: content_in(content) }
            }
            InputItem::FunctionCall { call_id, name, arguments, .. } => {
                NewItem::Call { id, call_id, name, arguments: arguments.into() }
            }
            InputItem::FunctionCallOutput { call_id, output, .. } => {
                NewItem::Result { id, call_id, output: content_in(output) }
            }
            InputItem::Reasoning { summary, .. } => NewItem::Reasoning { id, text: summary.into() },
            InputItem::Reference { id: named } => {
                let found = match named.parse() {
                    Ok(named) => crud::messages::find(&core.db, owner, named).await?,
                    Err(_) => None,
                };
                let row = found.ok_or_else(|| {
                    let field = format!("{field}.{at}.id");
                    Invalid::new(field, format!("there is no item {named:?}"))
                })?;
                let item = again(id, row.into_inner());
                copied += item.bytes();
                if copied > MAX_COPIED_BYTES {
                    let message = format!(
                        "the items that are referred to have more than {MAX_COPIED_BYTES} bytes"
                    );
                    return Err(Invalid::new(field, message).into());
                }
                item
            }
        });
    }
    Ok(told)
}

/// A stored item once more.
fn again(id: MessageId, row: message::Model) -> NewItem {
    let item = match row.response_id {
        Some(_) => beside(row.clone()).unwrap_or_else(|| of_row(row)),
        None => of_row(row),
    };
    match item.body {
        ItemBody::Message { role, content, .. } => NewItem::Message { id, role, content },
        ItemBody::FunctionCall { call_id, name, arguments } => {
            NewItem::Call { id, call_id, name, arguments: arguments.into() }
        }
        ItemBody::FunctionCallOutput { call_id, output } => NewItem::Result { id, call_id, output },
        ItemBody::Reasoning { text } => NewItem::Reasoning { id, text: text.into() },
    }
}

/// What parts say. Words of a refusal are stored as the text they are.
fn content_in(parts: Vec<InputPart>) -> Content {
    let part = |part| match part {
        InputPart::Text(text) | InputPart::Refusal(text) => Part::Text(text),
        InputPart::Image { url, detail } => Part::Image { url, detail },
        InputPart::File { filename, data, url } => Part::File { filename, data, url },
    };
    parts.into_iter().map(part).collect()
}
