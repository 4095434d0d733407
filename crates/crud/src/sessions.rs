//! Logins and their refresh tokens.

use std::time::Duration;

use models::{SessionId, Time, UserId, refresh_token, session, user};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
};

use crate::accounts::{self, with_owner};
use crate::db::{Db, Tx};
use crate::error::Result;
use crate::{expiry, insert, users};

/// The most sessions a list shows.
const LIST_LIMIT: u64 = 200;
/// How many sessions are removed at once.
const PURGE_STEP: u64 = 100;

/// What a request needs to know of the session it was made with.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct SessionBearer {
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

/// A login whose password was found to be right.
#[derive(Debug, Clone)]
pub struct Login {
    /// The hash that the password was checked against.
    pub password_hash: String,
    /// The new session.
    pub session: session::Model,
    /// Its first refresh token.
    pub refresh: refresh_token::Model,
}

/// Stores a login; `false` when the account got another password since it was checked, or lets
/// nobody in any more: what ends all sessions ends those that were about to begin, too.
pub async fn log_in(db: &Db, login: Login) -> Result<bool> {
    db.write(login, |tx, login| {
        Box::pin(async move {
            let Login { password_hash, session, refresh } = login.clone();
            let same = Condition::all()
                .add(user::Column::Id.eq(session.user_id))
                .add(user::Column::PasswordHash.eq(password_hash))
                .add(user::Column::DisabledAt.is_null())
                .add(user::Column::DeletedAt.is_null());
            if accounts::lock_all(tx, same).await? == 0 {
                return Ok(false);
            }
            insert(tx, session).await?;
            insert(tx, refresh).await?;
            Ok(true)
        })
    })
    .await
}

/// Where the newest live sessions began of the account with this e-mail address, if there is one.
/// One query either way, so that its time says nothing about the account.
pub async fn addresses(db: &Db, email: &str, now: Time) -> Result<Vec<String>> {
    let query = session::Entity::find()
        .select_only()
        .column(session::Column::Address)
        .filter(session::Column::RevokedAt.is_null())
        .filter(session::Column::ExpiresAt.gt(now))
        .filter(user::Column::Email.eq(email))
        .order_by_desc(session::Column::LastUsedAt)
        .limit(LIST_LIMIT);
    let query = with_owner(query, session::Column::UserId);
    Ok(query.into_tuple().all(db.read()).await?)
}

/// Reads the state of a session and its owner, in one query.
pub async fn find_bearer(db: &Db, id: SessionId) -> Result<Option<SessionBearer>> {
    let query = session::Entity::find()
        .select_only()
        .columns([session::Column::UserId, session::Column::ExpiresAt, session::Column::RevokedAt])
        .column(user::Column::Role)
        .column(user::Column::TokenVersion)
        .column(user::Column::DisabledAt)
        .filter(session::Column::Id.eq(id));
    let query = with_owner(query, session::Column::UserId);
    Ok(query.into_model::<SessionBearer>().one(db.read()).await?)
}

/// Those of the sessions `ids` that have not ended, with their owners' token versions.
pub async fn list_live(db: &Db, ids: Vec<SessionId>, now: Time) -> Result<Vec<(SessionId, i32)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let query = session::Entity::find()
        .select_only()
        .column(session::Column::Id)
        .column(user::Column::TokenVersion)
        .filter(session::Column::Id.is_in(ids))
        .filter(session::Column::RevokedAt.is_null())
        .filter(session::Column::ExpiresAt.gt(now))
        .filter(user::Column::DisabledAt.is_null());
    let query = with_owner(query, session::Column::UserId);
    Ok(query.into_tuple().all(db.read()).await?)
}

/// An attempt to exchange a refresh token.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Hashes: of the token presented, of its successor, of the successor of that, and so on, as
    /// far as is looked.
    pub chain: Vec<Vec<u8>>,
    /// When a new token expires.
    pub new_expires_at: Time,
    /// The current time.
    pub now: Time,
    /// How long after its use a token may be presented again: by another tab of the same browser,
    /// or because the answer was lost.
    pub grace: Duration,
}

/// How an exchange ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exchanged {
    /// The token at this place of the chain is valid; the session and its owner.
    Renewed(usize, Box<(session::Model, user::Model)>),
    /// No such token, or its time is over.
    Invalid,
    /// The token was used before, too long ago: the session was ended.
    Reused(SessionId),
}

/// Exchanges a refresh token for its successor. All who present it within the grace get the same:
/// the newest of its chain.
pub async fn exchange(db: &Db, exchange: Exchange) -> Result<Exchanged> {
    db.write(exchange, |tx, exchange| Box::pin(exchange_in(tx, exchange))).await
}

