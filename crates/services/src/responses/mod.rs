//! Responses: accepting a message, generating its answer, following and stopping it.

mod checkpoint;
pub(crate) mod engine;
mod finish;
mod follower;
mod generation;
mod log;
mod observe;
mod purge;
mod recover;
mod remote;
mod render;
mod slots;
mod synthesis;
mod transcript;
mod usage;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use auth::Identity;
use crud::CrudError;
use crud::turns::{NewTurn, Turn, TurnOutcome};
use models::conversation;
use models::response::{self, ResponseStatus};
use schemas::message::{MessageCreate, MessageOut, TurnOut};
use schemas::response::ResponseResource;
use schemas::{ConversationId, Invalid, ResponseId, UserId};

pub use follower::Follower;
pub use log::Numbered;

pub(crate) use recover::stored;
pub(crate) use render::resource;

use crate::error::{Error, Result};
use crate::{messages, repeat, titles};
use engine::Engine;
use generation::Generation;
pub(crate) use generation::Stop;
use log::Log;
use remote::Remote;

/// How long a stop waits for the end to be stored before it answers with the row as it is.
const CANCEL_WAIT: Duration = Duration::from_secs(5);

/// A message that was accepted and is being answered.
#[derive(Debug)]
pub struct Started {
    /// The response as it began.
    pub response: ResponseResource,
    /// What the person said, as stored.
    pub user_message: MessageOut,
    /// The answer, still empty.
    pub message: MessageOut,
    /// Reads the response's events from the first on.
    pub follower: Follower,
    /// Whether it was accepted before: the same request was repeated with the same key.
    pub repeated: bool,
}

/// The use cases of responses.
#[derive(Debug, Clone)]
pub struct Responses {
    engine: Arc<Engine>,
}

