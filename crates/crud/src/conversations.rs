//! Conversations. Lists never touch messages.

use models::conversation::{ActiveModel, Column, ConversationKind, Entity, Model, TitleSource};
use models::{ConversationId, MessageId, Time, UserId, message, response, response_event};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use crate::db::{Db, Tx};
use crate::dialect;
use crate::error::{CrudError, Result};
use crate::idempotency::{self, IdempotencyKey, Seen};
use crate::{insert, messages};

/// How many rows one step of a delete removes, so that other writers get their turn.
const DELETE_STEP: i64 = 1000;

/// The conversations `owner` can see: the only way in for a query.
pub(crate) fn of(owner: UserId) -> Select<Entity> {
    Entity::find()
        .filter(Column::UserId.eq(owner))
        .filter(Column::Kind.eq(ConversationKind::Chat))
        .filter(Column::DeletedAt.is_null())
}

/// How storing a new conversation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// It is stored.
    New,
    /// The same was asked before with this key.
    Repeated(ConversationId),
    /// Something else was asked before with this key.
    KeyReused,
}

/// Stores a new conversation, unless `key` says that it was stored before.
pub async fn open(db: &Db, row: Model, key: Option<IdempotencyKey>) -> Result<Opened> {
    let run = |input: (Model, Option<IdempotencyKey>)| {
        db.write(input, |tx, (row, key)| Box::pin(open_in(tx, row, key.as_ref())))
    };
    match run((row.clone(), key.clone())).await {
        // The same key at the same moment: look again.
        Err(CrudError::Conflict(_)) if key.is_some() => run((row, key)).await,
        result => result,
    }
}

async fn open_in(tx: &Tx, row: &Model, key: Option<&IdempotencyKey>) -> Result<Opened> {
    match idempotency::check(tx, row.user_id, key, row.created_at).await? {
        Seen::New => {}
        Seen::Same(result) => {
            return Ok(result.parse().map_or(Opened::KeyReused, Opened::Repeated));
        }
        Seen::Other => return Ok(Opened::KeyReused),
    }
    insert::<ActiveModel, _>(tx, row.clone()).await?;
    idempotency::keep(tx, row.user_id, key, row.created_at, row.id.to_string()).await?;
    Ok(Opened::New)
}

/// Finds a conversation of `owner`.
pub async fn find(db: &Db, owner: UserId, id: ConversationId) -> Result<Option<Model>> {
    Ok(of(owner).filter(Column::Id.eq(id)).one(db.read()).await?)
}

/// A page of `owner`'s conversations, newest activity first, after `after`.
pub async fn list(db: &Db, owner: UserId, after: Option<&Model>, limit: u64) -> Result<Vec<Model>> {
    let mut query = of(owner);
    if let Some(after) = after {
        query = query.filter(
            Condition::any().add(Column::UpdatedAt.lt(after.updated_at)).add(
                Condition::all()
                    .add(Column::UpdatedAt.eq(after.updated_at))
                    .add(Column::Id.lt(after.id)),
            ),
        );
    }
    Ok(query
        .order_by_desc(Column::UpdatedAt)
        .order_by_desc(Column::Id)
        .limit(limit)
        .all(db.read())
        .await?)
}

/// A page of `owner`'s conversations by id, after `after`: an order that activity does not change.
pub async fn list_by_id(
    db: &Db,
    owner: UserId,
    after: Option<ConversationId>,
    limit: u64,
) -> Result<Vec<Model>> {
    let mut query = of(owner);
    if let Some(after) = after {
        query = query.filter(Column::Id.gt(after));
    }
    Ok(query.order_by_asc(Column::Id).limit(limit).all(db.read()).await?)
}

/// Changes to a conversation; `None` leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// New title and who wrote it.
    pub title: Option<(String, TitleSource)>,
    /// New default model.
    pub model: Option<Option<String>>,
    /// New instructions.
    pub instructions: Option<Option<String>>,
    /// The message that the selected branch shall end with.
    pub head: Option<MessageId>,
}

/// Changes a conversation of `owner`; the row as it is afterwards.
pub async fn update(
    db: &Db,
    owner: UserId,
    id: ConversationId,
    changes: Changes,
    now: Time,
) -> Result<Option<Model>> {
    db.write((owner, id, changes, now), |tx, (owner, id, changes, now)| {
        Box::pin(update_in(tx, *owner, *id, changes, *now))
    })
    .await
}

