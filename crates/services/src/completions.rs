//! Chat completions: a client that keeps its conversation itself sends all of it each time.

use std::sync::Arc;

use auth::Actor;
use crud::turns::{NewItem, NewItems};
use engine::{Engine, Follower, Unstored};
use models::response::{self, Purpose};
use models::{Content, Parameters};
use schemas::Invalid;
use schemas::v1::chat::ChatRequest;

use crate::core::Core;
use crate::error::Result;
use crate::items;

/// The use cases of chat completions.
#[derive(Debug, Clone)]
pub struct Completions {
    core: Arc<Core>,
    engine: Arc<Engine>,
}

impl Completions {
    pub(crate) fn new(core: Arc<Core>, engine: Arc<Engine>) -> Self {
        Self { core, engine }
    }

    /// Begins to answer a request of which nothing is stored: a follower for each answer that is
    /// wanted, or none of them. Each takes a place among the answers that run, is the only reader of
    /// its answer, and ends it when it is dropped.
    pub async fn create(&self, actor: &Actor, request: ChatRequest) -> Result<Vec<Follower>> {
        let (core, engine) = (&self.core, &self.engine);
        let ChatRequest { model, items, parameters, choices, .. } = request;
        let items = items::told(core, actor.user_id, "messages", items).await?;
        let items = NewItems::new(items)
            .ok_or_else(|| Invalid::new("messages", "messages must have at least one message"))?;
        // Nobody can find a conversation of it.
        let parameters = Parameters { chain: true, unstored: true, ..parameters };
        let model = core.catalog.choose(model.as_deref()).await?;
        // All of it is sent.
        let said: Vec<&Content> = items.iter().map(NewItem::content).collect();
        engine.check_fits(&model, None, &said).await?;
        // A place is counted by conversation, and each of these is one by itself.
        let places = (0..choices).map(|_| {
            let conversation = core.context.new_id();
            let slot = engine.reserve(engine.admit()?, actor.user_id, conversation)?;
            Ok((conversation, slot))
        });
        let places = places.collect::<Result<Vec<_>>>()?;
        let fence = engine.fence();
        let begun = places.into_iter().map(|(conversation_id, slot)| {
            let response = response::Model::accepted(response::Accepted {
                id: core.context.new_id(),
                user_id: actor.user_id,
                conversation_id,
                user_message_id: items.last().id(),
                message_id: core.context.new_id(),
                purpose: Purpose::Answer,
                model: model.name.clone(),
                provider: model.provider.name().to_owned(),
                parameters: parameters.clone(),
                server_id: fence.server_id,
                epoch: fence.epoch,
                at: core.context.now(),
            });
            let unstored = Unstored { response, items: items.clone(), behind: None };
            engine.run(unstored, model.clone(), slot)
        });
        Ok(begun.collect())
    }
}
