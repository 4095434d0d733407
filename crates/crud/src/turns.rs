//! The one transaction that accepts an answer to be made: its messages and the response, or nothing.

mod add;
mod items;

use std::time::Duration;

use models::conversation::{ConversationKind, TitleSource};
use models::message::{self, MessageStatus, MessageType, Role, is_user};
use models::{
    ConversationId, MessageId, ResponseId, Time, UserId, conversation, response, response_event,
};
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, UpdateMany};

use crate::db::{Db, Tx};
use crate::dialect;
use crate::error::{CrudError, Result};
use crate::idempotency::{self, IdempotencyKey, Seen};
use crate::responses::Checkpoint;
use crate::search_docs::{self, Terms};
use crate::{conversations, in_statements, insert, insert_all, messages};

pub use add::{AddOutcome, NewAddition, add};
pub use items::{NewItem, NewItems};

/// An answer to be made. Ids and times are the caller's.
#[derive(Debug, Clone)]
pub struct NewTurn {
    /// Who asks for it.
    pub owner: UserId,
    /// Where.
    pub conversation_id: ConversationId,
    /// The row of that conversation, if it is made by this request.
    pub opening: Option<conversation::Model>,
    /// What it answers.
    pub question: Question,
    /// The response to be made; its `input_from_seq` and `input_to_seq` are filled in here, and
    /// below new items its `user_message_id`.
    pub response: response::Model,
    /// Makes a repetition lead to the same response.
    pub idempotency: Option<IdempotencyKey>,
    /// The current time.
    pub now: Time,
}

/// What an answer is made to; the id of the item it hangs below is the response's
/// `user_message_id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// New items.
    New {
        /// Where the first one hangs.
        parent: Parent,
        /// The items; the answer hangs below the last one.
        items: NewItems,
        /// The conversation's title, should nobody have set one.
        title: String,
    },
    /// A message that is stored: the answer becomes a sibling of those it has.
    Stored,
    /// A message that is stored, one answer to which, the response's `message_id`, is continued.
    Continued(Continued),
}

/// An answer that is continued in its own message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Continued {
    /// The response that wrote the message so far.
    pub previous: ResponseId,
    /// What the message shall hold beside its text, as JSON.
    pub data: Option<String>,
    /// The first events of the response, which tell the text so far, in runs that fit into a
    /// statement each.
    pub beginning: Vec<Checkpoint>,
}

/// What can be found of new items, of the title they may give, and of the one that the
/// conversation is opened with.
#[derive(Debug, Default, Clone)]
struct TurnTerms {
    items: Vec<Terms>,
    title: Terms,
    opening: Terms,
}

impl NewTurn {
    fn terms(&self) -> TurnTerms {
        let opening =
            self.opening.as_ref().map_or_else(Terms::default, |row| Terms::of(&row.title));
        match &self.question {
            Question::New { items, title, .. } => {
                TurnTerms { items: items.terms(), title: Terms::of(title), opening }
            }
            Question::Stored | Question::Continued(_) => {
                TurnTerms { opening, ..TurnTerms::default() }
            }
        }
    }
}

/// Where new items hang.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parent {
    /// Below the newest message of the selected branch.
    Head,
    /// Nowhere: it begins a branch of its own.
    Root,
    /// Below this message.
    Message(MessageId),
}

/// An accepted answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// What the answer hangs below: the last new item, or the stored one.
    pub user_message: message::Model,
    /// The answer, still empty.
    pub message: message::Model,
    /// How it is made.
    pub response: response::Model,
}

/// How the attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "returned once and taken apart at once")]
pub enum TurnOutcome {
    /// Stored.
    Accepted(Turn),
    /// The conversation does not exist, or belongs to another user.
    NoConversation,
    /// The parent, or the stored question, is not a message of the conversation.
    NoMessage,
    /// Another response runs in the conversation.
    Locked(ResponseId),
    /// This response continued the answer before.
    Superseded(ResponseId),
    /// The same was sent before with this key.
    Repeated(ResponseId),
    /// Something else was sent before with this key.
    KeyReused,
}

/// Accepts an answer to be made: stores the conversation if it is new, claims it, stores the
/// items if there are new ones, an empty answer and the response, and selects the answer's branch. Of
/// any number of attempts at one conversation one is accepted at a time.
pub async fn start(db: &Db, turn: NewTurn) -> Result<TurnOutcome> {
    let run = |turn: NewTurn| {
        let terms = turn.terms();
        db.write((turn, terms), |tx, (turn, terms)| Box::pin(start_in(tx, turn, terms)))
    };
    match run(turn.clone()).await {
        // The same key at the same moment, at another conversation: look again.
        Err(CrudError::Conflict(_)) if turn.idempotency.is_some() => run(turn).await,
        result => result,
    }
}

