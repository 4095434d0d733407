//! The end of an account: hidden at once, then removed in steps that let others write.

use models::user::{Column, Entity};
use models::{
    ApiKeyId, SessionId, Time, UserId, api_key, idempotency_key, meta, refresh_token, session,
};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};

use super::{Ruled, is_last_administrator, visible};
use crate::accounts::{FIRST_ADMINISTRATOR, lock_all};
use crate::conversations::trash;
use crate::db::{Db, Tx};
use crate::error::Result;

/// How many rows one step removes.
const STEP: u64 = 1000;
/// How many sessions are looked up at once.
const PAGE: u64 = 100;

/// Hides an account: its address is free again, and what it was known by is gone. The last
/// administrator can go when nobody else is left.
pub async fn hide(db: &Db, id: UserId, now: Time) -> Result<Ruled> {
    db.write((id, now), |tx, (id, now)| Box::pin(hide_in(tx, *id, *now))).await
}

async fn hide_in(tx: &Tx, id: UserId, now: Time) -> Result<Ruled> {
    let is_last_administrator = is_last_administrator(tx, id).await?;
    let others = visible().filter(Column::Id.ne(id)).limit(1).count(tx).await? > 0;
    if is_last_administrator && others {
        return Ok(Ruled::LastAdministrator);
    }
    let hidden = Entity::update_many()
        .col_expr(Column::DeletedAt, now.into())
        .col_expr(Column::DisabledAt, Expr::col(Column::DisabledAt).if_null(now))
        // Not a possible address, so it is in nobody's way.
        .col_expr(Column::Email, format!("deleted {id}").into())
        .col_expr(Column::Name, "".into())
        .col_expr(Column::PasswordHash, "".into())
        .col_expr(Column::TokenVersion, Expr::col(Column::TokenVersion).add(1))
        .col_expr(Column::UpdatedAt, now.into())
        .filter(Column::Id.eq(id))
        .filter(Column::DeletedAt.is_null())
        .exec(tx)
        .await?;
    if hidden.rows_affected == 0 {
        return Ok(Ruled::Missing);
    }
    if !others {
        // The server is as it was before anybody came: the next first account administers it.
        meta::Entity::delete_by_id(FIRST_ADMINISTRATOR.to_owned()).exec(tx).await?;
    }
    Ok(Ruled::Done)
}

/// Accounts that are hidden and whose rows are still there.
pub async fn list_hidden(db: &Db) -> Result<Vec<UserId>> {
    Ok(Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::DeletedAt.is_not_null())
        .into_tuple()
        .all(db.read())
        .await?)
}

/// Removes a hidden account with all that is its own; any other one stays. A conversation that
/// cannot be removed keeps the account's row, and no other conversation.
pub async fn remove(db: &Db, id: UserId, now: Time) -> Result<()> {
    // A write, so that it waits for a delete whose commit is still on its way.
    let hidden = db.write(id, |tx, id| {
        let which = Column::Id.eq(*id).and(Column::DeletedAt.is_not_null());
        Box::pin(lock_all(tx, Condition::all().add(which)))
    });
    if hidden.await? == 0 {
        return Ok(());
    }
    let mut after = None;
    let mut failure = Ok(());
    loop {
        let conversations = trash::take_all(db, id, after, now).await?;
        let Some(last) = conversations.last().copied() else { break };
        after = Some(last);
        for conversation in conversations {
            match trash::remove(db, conversation).await {
                Err(error) if error.is_permanent() => failure = Err(error),
                result => result?,
            }
        }
    }
    failure?;
    remove_sessions(db, id).await?;
    while remove_keys(db, id).await? > 0 {}
    db.write(id, |tx, id| {
        Box::pin(async move {
            Entity::delete_many()
                .filter(Column::Id.eq(*id))
                .filter(Column::DeletedAt.is_not_null())
                .exec(tx)
                .await?;
            Ok(())
        })
    })
    .await
}

/// A login of a month has thousands of refresh tokens, so they go before their session does.
async fn remove_sessions(db: &Db, owner: UserId) -> Result<()> {
    loop {
        let sessions: Vec<SessionId> = session::Entity::find()
            .select_only()
            .column(session::Column::Id)
            .filter(session::Column::UserId.eq(owner))
            .limit(PAGE)
            .into_tuple()
            .all(db.read())
            .await?;
        if sessions.is_empty() {
            return Ok(());
        }
        while remove_tokens(db, sessions.clone()).await? > 0 {}
        db.write(sessions, |tx, ids| {
            Box::pin(async move {
                session::Entity::delete_many()
                    .filter(session::Column::Id.is_in(ids.iter().copied()))
                    .exec(tx)
                    .await?;
                Ok(())
            })
        })
        .await?;
    }
}

/// One step of removing refresh tokens: how many rows went.
pub(crate) async fn remove_tokens(db: &Db, sessions: Vec<SessionId>) -> Result<u64> {
    db.write(sessions, |tx, sessions| {
        Box::pin(async move {
            let hashes: Vec<Vec<u8>> = refresh_token::Entity::find()
                .select_only()
                .column(refresh_token::Column::Hash)
                .filter(refresh_token::Column::SessionId.is_in(sessions.iter().copied()))
                .limit(STEP)
                .into_tuple()
                .all(tx)
                .await?;
            if hashes.is_empty() {
                return Ok(0);
            }
            let gone = refresh_token::Entity::delete_many()
                .filter(refresh_token::Column::Hash.is_in(hashes))
                .exec(tx)
                .await?;
            Ok(gone.rows_affected)
        })
    })
    .await
}

/// One step of removing API keys and idempotency keys: how many rows went.
async fn remove_keys(db: &Db, owner: UserId) -> Result<u64> {
    db.write(owner, |tx, owner| {
        Box::pin(async move {
            let ids: Vec<ApiKeyId> = api_key::Entity::find()
                .select_only()
                .column(api_key::Column::Id)
                .filter(api_key::Column::UserId.eq(*owner))
                .limit(STEP)
                .into_tuple()
                .all(tx)
                .await?;
            let keys: Vec<String> = idempotency_key::Entity::find()
                .select_only()
                .column(idempotency_key::Column::Key)
                .filter(idempotency_key::Column::UserId.eq(*owner))
                .limit(STEP)
                .into_tuple()
                .all(tx)
                .await?;
            let mut gone = 0;
            if !ids.is_empty() {
                let delete = api_key::Entity::delete_many();
                let delete = delete.filter(api_key::Column::Id.is_in(ids));
                gone += delete.exec(tx).await?.rows_affected;
            }
            if !keys.is_empty() {
                let delete = idempotency_key::Entity::delete_many()
                    .filter(idempotency_key::Column::UserId.eq(*owner))
                    .filter(idempotency_key::Column::Key.is_in(keys));
                gone += delete.exec(tx).await?.rows_affected;
            }
            Ok(gone)
        })
    })
    .await
}