impl Responses {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self { engine }
    }

    /// Accepts a message and begins to answer it. When this returns, both are on disk, and the
    /// answer is made whether or not anybody follows. The same request with the same key leads to
    /// the same response, running or ended.
    pub async fn send(
        &self,
        identity: &Identity,
        id: ConversationId,
        body: MessageCreate,
        idempotency_key: Option<String>,
    ) -> Result<Started> {
        body.validate()?;
        let engine = self.engine.clone();
        if engine.draining.is_cancelled() {
            return Err(Error::ShuttingDown);
        }
        let owner = identity.user_id;
        let conversation = crud::conversations::find(&engine.db, owner, id)
            .await?
            .ok_or(Error::NotFound("conversation"))?;
        engine.window().check(conversation.instructions.as_deref(), &body.content)?;
        let model = choose_model(&engine, &conversation, &body)?;
        let slot = engine.slots.take(owner, id)?;
        // In a task of its own: a client that goes away between the commit and the start of the
        // generation must not leave a response behind that nobody generates.
        let key = repeat::idempotency_key(&engine.context, idempotency_key, || {
            serde_json::json!(["message", id, body.content, body.model, body.parent_id])
        });
        let new =
            NewTurn { idempotency: key, ..new_turn(&engine, owner, &conversation, body, model) };
        let task = engine.tasks.spawn(accept(engine.clone(), new, conversation, slot));
        match task.await.map_err(Error::internal)?? {
            Accepted::New(started) => Ok(*started),
            Accepted::Before(response) => self.repeat(owner, response).await,
        }
    }

    /// What an earlier request with the same key led to.
    async fn repeat(&self, owner: UserId, id: ResponseId) -> Result<Started> {
        let TurnOut { user_message, message, .. } = self.turn(owner, id).await?;
        let follower = self.follow(owner, id, None).await?;
        let response = follower.response().clone();
        Ok(Started { response, user_message, message, follower, repeated: true })
    }

    /// A response of `owner`.
    pub async fn get(&self, owner: UserId, id: ResponseId) -> Result<ResponseResource> {
        let row = self.find(owner, id).await?;
        self.describe(&row).await
    }

    /// A response of `owner` with both of its messages.
    pub async fn turn(&self, owner: UserId, id: ResponseId) -> Result<TurnOut> {
        let row = self.find(owner, id).await?;
        let message = |id| crud::messages::find(&self.engine.db, owner, id);
        let user_message = message(row.user_message_id).await?;
        let answer = message(row.message_id).await?;
        let rows = [user_message, answer].into_iter().flatten().collect();
        let mut out =
            messages::describe(&self.engine, row.conversation_id, rows).await?.into_iter();
        let (Some(user_message), Some(message)) = (out.next(), out.next()) else {
            return Err(Error::NotFound("response"));
        };
        Ok(TurnOut { user_message, message, response: self.describe(&row).await? })
    }

    /// Follows a response of `owner` after the event `after`, or from the beginning. It may have
    /// ended long ago.
    pub async fn follow(
        &self,
        owner: UserId,
        id: ResponseId,
        after: Option<u64>,
    ) -> Result<Follower> {
        // Looked up before the row is read: a response that ends in between is read from disk.
        let running = self.engine.find_log(id);
        let row = self.find(owner, id).await?;
        let (log, after) = match running {
            Some(log) => (log, after),
            None => self.stored_log(&row, after).await?,
        };
        Ok(Follower::new(render::begun(&row), log, after))
    }

    /// Stops a response of `owner` and keeps its text. Stopping one that has ended changes nothing.
    pub async fn cancel(&self, owner: UserId, id: ResponseId) -> Result<ResponseResource> {
        let row = self.find(owner, id).await?;
        if !row.status.is_final() {
            let now = self.engine.context.now();
            crud::responses::request_cancel(&self.engine.db, owner, id, now).await?;
            if let Some(generation) = self.engine.find(id) {
                generation.stop(Stop::Cancelled);
                let log = generation.log.clone();
                let mut follower = Follower::new(render::begun(&row), log, None);
                let _ = tokio::time::timeout(CANCEL_WAIT, follower.wait_end()).await;
            }
        }
        self.get(owner, id).await
    }

    async fn find(&self, owner: UserId, id: ResponseId) -> Result<response::Model> {
        let found = crud::responses::find(&self.engine.db, owner, id).await?;
        found.ok_or(Error::NotFound("response"))
    }

    async fn describe(&self, row: &response::Model) -> Result<ResponseResource> {
        let rows = if row.status.is_final() {
            crud::messages::list_of_response(&self.engine.db, row.id).await?
        } else {
            Vec::new()
        };
        Ok(resource(row, &rows))
    }

    /// The log of a response that does not run here, as far as it is stored, and where in it a
    /// follower that has seen `after` goes on. The caller has just read `row`.
    async fn stored_log(
        &self,
        row: &response::Model,
        after: Option<u64>,
    ) -> Result<(Arc<Log>, Option<u64>)> {
        let log = recover::stored(&self.engine, row).await?;
        if log.has_ended() {
            return Ok((Arc::new(log), after));
        }
        // The row was read before its events. Had it ended by then, and the end is not among them,
        // they are forgotten. It must not be read again: what ended in between has its events, and
        // numbers that somebody has seen are not given to others.
        if row.status.is_final() {
            let rows = crud::messages::list_of_response(&self.engine.db, row.id).await?;
            let log = Arc::new(synthesis::log(row, &rows));
            // Its numbers are new: whoever has not seen the end gets everything.
            let last_seq = u64::try_from(row.last_seq).unwrap_or_default();
            return Ok((log, after.filter(|after| *after >= last_seq).map(|_| u64::MAX)));
        }
        Ok((Remote::log(&self.engine, row).await?, after))
    }
}

/// What became of a message.
enum Accepted {
    New(Box<Started>),
    Before(ResponseId),
}

