//! Responses: their checkpoints, their end, their logs.
//!
//! Every write of a generator is conditional on the fence `(server, epoch)`: one that finds it
//! gone has lost the response to another server, or it was deleted.

mod finish;
mod give_up;

use models::response::{Column, Entity, Model, Purpose, ResponseStatus};
use models::word::OrUnknown;
use models::{ConversationId, ResponseId, ServerId, Time, UserId, conversation, response_event};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};

pub use finish::{FinalItem, Finish, finish};
pub use give_up::{GivenUp, give_up};

use crate::db::{Db, Tx};
use crate::error::Result;
use crate::owned::Owned;

/// Who generates: the fence of its writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fence {
    /// The server.
    pub server_id: ServerId,
    /// Its epoch when it took the response.
    pub epoch: i64,
}

impl Fence {
    pub(crate) fn condition(self) -> Condition {
        Condition::all()
            .add(Column::ServerId.eq(self.server_id))
            .add(Column::Epoch.eq(self.epoch))
            .add(Column::Status.is_in([ResponseStatus::Queued, ResponseStatus::InProgress]))
    }
}

/// Finds a response of `owner` that is not withdrawn, in a conversation that is not deleted.
pub async fn find(db: &Db, owner: UserId, id: ResponseId) -> Result<Option<Owned<Model>>> {
    let withdrawn = OrUnknown::from(Purpose::Withdrawn);
    let mut query = Entity::find_by_id(id)
        .filter(Column::UserId.eq(owner))
        .filter(Column::Purpose.ne(withdrawn));
    let same = Expr::col((conversation::Entity, conversation::Column::Id))
        .equals((Entity, Column::ConversationId));
    QuerySelect::query(&mut query).inner_join(conversation::Entity, same);
    let found = query.filter(conversation::Column::DeletedAt.is_null()).one(db.read()).await?;
    Ok(found.map(Owned::found))
}

/// Hides an answer that has ended from its owner; its message stays. `false` if it has not ended.
pub async fn withdraw(db: &Db, id: Owned<ResponseId>, now: Time) -> Result<bool> {
    let open = [ResponseStatus::Queued, ResponseStatus::InProgress];
    db.write((*id, now), move |tx, (id, now)| {
        Box::pin(async move {
            let update = Entity::update_many()
                .col_expr(Column::Purpose, Expr::value(OrUnknown::from(Purpose::Withdrawn)))
                .col_expr(Column::UpdatedAt, (*now).into())
                .filter(Column::Id.eq(*id))
                .filter(Column::Status.is_not_in(open));
            Ok(update.exec(tx).await?.rows_affected == 1)
        })
    })
    .await
}

/// Finds a response of a conversation.
pub async fn find_in(
    db: &Db,
    conversation: Owned<ConversationId>,
    id: ResponseId,
) -> Result<Option<Owned<Model>>> {
    let query = Entity::find_by_id(id).filter(Column::ConversationId.eq(*conversation));
    Ok(query.one(db.read()).await?.map(Owned::found))
}

/// Whether a response of the same conversation was completed besides `this`, which its owner has.
pub async fn has_other_completed(db: &Db, this: &Model) -> Result<bool> {
    let other = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::ConversationId.eq(this.conversation_id))
        .filter(Column::Status.eq(ResponseStatus::Completed))
        .filter(Column::Purpose.eq(OrUnknown::from(Purpose::Answer)))
        .filter(Column::Id.ne(this.id))
        .limit(1);
    Ok(other.into_tuple::<ResponseId>().one(db.read()).await?.is_some())
}

/// The responses of a conversation with these ids, in no order.
pub async fn list_by_ids(
    db: &Db,
    conversation: Owned<ConversationId>,
    ids: &[ResponseId],
) -> Result<Vec<Model>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let query = Entity::find().filter(Column::Id.is_in(ids.iter().copied()));
    let mut rows = query.all(db.read()).await?;
    // Not a condition of the query, for which an engine might leave the index of the ids.
    rows.retain(|row| row.conversation_id == *conversation);
    Ok(rows)
}

