//! Conversations. Lists never touch messages.

pub mod trash;

use models::conversation::{ActiveModel, Column, ConversationKind, Entity, Model, TitleSource};
use models::{ConversationId, MessageId, Time, UserId, response};
use sea_orm::sea_query::{Expr, ExprTrait, Order};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, UpdateMany,
};

use crate::db::{Db, Tx};
use crate::error::{CrudError, Result};
use crate::idempotency::{self, IdempotencyKey, Seen};
use crate::owned::Owned;
use crate::search_docs::{self, Terms};
use crate::{insert, messages};

/// A value of the column `version`.
pub type Version = i64;

/// How many conversations one step of a change of many takes, so that others get their turn.
const STEP: u64 = 200;

/// The conversations of `owner`, wherever they are and of every kind.
fn owned(owner: UserId) -> Condition {
    Condition::all().add(Column::UserId.eq(owner))
}

/// The kind that lists, searches and titles are for.
fn is_listed() -> Expr {
    Column::Kind.eq(ConversationKind::Chat)
}

/// The conversations of `owner` that are not deleted.
fn live(owner: UserId) -> Condition {
    owned(owner).add(Column::DeletedAt.is_null())
}

/// The conversations `owner` can see: the only way in for a query.
pub(crate) fn of(owner: UserId) -> Select<Entity> {
    Entity::find().filter(live(owner))
}

/// How storing a new conversation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpenOutcome {
    /// It is stored.
    New,
    /// The same was asked before with this key.
    Repeated(ConversationId),
    /// Something else was asked before with this key.
    KeyReused,
}

/// Stores a new conversation, unless `key` says that it was stored before.
pub async fn open(db: &Db, row: Model, key: Option<IdempotencyKey>) -> Result<OpenOutcome> {
    let run = |input: (Model, Option<IdempotencyKey>)| {
        let title = Terms::of(&input.0.title);
        db.write((input, title), |tx, ((row, key), title)| {
            Box::pin(open_in(tx, row, title, key.as_ref()))
        })
    };
    match run((row.clone(), key.clone())).await {
        // The same key at the same moment: look again.
        Err(CrudError::Conflict(_)) if key.is_some() => run((row, key)).await,
        result => result,
    }
}

async fn open_in(
    tx: &Tx,
    row: &Model,
    title: &Terms,
    key: Option<&IdempotencyKey>,
) -> Result<OpenOutcome> {
    match idempotency::check(tx, row.user_id, key, row.created_at).await? {
        Seen::New => {}
        Seen::Same(result) => {
            return Ok(result.parse().map_or(OpenOutcome::KeyReused, OpenOutcome::Repeated));
        }
        Seen::Other => return Ok(OpenOutcome::KeyReused),
    }
    insert_in(tx, row, title).await?;
    idempotency::keep(tx, row.user_id, key, row.created_at, row.id.to_string()).await?;
    Ok(OpenOutcome::New)
}

/// Stores a new conversation and what its title is found by, if it is of a kind that is found.
pub(crate) async fn insert_in(tx: &Tx, row: &Model, title: &Terms) -> Result<()> {
    insert::<ActiveModel, _>(tx, row.clone()).await?;
    if row.kind == ConversationKind::Chain {
        return Ok(());
    }
    search_docs::add_title(tx, row.user_id, row.id, title.clone()).await
}

/// Finds a conversation of `owner`, of every kind.
pub async fn find(db: &Db, owner: UserId, id: ConversationId) -> Result<Option<Owned<Model>>> {
    Ok(of(owner).filter(Column::Id.eq(id)).one(db.read()).await?.map(Owned::found))
}

/// Which conversations a list shows, and in which order; `None` shows both kinds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only archived ones, or only others.
    pub archived: Option<bool>,
    /// Only pinned ones, or only others.
    pub pinned: Option<bool>,
    /// What is in the trash instead.
    pub deleted: bool,
    /// In the opposite order.
    pub ascending: bool,
}

