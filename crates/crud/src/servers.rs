//! The servers that share a database, as they show each other that they live.

use std::collections::HashSet;

use models::response::ResponseStatus;
use models::server::{Column, Entity, Model};
use models::{ResponseId, ServerId, response};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect, UpdateMany,
};

use crate::db::{Db, Tx};
use crate::error::Result;
use crate::insert;

/// Stores a server that has just started, with epoch 0.
pub async fn register(db: &Db, id: ServerId) -> Result<()> {
    db.write(id, |tx, id| Box::pin(insert(tx, Model { id: *id, epoch: 0, liveness: 0 }))).await
}

/// Increments the liveness counter of a server; `false` when another one has taken its responses over.
pub async fn heartbeat(db: &Db, id: ServerId, epoch: i64) -> Result<bool> {
    db.write((id, epoch), |tx, (id, epoch)| {
        Box::pin(async move {
            let raised = Entity::update_many()
                .col_expr(Column::Liveness, Expr::col(Column::Liveness).add(1))
                .filter(Column::Id.eq(*id))
                .filter(Column::Epoch.eq(*epoch))
                .exec(tx)
                .await?;
            Ok(raised.rows_affected == 1)
        })
    })
    .await
}

/// Stores something, to see whether there is room; what, means nothing to anybody.
pub async fn probe(db: &Db, id: ServerId, epoch: i64) -> Result<()> {
    heartbeat(db, id, epoch).await?;
    db.note_room();
    Ok(())
}

/// The other servers that have open responses. One that has left meanwhile is among them, as it
/// would be marked: the commit of its last turn may have come after it had gone.
pub async fn list_with_open_responses(db: &Db, except: ServerId) -> Result<Vec<Model>> {
    let busy: Vec<ServerId> = response::Entity::find()
        .select_only()
        .column(response::Column::ServerId)
        .distinct()
        .filter(is_open())
        .filter(response::Column::ServerId.ne(except))
        .into_tuple()
        .all(db.read())
        .await?;
    if busy.is_empty() {
        return Ok(Vec::new());
    }
    let mut servers =
        Entity::find().filter(Column::Id.is_in(busy.iter().copied())).all(db.read()).await?;
    let known: HashSet<ServerId> = servers.iter().map(|server| server.id).collect();
    let departed = busy.into_iter().filter(|server| !known.contains(server));
    servers.extend(departed.map(|id| Model { id, epoch: 0, liveness: STOPPED }));
    Ok(servers)
}

/// Takes over from a server that stands still at `seen`: raises its epoch, so that none of its
/// writes counts any more. `false` when it moved, or another server was quicker. An open response
/// that cannot be written stays at its old epoch, and the server among those that have one.
pub async fn take_over(db: &Db, seen: Model) -> Result<bool> {
    match take(db, seen.clone(), true).await {
        // It lies in one of its responses; the others shall not wait for that.
        Err(error) if error.is_permanent() => {}
        taken => return taken,
    }
    if !take(db, seen.clone(), false).await? {
        return Ok(false);
    }
    let open: Vec<ResponseId> = response::Entity::find()
        .select_only()
        .column(response::Column::Id)
        .filter(of(&seen))
        .into_tuple()
        .all(db.read())
        .await?;
    for id in open {
        let raised = db.write((seen.clone(), id), |tx, (seen, id)| {
            Box::pin(async move {
                raise(seen).filter(response::Column::Id.eq(*id)).exec(tx).await?;
                Ok(())
            })
        });
        match raised.await {
            Err(error) if error.is_permanent() => {
                tracing::error!(response = %id, %error, "an open response cannot be written");
            }
            raised => raised?,
        }
    }
    Ok(true)
}

/// The open responses of a server as it was seen.
fn of(seen: &Model) -> Condition {
    Condition::all()
        .add(response::Column::ServerId.eq(seen.id))
        .add(response::Column::Epoch.eq(seen.epoch))
        .add(is_open())
}

/// Takes its open responses from it.
fn raise(seen: &Model) -> UpdateMany<response::Entity> {
    response::Entity::update_many()
        .col_expr(response::Column::Epoch, Expr::value(seen.epoch + 1))
        .filter(of(seen))
}

async fn take(db: &Db, seen: Model, with_responses: bool) -> Result<bool> {
    db.write((seen, with_responses), |tx, (seen, with_responses)| {
        Box::pin(async move {
            if seen.liveness == STOPPED {
                restore(tx, seen).await?;
            }
            let taken = Entity::update_many()
                .col_expr(Column::Epoch, Expr::col(Column::Epoch).add(1))
                .filter(Column::Id.eq(seen.id))
                .filter(Column::Epoch.eq(seen.epoch))
                .filter(Column::Liveness.eq(seen.liveness))
                .exec(tx)
                .await?;
            if taken.rows_affected != 1 {
                return Ok(false);
            }
            if *with_responses {
                raise(seen).exec(tx).await?;
            }
            Ok(true)
        })
    })
    .await
}

/// Stores a server that has stopped once more, if it is not there any more.
async fn restore(tx: &Tx, stopped: &Model) -> Result<()> {
    let there = OnConflict::column(Column::Id).do_nothing_on([Column::Id]).to_owned();
    Entity::insert(stopped.clone().into_active_model().reset_all())
        .on_conflict(there)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// The liveness counter of a server that has stopped: no other server has to wait.
pub const STOPPED: i64 = -1;

/// Forgets a server that has stopped. One that has left something open is marked instead, so that
/// others take it over at once.
pub async fn leave(db: &Db, id: ServerId) -> Result<()> {
    db.write(id, |tx, id| {
        Box::pin(async move {
            let open = response::Entity::find()
                .select_only()
                .column(response::Column::Id)
                .filter(response::Column::ServerId.eq(*id))
                .filter(is_open())
                .limit(1)
                .into_tuple::<ResponseId>()
                .one(tx)
                .await?;
            if open.is_none() {
                Entity::delete_by_id(*id).exec(tx).await?;
                return Ok(());
            }
            Entity::update_many()
                .col_expr(Column::Liveness, STOPPED.into())
                .filter(Column::Id.eq(*id))
                .exec(tx)
                .await?;
            Ok(())
        })
    })
    .await
}

fn is_open() -> sea_orm::sea_query::Expr {
    response::Column::Status.is_in([ResponseStatus::Queued, ResponseStatus::InProgress])
}
