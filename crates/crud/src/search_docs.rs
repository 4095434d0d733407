//! What can be found: a row for every message and title, written in the transaction of the text
//! itself and removed with it by a foreign key. On `SQLite` triggers keep a word index of it.

mod backlog;

use models::conversation::ConversationKind;
use models::message::{MessageType, Role};
use models::search_doc::{Column, Entity, Model};
use models::{ConversationId, MessageId, Time, UserId, conversation, message};
use sea_orm::sea_query::{Expr, ExprTrait, Func, Query};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ConnectionTrait, DbErr, EntityTrait,
    FromQueryResult, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, RuntimeErr,
};
use search::{MAX_TEXT_CHARS, Term};

pub use backlog::{Pace, Progress, index_some};

use crate::db::{Db, Tx};
use crate::dialect;
use crate::error::Result;
use crate::in_statements;

/// How many statements look for rows, where each may look at some only.
const SCANS: usize = 5;

/// The terms of a text as they are stored. To be made before the transaction that stores them:
/// nobody else shall wait for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Terms(String);

impl Terms {
    pub(crate) fn of(text: &str) -> Self {
        let mut stored = String::new();
        for term in search::terms(text) {
            stored.push(' ');
            stored.push_str(&term);
        }
        if !stored.is_empty() {
            stored.push(' ');
        }
        Self(stored)
    }

    /// The first of them, as many as have no more than `limit` bytes.
    pub(crate) fn within(mut self, limit: usize) -> Self {
        if self.0.len() > limit {
            let end = self.0.floor_char_boundary(limit);
            let last = self.0.get(..end).and_then(|fitting| fitting.rfind(' '));
            self.0.truncate(last.map_or(0, |last| last + 1));
        }
        self
    }
}

/// Makes texts of a conversation of `owner` found: of the messages with these numbers.
pub(crate) async fn add_messages(
    tx: &Tx,
    owner: UserId,
    conversation: ConversationId,
    texts: impl IntoIterator<Item = (i64, Terms)>,
) -> Result<()> {
    let texts = texts.into_iter().map(|(seq, terms)| (Some(seq), terms));
    add(tx, owner, conversation, texts).await
}

/// Makes a stored message found by its text instead of the one it had.
pub(crate) async fn replace_message(
    tx: &Tx,
    owner: UserId,
    conversation: ConversationId,
    id: MessageId,
    terms: Terms,
) -> Result<()> {
    let its_number = Query::select()
        .column(message::Column::Seq)
        .from(message::Entity)
        .and_where(message::Column::ConversationId.eq(conversation))
        .and_where(message::Column::Id.eq(id))
        .take();
    Entity::delete_many()
        .filter(Column::ConversationId.eq(conversation))
        .filter(Column::Seq.in_subquery(its_number))
        .exec(tx)
        .await?;
    add_message(tx, owner, conversation, id, terms).await
}

/// Makes a stored message of a conversation of `owner` found; nothing if it is not there.
pub(crate) async fn add_message(
    tx: &Tx,
    owner: UserId,
    conversation: ConversationId,
    id: MessageId,
    Terms(terms): Terms,
) -> Result<()> {
    if terms.is_empty() {
        return Ok(());
    }
    let row = Query::select()
        .expr(Expr::value(owner))
        .columns([message::Column::ConversationId, message::Column::Seq])
        .expr(Expr::value(false))
        .expr(Expr::value(terms))
        .from(message::Entity)
        .and_where(message::Column::ConversationId.eq(conversation))
        .and_where(message::Column::Id.eq(id))
        .take();
    let columns =
        [Column::UserId, Column::ConversationId, Column::Seq, Column::IsTitle, Column::Terms];
    let mut insert = Query::insert().into_table(Entity).columns(columns).take();
    insert
        .select_from(row)
        .map_err(|error| DbErr::Query(RuntimeErr::Internal(error.to_string())))?;
    tx.execute_raw(tx.get_database_backend().build(&insert)).await?;
    Ok(())
}