/// A page of `owner`'s conversations behind the place `after`: newest activity first, in the
/// trash what was deleted last. Chains are in no list.
pub async fn list(
    db: &Db,
    owner: UserId,
    filter: Filter,
    after: Option<(Time, ConversationId)>,
    limit: u64,
) -> Result<Vec<Model>> {
    let Filter { archived, pinned, deleted, ascending } = filter;
    let (mut query, order) = if deleted {
        (trash::of(owner), Column::DeletedAt)
    } else {
        (of(owner), Column::UpdatedAt)
    };
    query = query.filter(is_listed());
    query = match archived {
        Some(true) => query.filter(Column::ArchivedAt.is_not_null()),
        Some(false) => query.filter(Column::ArchivedAt.is_null()),
        None => query,
    };
    if let Some(pinned) = pinned {
        query = query.filter(Column::Pinned.eq(pinned));
    }
    if let Some((time, id)) = after {
        let (later, behind) = if ascending {
            (order.gt(time), Column::Id.gt(id))
        } else {
            (order.lt(time), Column::Id.lt(id))
        };
        let same_time = Condition::all().add(order.eq(time)).add(behind);
        query = query.filter(Condition::any().add(later).add(same_time));
    }
    let direction = if ascending { Order::Asc } else { Order::Desc };
    let query = query.order_by(order, direction.clone()).order_by(Column::Id, direction);
    Ok(query.limit(limit).all(db.read()).await?)
}

/// A page of `owner`'s conversations of every kind by id, after `after`: an order that activity
/// does not change.
pub async fn list_by_id(
    db: &Db,
    owner: UserId,
    after: Option<ConversationId>,
    limit: u64,
) -> Result<Vec<Owned<Model>>> {
    let mut query = of(owner);
    if let Some(after) = after {
        query = query.filter(Column::Id.gt(after));
    }
    let rows = query.order_by_asc(Column::Id).limit(limit).all(db.read()).await?;
    Ok(rows.into_iter().map(Owned::found).collect())
}

/// Changes to a conversation; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// New title and who wrote it.
    pub title: Option<(String, TitleSource)>,
    /// New default model.
    pub model: Option<Option<String>>,
    /// New instructions.
    pub instructions: Option<Option<String>>,
    /// Whether it is kept on top.
    pub pinned: Option<bool>,
    /// Whether it is put aside, and the time that is noted.
    pub archived: Option<(bool, Time)>,
    /// New pairs, as a JSON object.
    pub metadata: Option<Option<String>>,
    /// The message that the selected branch shall end with.
    pub head: Option<MessageId>,
}

impl Changes {
    fn update(self) -> UpdateMany<Entity> {
        let Self { title, model, instructions, pinned, archived, metadata, head } = self;
        let mut update =
            Entity::update_many().col_expr(Column::Version, Expr::col(Column::Version).add(1));
        if let Some((title, source)) = title {
            update = update
                .col_expr(Column::Title, title.into())
                .col_expr(Column::TitleSource, Expr::value(source));
        }
        if let Some(pinned) = pinned {
            update = update.col_expr(Column::Pinned, pinned.into());
        }
        if let Some((archived, now)) = archived {
            // What is archived already keeps its time.
            let since = if archived {
                Expr::col(Column::ArchivedAt).if_null(now)
            } else {
                Expr::value(Option::<Time>::None)
            };
            update = update.col_expr(Column::ArchivedAt, since);
        }
        if let Some(head) = head {
            update = update.col_expr(Column::HeadId, head.into());
        }
        let texts = [
            (Column::Model, model),
            (Column::Instructions, instructions),
            (Column::Metadata, metadata),
        ];
        for (column, text) in texts {
            if let Some(text) = text {
                update = update.col_expr(column, Expr::value(text));
            }
        }
        update
    }
}

/// How a change of a conversation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "returned once and taken apart at once")]
pub enum Changed {
    /// Made; the row as it is now.
    Done(Model),
    /// There is no such conversation.
    Missing,
    /// It has another version than the caller expected.
    Stale,
}

