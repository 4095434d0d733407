//! What operators do to accounts.

use models::user::{Column, Model, UserRole};
use models::{Time, UserId};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{Ruled, end_sessions, is_last_administrator, is_taken, update, visible};
use crate::accounts::note_administrator;
use crate::db::{Db, Tx};
use crate::error::{CrudError, Result};
use crate::insert;

/// A page of accounts, oldest first, behind the account `after`.
pub async fn list(db: &Db, after: Option<UserId>, limit: u64) -> Result<Vec<Model>> {
    let mut query = visible();
    if let Some(after) = after {
        query = query.filter(Column::Id.gt(after));
    }
    Ok(query.order_by_asc(Column::Id).limit(limit).all(db.read()).await?)
}

/// Stores an account that an administrator made; `false` when another one has its address.
pub async fn add(db: &Db, user: Model) -> Result<bool> {
    let run = |user: Model| db.write(user, |tx, user| Box::pin(add_in(tx, user)));
    match run(user.clone()).await {
        // Another request took the address, or the administrator's place, meanwhile: look again.
        Err(CrudError::Conflict(_)) => run(user).await,
        result => result,
    }
}

async fn add_in(tx: &Tx, user: &Model) -> Result<bool> {
    if is_taken(tx, &user.email, user.id).await? {
        return Ok(false);
    }
    insert(tx, user.clone()).await?;
    if user.role == UserRole::Admin {
        note_administrator(tx, user.id).await?;
    }
    Ok(true)
}

/// Gives an account a role.
pub async fn set_role(db: &Db, id: UserId, role: UserRole, now: Time) -> Result<Ruled> {
    let run = || {
        db.write((id, role, now), |tx, (id, role, now)| Box::pin(set_role_in(tx, *id, *role, *now)))
    };
    match run().await {
        // Another user became the first administrator at the same moment: look again.
        Err(CrudError::Conflict(_)) => run().await,
        result => result,
    }
}

async fn set_role_in(tx: &Tx, id: UserId, role: UserRole, now: Time) -> Result<Ruled> {
    if role == UserRole::User && is_last_administrator(tx, id).await? {
        return Ok(Ruled::LastAdministrator);
    }
    let change = update(id)
        .col_expr(Column::Role, Expr::value(role))
        .col_expr(Column::UpdatedAt, now.into());
    if change.exec(tx).await?.rows_affected == 0 {
        return Ok(Ruled::Missing);
    }
    if role == UserRole::Admin {
        note_administrator(tx, id).await?;
        // The administrator who made it for an ordinary account was not asked for a password.
        super::reset::remove(tx, id).await?;
    }
    Ok(Ruled::Done)
}

/// Keeps everybody out of an account and ends its sessions, or lets its owner in again.
pub async fn set_disabled(db: &Db, id: UserId, disabled: bool, now: Time) -> Result<Ruled> {
    db.write((id, disabled, now), |tx, (id, disabled, now)| {
        Box::pin(set_disabled_in(tx, *id, *disabled, *now))
    })
    .await
}

async fn set_disabled_in(tx: &Tx, id: UserId, disabled: bool, now: Time) -> Result<Ruled> {
    if disabled && is_last_administrator(tx, id).await? {
        return Ok(Ruled::LastAdministrator);
    }
    let since = if disabled {
        // Who is disabled already keeps the time of it.
        Expr::col(Column::DisabledAt).if_null(now)
    } else {
        Expr::value(Option::<Time>::None)
    };
    let change =
        update(id).col_expr(Column::DisabledAt, since).col_expr(Column::UpdatedAt, now.into());
    if change.exec(tx).await?.rows_affected == 0 {
        return Ok(Ruled::Missing);
    }
    if disabled {
        end_sessions(tx, id, None, now).await?;
    }
    Ok(Ruled::Done)
}
