//! Texts that were stored before there was a search: found step by step, titles first.

use models::message::{MessageStatus, MessageType};
use models::{ConversationId, UserId, conversation, message, meta, search_doc};
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{Terms, add_messages, set_title};
use crate::db::{Db, Tx};
use crate::error::Result;
use crate::insert;

/// The fact that says how far it is.
const FACT: &str = "search_backlog";
/// How many texts one step takes, so that other writers get their turn.
const STEP: u64 = 50;

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Another step is needed.
    More,
    /// Everything can be found.
    Done,
}

/// How much a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Many texts.
    Many,
    /// One text, so that it is known which one fails.
    One,
    /// One text is passed over and stays unfound.
    Skip,
}

impl Pace {
    /// The most texts that a step takes.
    pub fn limit(self) -> u64 {
        match self {
            Self::Many => STEP,
            Self::One | Self::Skip => 1,
        }
    }
}

/// The place behind which the next step begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BacklogPosition {
    Title(ConversationId),
    Message(ConversationId, i64),
    End,
}

impl BacklogPosition {
    fn read(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        Some(match (words.next()?, words.next(), words.next()) {
            ("title", Some(id), None) => Self::Title(id.parse().ok()?),
            ("message", Some(id), Some(seq)) => Self::Message(id.parse().ok()?, seq.parse().ok()?),
            ("end", None, None) => Self::End,
            _ => return None,
        })
    }

    fn text(self) -> String {
        match self {
            Self::Title(id) => format!("title {id}"),
            Self::Message(id, seq) => format!("message {id} {seq}"),
            Self::End => "end".to_owned(),
        }
    }
}

/// One step. Any number of servers may do this at once: each step is done by one of them. A
/// conflict or a missing row says that a text was deleted while it was read, or that another server
/// began at the same moment.
pub async fn index_some(db: &Db, pace: Pace) -> Result<Progress> {
    // Asked first, since a write would wake what is idle.
    if find(db.read()).await?.is_some_and(|place| place == BacklogPosition::End) {
        return Ok(Progress::Done);
    }
    db.write(pace, |tx, pace| Box::pin(step(tx, *pace))).await
}

async fn find(connection: &impl sea_orm::ConnectionTrait) -> Result<Option<BacklogPosition>> {
    let fact = meta::Entity::find_by_id(FACT.to_owned()).one(connection).await?;
    let first = BacklogPosition::Title(ConversationId(Uuid::nil()));
    // What a person broke by hand is begun anew.
    Ok(fact.map(|fact| BacklogPosition::read(&fact.value).unwrap_or(first)))
}

async fn step(tx: &Tx, pace: Pace) -> Result<Progress> {
    let first = BacklogPosition::Title(ConversationId(Uuid::nil()));
    // Written to before it is read: from here on other servers wait.
    let touched = meta::Entity::update_many()
        .col_expr(meta::Column::Name, Expr::col(meta::Column::Name))
        .filter(meta::Column::Name.eq(FACT))
        .exec(tx)
        .await?;
    let begun = find(tx).await?;
    if begun.is_none() && touched.rows_affected == 0 {
        insert(tx, meta::Model { name: FACT.to_owned(), value: first.text() }).await?;
    }
    let next = match begun.unwrap_or(first) {
        BacklogPosition::Title(after) => titles(tx, after, pace).await?,
        BacklogPosition::Message(after, seq) => messages(tx, after, seq, pace).await?,
        BacklogPosition::End => BacklogPosition::End,
    };
    meta::Entity::update_many()
        .col_expr(meta::Column::Value, next.text().into())
        .filter(meta::Column::Name.eq(FACT))
        .exec(tx)
        .await?;
    Ok(if next == BacklogPosition::End { Progress::Done } else { Progress::More })
}

async fn titles(tx: &Tx, after: ConversationId, pace: Pace) -> Result<BacklogPosition> {
    use conversation::{Column, Entity};
    let ids: Vec<ConversationId> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Id.gt(after))
        .order_by_asc(Column::Id)
        .limit(pace.limit())
        // Nobody renames them meanwhile.
        .lock_exclusive()
        .into_tuple()
        .all(tx)
        .await?;
    let Some(last) = ids.last().copied() else {
        return messages(tx, ConversationId(Uuid::nil()), -1, pace).await;
    };
    if pace != Pace::Skip {
        let rows: Vec<(ConversationId, UserId, String)> = Entity::find()
            .select_only()
            .columns([Column::Id, Column::UserId, Column::Title])
            .filter(Column::Id.is_in(ids))
            .into_tuple()
            .all(tx)
            .await?;
        for (id, owner, title) in &rows {
            set_title(tx, *owner, *id, Terms::of(title)).await?;
        }
    }
    Ok(BacklogPosition::Title(last))
}

/// A message, as much as a step needs of it.
type MessageRow = (ConversationId, i64, UserId, String);

async fn messages(tx: &Tx, after: ConversationId, seq: i64, pace: Pace) -> Result<BacklogPosition> {
    use message::{Column, Entity};
    let known = Query::select()
        .expr(Expr::val(1))
        .from(search_doc::Entity)
        .and_where(
            Expr::col((search_doc::Entity, search_doc::Column::ConversationId))
                .equals((Entity, Column::ConversationId)),
        )
        .and_where(
            Expr::col((search_doc::Entity, search_doc::Column::Seq)).equals((Entity, Column::Seq)),
        )
        .take();
    let mut query = Entity::find()
        .select_only()
        .columns([Column::ConversationId, Column::Seq])
        .column_as(Expr::col((conversation::Entity, conversation::Column::UserId)), "user_id")
        // In this form every engine walks the primary key.
        .filter(Column::ConversationId.gte(after))
        .filter(Column::ConversationId.gt(after).or(Column::Seq.gt(seq)))
        .filter(Column::Kind.eq(MessageType::Message))
        .filter(Column::Status.ne(MessageStatus::InProgress))
        .filter(Expr::exists(known).not());
    let same = Expr::col((conversation::Entity, conversation::Column::Id))
        .equals((Entity, Column::ConversationId));
    QuerySelect::query(&mut query).inner_join(conversation::Entity, same);
    let query =
        query.order_by_asc(Column::ConversationId).order_by_asc(Column::Seq).limit(pace.limit());
    if pace == Pace::Skip {
        let passed: Option<(ConversationId, i64, UserId)> = query.into_tuple().one(tx).await?;
        return Ok(passed
            .map_or(BacklogPosition::End, |(last, seq, _)| BacklogPosition::Message(last, seq)));
    }
    let rows: Vec<MessageRow> = query.column(Column::Content).into_tuple().all(tx).await?;
    let Some((last, seq, ..)) = rows.last() else { return Ok(BacklogPosition::End) };
    for (id, seq, owner, content) in &rows {
        let terms = Terms::of(content).within(tx.longest_text());
        add_messages(tx, *owner, *id, [(*seq, terms)]).await?;
    }
    Ok(BacklogPosition::Message(*last, *seq))
}