/// Fails while a turn that nobody waits for any more may still be committed: its transaction, as long
/// as it is open, holds the conversation.
pub async fn check_none_open(db: &Db, conversation: ConversationId) -> Result<()> {
    use conversation::{Column, Entity};
    db.write(conversation, |tx, conversation| {
        Box::pin(async move {
            Entity::find_by_id(*conversation)
                .select_only()
                .column(Column::Id)
                .lock_with_behavior(LockType::Update, LockBehavior::Nowait)
                .into_tuple::<ConversationId>()
                .one(tx)
                .await?;
            Ok(())
        })
    })
    .await
}

/// What an earlier request with the same key led to.
async fn repeated(tx: &Tx, new: &NewTurn) -> Result<Option<TurnOutcome>> {
    let seen = idempotency::check(tx, new.owner, new.idempotency.as_ref(), new.now).await?;
    Ok(match seen {
        Seen::New => None,
        Seen::Same(result) => match result.parse() {
            Ok(response) => Some(TurnOutcome::Repeated(response)),
            // The key was used for another kind of request.
            Err(_) => Some(TurnOutcome::KeyReused),
        },
        Seen::Other => Some(TurnOutcome::KeyReused),
    })
}

async fn start_in(tx: &Tx, new: &NewTurn, terms: &TurnTerms) -> Result<TurnOutcome> {
    if let Some(outcome) = repeated(tx, new).await? {
        return Ok(outcome);
    }
    if let Some(row) = &new.opening {
        conversations::insert_in(tx, row, &terms.opening).await?;
    }
    let named = new.named_message();
    if let Some(id) = named
        && messages::find_in(tx, new.conversation_id, id).await?.is_none()
    {
        // Which of the two it was is told apart below, by the same query for everybody.
        return Ok(match find_open(tx, new.owner, new.conversation_id).await? {
            Some(_) => TurnOutcome::NoMessage,
            None => TurnOutcome::NoConversation,
        });
    }
    if let Question::Continued(continued) = &new.question {
        let answer = messages::find_in(tx, new.conversation_id, new.response.message_id).await?;
        let Some(newest) = answer.and_then(|answer| answer.response_id) else {
            return Ok(TurnOutcome::NoMessage);
        };
        if newest != continued.previous {
            // Perhaps by the same request, which was committed since the key was looked for.
            if let Some(outcome) = repeated(tx, new).await? {
                return Ok(outcome);
            }
            let active = find_open(tx, new.owner, new.conversation_id)
                .await?
                .and_then(|row| row.active_response_id);
            return Ok(active.map_or(TurnOutcome::Superseded(newest), TurnOutcome::Locked));
        }
    }
    let row = match claim(tx, new).await? {
        Claimed::Now(row) => row,
        Claimed::Not(outcome) => return Ok(outcome),
    };
    let (before, user_message) = match &new.question {
        // Should it have been deleted since it was looked at: from here on the claim keeps it.
        Question::Stored | Question::Continued(_) => {
            let found = messages::find_in(tx, new.conversation_id, new.response.user_message_id);
            (Vec::new(), found.await?.ok_or_else(look_again)?)
        }
        Question::New { items, .. } => {
            let above = match named.or(new.selected_parent(&row)) {
                Some(id) => messages::find_depth_in(tx, new.conversation_id, id)
                    .await?
                    .map(|depth| (id, depth)),
                None => None,
            };
            if named.is_some() && above.is_none() {
                return Err(look_again());
            }
            items.rows((new.conversation_id, new.now), row.next_seq, above)
        }
    };
    let turn = match &new.question {
        Question::Continued(continued) => {
            mark(tx, new, &row, None).await?;
            go_on(tx, new, continued, user_message).await?
        }
        question => {
            let turn = answered(new, row.next_seq + new.count() - 1, user_message);
            mark(tx, new, &row, Some(turn.message.id)).await?;
            if *question == Question::Stored {
                insert(tx, turn.message.clone()).await?;
            } else {
                let rows =
                    before.into_iter().chain([&turn.user_message, &turn.message].map(Clone::clone));
                for rows in in_statements(rows, messages::text_bytes) {
                    insert_all(tx, rows).await?;
                }
                let is_named = first_title(new, &row).is_some();
                make_found(tx, &row, row.next_seq, is_named, terms.clone()).await?;
            }
            insert(tx, turn.response.clone()).await?;
            turn
        }
    };
    let result = turn.response.id.to_string();
    idempotency::keep(tx, new.owner, new.idempotency.as_ref(), new.now, result).await?;
    Ok(TurnOutcome::Accepted(turn))
}

