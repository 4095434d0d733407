//! Responses without rows: made for one reader, with whom they end.
//!
//! They are asked for and told as stored ones are: the same selection of what is sent, the same
//! log, the same places among what runs. They write nothing, so no other server and no later
//! request finds them.

use std::sync::Arc;

use crud::Owned;
use crud::turns::NewItems;
use models::{message, response};

use super::engine::Engine;
use super::follower::Follower;
use super::generate;
use super::generation::Generation;
use super::given::Given;
use super::log::Log;
use super::slots::Slot;
use crate::catalog::Chosen;

/// A response to be made of which nothing is stored.
#[derive(Debug)]
pub struct Unstored {
    /// Its row, as it would be inserted. Where it goes on with a stored message, its conversation
    /// is that message's.
    pub response: response::Model,
    /// What it answers; the id of the last item is the row's `user_message_id`.
    pub items: NewItems,
    /// The stored message that the first item hangs below.
    pub behind: Option<Owned<message::Model>>,
}

impl Engine {
    /// Makes a response of which nothing is stored. It ends, and the provider's connection is
    /// closed, when the follower is dropped.
    pub fn run(self: &Arc<Self>, new: Unstored, model: Chosen, slot: Slot) -> Follower {
        let Unstored { mut response, items, behind } = new;
        let seq = behind.as_ref().map_or(-1, |row| row.seq);
        let parent = behind.as_ref().map(|row| (row.id, row.depth));
        let place = (response.conversation_id, response.created_at);
        let (mut newest_first, last) = items.rows(place, seq.saturating_add(1), parent);
        response.input_to_seq = last.seq;
        newest_first.push(last);
        newest_first.reverse();
        let log = Log::begun(response.message_id, "", Vec::new());
        let given = Given { newest_first, seq };
        let generation = Arc::new(Generation::unstored(response, log, given, model, slot));
        let follower = Follower::new(generation.begun.clone(), generation.log.clone(), None);
        let follower = follower.only(generation.stop_on_drop());
        generate::begin_unstored(self, generation);
        follower
    }
}
