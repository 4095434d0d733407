//! The events of a response with everything a wire format needs to render each by itself.

use crate::MessageId;
use crate::event::{Ending, Failure, ItemKind};

/// An output item at some moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Position in the output, from 0.
    pub index: u32,
    /// Id of the stored message.
    pub id: MessageId,
    /// What it is.
    pub kind: ItemKind,
}

impl Item {
    /// Whether it is a call of a tool.
    pub fn is_call(&self) -> bool {
        matches!(self.kind, ItemKind::FunctionCall(_))
    }
}

/// A finished output item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoneItem {
    /// Which item.
    pub item: Item,
    /// Its whole text.
    pub text: String,
    /// Whether it was finished, not cut off.
    pub complete: bool,
}

/// What happened; each value becomes exactly one event of every wire format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamEvent {
    /// The response exists.
    Created,
    /// The model is being asked.
    InProgress,
    /// An output item begins.
    ItemAdded(Item),
    /// Its text begins.
    PartAdded(Item),
    /// More text of the item.
    Delta(Item, String),
    /// The text is whole.
    TextDone(Item, String),
    /// The part is closed.
    PartDone(Item, String),
    /// The item is closed.
    ItemDone(DoneItem),
    /// Something went wrong; `Ended` follows.
    Error(Failure),
    /// The response is over; its whole output.
    Ended(Ending, Vec<DoneItem>),
}

impl StreamEvent {
    /// Whether nothing follows.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Ended(..))
    }
}