/// The stored runs of events of a response, in order.
pub async fn list_events(db: &Db, id: Owned<ResponseId>) -> Result<Vec<response_event::Model>> {
    Ok(response_event::Entity::find()
        .filter(response_event::Column::ResponseId.eq(*id))
        .order_by_asc(response_event::Column::FirstSeq)
        .all(db.read())
        .await?)
}

/// The newest stored run of events of a response.
pub async fn find_newest_events(
    db: &Db,
    id: Owned<ResponseId>,
) -> Result<Option<response_event::Model>> {
    Ok(response_event::Entity::find()
        .filter(response_event::Column::ResponseId.eq(*id))
        .order_by_desc(response_event::Column::FirstSeq)
        .limit(1)
        .one(db.read())
        .await?)
}

/// The stored runs of events of a response from the one that may hold the event `seq` on, in
/// order.
pub async fn list_events_from(
    db: &Db,
    id: Owned<ResponseId>,
    seq: i64,
) -> Result<Vec<response_event::Model>> {
    use response_event::Column;
    let before: Option<i64> = response_event::Entity::find()
        .select_only()
        .column(Column::FirstSeq)
        .filter(Column::ResponseId.eq(*id))
        .filter(Column::FirstSeq.lte(seq))
        .order_by_desc(Column::FirstSeq)
        .limit(1)
        .into_tuple()
        .one(db.read())
        .await?;
    Ok(response_event::Entity::find()
        .filter(Column::ResponseId.eq(*id))
        .filter(Column::FirstSeq.gte(before.unwrap_or(0)))
        .order_by_asc(Column::FirstSeq)
        .all(db.read())
        .await?)
}

/// How many runs of events one step removes.
const PURGE_STEP: u64 = 100;

/// Removes the events of a response that has ended, in steps that let others write, the newest
/// first: without its end a log is known to be forgotten, however far this came.
pub async fn purge_events(db: &Db, id: ResponseId) -> Result<()> {
    loop {
        let runs: Vec<i64> = response_event::Entity::find()
            .select_only()
            .column(response_event::Column::Id)
            .filter(response_event::Column::ResponseId.eq(id))
            .order_by_desc(response_event::Column::Id)
            .limit(PURGE_STEP)
            .into_tuple()
            .all(db.read())
            .await?;
        if runs.is_empty() {
            return Ok(());
        }
        db.write(runs, |tx, runs| {
            Box::pin(async move {
                response_event::Entity::delete_many()
                    .filter(response_event::Column::Id.is_in(runs.iter().copied()))
                    .exec(tx)
                    .await?;
                Ok(())
            })
        })
        .await?;
        #[cfg(feature = "kill-points")]
        crate::kill_point("purge.step");
    }
}

/// Events of one response that are not on disk yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The response.
    pub response_id: ResponseId,
    /// Number of the first event.
    pub first_seq: i64,
    /// Number of the last event.
    pub last_seq: i64,
    /// One event a line.
    pub payload: String,
}

impl Checkpoint {
    pub(crate) fn row(&self) -> response_event::ActiveModel {
        let row = response_event::Model {
            id: 0,
            response_id: self.response_id,
            first_seq: self.first_seq,
            last_seq: self.last_seq,
            payload: self.payload.clone(),
        };
        let mut row = row.into_active_model().reset_all();
        row.id = sea_orm::ActiveValue::NotSet;
        row
    }
}

/// The most rows of one statement.
const ROWS: usize = 64;
/// The most bytes of events of one statement, unless it has a single row.
const BYTES: usize = 512 * 1024;

/// Stores the events of any number of responses with one update and one insert per [`ROWS`];
/// the responses whose fence is gone.
pub async fn checkpoint(
    db: &Db,
    fence: Fence,
    entries: Vec<Checkpoint>,
) -> Result<Vec<ResponseId>> {
    db.write((fence, entries), |tx, (fence, entries)| {
        Box::pin(async move {
            let mut lost = Vec::new();
            let mut rest = entries.as_slice();
            // Sizes are powers of two, so that a few prepared statements serve every number.
            while !rest.is_empty() {
                let size = 1 << fitting(rest).min(ROWS).ilog2();
                let (now, later) = rest.split_at(size);
                lost.extend(checkpoint_some(tx, *fence, now).await?);
                rest = later;
            }
            Ok(lost)
        })
    })
    .await
}

