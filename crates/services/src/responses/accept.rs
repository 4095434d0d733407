//! Accepting an answer to be made: to a new message, or once more to a stored one.

use auth::Actor;
use crud::idempotency::{IdempotencyKey, Seen};
use crud::turns::{NewItem, NewItems, NewTurn, Parent, Question};
use engine::{Beginning, Chosen};
use models::conversation::ConversationKind;
use models::message::{MessageType, Role};
use models::response::{self, Purpose};
use models::{Content, Parameters, conversation, message};
use schemas::conversation::ConversationCreate;
use schemas::message::{FirstMessageCreate, MessageCreate, MessageRegenerate};
use schemas::validate::says_nothing;
use schemas::{ConversationId, Invalid, MessageId, Patch, ResponseId};

use super::{Responses, Started};
use crate::error::{Error, Result, Uncontinuable};
use crate::{conversations, repeat, titles};

impl Responses {
    /// Accepts a message and begins to answer it. When this returns, both are on disk, and the
    /// answer is made whether or not anybody follows. The same request with the same key leads to
    /// the same response, running or ended.
    pub async fn send(
        &self,
        actor: &Actor,
        id: ConversationId,
        body: MessageCreate,
        idempotency_key: Option<String>,
    ) -> Result<Started> {
        body.validate()?;
        let MessageCreate { content, model, parent_id, stream: _ } = body;
        let key = self.key(idempotency_key, || match &parent_id {
            Patch::Absent => serde_json::json!(["message", id, content, model]),
            Patch::Null => serde_json::json!(["message", id, content, model, null]),
            Patch::Value(parent) => serde_json::json!(["message", id, content, model, parent]),
        });
        let question_id = self.core.context.new_id();
        let request = Request {
            actor: *actor,
            place: TargetConversation::Stored(id),
            model,
            parameters: Parameters::default(),
            question_id,
            question: Question::New {
                parent: match parent_id {
                    Patch::Absent => Parent::Head,
                    Patch::Null => Parent::Root,
                    Patch::Value(parent) => Parent::Message(parent),
                },
                title: titles::first_line(&content),
                items: NewItems::from(NewItem::Message {
                    id: question_id,
                    role: Role::User,
                    content: content.into(),
                }),
            },
            stored: None,
            going_on: None,
        };
        self.once(actor, key.as_ref(), self.start(request, key.clone())).await
    }

    /// Opens a conversation with its first message and begins to answer it: all of it is stored or
    /// nothing. Otherwise as [`Responses::send`].
    pub async fn open(
        &self,
        actor: &Actor,
        body: FirstMessageCreate,
        idempotency_key: Option<String>,
    ) -> Result<Started> {
        body.validate()?;
        let FirstMessageCreate { content, model, stream: _, conversation } = body;
        let ConversationCreate { title, model: named, instructions, metadata } = &conversation;
        let opening = (title, named, instructions, metadata.clone().unwrap_or_default());
        let key = self
            .key(idempotency_key, || serde_json::json!(["first message", content, model, opening]));
        // What is not asked now the next message would find out.
        let other = named.clone().filter(|_| model.is_some());
        let row = conversations::new_row(&self.core.context, actor.user_id, conversation);
        let question_id = self.core.context.new_id();
        let request = Request {
            actor: *actor,
            place: TargetConversation::New(Box::new(row)),
            model,
            parameters: Parameters::default(),
            question_id,
            question: Question::New {
                parent: Parent::Root,
                title: titles::first_line(&content),
                items: NewItems::from(NewItem::Message {
                    id: question_id,
                    role: Role::User,
                    content: content.into(),
                }),
            },
            stored: None,
            going_on: None,
        };
        let begun = async {
            if let Some(named) = &other {
                self.core.catalog.check(named).await?;
            }
            self.start(request, key.clone()).await
        };
        self.once(actor, key.as_ref(), begun).await
    }

