//! The end of a response whose proper end cannot be stored: as little is written as there can be.

use models::ending::FailureCode;
use models::message::{self, MessageStatus};
use models::response::{Column, Entity, ResponseStatus};
use models::word::OrUnknown;
use models::{ConversationId, ResponseId, Time, conversation};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::Fence;
use crate::db::{Db, Tx};
use crate::error::Result;

/// An end without any text.
#[derive(Debug, Clone)]
pub struct GivenUp {
    /// The response.
    pub id: ResponseId,
    /// Its conversation.
    pub conversation_id: ConversationId,
    /// Who generates it; who gives up another server's names none.
    pub fence: Option<Fence>,
    /// The code of the failure.
    pub code: FailureCode,
    /// What happened, in words for a person.
    pub message: String,
    /// The current time.
    pub now: Time,
}

/// How much is written; each time less than before.
#[derive(Debug, Clone, Copy)]
enum How {
    /// The answer's message is closed too.
    All,
    /// The message stays as it is.
    Row,
    /// The conversation is given free, and the row stays open.
    Conversation,
}

/// Ends a response as failed and gives its conversation free, without reading what is stored of
/// it. `false` when the response stays open, though its conversation may be free then.
pub async fn give_up(db: &Db, end: GivenUp) -> Result<bool> {
    let mut result = write(db, &end, How::All).await;
    for (how, ended) in [(How::Row, true), (How::Conversation, false)] {
        match result {
            Err(error) if error.is_permanent() => {
                tracing::warn!(response = %end.id, error = %error, "even a bare end is not stored");
                result = write(db, &end, how).await.map(|done| done && ended);
            }
            result => return result,
        }
    }
    result
}

async fn write(db: &Db, end: &GivenUp, how: How) -> Result<bool> {
    let end = end.clone();
    db.write((end, how), |tx, (end, how)| Box::pin(write_in(tx, end, *how))).await
}

async fn write_in(tx: &Tx, end: &GivenUp, how: How) -> Result<bool> {
    if !matches!(how, How::Conversation) {
        let mut update = Entity::update_many()
            .col_expr(Column::Status, Expr::value(ResponseStatus::Failed))
            .col_expr(Column::ErrorCode, Expr::value(OrUnknown::from(end.code)))
            .col_expr(Column::ErrorMessage, end.message.as_str().into())
            .col_expr(Column::CompletedAt, end.now.into())
            .col_expr(Column::UpdatedAt, end.now.into())
            .filter(Column::Id.eq(end.id));
        update = match end.fence {
            Some(fence) => update.filter(fence.condition()),
            None => update.filter(Column::CompletedAt.is_null()),
        };
        if update.exec(tx).await?.rows_affected != 1 {
            return Ok(false);
        }
    }
    {
        use conversation::{Column, Entity};
        Entity::update_many()
            .col_expr(Column::Version, Expr::col(Column::Version).add(1))
            .col_expr(Column::ActiveResponseId, Expr::value(Option::<ResponseId>::None))
            .filter(Column::Id.eq(end.conversation_id))
            .filter(Column::ActiveResponseId.eq(end.id))
            .exec(tx)
            .await?;
    }
    if matches!(how, How::All) {
        use message::{Column, Entity};
        Entity::update_many()
            .col_expr(Column::Status, Expr::value(MessageStatus::Incomplete))
            .col_expr(Column::UpdatedAt, end.now.into())
            .filter(Column::ResponseId.eq(end.id))
            .filter(Column::Status.eq(MessageStatus::InProgress))
            .exec(tx)
            .await?;
    }
    Ok(true)
}