/// Changes a conversation of `owner` if it has one of the versions `expected`; `None` expects
/// nothing. Without changes only the expectation is checked.
pub async fn update(
    db: &Db,
    owner: UserId,
    id: ConversationId,
    expected: Option<Vec<Version>>,
    changes: Changes,
) -> Result<Changed> {
    if changes == Changes::default() {
        return Ok(match find(db, owner, id).await? {
            None => Changed::Missing,
            Some(row) if expected.is_none_or(|versions| versions.contains(&row.version)) => {
                Changed::Done(row.into_inner())
            }
            Some(_) => Changed::Stale,
        });
    }
    let title = changes.title.as_ref().map(|(title, _)| Terms::of(title));
    let input = (owner, id, expected, changes, title);
    db.write(input, |tx, (owner, id, expected, changes, title)| {
        let which = live(*owner).add(Column::Id.eq(*id));
        Box::pin(async move {
            let update = changes.clone().update();
            let outcome = changed(tx, update, which, expected.as_deref(), *id).await?;
            if let (Changed::Done(_), Some(head)) = (&outcome, changes.head)
                && messages::find_in(tx, *id, head).await?.is_none()
            {
                // Deleted since the caller found it. A delete waits for this row.
                return Err(CrudError::Serialization(sea_orm::DbErr::RecordNotUpdated));
            }
            if let (Changed::Done(_), Some(title)) = (&outcome, title) {
                search_docs::set_title(tx, *owner, *id, title.clone()).await?;
            }
            Ok(outcome)
        })
    })
    .await
}

/// Gives a conversation of `owner` the title a model has made, if it is still called by its first
/// line, and stores the response that made it. Whether it is called so now.
pub async fn set_model_title(
    db: &Db,
    owner: UserId,
    id: ConversationId,
    title: Option<String>,
    response: response::Model,
) -> Result<bool> {
    let title = title.map(|title| (Terms::of(&title), title));
    db.write((owner, id, title, response), |tx, (owner, id, title, response)| {
        Box::pin(async move {
            let mut is_set = false;
            if let Some((terms, title)) = title {
                let named = (title.clone(), TitleSource::Model);
                let update = Changes { title: Some(named), ..Changes::default() }.update();
                let updated = update
                    .filter(live(*owner).add(Column::Id.eq(*id)))
                    .filter(Column::TitleSource.eq(TitleSource::FirstLine))
                    .exec(tx)
                    .await?;
                is_set = updated.rows_affected == 1;
                if is_set {
                    search_docs::set_title(tx, *owner, *id, terms.clone()).await?;
                }
            }
            insert(tx, response.clone()).await?;
            Ok(is_set)
        })
    })
    .await
}

/// Runs an update of the one row `id` that `which` selects, if its version is expected.
async fn changed(
    tx: &Tx,
    update: UpdateMany<Entity>,
    which: Condition,
    expected: Option<&[Version]>,
    id: ConversationId,
) -> Result<Changed> {
    let mut conditional = update.filter(which.clone());
    if let Some(versions) = expected {
        conditional = conditional.filter(Column::Version.is_in(versions.iter().copied()));
    }
    if conditional.exec(tx).await?.rows_affected == 1 {
        let row = Entity::find_by_id(id).one(tx).await?;
        return Ok(row.map_or(Changed::Missing, Changed::Done));
    }
    let is_there = Entity::find().filter(which).one(tx).await?.is_some();
    Ok(if is_there { Changed::Stale } else { Changed::Missing })
}

/// Archives conversations of `owner` or takes them back into the list: these, or one step of all
/// that were made before `now`, to be called until there are none. The ids of those found.
pub async fn archive_some(
    db: &Db,
    owner: UserId,
    ids: Option<Vec<ConversationId>>,
    archived: bool,
    now: Time,
) -> Result<Vec<ConversationId>> {
    db.write((owner, ids), move |tx, (owner, ids)| {
        let differs =
            if archived { Column::ArchivedAt.is_null() } else { Column::ArchivedAt.is_not_null() };
        let which = match ids {
            Some(ids) => live(*owner).add(Column::Id.is_in(ids.iter().copied())),
            None => live(*owner).add(differs.clone()).add(Column::CreatedAt.lte(now)),
        };
        let changes = Changes { archived: Some((archived, now)), ..Changes::default() };
        let update = changes.update().filter(live(*owner)).filter(differs);
        Box::pin(async move {
            let found: Vec<ConversationId> = Entity::find()
                .select_only()
                .column(Column::Id)
                .filter(which)
                .limit(STEP)
                .into_tuple()
                .all(tx)
                .await?;
            if !found.is_empty() {
                update.filter(Column::Id.is_in(found.iter().copied())).exec(tx).await?;
            }
            Ok(found)
        })
    })
    .await
}