    /// Begins to answer a stored message once more: the one named, or the one that the answer
    /// named belongs to. The new answer becomes a sibling of those there are, and the selected
    /// branch. Otherwise as [`Responses::send`].
    pub async fn regenerate(
        &self,
        actor: &Actor,
        id: MessageId,
        body: MessageRegenerate,
        idempotency_key: Option<String>,
    ) -> Result<Started> {
        body.validate()?;
        let MessageRegenerate { model, stream: _ } = body;
        let key = self.key(idempotency_key, || serde_json::json!(["regenerate", id, model]));
        let begun = async {
            let question = self.question_of(actor, id).await?;
            let request = Request {
                actor: *actor,
                place: TargetConversation::Stored(question.conversation_id),
                model,
                parameters: Parameters::default(),
                question_id: question.id,
                question: Question::Stored,
                stored: Some(Content::read(question.content, question.data.as_deref())),
                going_on: None,
            };
            self.start(request, key.clone()).await
        };
        self.once(actor, key.as_ref(), begun).await
    }

    /// The message of a person, or the result of a tool, that the message `id` is, or answers.
    async fn question_of(&self, actor: &Actor, id: MessageId) -> Result<message::Model> {
        let find = |id| crud::messages::find(&self.core.db, actor.user_id, id);
        let named = find(id).await?.ok_or(Error::NotFound("message"))?.into_inner();
        let question = match (is_question(&named), named.role, named.parent_id) {
            (true, _, _) => Some(named),
            // It may be deleted between the two looks, and the answer with it.
            (false, Some(Role::Assistant), Some(parent)) => {
                Some(find(parent).await?.ok_or(Error::NotFound("message"))?.into_inner())
            }
            _ => None,
        };
        let question = question.filter(is_question).ok_or_else(|| {
            let rule = "a message of yours, a tool's result or an answer to one of them can be \
                        answered again; this one is neither";
            Invalid::new("id", rule)
        })?;
        let content = Content::read(String::new(), question.data.as_deref());
        // A tool may return nothing, and an image says something.
        if question.is_user && content.is_plain() && says_nothing(&question.content) {
            // An import may have brought it.
            return Err(
                Invalid::new("id", "this message has no text that could be answered").into()
            );
        }
        Ok(question)
    }

    /// A key that a client sent, with what it asked for.
    pub(crate) fn key(
        &self,
        key: Option<String>,
        digest: impl FnOnce() -> serde_json::Value,
    ) -> Option<IdempotencyKey> {
        repeat::idempotency_key(&self.core, key, digest)
    }

    /// What `begun` leads to. Where it is refused, perhaps the same request was accepted before:
    /// whatever has changed since, it leads to the same response.
    pub(crate) async fn once(
        &self,
        actor: &Actor,
        key: Option<&IdempotencyKey>,
        begun: impl Future<Output = Result<Started>>,
    ) -> Result<Started> {
        let (error, key) = match (begun.await, key) {
            (Err(error), Some(key)) if !matches!(error, Error::Unavailable(_)) => (error, key),
            (begun, _) => return begun,
        };
        let now = self.core.context.now();
        let Ok(Seen::Same(response)) =
            crud::idempotency::find(&self.core.db, actor.user_id, key, now).await
        else {
            return Err(error);
        };
        // Of another kind of request it is no response.
        let Ok(response) = response.parse() else { return Err(error) };
        self.repeat(actor, response).await
    }

    /// Accepts a request and begins to answer it.
    pub(crate) async fn start(
        &self,
        request: Request,
        idempotency: Option<IdempotencyKey>,
    ) -> Result<Started> {
        let (core, engine) = (&self.core, &self.engine);
        let admission = engine.admit()?;
        let actor = request.actor;
        let owner = actor.user_id;
        let (conversation, is_new) = match &request.place {
            TargetConversation::New(row) => (row.as_ref().clone(), true),
            TargetConversation::Stored(id) => {
                let found = crud::conversations::find(&core.db, owner, *id).await?;
                (found.ok_or(Error::NotFound("conversation"))?.into_inner(), false)
            }
        };
        // The request's model, else the conversation's, else the default.
        let name = request.model.as_ref().or(conversation.model.as_ref());
        let model = core.catalog.choose(name.map(String::as_str)).await?;
        let parameters = request.asked_in(&conversation);
        let instructions = parameters.instructions.as_deref();
        engine.check_fits(&model, instructions, &request.said()).await?;
        core.quota.take(&core.db, owner, request.new_bytes()).await?;
        let slot = engine.reserve(admission, owner, conversation.id)?;
        let new = NewTurn {
            owner,
            conversation_id: conversation.id,
            response: self.new_response(&request, conversation.id, &model, parameters),
            idempotency,
            now: core.context.now(),
            question: request.question,
            opening: is_new.then_some(conversation),
        };
        let is_new_question = matches!(new.question, Question::New { .. });
        let is_behind_response = request.parameters.previous.is_some();
        Err(match engine.begin(new, model, slot, request.going_on.as_ref()).await? {
            Beginning::Begun(follower) => {
                return Ok(Started { follower: *follower, repeated: false });
            }
            Beginning::Repeated(response) => return self.repeat(&actor, response).await,
            Beginning::KeyReused => Error::IdempotencyKeyReused,
            Beginning::NoConversation => Error::NotFound("conversation"),
            Beginning::NoMessage if is_behind_response => Error::PreviousResponseNotFound,
            Beginning::NoMessage if is_new_question => {
                let message = "parent_id must be a message of this conversation";
                Invalid::new("parent_id", message).into()
            }
            Beginning::NoMessage => Error::NotFound("message"),
            Beginning::Locked(running) => Error::ConversationLocked(running),
            Beginning::Superseded(newest) => Error::CannotContinue(Uncontinuable::By(newest)),
        })
    }

