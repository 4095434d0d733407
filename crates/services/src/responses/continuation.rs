//! Going on with an answer because somebody asks for it: a new response that writes on in the same
//! message. Its log begins with the text there is, so whoever reads never finds less.

use auth::Actor;
use crud::turns::Question;
use models::{Parameters, ResponseId, message, response};
use schemas::message::ResponseContinue;

use super::accept::{Request, TargetConversation};
use super::{Responses, Started};
use crate::error::{Error, Result, Uncontinuable};

impl Responses {
    /// Continues the answer of a response that ended before it was whole. Otherwise as
    /// [`Responses::send`].
    pub async fn go_on(
        &self,
        actor: &Actor,
        id: ResponseId,
        body: ResponseContinue,
        idempotency_key: Option<String>,
    ) -> Result<Started> {
        body.validate()?;
        let ResponseContinue { model, stream: _ } = body;
        let key = self.key(idempotency_key, || serde_json::json!(["continue", id, model]));
        let begun = async { self.start(self.going_on(actor, id, model).await?, key.clone()).await };
        self.once(actor, key.as_ref(), begun).await
    }

    /// The request to go on with the answer of a response, if that can be.
    async fn going_on(
        &self,
        actor: &Actor,
        id: ResponseId,
        model: Option<String>,
    ) -> Result<Request> {
        let db = &self.core.db;
        let row = self.find(actor, id).await?;
        if !row.status.is_final() {
            return Err(Error::ConversationLocked(id));
        }
        if row.status == response::ResponseStatus::Completed {
            return Err(Error::CannotContinue(Uncontinuable::Whole));
        }
        let find = |id| crud::messages::find(db, actor.user_id, id);
        // A title is a response, too, and has no message.
        let answer = find(row.message_id).await?.ok_or(Error::NotFound("response"))?.into_inner();
        let question = find(row.user_message_id).await?.ok_or(Error::NotFound("response"))?;
        let question = question.into_inner();
        if answer.content.is_empty() {
            return Err(Error::CannotContinue(Uncontinuable::Empty));
        }
        Ok(Request {
            actor: *actor,
            place: TargetConversation::Stored(row.conversation_id),
            model: Some(model.unwrap_or_else(|| row.model.clone())),
            parameters: Parameters::default(),
            question_id: question.id,
            question: Question::Stored,
            stored: Some((question.content + &answer.content).into()),
            // Whether another continued it meanwhile is seen when this is stored.
            going_on: Some(message::Model { response_id: Some(id), ..answer }),
        })
    }
}
