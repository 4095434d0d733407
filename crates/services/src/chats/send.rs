//! Accepting what is new in a chat.

use auth::Actor;
use crud::idempotency::IdempotencyKey;
use crud::turns::{NewItem, NewItems, Parent, Question};
use crud::{CrudError, Owned};
use models::message::{MessageType, Role};
use models::{Content, MessageId, ResponseId, conversation, message};
use schemas::Invalid;
use schemas::answer_data::AnswerData;
use schemas::chat::{ChatCreate, ChatInput, Returned};
use schemas::conversation::ConversationCreate;
use schemas::message::MessageRegenerate;

use super::{ChatAnswer, Chats, names};
use crate::conversations::new_row;
use crate::error::{Error, Result};
use crate::responses::Started;
use crate::responses::accept::{Request, TargetConversation};
use crate::titles;

/// A message of a client.
enum Found {
    /// It is stored.
    Stored(Box<Owned<message::Model>>),
    /// It is not: with this id it hangs there.
    New(MessageId, Parent),
}

impl Chats {
    /// Accepts what is new in a request and begins to answer it. The first message makes the
    /// conversation. A message or a result that was sent before leads to the answer that it has,
    /// running or ended; a message that was changed becomes a sibling of the old one.
    pub async fn send(
        &self,
        actor: &Actor,
        body: ChatCreate,
        idempotency_key: Option<String>,
    ) -> Result<ChatAnswer> {
        let input = body.input()?;
        let first = self.begin(actor, &body, &input, idempotency_key.clone()).await;
        let started = match first {
            // Somebody has been faster: perhaps the same request, or the first message of another.
            Err(error) if is_rivalry(&error) => {
                match self.begin(actor, &body, &input, idempotency_key).await {
                    // Only one that is in the trash is there and not found.
                    Err(again) if is_conflict(&again) => Err(Error::NotFound("chat")),
                    again => again,
                }
            }
            first => first,
        }?;
        let response = started.follower.response();
        let message_id = match &input {
            // Its reader has what stands before.
            ChatInput::Returned(_) => self.shown(actor, response).await?.0,
            ChatInput::Said { .. } | ChatInput::Again(_) => response.message_id,
        };
        Ok(ChatAnswer { started, message_id, earlier: Vec::new() })
    }

    async fn begin(
        &self,
        actor: &Actor,
        body: &ChatCreate,
        input: &ChatInput,
        key: Option<String>,
    ) -> Result<Started> {
        let row = self.find(actor, &body.id).await?;
        if row.is_none() && body.id.conversation().is_some() {
            return Err(Error::NotFound("chat"));
        }
        let with_digest = |key| {
            self.responses.key(key, || {
                let (name, model) = (body.id.as_str(), &body.model);
                serde_json::json!(["chat", name, body.is_again(), model, names::told(input)])
            })
        };
        match input {
            ChatInput::Again(id) => {
                let named = crud::messages::find(&self.core.db, actor.user_id, *id).await?;
                let chat = row.as_ref().map(|row| row.id);
                if named.map(|named| named.conversation_id) != chat || chat.is_none() {
                    return Err(Error::NotFound("message"));
                }
                let wanted = MessageRegenerate { model: body.model.clone(), stream: true };
                self.responses.regenerate(actor, *id, wanted, key).await
            }
            ChatInput::Returned(returned) => {
                let (row, key) = (row.ok_or(Error::NotFound("chat"))?, with_digest(key));
                let begun = self.returned(actor, body, &row, returned, key.clone());
                self.responses.once(actor, key.as_ref(), begun).await
            }
            ChatInput::Said { id, content } => {
                let (said, key) = ((id.as_deref(), content), with_digest(key));
                let begun = self.said(actor, body, row.as_ref(), said, key.clone());
                self.responses.once(actor, key.as_ref(), begun).await
            }
        }
    }
}

impl Chats {
    /// Accepts a message of the user.
    async fn said(
        &self,
        actor: &Actor,
        body: &ChatCreate,
        row: Option<&Owned<conversation::Model>>,
        (id, content): (Option<&str>, &Content),
        key: Option<IdempotencyKey>,
    ) -> Result<Started> {
        let (place, found) = if let Some(row) = row {
            let found = self.look_up(actor, row, id, content).await?;
            (TargetConversation::Stored(row.id), found)
        } else {
            let row = new_row(&self.core.context, actor.user_id, ConversationCreate::default());
            let row =
                conversation::Model { id: names::conversation(actor.user_id, &body.id), ..row };
            let new = Found::New(self.message_id(&row, id), Parent::Root);
            (TargetConversation::New(Box::new(row)), new)
        };
        let (question_id, question, stored) = match found {
            Found::Stored(question) => {
                if !body.is_again()
                    && let Some(answered) = self.answered(actor, &question).await?
                {
                    return Ok(answered);
                }
                (question.id, Question::Stored, Some(content.clone()))
            }
            Found::New(id, parent) => {
                let title = titles::first_line(&content.text());
                let item = NewItem::Message { id, role: Role::User, content: content.clone() };
                (id, Question::New { parent, title, items: NewItems::from(item) }, None)
            }
        };
        let request = request(actor, body, place, question_id, question);
        self.responses.start(Request { stored, ..request }, key).await
    }

