//! The events of a response with everything a wire format needs to render each by itself.

use crate::MessageId;
use crate::event::{Annotation, Ending, Failure, ItemKind, Wait};

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
    /// The sources of the text, in their order.
    pub annotations: Vec<Annotation>,
    /// Whether it was finished, not cut off.
    pub complete: bool,
}

/// What happened; each value becomes exactly one event of every wire format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamEvent {
    /// The response exists.
    Created,
    /// The model is being asked, or a wait is over without anything to show.
    InProgress,
    /// Nothing comes for a while.
    Waiting(Wait),
    /// An output item begins.
    ItemAdded(Item),
    /// Its text begins.
    PartAdded(Item),
    /// More text of the item.
    Delta(Item, String),
    /// A source of the item's text, and how many came before it.
    Cited(Item, usize, Annotation),
    /// The text is whole.
    TextDone(Item, String),
    /// The part is closed; its text and the sources of that.
    PartDone(Item, String, Vec<Annotation>),
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
