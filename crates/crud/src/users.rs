//! What is done to accounts after they were made.

pub mod administration;
pub mod removal;
pub mod reset;

use models::user::{Column, Entity, Model, UserRole};
use models::{ApiKeyId, SessionId, Time, UserId, conversation, message, session};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, QueryTrait,
    Select, UpdateMany,
};

use crate::db::{Db, Tx};
use crate::error::{CrudError, Result};

/// The accounts that exist for anybody: the only way in for a query.
fn visible() -> Select<Entity> {
    Entity::find().filter(Column::DeletedAt.is_null())
}

/// Finds an account that is not deleted.
pub async fn find(db: &Db, id: UserId) -> Result<Option<Model>> {
    Ok(visible().filter(Column::Id.eq(id)).one(db.read()).await?)
}

/// Whether anybody has an account.
pub async fn is_anybody_there(db: &Db) -> Result<bool> {
    Ok(visible().limit(1).one(db.read()).await?.is_some())
}

/// How many bytes of text an account has: messages, what stands beside them, and what is said of
/// conversations; the trash included.
pub async fn stored_bytes(db: &Db, id: UserId) -> Result<u64> {
    let sum = |columns: &[&str]| {
        let lengths: Vec<String> =
            columns.iter().map(|column| format!("COALESCE(OCTET_LENGTH({column}), 0)")).collect();
        Expr::cust(format!("CAST(COALESCE(SUM({}), 0) AS SIGNED)", lengths.join(" + ")))
    };
    let own = || conversation::Entity::find().filter(conversation::Column::UserId.eq(id));
    let conversations: Option<i64> = own()
        .select_only()
        .expr_as(sum(&["title", "instructions", "metadata"]), "bytes")
        .into_tuple()
        .one(db.read())
        .await?;
    let ids = own().select_only().column(conversation::Column::Id).into_query();
    let messages: Option<i64> = message::Entity::find()
        .select_only()
        .expr_as(sum(&["content", "data"]), "bytes")
        .filter(message::Column::ConversationId.in_subquery(ids))
        .into_tuple()
        .one(db.read())
        .await?;
    let bytes = conversations.unwrap_or(0).saturating_add(messages.unwrap_or(0));
    Ok(u64::try_from(bytes).unwrap_or(0))
}

async fn is_taken(tx: &Tx, email: &str, except: UserId) -> Result<bool> {
    let others = Entity::find().filter(Column::Email.eq(email)).filter(Column::Id.ne(except));
    Ok(others.limit(1).count(tx).await? > 0)
}

/// How a change of an account ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// Made; the row as it is now.
    Done(Model),
    /// There is no such account.
    Missing,
    /// Another account has the address.
    EmailTaken,
}

/// How a change of what an account may do ended, or its deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruled {
    /// Made.
    Done,
    /// There is no such account.
    Missing,
    /// Nobody would administer the server.
    LastAdministrator,
}

/// What an account's owner may change of it; `None` leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub struct Profile {
    /// New display name.
    pub name: Option<String>,
    /// New address, in its canonical form.
    pub email: Option<String>,
}

/// Changes what an account says of its owner.
pub async fn update_profile(db: &Db, id: UserId, profile: Profile, now: Time) -> Result<Changed> {
    let updated = db.write((id, profile, now), |tx, (id, profile, now)| {
        Box::pin(async move {
            let Profile { name, email } = profile.clone();
            if let Some(email) = &email
                && is_taken(tx, email, *id).await?
            {
                return Ok(Changed::EmailTaken);
            }
            let mut update = update(*id).col_expr(Column::UpdatedAt, (*now).into());
            if let Some(name) = name {
                update = update.col_expr(Column::Name, name.into());
            }
            if let Some(email) = email {
                update = update.col_expr(Column::Email, email.into());
            }
            update.exec(tx).await?;
            after_change(tx, *id).await
        })
    });
    match updated.await {
        Err(CrudError::Conflict(_)) => Ok(Changed::EmailTaken),
        result => result,
    }
}

fn update(id: UserId) -> UpdateMany<Entity> {
    Entity::update_many().filter(Column::Id.eq(id)).filter(Column::DeletedAt.is_null())
}

async fn after_change(tx: &Tx, id: UserId) -> Result<Changed> {
    let row = visible().filter(Column::Id.eq(id)).one(tx).await?;
    Ok(row.map_or(Changed::Missing, Changed::Done))
}

/// A new password.
#[derive(Debug, Clone)]
pub struct NewPassword {
    /// Whose.
    pub user: UserId,
    /// The hash it replaces; whatever is there if `None`.
    pub old_hash: Option<String>,
    /// Its hash.
    pub hash: String,
    /// The one session that goes on.
    pub keep: Option<SessionId>,
    /// Whether keys end, too, but for this one.
    pub end_keys: Option<Option<ApiKeyId>>,
    /// The current time.
    pub now: Time,
}

/// Replaces a password and ends the sessions; `false` when the password was another one, or there
/// is no such account.
pub async fn change_password(db: &Db, new: NewPassword) -> Result<bool> {
    db.write(new, |tx, new| {
        Box::pin(async move {
            let NewPassword { user, old_hash, hash, keep, end_keys, now } = new.clone();
            let mut replace = update(user)
                .col_expr(Column::PasswordHash, hash.into())
                .col_expr(Column::UpdatedAt, now.into());
            if let Some(old) = old_hash {
                replace = replace.filter(Column::PasswordHash.eq(old));
            }
            if replace.exec(tx).await?.rows_affected == 0 {
                return Ok(false);
            }
            end_sessions(tx, user, keep, now).await?;
            if let Some(keep) = end_keys {
                crate::keys::end_all(tx, user, keep, now).await?;
            }
            Ok(true)
        })
    })
    .await
}

/// Ends the sessions of an account, but for `keep`, and the link to a new password, if there is one.
async fn end_sessions(tx: &Tx, user: UserId, keep: Option<SessionId>, now: Time) -> Result<()> {
    let mut end = session::Entity::update_many()
        .col_expr(session::Column::RevokedAt, now.into())
        .filter(session::Column::UserId.eq(user))
        .filter(session::Column::RevokedAt.is_null());
    if let Some(keep) = keep {
        end = end.filter(session::Column::Id.ne(keep));
    }
    end.exec(tx).await?;
    reset::remove(tx, user).await
}

/// Whether nobody but this account administers the server. Those who ask wait for each other until
/// the end of the transaction, so that two administrators cannot both leave.
async fn is_last_administrator(tx: &Tx, id: UserId) -> Result<bool> {
    let active = || {
        Condition::all()
            .add(Column::Role.eq(UserRole::Admin))
            .add(Column::DisabledAt.is_null())
            .add(Column::DeletedAt.is_null())
    };
    crate::accounts::lock_all(tx, active()).await?;
    let administrators: Vec<UserId> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(active())
        .limit(2)
        .into_tuple()
        .all(tx)
        .await?;
    Ok(administrators == [id])
}
