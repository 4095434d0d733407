//! Users, and the one transaction that makes an account.

use models::{Time, UserId, meta, refresh_token, session, user};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, Select,
};

use crate::db::{Db, Tx};
use crate::error::{CrudError, Result};
use crate::{insert, invitations};

/// The row of `meta` that says who became the first administrator; its uniqueness is the guard.
pub(crate) const FIRST_ADMINISTRATOR: &str = "first_administrator";
/// The row of `meta` with the seed of the set-up code, while nobody became the administrator.
const SETUP_SEED: &str = "setup_seed";

/// What lets an account be made that not everybody could make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Nothing: an ordinary account.
    None,
    /// The set-up code that was made from this seed.
    Setup(String),
    /// The invitation whose token has this hash.
    Invitation(Vec<u8>),
}

/// A new account with its first session.
#[derive(Debug, Clone)]
pub struct SignUp {
    /// The account; its role is decided by `claim`.
    pub user: user::Model,
    /// Its first session.
    pub session: session::Model,
    /// The session's first refresh token.
    pub refresh: refresh_token::Model,
    /// Why it should be the administrator.
    pub claim: Claim,
}

/// How a sign-up ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignedUp {
    /// The account exists now.
    Created(user::Model),
    /// Another account has the address.
    EmailTaken,
    /// The set-up code was used meanwhile.
    SetupUsed,
    /// The invitation was used up meanwhile, or is not for this address.
    InvitationUsed,
}

/// Makes an account and logs it in.
pub async fn sign_up(db: &Db, new: SignUp) -> Result<SignedUp> {
    let run = |new: SignUp| db.write(new, |tx, new| Box::pin(sign_up_in(tx, new)));
    match run(new.clone()).await {
        // Another request took the address, or the administrator's place, meanwhile: look again.
        Err(CrudError::Conflict(_)) => run(new).await,
        result => result,
    }
}

async fn sign_up_in(tx: &Tx, new: &SignUp) -> Result<SignedUp> {
    let same_email = user::Entity::find().filter(user::Column::Email.eq(&new.user.email));
    if same_email.one(tx).await?.is_some() {
        return Ok(SignedUp::EmailTaken);
    }
    let mut account = new.user.clone();
    match &new.claim {
        Claim::None => {}
        Claim::Setup(seed) => {
            if fact(tx, SETUP_SEED).await?.as_ref() != Some(seed) || has_administrator(tx).await? {
                return Ok(SignedUp::SetupUsed);
            }
            // Of two at the same moment the later one fails here, looks again and finds it used.
            claim_administration(tx, account.id).await?;
            account.role = user::UserRole::Admin;
        }
        Claim::Invitation(hash) => {
            let now = account.created_at;
            match invitations::spend(tx, hash.clone(), &account.email, now).await? {
                Some(role) => account.role = role,
                None => return Ok(SignedUp::InvitationUsed),
            }
        }
    }
    if account.role == user::UserRole::Admin {
        note_administrator(tx, account.id).await?;
    }
    insert(tx, account.clone()).await?;
    insert(tx, new.session.clone()).await?;
    insert(tx, new.refresh.clone()).await?;
    Ok(SignedUp::Created(account))
}

/// Whether there has been a first administrator.
async fn has_administrator(tx: &Tx) -> Result<bool> {
    Ok(fact(tx, FIRST_ADMINISTRATOR).await?.is_some())
}

/// Says that a user has become an administrator: the first one makes the set-up code void.
pub(crate) async fn note_administrator(tx: &Tx, id: UserId) -> Result<()> {
    if has_administrator(tx).await? { Ok(()) } else { claim_administration(tx, id).await }
}

/// Says who becomes the first administrator; a conflict when another user did.
async fn claim_administration(tx: &Tx, id: UserId) -> Result<()> {
    let row = meta::Model { name: FIRST_ADMINISTRATOR.to_owned(), value: id.to_string() };
    insert(tx, row).await?;
    meta::Entity::delete_by_id(SETUP_SEED.to_owned()).exec(tx).await?;
    Ok(())
}

