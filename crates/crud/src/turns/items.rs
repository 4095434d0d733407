//! The new items of a turn: messages, and results of tools.

use std::time::Duration;

use models::message::{self, CallData, MessageStatus, MessageType, ResultData, Role, is_user};
use models::{Content, ConversationId, MessageId, Time};

use crate::search_docs::Terms;

/// An item that a turn adds to a conversation. Its id is the caller's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewItem {
    /// A message.
    Message {
        /// Its id.
        id: MessageId,
        /// Who speaks.
        role: Role,
        /// What is said.
        content: Content,
    },
    /// A call of a tool that the model made elsewhere, as a client tells it.
    Call {
        /// Its id.
        id: MessageId,
        /// The provider's id of the call.
        call_id: String,
        /// The tool's name.
        name: String,
        /// Its arguments, which should be JSON.
        arguments: Content,
    },
    /// What the model reasoned elsewhere, as a client tells it.
    Reasoning {
        /// Its id.
        id: MessageId,
        /// Its text.
        text: Content,
    },
    /// What a called tool returned.
    Result {
        /// Its id.
        id: MessageId,
        /// The provider's id of the call.
        call_id: String,
        /// What it returned.
        output: Content,
    },
}

impl NewItem {
    /// Its id.
    pub fn id(&self) -> MessageId {
        match self {
            Self::Message { id, .. }
            | Self::Call { id, .. }
            | Self::Reasoning { id, .. }
            | Self::Result { id, .. } => *id,
        }
    }

    /// What it says.
    pub fn content(&self) -> &Content {
        match self {
            Self::Message { content, .. }
            | Self::Call { arguments: content, .. }
            | Self::Reasoning { text: content, .. }
            | Self::Result { output: content, .. } => content,
        }
    }

    /// How many bytes it stores.
    pub fn bytes(&self) -> usize {
        let beside = match self {
            Self::Message { .. } | Self::Reasoning { .. } => 0,
            Self::Call { call_id, name, .. } => call_id.len() + name.len(),
            Self::Result { call_id, .. } => call_id.len(),
        };
        self.content().bytes().saturating_add(beside)
    }

    /// What its row holds beside the plain text, as JSON.
    fn data(&self) -> Option<String> {
        match self {
            Self::Message { content, .. } | Self::Reasoning { text: content, .. } => {
                content.stored_parts()
            }
            Self::Call { call_id, name, .. } => {
                Some(CallData { call_id: call_id.clone(), name: name.clone() }.stored())
            }
            Self::Result { call_id, output, .. } => {
                Some(ResultData { call_id: call_id.clone() }.stored(output))
            }
        }
    }

    /// What it can be found by. Calls, results and reasoning are not found.
    fn terms(&self) -> Terms {
        match self {
            Self::Message { content, .. } => Terms::of(&content.text()),
            Self::Call { .. } | Self::Reasoning { .. } | Self::Result { .. } => Terms::default(),
        }
    }
}

/// The new items of a turn in their order, at least one: each hangs below the one before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewItems {
    before: Vec<NewItem>,
    last: NewItem,
}

impl NewItems {
    /// These ones; none if there are none.
    pub fn new(mut items: Vec<NewItem>) -> Option<Self> {
        let last = items.pop()?;
        Some(Self { before: items, last })
    }

    /// All of them, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &NewItem> {
        self.before.iter().chain([&self.last])
    }

    /// The one that the answer hangs below.
    pub fn last(&self) -> &NewItem {
        &self.last
    }

    /// How many there are.
    pub(super) fn count(&self) -> i64 {
        i64::try_from(self.before.len()).unwrap_or(i64::MAX).saturating_add(1)
    }

    /// What each can be found by.
    pub(super) fn terms(&self) -> Vec<Terms> {
        self.iter().map(NewItem::terms).collect()
    }

    /// Their rows, the last one apart: from the number `seq` on, the first one below `parent`,
    /// whose depth is known.
    pub fn rows(
        &self,
        (conversation_id, now): (ConversationId, Time),
        seq: i64,
        mut parent: Option<(MessageId, i32)>,
    ) -> (Vec<message::Model>, message::Model) {
        let mut row = |item: &NewItem, at: i64| {
            let depth = parent.map_or(0, |(_, depth)| depth.saturating_add(1));
            let above = parent.replace((item.id(), depth)).map(|(id, _)| id);
            let (kind, role) = match item {
                NewItem::Message { role, .. } => (MessageType::Message, Some(*role)),
                NewItem::Reasoning { .. } => (MessageType::Reasoning, None),
                NewItem::Call { .. } => (MessageType::FunctionCall, None),
                NewItem::Result { .. } => (MessageType::FunctionCallOutput, None),
            };
            // Whoever sorts by time finds them in their order.
            let created_at = now + Duration::from_micros(at.unsigned_abs());
            message::Model {
                conversation_id,
                seq: seq.saturating_add(at),
                id: item.id(),
                parent_id: above,
                depth,
                response_id: None,
                kind,
                role,
                is_user: is_user(kind, role),
                status: MessageStatus::Completed,
                content: item.content().text().into_owned(),
                data: item.data(),
                model: None,
                created_at,
                updated_at: created_at,
            }
        };
        let before: Vec<_> = self.before.iter().zip(0..).map(|(item, at)| row(item, at)).collect();
        let last = row(&self.last, self.count() - 1);
        (before, last)
    }
}

impl From<NewItem> for NewItems {
    fn from(last: NewItem) -> Self {
        Self { before: Vec::new(), last }
    }
}