    /// The row of the response that a request asks for.
    pub(super) fn new_response(
        &self,
        request: &Request,
        conversation_id: ConversationId,
        model: &Chosen,
        parameters: Parameters,
    ) -> response::Model {
        let (context, fence) = (&self.core.context, self.engine.fence());
        let answer = request.going_on.as_ref();
        let row = response::Model::accepted(response::Accepted {
            id: context.new_id(),
            user_id: request.actor.user_id,
            conversation_id,
            user_message_id: request.question_id,
            message_id: answer.map_or_else(|| context.new_id(), |answer| answer.id),
            purpose: Purpose::Answer,
            model: model.name.clone(),
            provider: model.provider.name().to_owned(),
            parameters,
            server_id: fence.server_id,
            epoch: fence.epoch,
            at: context.now(),
        });
        let previous_response_id = answer.and_then(|answer| answer.response_id);
        response::Model { previous_response_id, ..row }
    }

    /// What an earlier request with the same key led to.
    async fn repeat(&self, actor: &Actor, id: ResponseId) -> Result<Started> {
        let follower = self.follow(actor, id, None).await?;
        Ok(Started { follower, repeated: true })
    }
}

/// Whether a row is one that is answered.
fn is_question(row: &message::Model) -> bool {
    row.is_user || row.kind == MessageType::FunctionCallOutput
}

/// What is asked for, whichever way.
pub(crate) struct Request {
    pub(crate) actor: Actor,
    pub(crate) place: TargetConversation,
    pub(crate) model: Option<String>,
    /// What is asked for beside the messages; without instructions the conversation's.
    pub(crate) parameters: Parameters,
    pub(crate) question_id: MessageId,
    pub(crate) question: Question,
    /// What is stored and has to fit into the model's window.
    pub(crate) stored: Option<Content>,
    /// The answer that is continued.
    pub(crate) going_on: Option<message::Model>,
}

impl Request {
    /// What is asked for beside the messages: instructions of its own, or the conversation's.
    pub(super) fn asked_in(&self, conversation: &conversation::Model) -> Parameters {
        let asked = self.parameters.clone();
        let instructions = asked.instructions.or_else(|| conversation.instructions.clone());
        let chain = conversation.kind == ConversationKind::Chain;
        Parameters { instructions, chain, ..asked }
    }

    /// What has to fit into the model's window.
    pub(super) fn said(&self) -> Vec<&Content> {
        let new = match &self.question {
            Question::New { items, .. } => Some(items.iter().map(NewItem::content)),
            Question::Stored | Question::Continued(_) => None,
        };
        new.into_iter().flatten().chain(&self.stored).collect()
    }

    /// How many bytes it adds to what its user stores, before it is answered.
    fn new_bytes(&self) -> usize {
        let question = match &self.question {
            Question::New { items, .. } => items.iter().map(NewItem::bytes).sum(),
            Question::Stored | Question::Continued(_) => 0,
        };
        let opening = match &self.place {
            TargetConversation::New(row) => conversations::text_bytes(row),
            TargetConversation::Stored(_) => 0,
        };
        question + opening
    }
}

/// The conversation that a request is about.
pub(crate) enum TargetConversation {
    Stored(ConversationId),
    /// It is made by the request.
    New(Box<conversation::Model>),
}
