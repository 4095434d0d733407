//! Logins and their refresh tokens.

use std::time::Duration;

use models::{SessionId, Time, UserId, refresh_token, session, user};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::accounts::with_owner;
use crate::db::{Db, Tx};
use crate::error::Result;
use crate::insert;

/// The most sessions a list shows.
const LIST_LIMIT: u64 = 200;

/// What a request needs to know of the session it was made with.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Bearer {
    /// Whose session it is.
    pub user_id: UserId,
    /// What its owner may do.
    pub role: user::UserRole,
    /// The owner's token version.
    pub token_version: i32,
    /// When the owner was disabled.
    pub disabled_at: Option<Time>,
    /// When the session ends.
    pub expires_at: Time,
    /// When it was ended early.
    pub revoked_at: Option<Time>,
}

/// Stores a login.
pub async fn log_in(db: &Db, session: session::Model, refresh: refresh_token::Model) -> Result<()> {
    db.write((session, refresh), |tx, (session, refresh)| {
        Box::pin(async move {
            insert(tx, session.clone()).await?;
            insert(tx, refresh.clone()).await
        })
    })
    .await
}

/// Whether the account with this address, if there is one, has a live session that began at
/// `address`. One query either way, so that its time says nothing about the account.
pub async fn is_known(db: &Db, email: &str, address: &str, now: Time) -> Result<bool> {
    let query = session::Entity::find()
        .filter(session::Column::Address.eq(address))
        .filter(session::Column::RevokedAt.is_null())
        .filter(session::Column::ExpiresAt.gt(now))
        .filter(user::Column::Email.eq(email))
        .limit(1);
    Ok(with_owner(query, session::Column::UserId).count(db.read()).await? > 0)
}

/// Reads the state of a session and its owner, in one query.
pub async fn find_bearer(db: &Db, id: SessionId) -> Result<Option<Bearer>> {
    let query = session::Entity::find()
        .select_only()
        .columns([session::Column::UserId, session::Column::ExpiresAt, session::Column::RevokedAt])
        .column(user::Column::Role)
        .column(user::Column::TokenVersion)
        .column(user::Column::DisabledAt)
        .filter(session::Column::Id.eq(id));
    let query = with_owner(query, session::Column::UserId);
    Ok(query.into_model::<Bearer>().one(db.read()).await?)
}

/// Those of the sessions `ids` that were not ended, with their owners' token versions.
pub async fn list_live(db: &Db, ids: Vec<SessionId>) -> Result<Vec<(SessionId, i32)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let query = session::Entity::find()
        .select_only()
        .column(session::Column::Id)
        .column(user::Column::TokenVersion)
        .filter(session::Column::Id.is_in(ids))
        .filter(session::Column::RevokedAt.is_null())
        .filter(user::Column::DisabledAt.is_null());
    let query = with_owner(query, session::Column::UserId);
    Ok(query.into_tuple().all(db.read()).await?)
}

/// An attempt to exchange a refresh token.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Hash of the token presented.
    pub hash: Vec<u8>,
    /// Hash of the token to be issued.
    pub new_hash: Vec<u8>,
    /// When the new token expires.
    pub new_expires_at: Time,
    /// The current time.
    pub now: Time,
    /// How long after its use a token may be presented again, as long as its successor was not
    /// used: the client did not get the answer.
    pub grace: Duration,
}

/// How an exchange ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exchanged {
    /// The new token is valid; the session and its owner.
    Renewed(Box<(session::Model, user::Model)>),
    /// No such token, or its time is over.
    Invalid,
    /// The token was used before: the session was ended.
    Reused(SessionId),
}

/// Exchanges a refresh token for its successor.
pub async fn exchange(db: &Db, exchange: Exchange) -> Result<Exchanged> {
    db.write(exchange, |tx, exchange| Box::pin(exchange_in(tx, exchange))).await
}