/// Makes a conversation of `owner` found by its title, which is its first.
pub(crate) async fn add_title(
    tx: &Tx,
    owner: UserId,
    conversation: ConversationId,
    title: Terms,
) -> Result<()> {
    add(tx, owner, conversation, [(None, title)]).await
}

/// Makes a conversation of `owner` found by its first title and its newest messages.
pub(crate) async fn add_title_and_messages(
    tx: &Tx,
    owner: UserId,
    conversation: ConversationId,
    title: Terms,
    messages: impl IntoIterator<Item = (i64, Terms)>,
) -> Result<()> {
    let messages = messages.into_iter().map(|(seq, terms)| (Some(seq), terms));
    add(tx, owner, conversation, [(None, title)].into_iter().chain(messages)).await
}

/// Makes a conversation of `owner` found by `title` instead of the one it had. The caller has
/// changed its row, which keeps others from doing the same.
pub(crate) async fn set_title(
    tx: &Tx,
    owner: UserId,
    conversation: ConversationId,
    title: Terms,
) -> Result<()> {
    Entity::delete_many()
        .filter(Column::ConversationId.eq(conversation))
        .filter(Column::Seq.is_null())
        .exec(tx)
        .await?;
    add_title(tx, owner, conversation, title).await
}

async fn add(
    tx: &Tx,
    user_id: UserId,
    conversation_id: ConversationId,
    texts: impl IntoIterator<Item = (Option<i64>, Terms)>,
) -> Result<()> {
    let texts = texts.into_iter().filter(|(_, terms)| !terms.0.is_empty());
    for texts in in_statements(texts, |(_, terms)| terms.0.len()) {
        let rows = texts.into_iter().map(|(seq, Terms(terms))| {
            let is_title = seq.is_none();
            let row = Model { doc: 0, user_id, conversation_id, seq, is_title, terms };
            let mut row = row.into_active_model().reset_all();
            row.doc = ActiveValue::NotSet;
            row
        });
        Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchDocKind {
    /// Titles.
    Titles,
    /// Messages.
    Messages,
}

/// Rows that may have what is looked for, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proposed {
    /// Their numbers.
    pub docs: Vec<i64>,
    /// Below which number to go on; `None` when nothing is left.
    pub next: Option<i64>,
}

/// At most `limit` rows of `owner` below `below` that have all `terms`. Where no index knows them
/// it gives up after some 50,000 rows, and says where.
pub async fn propose(
    db: &Db,
    owner: UserId,
    kind: SearchDocKind,
    terms: &[Term],
    mut below: i64,
    limit: u64,
) -> Result<Proposed> {
    let mut docs = Vec::new();
    for _ in 0..SCANS {
        let floor = scan_floor(db, owner, kind, below).await?;
        let wanted = limit.saturating_sub(docs.len() as u64);
        let which = (owner, kind == SearchDocKind::Titles);
        let found: Vec<i64> = of(owner, kind, below)
            .filter(dialect::has_terms(db.read(), which, terms, below, wanted))
            .filter(Column::Doc.gte(floor.unwrap_or(0)))
            .order_by_desc(Column::Doc)
            .limit(wanted)
            .into_tuple()
            .all(db.read())
            .await?;
        docs.extend(found);
        if docs.len() as u64 >= limit {
            let next = docs.last().copied();
            return Ok(Proposed { docs, next });
        }
        match floor {
            Some(floor) => below = floor,
            None => return Ok(Proposed { docs, next: None }),
        }
    }
    Ok(Proposed { docs, next: Some(below) })
}

fn of(owner: UserId, kind: SearchDocKind, below: i64) -> sea_orm::Select<Entity> {
    Entity::find()
        .select_only()
        .column(Column::Doc)
        .filter(Column::UserId.eq(owner))
        .filter(Column::IsTitle.eq(kind == SearchDocKind::Titles))
        .filter(Column::Doc.lt(below))
}

/// The last row that the next statement may look at, if there are more than it may.
async fn scan_floor(
    db: &Db,
    owner: UserId,
    kind: SearchDocKind,
    below: i64,
) -> Result<Option<i64>> {
    let Some(step) = dialect::scan_step(db.read()) else { return Ok(None) };
    let floor = of(owner, kind, below)
        .order_by_desc(Column::Doc)
        .offset(step - 1)
        .limit(1)
        .into_tuple()
        .one(db.read())
        .await?;
    Ok(floor)
}

/// A message that may have what is looked for.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct MessageText {
    /// Its number among all that can be found.
    pub doc: i64,
    /// Where it stands.
    pub conversation_id: ConversationId,
    /// The title there.
    pub title: String,
    /// The message.
    pub id: MessageId,
    /// Who speaks.
    pub role: Option<Role>,
    /// As much of it as can be found.
    pub content: String,
    /// When it was stored.
    pub created_at: Time,
}