/// How many of `entries`, at least one, have no more than [`BYTES`] together.
fn fitting(entries: &[Checkpoint]) -> usize {
    let mut bytes = 0;
    let fits = |entry: &&Checkpoint| {
        bytes += entry.payload.len();
        bytes <= BYTES
    };
    entries.iter().take_while(fits).count().max(1)
}

async fn checkpoint_some(tx: &Tx, fence: Fence, entries: &[Checkpoint]) -> Result<Vec<ResponseId>> {
    let ids: Vec<ResponseId> = entries.iter().map(|entry| entry.response_id).collect();
    let mut last_seq = CaseStatement::new();
    for entry in entries {
        last_seq = last_seq.case(Column::Id.eq(entry.response_id), entry.last_seq);
    }
    // The parent rows first: this also locks them against being closed by another server.
    let updated = Entity::update_many()
        .col_expr(Column::LastSeq, last_seq.finally(Expr::col(Column::LastSeq)).into())
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(fence.condition())
        .exec(tx)
        .await?;
    let held: Vec<ResponseId> = if usize::try_from(updated.rows_affected) == Ok(entries.len()) {
        ids.clone()
    } else {
        Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::Id.is_in(ids.iter().copied()))
            .filter(fence.condition())
            .into_tuple()
            .all(tx)
            .await?
    };
    let rows: Vec<_> = entries
        .iter()
        .filter(|entry| held.contains(&entry.response_id))
        .map(Checkpoint::row)
        .collect();
    if !rows.is_empty() {
        response_event::Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    Ok(ids.into_iter().filter(|id| !held.contains(id)).collect())
}

/// What was sent to the model.
#[derive(Debug, Clone, Copy)]
pub struct ContextSent {
    /// How many messages.
    pub messages: i32,
    /// How many older ones did not fit.
    pub omitted: i32,
    /// `seq` of the oldest message sent.
    pub from_seq: i64,
    /// The model's window, in tokens.
    pub window: i32,
    /// What of it was kept free for the answer.
    pub reserve: i32,
    /// What of it could be used, where the provider had refused more.
    pub budget: Option<i32>,
    /// How often the provider refused more for this response.
    pub refusals: Option<i32>,
    /// What all of it costs, in tokens.
    pub tokens: i32,
    /// Of them, the instructions.
    pub instructions_tokens: i32,
    /// Of them, what was kept of an answer that is continued, and what asks for that.
    pub kept_tokens: i32,
    /// How tokens were counted.
    pub tokenizer: &'static str,
}

impl ContextSent {
    /// Writes it into the row of its response.
    pub fn note(self, row: &mut Model) {
        let Self {
            messages,
            omitted,
            from_seq,
            window,
            reserve,
            budget,
            refusals,
            tokens,
            instructions_tokens,
            kept_tokens,
            tokenizer,
        } = self;
        row.context_messages = Some(messages);
        row.context_omitted = Some(omitted);
        row.input_from_seq = from_seq;
        row.context_window = Some(window);
        row.context_reserve = Some(reserve);
        row.context_budget = budget;
        row.context_refusals = refusals;
        row.context_tokens = Some(tokens);
        row.instructions_tokens = Some(instructions_tokens);
        row.kept_tokens = Some(kept_tokens);
        row.tokenizer = Some(tokenizer.to_owned());
    }
}

/// Notes what was sent to the model; whether the fence still holds.
pub async fn note_context(
    db: &Db,
    fence: Fence,
    id: ResponseId,
    sent: ContextSent,
) -> Result<bool> {
    db.write((fence, id, sent), |tx, (fence, id, sent)| {
        Box::pin(async move {
            let noted = Entity::update_many()
                .col_expr(Column::ContextMessages, sent.messages.into())
                .col_expr(Column::ContextOmitted, sent.omitted.into())
                .col_expr(Column::InputFromSeq, sent.from_seq.into())
                .col_expr(Column::ContextWindow, sent.window.into())
                .col_expr(Column::ContextReserve, sent.reserve.into())
                .col_expr(Column::ContextBudget, Expr::value(sent.budget))
                .col_expr(Column::ContextRefusals, Expr::value(sent.refusals))
                .col_expr(Column::ContextTokens, sent.tokens.into())
                .col_expr(Column::InstructionsTokens, sent.instructions_tokens.into())
                .col_expr(Column::KeptTokens, sent.kept_tokens.into())
                .col_expr(Column::Tokenizer, sent.tokenizer.into())
                .filter(Column::Id.eq(*id))
                .filter(fence.condition())
                .exec(tx)
                .await?;
            Ok(noted.rows_affected == 1)
        })
    })
    .await
}

