use std::collections::BTreeMap;

use models::conversation::TitleSource;

use crate::{ConversationId, MessageId, ResponseId, Time};

/// The client's own pairs.
pub type Metadata = BTreeMap<String, String>;

/// A conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Id.
    pub id: ConversationId,
    /// Title; empty until the first message.
    pub title: String,
    /// Who wrote the title.
    pub title_source: TitleSource,
    /// The model used when a message names none.
    pub model: Option<String>,
    /// System message put before the conversation's messages.
    pub instructions: Option<String>,
    /// Whether it is kept on top.
    pub pinned: bool,
    /// When it was put aside.
    pub archived_at: Option<Time>,
    /// The client's own pairs.
    pub metadata: Metadata,
    /// The response running in it.
    pub active_response_id: Option<ResponseId>,
    /// The newest message of the selected branch.
    pub head_id: Option<MessageId>,
    /// Raised at every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Time,
    /// When a message was last sent or answered in it.
    pub updated_at: Time,
    /// When it was put into the trash.
    pub deleted_at: Option<Time>,
    /// When it will be removed from the trash.
    pub purge_at: Option<Time>,
}

impl Conversation {
    /// The time that the list it is in is ordered by: its last activity, in the trash its deletion.
    pub fn listed_at(&self) -> Time {
        self.deleted_at.unwrap_or(self.updated_at)
    }
}
