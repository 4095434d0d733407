//! What an answer holds beside its text: the `data` of its row, as JSON.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ResponseId;
use crate::event::Annotation;

/// The `data` of an answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AnswerData {
    /// The responses that wrote it before the last one went on with it, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Earlier>,
    /// The sources that it names; their places are ones in the whole text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<Annotation>,
    /// Everything else.
    #[serde(flatten)]
    pub others: Map<String, Value>,
}

/// A response that another one went on with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// Its id.
    pub response: ResponseId,
    /// How many bytes of the text there were when it ended.
    pub bytes: usize,
    /// How many sources there were.
    #[serde(default)]
    pub annotations: usize,
}

impl AnswerData {
    /// Reads what a row holds. What a person broke by hand is nothing.
    pub fn read(data: Option<&str>) -> Self {
        data.and_then(|data| serde_json::from_str(data).ok()).unwrap_or_default()
    }

    /// As it is stored; nothing if there is nothing in it.
    pub fn stored(&self) -> Option<String> {
        if *self == Self::default() { None } else { serde_json::to_string(self).ok() }
    }
}
