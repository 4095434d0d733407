//! What the engine reads for every owner: to generate, to take over, to recover and to purge.
//!
//! Nothing but the engine names this module; `cargo xtask tidy` sees to that. A request finds
//! things through their owner, and reads on from what it found ([`Owned`]).

use models::response::{Column, Entity, Model, ResponseStatus};
use models::{ConversationId, ResponseId, ServerId, Time, conversation, response_event, user};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};

use crate::accounts::with_owner;
use crate::db::Db;
use crate::error::Result;
use crate::owned::Owned;
use crate::responses::Fence;

/// The conversation of a response that the engine works on.
pub fn conversation_of(row: &Model) -> Owned<ConversationId> {
    Owned::found(row.conversation_id)
}

/// A response that the engine works on.
pub fn response(row: &Model) -> Owned<ResponseId> {
    Owned::found(row.id)
}

/// Finds a response.
pub async fn find_response(db: &Db, id: ResponseId) -> Result<Option<Owned<Model>>> {
    Ok(Entity::find_by_id(id).one(db.read()).await?.map(Owned::found))
}

/// The newest event number of a response that is on disk; -1 before the first.
pub async fn find_last_seq(db: &Db, id: ResponseId) -> Result<Option<i64>> {
    Ok(Entity::find_by_id(id)
        .select_only()
        .column(Column::LastSeq)
        .into_tuple()
        .one(db.read())
        .await?)
}

/// Of the responses that have ended and are none of `except`: the one whose events were stored
/// first of all that are still there, and when it ended.
pub async fn find_oldest_with_events(
    db: &Db,
    except: &[ResponseId],
) -> Result<Option<(ResponseId, Time)>> {
    use response_event::Column as Run;
    let ended = Expr::col((Entity, Column::CompletedAt));
    let mut query = response_event::Entity::find()
        .select_only()
        .column(Run::ResponseId)
        .column_as(ended.clone(), "ended")
        .filter(ended.is_not_null());
    if !except.is_empty() {
        query = query.filter(Run::ResponseId.is_not_in(except.iter().copied()));
    }
    let same = Expr::col((Entity, Column::Id)).equals((response_event::Entity, Run::ResponseId));
    QuerySelect::query(&mut query).inner_join(Entity, same);
    Ok(query.order_by_asc(Run::Id).limit(1).into_tuple().one(db.read()).await?)
}

/// A response that runs according to the database, and whether it shall go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromQueryResult)]
pub struct RunningRow {
    /// The response.
    pub id: ResponseId,
    /// When a client asked to stop it.
    pub cancel_requested_at: Option<Time>,
    /// When its conversation was deleted.
    pub deleted_at: Option<Time>,
    /// When its user's account was deleted, whose conversations are removed afterwards.
    pub user_deleted_at: Option<Time>,
}

/// What a server runs according to the database.
pub async fn list_running(db: &Db, fence: Fence) -> Result<Vec<RunningRow>> {
    let mut query = Entity::find()
        .select_only()
        .columns([Column::Id, Column::CancelRequestedAt])
        .column_as(Expr::col((conversation::Entity, conversation::Column::DeletedAt)), "deleted_at")
        .column_as(Expr::col((user::Entity, user::Column::DeletedAt)), "user_deleted_at")
        .filter(fence.condition());
    let same = Expr::col((conversation::Entity, conversation::Column::Id))
        .equals((Entity, Column::ConversationId));
    QuerySelect::query(&mut query).inner_join(conversation::Entity, same);
    Ok(with_owner(query, Column::UserId).into_model().all(db.read()).await?)
}

/// Responses that are open and run on `server`, or on any server but `except`, and their
/// conversations. Only ids, so that a row that cannot be read hides no others.
pub async fn list_open(
    db: &Db,
    server: Option<ServerId>,
    except: ServerId,
) -> Result<Vec<(ResponseId, ConversationId)>> {
    let mut query = Entity::find()
        .select_only()
        .columns([Column::Id, Column::ConversationId])
        .filter(Column::Status.is_in([ResponseStatus::Queued, ResponseStatus::InProgress]))
        .filter(Column::ServerId.ne(except));
    if let Some(server) = server {
        query = query.filter(Column::ServerId.eq(server));
    }
    Ok(query.order_by_asc(Column::Id).into_tuple().all(db.read()).await?)
}
