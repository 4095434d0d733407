//! The end of a response, in one transaction.

use models::message::{self, MessageStatus, MessageType, Role, is_user};
use models::response::{ActiveModel, Column, Entity, Model, ResponseStatus};
use models::{
    ConversationId, MessageId, Parameters, ResponseId, Time, conversation, response_event,
};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
};

use super::{Checkpoint, Fence};
use crate::db::{Db, Tx};
use crate::error::Result;
use crate::insert;
use crate::search_docs::{self, Terms};

/// What a response has brought when it ends.
#[derive(Debug, Clone)]
pub struct FinalItem {
    /// The message that holds it.
    pub message_id: MessageId,
    /// What it is; everything but the answer is stored as a row of its own.
    pub kind: MessageType,
    /// The text; of a call its arguments.
    pub text: String,
    /// What does not fit into text, as JSON.
    pub data: Option<String>,
    /// Whether it was finished, not cut off.
    pub is_complete: bool,
}

/// The end of a response.
#[derive(Debug, Clone)]
pub struct Finish {
    /// The row as it shall be: status, usage, error, `completed_at`, `last_seq`.
    pub response: Model,
    /// Its output in order, the answer at most once.
    pub items: Vec<FinalItem>,
    /// Events that are not on disk yet, in runs of about the same size, the terminal one last.
    pub events: Vec<Checkpoint>,
    /// The current time.
    pub now: Time,
}

/// Ends a response: its messages, its row, its last events and the claim on the conversation, in
/// one transaction. `false` when the fence is gone; nothing was changed then.
pub async fn finish(db: &Db, finish: Finish) -> Result<bool> {
    // Nothing of a chain is found.
    let found = finish.answer().filter(|_| !Parameters::read(&finish.response.parameters).chain);
    let terms = found.map_or_else(Terms::default, |answer| Terms::of(&answer.text));
    let terms = terms.within(db.longest_text());
    db.write((finish, terms), |tx, (finish, terms)| Box::pin(finish_in(tx, finish, terms))).await
}

impl Finish {
    fn answer(&self) -> Option<&FinalItem> {
        self.items.iter().find(|item| item.kind == MessageType::Message)
    }
}

async fn finish_in(tx: &Tx, finish: &Finish, terms: &Terms) -> Result<bool> {
    let Model { id, conversation_id, server_id, epoch, .. } = finish.response;
    // The fence first: where it is gone nothing is touched.
    let ended = Entity::update_many()
        .set(end_of(&finish.response))
        .filter(Column::Id.eq(id))
        .filter(Fence { server_id, epoch }.condition())
        .exec(tx)
        .await?;
    if ended.rows_affected != 1 {
        return Ok(false);
    }
    let beside = |item: &&FinalItem| item.kind != MessageType::Message;
    let beside: Vec<&FinalItem> = finish.items.iter().filter(beside).collect();
    let first_seq = release(tx, conversation_id, id, beside.len(), finish.now).await?;
    write_answer(tx, finish, terms).await?;
    for (item, seq) in beside.into_iter().zip(first_seq..) {
        insert(tx, row_beside(finish, item, seq)).await?;
    }
    for run in &finish.events {
        response_event::Entity::insert(run.row()).exec_without_returning(tx).await?;
    }
    #[cfg(feature = "kill-points")]
    crate::kill_point("end.uncommitted");
    Ok(true)
}

/// What the end of a response changes in its row: all but what was settled when it was accepted,
/// taken over or continued. Written again, it would be looked up in every index and table that
/// the columns have to do with.
fn end_of(row: &Model) -> ActiveModel {
    let mut end = row.clone().into_active_model().reset_all();
    for settled in [
        Column::Id,
        Column::UserId,
        Column::ConversationId,
        Column::UserMessageId,
        Column::MessageId,
        Column::PreviousResponseId,
        Column::Model,
        Column::Provider,
        Column::Parameters,
        Column::InputToSeq,
        Column::ServerId,
        Column::Epoch,
        Column::Continuations,
        Column::ContinuedTokens,
        Column::CreatedAt,
    ] {
        end.not_set(settled);
    }
    end
}

/// Gives the conversation free, unless that was done before and another response has it now, and
/// takes `count` numbers; the first of them, if there are any.
async fn release(
    tx: &Tx,
    id: ConversationId,
    response: ResponseId,
    count: usize,
    now: Time,
) -> Result<i64> {
    use conversation::{Column, Entity};
    let count = i64::try_from(count).unwrap_or(0);
    let active = CaseStatement::new()
        .case(Column::ActiveResponseId.eq(response), Expr::value(Option::<ResponseId>::None))
        .finally(Expr::col(Column::ActiveResponseId));
    Entity::update_many()
        .col_expr(Column::NextSeq, Expr::col(Column::NextSeq).add(count))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .col_expr(Column::ActiveResponseId, active.into())
        .col_expr(Column::UpdatedAt, now.into())
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    if count == 0 {
        return Ok(0);
    }
    let next_seq = Entity::find_by_id(id).select_only().column(Column::NextSeq);
    let next_seq: Option<i64> = next_seq.into_tuple().one(tx).await?;
    Ok(next_seq.map_or(0, |next_seq| next_seq - count))
}

async fn write_answer(tx: &Tx, finish: &Finish, terms: &Terms) -> Result<()> {
    use message::{Column, Entity};
    let Model { user_id, conversation_id, message_id, previous_response_id, .. } = finish.response;
    let answer = finish.answer();
    let is_complete = finish.response.status == ResponseStatus::Completed
        || answer.is_some_and(|answer| answer.is_complete);
    let status = if is_complete { MessageStatus::Completed } else { MessageStatus::Incomplete };
    let text = answer.map(|answer| answer.text.clone()).unwrap_or_default();
    let mut update = Entity::update_many();
    if let Some(data) = answer.and_then(|answer| answer.data.clone()) {
        update = update.col_expr(Column::Data, data.into());
    }
    update
        .col_expr(Column::Content, text.into())
        .col_expr(Column::Status, Expr::value(status))
        .col_expr(Column::UpdatedAt, finish.now.into())
        .filter(Column::ConversationId.eq(conversation_id))
        .filter(Column::Id.eq(message_id))
        .exec(tx)
        .await?;
    // Its text is written here, so this is when it can be found.
    let terms = terms.clone();
    if previous_response_id.is_some() {
        return search_docs::replace_message(tx, user_id, conversation_id, message_id, terms).await;
    }
    search_docs::add_message(tx, user_id, conversation_id, message_id, terms).await
}

/// Reasoning and calls hang beside the answer, below the question, and are in no branch.
fn row_beside(finish: &Finish, item: &FinalItem, seq: i64) -> message::Model {
    let response = &finish.response;
    message::Model {
        conversation_id: response.conversation_id,
        seq,
        id: item.message_id,
        parent_id: Some(response.user_message_id),
        depth: 0,
        response_id: Some(response.id),
        kind: item.kind,
        role: Some(Role::Assistant),
        is_user: is_user(item.kind, Some(Role::Assistant)),
        status: if item.is_complete { MessageStatus::Completed } else { MessageStatus::Incomplete },
        content: item.text.clone(),
        data: item.data.clone(),
        model: Some(response.model.clone()),
        created_at: finish.now,
        updated_at: finish.now,
    }
}