async fn fact(tx: &Tx, name: &str) -> Result<Option<String>> {
    Ok(meta::Entity::find_by_id(name.to_owned()).one(tx).await?.map(|row| row.value))
}

/// Whether an administrator was ever made through first-run set-up.
pub async fn has_first_administrator(db: &Db) -> Result<bool> {
    let count = meta::Entity::find_by_id(FIRST_ADMINISTRATOR.to_owned()).count(db.read()).await?;
    Ok(count > 0)
}

/// The seed of the set-up code; none when there is an administrator, or no server has started since
/// the last one left.
pub async fn find_setup_seed(db: &Db) -> Result<Option<String>> {
    let row = meta::Entity::find_by_id(SETUP_SEED.to_owned()).one(db.read()).await?;
    Ok(row.map(|row| row.value))
}

/// The seed of the set-up code, which is `fresh` if there was none; none when a user became the
/// administrator.
pub async fn keep_setup_seed(db: &Db, fresh: String) -> Result<Option<String>> {
    let run = |fresh: String| db.write(fresh, |tx, fresh| Box::pin(keep_setup_seed_in(tx, fresh)));
    match run(fresh.clone()).await {
        // Another server was quicker: its seed counts.
        Err(CrudError::Conflict(_)) => run(fresh).await,
        result => result,
    }
}

async fn keep_setup_seed_in(tx: &Tx, fresh: &str) -> Result<Option<String>> {
    if has_administrator(tx).await? {
        return Ok(None);
    }
    let known = fact(tx, SETUP_SEED).await?;
    if known.is_none() {
        let row = meta::Model { name: SETUP_SEED.to_owned(), value: fresh.to_owned() };
        insert(tx, row).await?;
    }
    Ok(Some(known.unwrap_or_else(|| fresh.to_owned())))
}

/// Whether an account has this canonical e-mail address.
pub async fn is_email_taken(db: &Db, email: &str) -> Result<bool> {
    let same = user::Entity::find().filter(user::Column::Email.eq(email));
    Ok(same.count(db.read()).await? > 0)
}

/// Makes transactions about one account wait for each other until they end; `false` when there is
/// no such account.
pub(crate) async fn lock(tx: &Tx, id: UserId) -> Result<bool> {
    Ok(lock_all(tx, Condition::all().add(user::Column::Id.eq(id))).await? == 1)
}

/// The same for all accounts that `which` selects; how many there are.
pub(crate) async fn lock_all(tx: &Tx, which: Condition) -> Result<u64> {
    // Without a change there is still a lock, and a row that was found still counts.
    let locked = user::Entity::update_many()
        .col_expr(user::Column::TokenVersion, Expr::col(user::Column::TokenVersion))
        .filter(which)
        .exec(tx)
        .await?;
    Ok(locked.rows_affected)
}

/// Joins the owner of rows; the entities have no relations.
pub(crate) fn with_owner<E: EntityTrait>(query: Select<E>, owner: E::Column) -> Select<E> {
    let mut query = query;
    let same = Expr::col((user::Entity, user::Column::Id)).equals((E::default(), owner));
    QuerySelect::query(&mut query).inner_join(user::Entity, same);
    query
}

/// Finds an account by its canonical e-mail address.
pub async fn find_by_email(db: &Db, email: &str) -> Result<Option<user::Model>> {
    Ok(user::Entity::find().filter(user::Column::Email.eq(email)).one(db.read()).await?)
}

/// Replaces the password hash, when its parameters have changed, if nobody else did so since.
pub async fn replace_password_hash(
    db: &Db,
    id: UserId,
    old: String,
    new: String,
    now: Time,
) -> Result<()> {
    db.write((id, old, new, now), |tx, (id, old, new, now)| {
        Box::pin(async move {
            user::Entity::update_many()
                .col_expr(user::Column::PasswordHash, new.clone().into())
                .col_expr(user::Column::UpdatedAt, (*now).into())
                .filter(user::Column::Id.eq(*id))
                .filter(user::Column::PasswordHash.eq(old))
                .exec(tx)
                .await?;
            Ok(())
        })
    })
    .await
}
