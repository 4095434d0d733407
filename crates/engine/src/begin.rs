//! A response is stored and set to work on.

use std::sync::Arc;

use crud::CrudError;
use crud::turns::{Continued, NewTurn, Question, TurnOutcome};
use models::{Content, ConversationId, ResponseId, UserId, message};
use schemas::answer_data::{AnswerData, Earlier};

use super::ambiguous::{Means, resolve_ambiguous_commit, stored_turn};
use super::engine::Engine;
use super::follower::Follower;
use super::log::Log;
use super::slots::{Admission, Slot};
use super::stored;
use crate::catalog::Chosen;
use crate::context::Window;
use crate::error::{Error, Result};
use crate::tokens;

/// What became of a turn.
#[derive(Debug)]
pub enum Beginning {
    /// It is stored, and the answer is being made.
    Begun(Box<Follower>),
    /// The same request was accepted before and led to this response.
    Repeated(ResponseId),
    /// The idempotency key was used for another request.
    KeyReused,
    /// There is no such conversation of this owner.
    NoConversation,
    /// The message that is named is not in the conversation.
    NoMessage,
    /// This response runs in the conversation.
    Locked(ResponseId),
    /// This response continued the same answer before.
    Superseded(ResponseId),
}

impl Engine {
    /// Lets a turn in, unless the engine is stopping. From here on a stop waits for it: until its
    /// answer has ended, or it is refused.
    pub fn admit(&self) -> Result<Admission> {
        // Taken before the question: a stop that begins in between waits for it all the same.
        let admission = Admission::new(&self.turns);
        if self.draining.is_cancelled() { Err(Error::ShuttingDown) } else { Ok(admission) }
    }

    /// Takes a place among the responses that run here, or says which limit is reached. It is free
    /// again when the last one of its conversation is dropped.
    pub fn reserve(
        &self,
        admission: Admission,
        user: UserId,
        conversation: ConversationId,
    ) -> Result<Slot> {
        self.slots.take(admission, user, conversation)
    }

    /// Refuses instructions and what is said that certainly do not fit into the window of `model`.
    pub async fn check_fits(
        &self,
        model: &Chosen,
        instructions: Option<&str>,
        said: &[&Content],
    ) -> Result<()> {
        Window::from(model.facts).check(&self.counter, instructions, said).await
    }

    /// How many tokens messages with this content are for `model`, with what a request costs
    /// itself. Where the tokenizer is not known it is an estimate.
    pub async fn count(&self, model: &Chosen, said: &[Content]) -> Result<u32> {
        let said: Vec<tokens::Counted<'_>> = said.iter().map(tokens::Counted::from).collect();
        let counts = self.counter.of_messages(model.facts.tokenizer, &said).await?;
        Ok(counts.into_iter().fold(tokens::PER_REQUEST, u32::saturating_add))
    }

    /// Stores a turn and begins to answer it. When this returns [`Beginning::Begun`], it is on
    /// disk, and the answer is made whether or not anybody follows. `continues` is the answer that
    /// the response continues.
    pub async fn begin(
        self: &Arc<Self>,
        mut new: NewTurn,
        model: Chosen,
        slot: Slot,
        continues: Option<&message::Model>,
    ) -> Result<Beginning> {
        let log = match continues {
            None => Log::begun(new.response.message_id, "", Vec::new()),
            Some(answer) => continue_answer(&mut new, answer),
        };
        // In a task of its own: a client that goes away between the commit and the start of the
        // generation must not leave a response behind that nobody generates.
        let task = self.tasks.spawn(store(self.clone(), new, Means { log, model, slot }));
        task.await.map_err(Error::internal)?
    }
}

/// Stores the empty answer, with its message if that is new, and sets the engine to work.
async fn store(engine: Arc<Engine>, new: NewTurn, means: Means) -> Result<Beginning> {
    let (owner, conversation_id) = (new.owner, new.conversation_id);
    let response_id = new.response.id;
    let outcome = match crud::turns::start(&engine.db, new).await {
        Ok(outcome) => outcome,
        // The answer to the commit got lost. The ids are ours: look whether it took place.
        Err(error @ CrudError::Ambiguous(_)) => {
            let Ok(Some(turn)) = stored_turn(&engine, owner, response_id).await else {
                let resolving = resolve_ambiguous_commit(
                    engine.clone(),
                    owner,
                    conversation_id,
                    response_id,
                    means,
                );
                engine.tasks.spawn(resolving);
                return Err(error.into());
            };
            TurnOutcome::Accepted(turn)
        }
        Err(error) => return Err(error.into()),
    };
    let turn = match outcome {
        TurnOutcome::Accepted(turn) => turn,
        TurnOutcome::Repeated(response) => return Ok(Beginning::Repeated(response)),
        TurnOutcome::KeyReused => return Ok(Beginning::KeyReused),
        TurnOutcome::NoConversation => return Ok(Beginning::NoConversation),
        TurnOutcome::NoMessage => return Ok(Beginning::NoMessage),
        TurnOutcome::Locked(running) => return Ok(Beginning::Locked(running)),
        TurnOutcome::Superseded(newest) => return Ok(Beginning::Superseded(newest)),
    };
    #[cfg(feature = "kill-points")]
    crud::kill_point("send.committed");
    let generation = means.begin(&engine, turn.response);
    let follower = Follower::new(generation.begun.clone(), generation.log.clone(), None);
    Ok(Beginning::Begun(Box::new(follower)))
}

/// Makes `new` go on with `answer`: the log it begins with, as it will be stored with the row.
fn continue_answer(new: &mut NewTurn, answer: &message::Model) -> Log {
    let mut data = AnswerData::read(answer.data.as_deref());
    let log = Log::begun(answer.id, &answer.content, data.annotations.clone());
    let mut beginning = Vec::new();
    while let Some(run) = log.unstored() {
        log.mark_stored(run.until);
        let run = stored::run(new.response.id, &run);
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