/// The messages behind these numbers, in no order: those of `owner` in conversations that are not
/// deleted.
pub async fn list_messages(db: &Db, owner: UserId, docs: &[i64]) -> Result<Vec<MessageText>> {
    if docs.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = numbered(owner, docs)
        .column(Column::ConversationId)
        .column_as(conversation(conversation::Column::Title), "title")
        .column_as(message(message::Column::Id), "id")
        .column_as(message(message::Column::Role), "role")
        .column_as(message(message::Column::CreatedAt), "created_at")
        .column_as(
            Expr::expr(Func::cust("SUBSTR").args([
                message(message::Column::Content),
                1.into(),
                i64::try_from(MAX_TEXT_CHARS).unwrap_or(i64::MAX).into(),
            ])),
            "content",
        );
    let here = message(message::Column::ConversationId)
        .eq(doc(Column::ConversationId))
        .and(message(message::Column::Seq).eq(doc(Column::Seq)));
    QuerySelect::query(&mut query).inner_join(message::Entity, here);
    Ok(query
        .filter(message(message::Column::Kind).eq(Expr::value(MessageType::Message)))
        .into_model()
        .all(db.read())
        .await?)
}

/// A conversation whose title may have what is looked for.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct TitleText {
    /// Its number among all that can be found.
    pub doc: i64,
    /// The conversation.
    pub id: ConversationId,
    /// Its title.
    pub title: String,
    /// When it was made.
    pub created_at: Time,
}

/// The conversations behind these numbers, in no order: those of `owner` that are not deleted.
pub async fn list_titles(db: &Db, owner: UserId, docs: &[i64]) -> Result<Vec<TitleText>> {
    use conversation::Column as Row;
    if docs.is_empty() {
        return Ok(Vec::new());
    }
    Ok(numbered(owner, docs)
        .column_as(conversation(Row::Id), "id")
        .column_as(conversation(Row::Title), "title")
        .column_as(conversation(Row::CreatedAt), "created_at")
        .into_model()
        .all(db.read())
        .await?)
}

/// What of `owner` has these numbers, in conversations that are not deleted and that lists show. The
/// owner is asked of these few rows, not of the conversations: SQLite would begin with all that are
/// theirs.
fn numbered(owner: UserId, docs: &[i64]) -> sea_orm::Select<Entity> {
    let mut query = Entity::find()
        .select_only()
        .column(Column::Doc)
        .filter(Column::UserId.eq(owner))
        .filter(Column::Doc.is_in(docs.iter().copied()))
        .filter(conversation(conversation::Column::DeletedAt).is_null())
        .filter(conversation(conversation::Column::Kind).eq(Expr::value(ConversationKind::Chat)));
    let same = conversation(conversation::Column::Id).eq(doc(Column::ConversationId));
    QuerySelect::query(&mut query).inner_join(conversation::Entity, same);
    query
}

fn doc(column: Column) -> Expr {
    Expr::col((Entity, column))
}

fn message(column: message::Column) -> Expr {
    Expr::col((message::Entity, column))
}

fn conversation(column: conversation::Column) -> Expr {
    Expr::col((conversation::Entity, column))
}