/// Notes that `owner` wants a response stopped; its row, or `None`.
pub async fn request_cancel(
    db: &Db,
    owner: UserId,
    id: ResponseId,
    now: Time,
) -> Result<Option<Model>> {
    db.write((owner, id, now), |tx, (owner, id, now)| {
        Box::pin(async move {
            Entity::update_many()
                .col_expr(Column::CancelRequestedAt, (*now).into())
                .filter(Column::Id.eq(*id))
                .filter(Column::UserId.eq(*owner))
                .filter(Column::CancelRequestedAt.is_null())
                .filter(Column::Status.is_in([ResponseStatus::Queued, ResponseStatus::InProgress]))
                .exec(tx)
                .await?;
            Ok(Entity::find_by_id(*id).filter(Column::UserId.eq(*owner)).one(tx).await?)
        })
    })
    .await
}

/// A page of the responses of `user`, oldest first, behind the one that began then and has this id.
pub async fn list_of_user(
    db: &Db,
    user: UserId,
    after: Option<(Time, ResponseId)>,
    limit: u64,
) -> Result<Vec<Model>> {
    let mut query = Entity::find().filter(Column::UserId.eq(user));
    if let Some((time, id)) = after {
        // In this form every engine walks the index of a user's responses by time.
        query = query
            .filter(Column::CreatedAt.gte(time))
            .filter(Column::CreatedAt.gt(time).or(Column::Id.gt(id)));
    }
    let ordered = query.order_by_asc(Column::CreatedAt).order_by_asc(Column::Id);
    Ok(ordered.limit(limit).all(db.read()).await?)
}

/// The servers that make something for `user`, but for `except`.
pub async fn list_makers(db: &Db, user: UserId, except: ServerId) -> Result<Vec<ServerId>> {
    Ok(Entity::find()
        .select_only()
        .column(Column::ServerId)
        .distinct()
        .filter(Column::UserId.eq(user))
        .filter(Column::Status.is_in([ResponseStatus::Queued, ResponseStatus::InProgress]))
        .filter(Column::ServerId.ne(except))
        .into_tuple()
        .all(db.read())
        .await?)
}

/// Takes an open response, as `seen`, to go on with it here; `false` when another server was
/// quicker, or it has ended. The attempt counts from now on.
pub async fn adopt(db: &Db, seen: &Model, fence: Fence, now: Time) -> Result<bool> {
    let before = Fence { server_id: seen.server_id, epoch: seen.epoch };
    db.write((seen.id, before, fence, now), |tx, (id, before, fence, now)| {
        Box::pin(async move {
            let adopted = Entity::update_many()
                .col_expr(Column::ServerId, fence.server_id.into())
                .col_expr(Column::Epoch, fence.epoch.into())
                .col_expr(Column::Continuations, Expr::col(Column::Continuations).add(1))
                .col_expr(Column::UpdatedAt, (*now).into())
                .filter(Column::Id.eq(*id))
                .filter(before.condition())
                .exec(tx)
                .await?;
            Ok(adopted.rows_affected == 1)
        })
    })
    .await
}

/// Adds to what going on with a response has cost, in tokens; whether the fence still holds.
pub async fn note_continued(db: &Db, fence: Fence, id: ResponseId, tokens: i64) -> Result<bool> {
    db.write((fence, id, tokens), |tx, (fence, id, tokens)| {
        Box::pin(async move {
            let cost = Expr::col(Column::ContinuedTokens).add(*tokens);
            let noted = Entity::update_many()
                .col_expr(Column::ContinuedTokens, cost)
                .filter(Column::Id.eq(*id))
                .filter(fence.condition())
                .exec(tx)
                .await?;
            Ok(noted.rows_affected == 1)
        })
    })
    .await
}
