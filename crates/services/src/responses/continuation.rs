//! Going on with an answer because somebody asks for it: a new response that writes on in the same
//! message. Its log begins with the text there is, so whoever reads never finds less.

use auth::Identity;
use crud::Owned;
use crud::turns::{Continued, NewTurn, Question};
use models::message::MessageStatus;
use models::{ResponseId, UserId, message, response};
use schemas::answer_data::{AnswerData, Earlier};
use schemas::message::ResponseContinue;

use super::accept::{Place, Request};
use super::log::Log;
use super::{Responses, Started, finish};
use crate::error::{Error, Result, Uncontinuable};

impl Responses {
    /// Goes on with the answer of a response that ended before it was whole. Otherwise as
    /// [`Responses::send`].
    pub async fn go_on(
        &self,
        identity: &Identity,
        id: ResponseId,
        body: ResponseContinue,
        idempotency_key: Option<String>,
    ) -> Result<Started> {
        body.validate()?;
        let ResponseContinue { model, stream: _ } = body;
        let owner = identity.user_id;
        let key = self.key(idempotency_key, || serde_json::json!(["continue", id, model]));
        let begun = async { self.start(self.going_on(owner, id, model).await?, key.clone()).await };
        self.once(owner, key.as_ref(), begun).await
    }

    /// The request to go on with the answer of a response, if that can be.
    async fn going_on(
        &self,
        owner: UserId,
        id: ResponseId,
        model: Option<String>,
    ) -> Result<Request> {
        let db = &self.core.db;
        let row = self.find(owner, id).await?;
        if !row.status.is_final() {
            return Err(Error::ConversationLocked(id));
        }
        if row.status == response::ResponseStatus::Completed {
            return Err(Error::CannotContinue(Uncontinuable::Whole));
        }
        let find = |id| crud::messages::find(db, owner, id);
        // A title is a response, too, and has no message.
        let answer = find(row.message_id).await?.ok_or(Error::NotFound("response"))?.into_inner();
        let question = find(row.user_message_id).await?.ok_or(Error::NotFound("response"))?;
        let question = question.into_inner();
        if answer.content.is_empty() {
            return Err(Error::CannotContinue(Uncontinuable::Empty));
        }
        Ok(Request {
            owner,
            place: Place::Stored(row.conversation_id),
            model: Some(model.unwrap_or_else(|| row.model.clone())),
            question_id: question.id,
            question: Question::Stored,
            content: question.content + &answer.content,
            // Whether another went on with it meanwhile is seen when this is stored.
            going_on: Some(message::Model { response_id: Some(id), ..answer }),
        })
    }

    /// The rows that a response that has ended has brought. Of a message that others went on with
    /// since, only what this one had left of it.
    pub(super) async fn rows_of(
        &self,
        row: &Owned<response::Model>,
    ) -> Result<Vec<message::Model>> {
        let db = &self.core.db;
        let mut rows = crud::messages::list_of_response(db, row.owned_id()).await?;
        if rows.iter().any(|found| found.id == row.message_id) {
            return Ok(rows);
        }
        let found = crud::messages::find(db, row.user_id, row.message_id).await?;
        let part = found.map(Owned::into_inner).and_then(|message| {
            let mut data = AnswerData::read(message.data.as_deref());
            let had = data.earlier.iter().find(|earlier| earlier.response == row.id)?.clone();
            let content = message.content.get(..had.bytes)?.to_owned();
            data.annotations.truncate(had.annotations);
            let data = data.stored();
            let status = MessageStatus::Incomplete;
            let response_id = Some(row.id);
            Some(message::Model { content, status, response_id, data, ..message })
        });
        rows.extend(part);
        rows.sort_by_key(|row| row.seq);
        Ok(rows)
    }
}

/// Makes `new` go on with `answer`: the log it begins with, as it will be stored with the row.
pub(super) fn begin(new: &mut NewTurn, answer: &message::Model) -> Log {
    let mut data = AnswerData::read(answer.data.as_deref());
    let log = Log::begun(answer.id, &answer.content, data.annotations.clone());
    let mut beginning = Vec::new();
    while let Some(run) = log.unstored() {
        log.mark_stored(run.until);
        let run = finish::checkpoint(new.response.id, &run);
        new.response.last_seq = run.last_seq;
        beginning.push(run);
    }
    if let Some(previous) = answer.response_id {
        let (bytes, annotations) = (answer.content.len(), data.annotations.len());
        data.earlier.push(Earlier { response: previous, bytes, annotations });
        new.question = Question::Continued(Continued { previous, data: data.stored(), beginning });
    }
    log
}