/// Stores a message with its empty answer, and sets the engine to work.
async fn accept(
    engine: Arc<Engine>,
    new: NewTurn,
    conversation: conversation::Model,
    slot: slots::Slot,
) -> Result<Accepted> {
    let (owner, response_id) = (new.owner, new.response.id);
    let outcome = match crud::turns::start(&engine.db, new).await {
        Ok(outcome) => outcome,
        // The answer to the commit got lost. The ids are ours: look whether it took place.
        Err(error @ CrudError::Ambiguous(_)) => {
            stored_turn(&engine, owner, response_id).await?.ok_or(error)?
        }
        Err(error) => return Err(error.into()),
    };
    let turn = match outcome {
        TurnOutcome::Accepted(turn) => turn,
        TurnOutcome::NoConversation => return Err(Error::NotFound("conversation")),
        TurnOutcome::NoParent => {
            let message = "parent_id must be a message of this conversation";
            return Err(Invalid::new("parent_id", message).into());
        }
        TurnOutcome::Locked(running) => return Err(Error::ConversationLocked(running)),
        TurnOutcome::Repeated(response) => return Ok(Accepted::Before(response)),
        TurnOutcome::KeyReused => return Err(Error::IdempotencyKeyReused),
    };
    let Turn { user_message, message, response } = turn;
    let resource = render::begun(&response);
    let generation =
        Arc::new(Generation::new(response, resource.clone(), conversation.instructions, slot));
    let follower = Follower::new(resource.clone(), generation.log.clone(), None);
    engine.spawn(generation);
    let rows = vec![user_message, message];
    let mut out = messages::describe(&engine, conversation.id, rows).await?.into_iter();
    match (out.next(), out.next()) {
        (Some(user_message), Some(message)) => {
            let repeated = false;
            let response = resource;
            let started = Started { response, user_message, message, follower, repeated };
            Ok(Accepted::New(Box::new(started)))
        }
        _ => Err(Error::NotFound("conversation")),
    }
}

/// The message's model, else the conversation's, else the provider's default.
fn choose_model(
    engine: &Engine,
    conversation: &conversation::Model,
    body: &MessageCreate,
) -> Result<String> {
    let model = body
        .model
        .as_ref()
        .or(conversation.model.as_ref())
        .map_or_else(|| engine.provider.default_model().to_owned(), String::clone);
    if engine.provider.refuses(&model) {
        return Err(Error::ModelNotFound(model));
    }
    Ok(model)
}

fn new_turn(
    engine: &Engine,
    owner: UserId,
    conversation: &conversation::Model,
    body: MessageCreate,
    model: String,
) -> NewTurn {
    let MessageCreate { content, model: _, parent_id, stream: _ } = body;
    let context = &engine.context;
    let now = context.now();
    let parameters = serde_json::json!({ "instructions": conversation.instructions });
    let response = response::Model {
        id: context.new_id(),
        user_id: owner,
        conversation_id: conversation.id,
        user_message_id: context.new_id(),
        message_id: context.new_id(),
        previous_response_id: None,
        status: ResponseStatus::InProgress,
        incomplete_reason: None,
        model,
        provider: engine.provider.name().to_owned(),
        parameters: parameters.to_string(),
        input_from_seq: 0,
        input_to_seq: 0,
        context_messages: None,
        context_omitted: None,
        input_tokens: None,
        output_tokens: None,
        cached_tokens: None,
        reasoning_tokens: None,
        usage_estimated: false,
        error_code: None,
        error_message: None,
        owner: engine.fence.owner,
        epoch: engine.fence.epoch,
        last_seq: -1,
        cancel_requested_at: None,
        created_at: now,
        completed_at: None,
        updated_at: now,
    };
    let title = titles::first_line(&content);
    let conversation_id = conversation.id;
    let idempotency = None;
    NewTurn { owner, conversation_id, parent_id, content, title, response, idempotency, now }
}

/// The turn of a response, if it is stored.
async fn stored_turn(
    engine: &Engine,
    owner: UserId,
    id: ResponseId,
) -> Result<Option<TurnOutcome>> {
    let Some(response) = crud::responses::find(&engine.db, owner, id).await? else {
        return Ok(None);
    };
    let user_message = crud::messages::find(&engine.db, owner, response.user_message_id).await?;
    let message = crud::messages::find(&engine.db, owner, response.message_id).await?;
    Ok(match (user_message, message) {
        (Some(user_message), Some(message)) => {
            Some(TurnOutcome::Accepted(Turn { user_message, message, response }))
        }
        _ => None,
    })
}