/// Lets the whole closure run once more.
fn look_again() -> CrudError {
    CrudError::Serialization(sea_orm::DbErr::RecordNotUpdated)
}

impl NewTurn {
    /// The stored message that the request names, if it names one.
    fn named_message(&self) -> Option<MessageId> {
        match self.question {
            Question::Stored | Question::Continued(_) => Some(self.response.user_message_id),
            Question::New { parent: Parent::Message(id), .. } => Some(id),
            Question::New { parent: Parent::Head | Parent::Root, .. } => None,
        }
    }

    /// The parent that the conversation chooses, where the request leaves that to it.
    fn selected_parent(&self, row: &conversation::Model) -> Option<MessageId> {
        match self.question {
            Question::New { parent: Parent::Head, .. } => row.head_id,
            _ => None,
        }
    }

    /// How many messages it adds.
    fn count(&self) -> i64 {
        match &self.question {
            Question::New { items, .. } => items.count().saturating_add(1),
            Question::Stored => 1,
            Question::Continued(_) => 0,
        }
    }
}

/// How claiming a conversation ended.
#[expect(clippy::large_enum_variant, reason = "returned once and taken apart at once")]
enum Claimed {
    /// It is the transaction's. The row as it was before, so its `next_seq` is the first number
    /// for the new messages.
    Now(conversation::Model),
    /// It is not, and that is the outcome.
    Not(TurnOutcome),
}

/// The lock: takes the conversation and a number for each message, or changes nothing.
///
/// Where there is one writer the transaction has everything to itself: it looks, and what the
/// claim changes is written by [`mark`] together with the rest. Elsewhere one atomic
/// update decides among rivals.
async fn claim(tx: &Tx, new: &NewTurn) -> Result<Claimed> {
    let is_alone = dialect::has_single_writer(tx);
    if !is_alone && update_claimed(new).exec(tx).await?.rows_affected == 1 {
        let Some(mut row) = find_open(tx, new.owner, new.conversation_id).await? else {
            return Ok(Claimed::Not(TurnOutcome::NoConversation));
        };
        row.next_seq -= new.count();
        return Ok(Claimed::Now(row));
    }
    let Some(row) = find_open(tx, new.owner, new.conversation_id).await? else {
        return Ok(Claimed::Not(TurnOutcome::NoConversation));
    };
    match row.active_response_id {
        // Perhaps by the same request, sent twice at the same moment.
        Some(active) => {
            let outcome = repeated(tx, new).await?.unwrap_or(TurnOutcome::Locked(active));
            Ok(Claimed::Not(outcome))
        }
        None if is_alone => Ok(Claimed::Now(row)),
        // It ended between the two statements: look again from the beginning.
        None => Err(look_again()),
    }
}

/// What the claim changes, where nobody else has it.
fn update_claimed(new: &NewTurn) -> UpdateMany<conversation::Entity> {
    use conversation::{Column, Entity};
    Entity::update_many()
        .col_expr(Column::NextSeq, Expr::col(Column::NextSeq).add(new.count()))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .col_expr(Column::ActiveResponseId, new.response.id.into())
        .col_expr(Column::UpdatedAt, new.now.into())
        .filter(Column::Id.eq(new.conversation_id))
        .filter(Column::UserId.eq(new.owner))
        .filter(Column::DeletedAt.is_null())
        .filter(Column::ActiveResponseId.is_null())
}

async fn find_open(
    tx: &Tx,
    owner: UserId,
    id: ConversationId,
) -> Result<Option<conversation::Model>> {
    use conversation::{Column, Entity};
    Ok(Entity::find()
        .filter(Column::Id.eq(id))
        .filter(Column::UserId.eq(owner))
        .filter(Column::DeletedAt.is_null())
        .one(tx)
        .await?)
}

/// The title that a conversation gets from its first message, if nobody has set one.
fn first_title<'a>(new: &'a NewTurn, row: &conversation::Model) -> Option<&'a str> {
    match &new.question {
        Question::New { title, .. } if row.title_source == TitleSource::None => Some(title),
        _ => None,
    }
}

