//! New items without an answer: one transaction that stores all of them, or nothing.

use models::conversation::{self, TitleSource};
use models::{ConversationId, MessageId, ResponseId, Time, UserId, message};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{NewItems, TurnTerms, find_open, look_again, make_found};
use crate::db::{Db, Tx};
use crate::error::{CrudError, Result};
use crate::idempotency::{self, IdempotencyKey, Seen};
use crate::search_docs::Terms;
use crate::{conversations, in_statements, insert_all, messages};

/// Items that are added to the selected branch of a conversation. Ids and times are the caller's.
#[derive(Debug, Clone)]
pub struct NewAddition {
    /// Who adds them.
    pub owner: UserId,
    /// Where.
    pub conversation_id: ConversationId,
    /// The row of that conversation, if it is made by this request.
    pub opening: Option<conversation::Model>,
    /// The items; the first one hangs below the newest message of the selected branch.
    pub items: NewItems,
    /// The conversation's title, should nobody have set one; `None` where they give it none.
    pub title: Option<String>,
    /// Makes a repetition lead to the same items.
    pub idempotency: Option<IdempotencyKey>,
    /// The current time.
    pub now: Time,
}

/// How adding items ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddOutcome {
    /// They are stored: their rows in their order.
    Added(Vec<message::Model>),
    /// The conversation does not exist, or belongs to another user.
    NoConversation,
    /// A response runs in the conversation.
    Locked(ResponseId),
    /// The same was asked before with this key: it added these items.
    Repeated(Vec<MessageId>),
    /// The same was asked before with this key: it opened this conversation.
    Reopened(ConversationId),
    /// Something else was asked before with this key.
    KeyReused,
}

/// Adds items to the selected branch of a conversation, which is stored first if it is new, and
/// makes the last of them the end of the branch. It claims the conversation as a turn does, so of
/// several requests one comes after the other, and none comes between a question and its answer.
pub async fn add(db: &Db, new: NewAddition) -> Result<AddOutcome> {
    let run = |new: NewAddition| {
        let terms = new.terms();
        db.write((new, terms), |tx, (new, terms)| Box::pin(add_in(tx, new, terms)))
    };
    match run(new.clone()).await {
        // The same key at the same moment: look again.
        Err(CrudError::Conflict(_)) if new.idempotency.is_some() => run(new).await,
        result => result,
    }
}

impl NewAddition {
    fn terms(&self) -> TurnTerms {
        TurnTerms {
            items: self.items.terms(),
            title: self.title.as_deref().map_or_else(Terms::default, Terms::of),
            opening: self.opening.as_ref().map_or_else(Terms::default, |row| Terms::of(&row.title)),
        }
    }

    /// What a repetition is told.
    fn result(&self) -> String {
        if let Some(row) = &self.opening {
            return row.id.to_string();
        }
        let ids: Vec<String> = self.items.iter().map(|item| item.id().to_string()).collect();
        ids.join(" ")
    }
}

/// What an earlier request with the same key led to.
async fn repeated(tx: &Tx, new: &NewAddition) -> Result<Option<AddOutcome>> {
    let seen = idempotency::check(tx, new.owner, new.idempotency.as_ref(), new.now).await?;
    Ok(match seen {
        Seen::New => None,
        Seen::Same(result) if new.opening.is_some() => {
            Some(result.parse().map_or(AddOutcome::KeyReused, AddOutcome::Reopened))
        }
        Seen::Same(result) => {
            let ids: std::result::Result<_, _> = result.split(' ').map(str::parse).collect();
            Some(ids.map_or(AddOutcome::KeyReused, AddOutcome::Repeated))
        }
        Seen::Other => Some(AddOutcome::KeyReused),
    })
}

async fn add_in(tx: &Tx, new: &NewAddition, terms: &TurnTerms) -> Result<AddOutcome> {
    use conversation::{Column, Entity};
    if let Some(outcome) = repeated(tx, new).await? {
        return Ok(outcome);
    }
    if let Some(row) = &new.opening {
        conversations::insert_in(tx, row, &terms.opening).await?;
    }
    let claim = Entity::update_many()
        .col_expr(Column::NextSeq, Expr::col(Column::NextSeq).add(new.items.count()))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .col_expr(Column::UpdatedAt, new.now.into())
        .filter(Column::Id.eq(new.conversation_id))
        .filter(Column::UserId.eq(new.owner))
        .filter(Column::DeletedAt.is_null())
        .filter(Column::ActiveResponseId.is_null());
    let is_claimed = claim.exec(tx).await?.rows_affected == 1;
    let Some(row) = find_open(tx, new.owner, new.conversation_id).await? else {
        return Ok(AddOutcome::NoConversation);
    };
    if !is_claimed {
        // Perhaps it ended between the two statements: then look again from the beginning.
        return row.active_response_id.map(AddOutcome::Locked).ok_or_else(look_again);
    }

    let above = match row.head_id {
        Some(id) => messages::find_depth_in(tx, row.id, id).await?.map(|depth| (id, depth)),
        None => None,
    };
    let seq = row.next_seq - new.items.count();
    let (mut rows, last) = new.items.rows((row.id, new.now), seq, above);
    let head = last.id;
    rows.push(last);
    for rows in in_statements(rows.clone(), messages::text_bytes) {
        insert_all(tx, rows).await?;
    }
    let mut update =
        Entity::update_many().col_expr(Column::HeadId, head.into()).filter(Column::Id.eq(row.id));
    let title = new.title.as_ref().filter(|_| row.title_source == TitleSource::None);
    if let Some(title) = title {
        update = update
            .col_expr(Column::Title, title.into())
            .col_expr(Column::TitleSource, Expr::value(TitleSource::FirstLine));
    }
    update.exec(tx).await?;
    make_found(tx, &row, seq, title.is_some(), terms.clone()).await?;
    idempotency::keep(tx, new.owner, new.idempotency.as_ref(), new.now, new.result()).await?;
    Ok(AddOutcome::Added(rows))
}