    /// Looks for a message by the client's id of it.
    async fn look_up(
        &self,
        actor: &Actor,
        row: &conversation::Model,
        name: Option<&str>,
        content: &Content,
    ) -> Result<Found> {
        let Some(name) = name else {
            return Ok(Found::New(self.core.context.new_id(), Parent::Head));
        };
        let ours = match name.parse() {
            Ok(ours) => self.find_said(actor, row, ours).await?,
            Err(_) => None,
        };
        let named = self.message_id(row, Some(name));
        let first = match ours {
            Some(ours) => Some(ours),
            None => self.find_said(actor, row, named).await?,
        };
        let Some(first) = first else { return Ok(Found::New(named, Parent::Head)) };
        if says(&first, content) {
            return Ok(Found::Stored(Box::new(first)));
        }
        let edited = names::edited(row.id, name, content);
        let parent = first.parent_id.map_or(Parent::Root, Parent::Message);
        let found = self.find_said(actor, row, edited).await?;
        Ok(found.map_or(Found::New(edited, parent), |found| Found::Stored(Box::new(found))))
    }

    async fn find_said(
        &self,
        actor: &Actor,
        row: &conversation::Model,
        id: MessageId,
    ) -> Result<Option<Owned<message::Model>>> {
        let found = crud::messages::find(&self.core.db, actor.user_id, id).await?;
        Ok(found.filter(|found| found.conversation_id == row.id && found.is_user))
    }

    /// The id of a message of a client, by its name if it has one.
    fn message_id(&self, row: &conversation::Model, name: Option<&str>) -> MessageId {
        let new = || self.core.context.new_id();
        name.map_or_else(new, |name| names::message(row.id, name))
    }

    /// The newest answer to a stored item, running or ended; none if it has none.
    async fn answered(
        &self,
        actor: &Actor,
        item: &Owned<message::Model>,
    ) -> Result<Option<Started>> {
        let below = crud::messages::find_newest_below(&self.core.db, item).await?;
        let answer = below.filter(|below| below.kind == MessageType::Message);
        let Some(response) = answer.and_then(|answer| answer.response_id) else { return Ok(None) };
        match self.responses.follow(actor, response, None).await {
            Ok(follower) => Ok(Some(Started { follower, repeated: true })),
            // Its client has deleted it; the message is answered again.
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Accepts what tools returned that the newest answer called.
    async fn returned(
        &self,
        actor: &Actor,
        body: &ChatCreate,
        row: &Owned<conversation::Model>,
        returned: &Returned,
        key: Option<IdempotencyKey>,
    ) -> Result<Started> {
        let (db, owner) = (&self.core.db, actor.user_id);
        for call in returned.outputs.keys() {
            let id = names::result(row.id, returned, call);
            if let Some(known) = crud::messages::find(db, owner, id).await?
                && let Some(answered) = self.answered(actor, &known).await?
            {
                return Ok(answered);
            }
        }
        if let Some(running) = row.active_response_id {
            return Err(Error::ConversationLocked(running));
        }
        let refused = || {
            let message = "none of the results belongs to a call of the newest answer";
            Error::from(Invalid::new("messages", message))
        };
        let head = row.head_id.ok_or_else(refused)?;
        let answer = crud::messages::find(db, owner, head).await?.ok_or_else(refused)?;
        let earlier = AnswerData::read(answer.data.as_deref()).earlier;
        let responses: Vec<ResponseId> =
            earlier.iter().map(|earlier| earlier.response).chain(answer.response_id).collect();
        let beside = crud::messages::list_beside(db, row.owned_id(), &responses).await?;
        let calls = beside.iter().filter(|beside| beside.kind == MessageType::FunctionCall);
        let results = calls.filter_map(|call| {
            let call_id = engine::call_of(call).call_id;
            let output = returned.outputs.get(&call_id)?.clone().into();
            let id = names::result(row.id, returned, &call_id);
            Some(NewItem::Result { id, call_id, output })
        });
        let items = NewItems::new(results.collect()).ok_or_else(refused)?;
        let (question_id, parent) = (items.last().id(), Parent::Message(head));
        let question = Question::New { parent, title: String::new(), items };
        let place = TargetConversation::Stored(row.id);
        self.responses.start(request(actor, body, place, question_id, question), key).await
    }
}

fn request(
    actor: &Actor,
    body: &ChatCreate,
    place: TargetConversation,
    question_id: MessageId,
    question: Question,
) -> Request {
    let (model, parameters) = (body.model.clone(), body.parameters());
    Request {
        actor: *actor,
        place,
        model,
        parameters,
        question_id,
        question,
        stored: None,
        going_on: None,
    }
}

/// Whether a stored message says this.
fn says(row: &message::Model, content: &Content) -> bool {
    Content::read(row.content.clone(), row.data.as_deref()) == *content
}

/// Whether another request stood in the way that may be the same one.
fn is_rivalry(error: &Error) -> bool {
    matches!(error, Error::ConversationLocked(_)) || is_conflict(error)
}

/// Whether an id was taken that the request was to take.
fn is_conflict(error: &Error) -> bool {
    let Error::Internal(source) = error else { return false };
    matches!(source.downcast_ref(), Some(CrudError::Conflict(_)))
}