async fn exchange_in(tx: &Tx, exchange: &Exchange) -> Result<Exchanged> {
    let Exchange { chain, now, .. } = exchange;
    let Some(presented) = chain.first() else { return Ok(Exchanged::Invalid) };
    let Some(token) = refresh_token::Entity::find_by_id(presented.clone()).one(tx).await? else {
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
    match newest(tx, session.id, exchange).await? {
        Newest::At(place) => Ok(Exchanged::Renewed(place, Box::new((session, owner)))),
        Newest::TooFar => Ok(Exchanged::Invalid),
        Newest::Stale => end_reused(tx, session.id, *now).await,
    }
}

/// Where a chain of tokens ends.
enum Newest {
    /// At this place, which was not used.
    At(usize),
    /// Beyond what was looked at.
    TooFar,
    /// A token of it was used longer ago than the grace.
    Stale,
}

/// Follows the chain from the token presented, which is spent if nobody has done so, to the first
/// that nobody has used; one that is not there is stored. The caller holds the session's row.
async fn newest(tx: &Tx, session_id: SessionId, exchange: &Exchange) -> Result<Newest> {
    let Exchange { chain, new_expires_at, now, grace } = exchange;
    for (place, hash) in chain.iter().enumerate() {
        // What was read before the lock may be old: this is what the last rival left.
        let token = refresh_token::Entity::find_by_id(hash.clone()).one(tx).await?;
        let Some(token) = token else {
            let row = refresh_token::Model {
                hash: hash.clone(),
                session_id,
                used_at: None,
                successor: None,
                expires_at: *new_expires_at,
                created_at: *now,
            };
            insert(tx, row).await?;
            return Ok(Newest::At(place));
        };
        match token.used_at {
            None if place > 0 => return Ok(Newest::At(place)),
            None => {
                let next = chain.get(place + 1).cloned();
                refresh_token::Entity::update_many()
                    .col_expr(refresh_token::Column::UsedAt, (*now).into())
                    .col_expr(refresh_token::Column::Successor, next.into())
                    .filter(refresh_token::Column::Hash.eq(hash.clone()))
                    .exec(tx)
                    .await?;
            }
            Some(used_at) => {
                let since = now.signed_duration_since(used_at).to_std().unwrap_or_default();
                if since > *grace {
                    return Ok(Newest::Stale);
                }
            }
        }
    }
    Ok(Newest::TooFar)
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

/// When the session ended, or will end, that was or will be the first to do so; `None` if there
/// are none.
pub async fn first_end(db: &Db) -> Result<Option<Time>> {
    let end = expiry::first::<session::Entity>(db, session::Column::ExpiresAt).await?;
    let revocation = expiry::first::<session::Entity>(db, session::Column::RevokedAt).await?;
    Ok([end, revocation].into_iter().flatten().min())
}

/// Removes up to 100 sessions that ended before `until`, with their tokens, which go first and in
/// steps: a login of a month has thousands. How many sessions it were.
pub async fn purge(db: &Db, until: Time) -> Result<u64> {
    let ended = || {
        Condition::any()
            .add(session::Column::ExpiresAt.lte(until))
            .add(session::Column::RevokedAt.lte(until))
    };
    let query = session::Entity::find().select_only().column(session::Column::Id);
    let query = query.filter(ended()).limit(PURGE_STEP);
    let ids: Vec<SessionId> = query.into_tuple().all(db.read()).await?;
    if ids.is_empty() {
        return Ok(0);
    }
    while users::removal::remove_tokens(db, ids.clone()).await? > 0 {}
    db.write(ids, |tx, ids| {
        Box::pin(async move {
            let these = session::Column::Id.is_in(ids.iter().copied());
            Ok(session::Entity::delete_many().filter(these).exec(tx).await?.rows_affected)
        })
    })
    .await
}

/// When the next refresh token expires, or has expired; `None` if there are none.
pub async fn first_token_end(db: &Db) -> Result<Option<Time>> {
    expiry::first::<refresh_token::Entity>(db, refresh_token::Column::ExpiresAt).await
}

/// Removes up to 1,000 refresh tokens that have expired: they can neither be exchanged nor give a
/// theft away any more. How many it were.
pub async fn purge_tokens(db: &Db, now: Time) -> Result<u64> {
    db.write(now, |tx, now| {
        Box::pin(async move {
            let column = refresh_token::Column::ExpiresAt;
            let hashes: Vec<Vec<u8>> = refresh_token::Entity::find()
                .select_only()
                .column(refresh_token::Column::Hash)
                .filter(column.lte(*now))
                .limit(10 * PURGE_STEP)
                .into_tuple()
                .all(tx)
                .await?;
            if hashes.is_empty() {
                return Ok(0);
            }
            let these = refresh_token::Column::Hash.is_in(hashes);
            Ok(refresh_token::Entity::delete_many().filter(these).exec(tx).await?.rows_affected)
        })
    })
    .await
}
