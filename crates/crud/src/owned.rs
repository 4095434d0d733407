//! Rows that were found through their owner.

use std::ops::Deref;

use models::{ConversationId, ResponseId, conversation, message, response};

/// A row, or the id of one, that belongs to the person who asked for it.
///
/// Only this crate makes one, by a query that names the owner, or [`crate::engine`], whose work is
/// done for every owner. Whatever is read below a conversation, a message or a response takes one
/// instead of a bare id, so a request that has not asked for the owner does not compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owned<T>(T);

impl<T> Owned<T> {
    /// What a query that named the owner has found.
    pub(crate) fn found(row: T) -> Self {
        Self(row)
    }

    /// The row, without the proof that its owner has asked for it.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Owned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl Owned<conversation::Model> {
    /// Its id.
    pub fn owned_id(&self) -> Owned<ConversationId> {
        Owned(self.id)
    }
}

impl Owned<message::Model> {
    /// The id of its conversation.
    pub fn conversation(&self) -> Owned<ConversationId> {
        Owned(self.conversation_id)
    }
}

impl Owned<response::Model> {
    /// Its id.
    pub fn owned_id(&self) -> Owned<ResponseId> {
        Owned(self.id)
    }

    /// The id of its conversation.
    pub fn conversation(&self) -> Owned<ConversationId> {
        Owned(self.conversation_id)
    }
}