async fn update_in(
    tx: &Tx,
    owner: UserId,
    id: ConversationId,
    changes: &Changes,
    now: Time,
) -> Result<Option<Model>> {
    let Changes { title, model, instructions, head } = changes.clone();
    let mut update = Entity::update_many()
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .col_expr(Column::UpdatedAt, now.into())
        .filter(Column::Id.eq(id))
        .filter(Column::UserId.eq(owner))
        .filter(Column::Kind.eq(ConversationKind::Chat))
        .filter(Column::DeletedAt.is_null());
    if let Some((title, source)) = title {
        update = update
            .col_expr(Column::Title, title.into())
            .col_expr(Column::TitleSource, Expr::value(source));
    }
    if let Some(model) = model {
        update = update.col_expr(Column::Model, Expr::value(model));
    }
    if let Some(instructions) = instructions {
        update = update.col_expr(Column::Instructions, Expr::value(instructions));
    }
    if let Some(head) = head {
        update = update.col_expr(Column::HeadId, head.into());
    }
    if update.exec(tx).await?.rows_affected == 0 {
        return Ok(None);
    }
    if let Some(head) = head
        && messages::find_in(tx, id, head).await?.is_none()
    {
        // Deleted since the caller found it. Whoever deletes waits for this row.
        return Err(CrudError::Serialization(sea_orm::DbErr::RecordNotUpdated));
    }
    Ok(of(owner).filter(Column::Id.eq(id)).one(tx).await?)
}

/// Hides a conversation of `owner` at once; its row as it was, or `None`.
pub async fn hide(db: &Db, owner: UserId, id: ConversationId, now: Time) -> Result<Option<Model>> {
    db.write((owner, id, now), |tx, (owner, id, now)| {
        Box::pin(async move {
            let Some(found) = of(*owner).filter(Column::Id.eq(*id)).one(tx).await? else {
                return Ok(None);
            };
            let hidden = Entity::update_many()
                .col_expr(Column::DeletedAt, (*now).into())
                .col_expr(Column::Version, Expr::col(Column::Version).add(1))
                .filter(Column::Id.eq(*id))
                .filter(Column::DeletedAt.is_null())
                .exec(tx)
                .await?;
            Ok((hidden.rows_affected == 1).then_some(found))
        })
    })
    .await
}

/// Ids of hidden conversations whose rows are still there.
pub async fn list_hidden(db: &Db, limit: u64) -> Result<Vec<ConversationId>> {
    Ok(Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::DeletedAt.is_not_null())
        .limit(limit)
        .into_tuple()
        .all(db.read())
        .await?)
}

/// Removes a hidden conversation with all that hangs below it, in steps that let others write.
pub async fn remove(db: &Db, id: ConversationId) -> Result<()> {
    let Some(row) = Entity::find_by_id(id).one(db.read()).await? else { return Ok(()) };
    let responses: Vec<models::ResponseId> = response::Entity::find()
        .select_only()
        .column(response::Column::Id)
        .filter(response::Column::ConversationId.eq(id))
        .into_tuple()
        .all(db.read())
        .await?;
    for chunk in responses.chunks(100) {
        db.write(chunk.to_vec(), |tx, ids| {
            Box::pin(async move {
                response_event::Entity::delete_many()
                    .filter(response_event::Column::ResponseId.is_in(ids.iter().copied()))
                    .exec(tx)
                    .await?;
                Ok(())
            })
        })
        .await?;
    }
    let mut below = 0;
    while below < row.next_seq {
        below += DELETE_STEP;
        db.write((id, below), |tx, (id, below)| {
            Box::pin(async move {
                message::Entity::delete_many()
                    .filter(message::Column::ConversationId.eq(*id))
                    .filter(message::Column::Seq.lt(*below))
                    .exec(tx)
                    .await?;
                Ok(())
            })
        })
        .await?;
    }
    db.write(id, |tx, id| {
        Box::pin(async move {
            Entity::delete_by_id(*id).exec(tx).await?;
            if let Some(sql) = dialect::incremental_vacuum(tx) {
                sea_orm::ConnectionTrait::execute_unprepared(tx, sql).await?;
            }
            Ok(())
        })
    })
    .await
}