async fn exchange_in(tx: &Tx, exchange: &Exchange) -> Result<Exchanged> {
    let Exchange { hash, new_hash, new_expires_at, now, grace } = exchange;
    let find_token = || refresh_token::Entity::find_by_id(hash.clone()).one(tx);
    let Some(token) = find_token().await? else {
        return Ok(Exchanged::Invalid);
    };
    let Some(session) = session::Entity::find_by_id(token.session_id).one(tx).await? else {
        return Ok(Exchanged::Invalid);
    };
    let Some(owner) = user::Entity::find_by_id(session.user_id).one(tx).await? else {
        return Ok(Exchanged::Invalid);
    };
    let ended = session.expires_at <= *now || owner.disabled_at.is_some();
    // The parent row first: rivals of the same session wait here for each other.
    if ended || token.expires_at <= *now || !touch(tx, session.id, *now).await? {
        return Ok(Exchanged::Invalid);
    }
    // What was read before the lock may be old: this is what the last rival left.
    let Some(token) = find_token().await? else {
        return Ok(Exchanged::Invalid);
    };
    let live = match token.used_at {
        None => hash.clone(),
        Some(used_at) => {
            let since = now.signed_duration_since(used_at).to_std().unwrap_or_default();
            match token.successor {
                Some(successor) if since <= *grace => successor,
                _ => return end_reused(tx, session.id, *now).await,
            }
        }
    };
    let spent = refresh_token::Entity::update_many()
        .col_expr(refresh_token::Column::UsedAt, (*now).into())
        .col_expr(refresh_token::Column::Successor, new_hash.clone().into())
        .filter(refresh_token::Column::Hash.eq(live))
        .filter(refresh_token::Column::UsedAt.is_null())
        .exec(tx)
        .await?;
    if spent.rows_affected != 1 {
        return end_reused(tx, session.id, *now).await;
    }
    // After a lost answer the presented token points at the newest one, so that any number of
    // tabs that refresh at the same moment are forgiven, not only the first two.
    refresh_token::Entity::update_many()
        .col_expr(refresh_token::Column::Successor, new_hash.clone().into())
        .filter(refresh_token::Column::Hash.eq(hash.clone()))
        .exec(tx)
        .await?;
    let row = refresh_token::Model {
        hash: new_hash.clone(),
        session_id: session.id,
        used_at: None,
        successor: None,
        expires_at: *new_expires_at,
        created_at: *now,
    };
    insert(tx, row).await?;
    Ok(Exchanged::Renewed(Box::new((session, owner))))
}

/// Notes the use of a session; `false` when it was ended.
async fn touch(tx: &Tx, id: SessionId, now: Time) -> Result<bool> {
    let touched = session::Entity::update_many()
        .col_expr(session::Column::LastUsedAt, now.into())
        .filter(session::Column::Id.eq(id))
        .filter(session::Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    Ok(touched.rows_affected == 1)
}

async fn end_reused(tx: &Tx, id: SessionId, now: Time) -> Result<Exchanged> {
    session::Entity::update_many()
        .col_expr(session::Column::RevokedAt, now.into())
        .filter(session::Column::Id.eq(id))
        .filter(session::Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    Ok(Exchanged::Reused(id))
}

/// The live sessions of `owner`, newest use first.
pub async fn list(db: &Db, owner: UserId, now: Time) -> Result<Vec<session::Model>> {
    Ok(session::Entity::find()
        .filter(session::Column::UserId.eq(owner))
        .filter(session::Column::RevokedAt.is_null())
        .filter(session::Column::ExpiresAt.gt(now))
        .order_by_desc(session::Column::LastUsedAt)
        .limit(LIST_LIMIT)
        .all(db.read())
        .await?)
}

/// Ends a session of `owner`; whether there was a live one.
pub async fn revoke(db: &Db, owner: UserId, id: SessionId, now: Time) -> Result<bool> {
    db.write((owner, id, now), |tx, (owner, id, now)| {
        Box::pin(async move {
            let revoked = session::Entity::update_many()
                .col_expr(session::Column::RevokedAt, (*now).into())
                .filter(session::Column::UserId.eq(*owner))
                .filter(session::Column::Id.eq(*id))
                .filter(session::Column::RevokedAt.is_null())
                .exec(tx)
                .await?;
            Ok(revoked.rows_affected == 1)
        })
    })
    .await
}