/// Writes into the claimed conversation what is not in it yet: the claim itself where there is one
/// writer, the new end `head` of the selected branch, and the title that the question gives it.
async fn mark(
    tx: &Tx,
    new: &NewTurn,
    row: &conversation::Model,
    head: Option<MessageId>,
) -> Result<()> {
    use conversation::{Column, Entity};
    let mut update = if dialect::has_single_writer(tx) {
        update_claimed(new)
    } else if head.is_some() {
        Entity::update_many().filter(Column::Id.eq(row.id))
    } else {
        return Ok(());
    };
    if let Some(head) = head {
        update = update.col_expr(Column::HeadId, head.into());
    }
    if let Some(title) = first_title(new, row) {
        update = update
            .col_expr(Column::Title, title.into())
            .col_expr(Column::TitleSource, Expr::value(TitleSource::FirstLine));
    }
    if update.exec(tx).await?.rows_affected != 1 {
        return Err(look_again());
    }
    Ok(())
}

/// Opens a stored answer again and stores the response that continues it, with the events that
/// tell what there is of it: a reader of the response never finds less. The caller holds the
/// conversation.
async fn go_on(
    tx: &Tx,
    new: &NewTurn,
    continued: &Continued,
    user_message: message::Model,
) -> Result<Turn> {
    use message::{Column, Entity};
    let found = messages::find_in(tx, new.conversation_id, new.response.message_id).await?;
    let answer = found.filter(|answer| answer.response_id == Some(continued.previous));
    // Should another have continued it since it was looked at.
    let answer = answer.ok_or_else(look_again)?;
    let message = message::Model {
        response_id: Some(new.response.id),
        status: MessageStatus::InProgress,
        data: continued.data.clone(),
        model: Some(new.response.model.clone()),
        updated_at: new.now,
        ..answer
    };
    Entity::update_many()
        .col_expr(Column::ResponseId, message.response_id.into())
        .col_expr(Column::Status, Expr::value(message.status))
        .col_expr(Column::Data, message.data.clone().into())
        .col_expr(Column::Model, message.model.clone().into())
        .col_expr(Column::UpdatedAt, message.updated_at.into())
        .filter(Column::ConversationId.eq(message.conversation_id))
        .filter(Column::Seq.eq(message.seq))
        .exec(tx)
        .await?;
    let input_to_seq = user_message.seq;
    let response = response::Model { input_from_seq: 0, input_to_seq, ..new.response.clone() };
    insert(tx, response.clone()).await?;
    for run in &continued.beginning {
        response_event::Entity::insert(run.row()).exec_without_returning(tx).await?;
    }
    Ok(Turn { user_message, message, response })
}

/// Makes new items found, which have the numbers from `seq` on, and the title if the conversation
/// `is_named` by them. Nothing of a chain is found.
async fn make_found(
    tx: &Tx,
    row: &conversation::Model,
    seq: i64,
    is_named: bool,
    terms: TurnTerms,
) -> Result<()> {
    if row.kind == ConversationKind::Chain {
        return Ok(());
    }
    let TurnTerms { items, title, .. } = terms;
    let (owner, items) = (row.user_id, (seq..).zip(items));
    if is_named && row.title.is_empty() {
        // There is nothing that it was found by until now.
        return search_docs::add_title_and_messages(tx, owner, row.id, title, items).await;
    }
    if is_named {
        search_docs::set_title(tx, owner, row.id, title).await?;
    }
    search_docs::add_messages(tx, owner, row.id, items).await
}

/// The message with its answer, still empty, and the response.
fn answered(new: &NewTurn, seq: i64, user_message: message::Model) -> Turn {
    let new_items = match &new.question {
        Question::New { items, .. } => items.count().unsigned_abs(),
        Question::Stored | Question::Continued(_) => 1,
    };
    // A list sorted by time has the question first.
    let answered_at = new.now + Duration::from_micros(new_items);
    let message = message::Model {
        seq,
        id: new.response.message_id,
        parent_id: Some(user_message.id),
        depth: user_message.depth.saturating_add(1),
        response_id: Some(new.response.id),
        kind: MessageType::Message,
        role: Some(Role::Assistant),
        is_user: is_user(MessageType::Message, Some(Role::Assistant)),
        status: MessageStatus::InProgress,
        content: String::new(),
        data: None,
        model: Some(new.response.model.clone()),
        created_at: answered_at,
        updated_at: answered_at,
        conversation_id: new.conversation_id,
    };
    let response = response::Model {
        user_message_id: user_message.id,
        input_from_seq: 0,
        input_to_seq: user_message.seq,
        ..new.response.clone()
    };
    Turn { user_message, message, response }
}
