//! The one transaction that accepts a message: both messages and the response, or nothing.

use models::message::{self, MessageStatus, MessageType, Role, is_user};
use models::{ConversationId, MessageId, ResponseId, Time, UserId, conversation, response};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::db::{Db, Tx};
use crate::error::{CrudError, Result};
use crate::idempotency::{self, IdempotencyKey, Seen};
use crate::insert;

/// A message to be answered. Ids and times are the caller's.
#[derive(Debug, Clone)]
pub struct NewTurn {
    /// Who sends it.
    pub owner: UserId,
    /// Where.
    pub conversation_id: ConversationId,
    /// The message to answer below; `None` for the newest of the selected branch.
    pub parent_id: Option<MessageId>,
    /// What the person says.
    pub content: String,
    /// The title, should nobody have set one.
    pub title: String,
    /// The response to be made; its `input_from_seq` and `input_to_seq` are filled in here.
    pub response: response::Model,
    /// Makes a repetition lead to the same response.
    pub idempotency: Option<IdempotencyKey>,
    /// The current time.
    pub now: Time,
}

/// An accepted message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// What the person said.
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
    /// The conversation does not exist, or is somebody else's.
    NoConversation,
    /// The parent is not a message of the conversation.
    NoParent,
    /// Another response runs in the conversation.
    Locked(ResponseId),
    /// The same was sent before with this key.
    Repeated(ResponseId),
    /// Something else was sent before with this key.
    KeyReused,
}

/// Accepts a message: claims the conversation, stores the message, an empty answer and the
/// response. Of any number of attempts at one conversation one is accepted at a time.
pub async fn start(db: &Db, turn: NewTurn) -> Result<TurnOutcome> {
    let run = |turn| db.write(turn, |tx, turn| Box::pin(start_in(tx, turn)));
    match run(turn.clone()).await {
        // The same key at the same moment, at another conversation: look again.
        Err(CrudError::Conflict(_)) if turn.idempotency.is_some() => run(turn).await,
        result => result,
    }
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

async fn start_in(tx: &Tx, new: &NewTurn) -> Result<TurnOutcome> {
    if let Some(outcome) = repeated(tx, new).await? {
        return Ok(outcome);
    }
    if let Some(parent) = new.parent_id
        && find_parent(tx, new.conversation_id, parent).await?.is_none()
    {
        // Which of the two it was is told apart below, by the same query for everybody.
        return Ok(match find_open(tx, new).await? {
            Some(_) => TurnOutcome::NoParent,
            None => TurnOutcome::NoConversation,
        });
    }
    if !claim(tx, new).await? {
        return match find_open(tx, new).await? {
            None => Ok(TurnOutcome::NoConversation),
            Some(row) => match row.active_response_id {
                // Perhaps by the same request, sent twice at the same moment.
                Some(active) => Ok(repeated(tx, new).await?.unwrap_or(TurnOutcome::Locked(active))),
                // It ended between the two statements: look again from the beginning.
                None => Err(CrudError::Serialization(sea_orm::DbErr::RecordNotUpdated)),
            },
        };
    }
    let Some(row) = find_open(tx, new).await? else { return Ok(TurnOutcome::NoConversation) };
    let parent_id = new.parent_id.or(row.head_id);
    let parent = match parent_id {
        Some(id) => find_parent(tx, new.conversation_id, id).await?,
        None => None,
    };
    let depth = parent.as_ref().map_or(0, |parent| parent.depth.saturating_add(1));
    let turn = build(new, row.next_seq - 2, parent.map(|parent| parent.id), depth);
    select_branch(tx, new, &row, turn.message.id).await?;
    insert(tx, turn.user_message.clone()).await?;
    insert(tx, turn.message.clone()).await?;
    insert(tx, turn.response.clone()).await?;
    let result = turn.response.id.to_string();
    idempotency::keep(tx, new.owner, new.idempotency.as_ref(), new.now, result).await?;
    Ok(TurnOutcome::Accepted(turn))
}

/// The lock: one atomic update takes the conversation and two numbers, or changes nothing.
async fn claim(tx: &Tx, new: &NewTurn) -> Result<bool> {
    use conversation::{Column, Entity};
    let claimed = Entity::update_many()
        .col_expr(Column::NextSeq, Expr::col(Column::NextSeq).add(2))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .col_expr(Column::ActiveResponseId, new.response.id.into())
        .col_expr(Column::UpdatedAt, new.now.into())
        .filter(Column::Id.eq(new.conversation_id))
        .filter(Column::UserId.eq(new.owner))
        .filter(Column::DeletedAt.is_null())
        .filter(Column::ActiveResponseId.is_null())
        .exec(tx)
        .await?;
    Ok(claimed.rows_affected == 1)
}

async fn find_open(tx: &Tx, new: &NewTurn) -> Result<Option<conversation::Model>> {
    use conversation::{Column, Entity};
    Ok(Entity::find()
        .filter(Column::Id.eq(new.conversation_id))
        .filter(Column::UserId.eq(new.owner))
        .filter(Column::DeletedAt.is_null())
        .one(tx)
        .await?)
}

async fn find_parent(
    tx: &Tx,
    conversation: ConversationId,
    id: MessageId,
) -> Result<Option<message::Model>> {
    use message::{Column, Entity};
    Ok(Entity::find()
        .filter(Column::ConversationId.eq(conversation))
        .filter(Column::Id.eq(id))
        .filter(Column::Kind.eq(MessageType::Message))
        .one(tx)
        .await?)
}

async fn select_branch(
    tx: &Tx,
    new: &NewTurn,
    row: &conversation::Model,
    head: MessageId,
) -> Result<()> {
    use conversation::{Column, Entity, TitleSource};
    let mut update = Entity::update_many().col_expr(Column::HeadId, head.into());
    if row.title_source == TitleSource::None {
        update = update
            .col_expr(Column::Title, new.title.clone().into())
            .col_expr(Column::TitleSource, Expr::value(TitleSource::FirstLine));
    }
    update.filter(Column::Id.eq(row.id)).exec(tx).await?;
    Ok(())
}

fn build(new: &NewTurn, seq: i64, parent_id: Option<MessageId>, depth: i32) -> Turn {
    let user_message = message::Model {
        conversation_id: new.conversation_id,
        seq,
        id: new.response.user_message_id,
        parent_id,
        depth,
        response_id: None,
        kind: MessageType::Message,
        role: Some(Role::User),
        is_user: is_user(MessageType::Message, Some(Role::User)),
        status: MessageStatus::Completed,
        content: new.content.clone(),
        data: None,
        model: None,
        created_at: new.now,
        updated_at: new.now,
    };
    let message = message::Model {
        seq: seq + 1,
        id: new.response.message_id,
        parent_id: Some(user_message.id),
        depth: depth.saturating_add(1),
        response_id: Some(new.response.id),
        role: Some(Role::Assistant),
        is_user: is_user(MessageType::Message, Some(Role::Assistant)),
        status: MessageStatus::InProgress,
        content: String::new(),
        model: Some(new.response.model.clone()),
        ..user_message.clone()
    };
    let response = response::Model { input_from_seq: 0, input_to_seq: seq, ..new.response.clone() };
    Turn { user_message, message, response }
}
