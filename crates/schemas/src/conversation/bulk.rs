//! One change of many conversations.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ConversationId;
use crate::validate::Invalid;

/// The most ids of one request.
const MAX_IDS: usize = 100;

/// Body of `POST /api/conversations/delete`: exactly one of `ids`, `all` and `trash`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkDelete {
    /// These conversations, at most 100.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, min_items = 1, max_items = 100)]
    pub ids: Option<Vec<ConversationId>>,
    /// `true`: every conversation, archived ones too.
    #[serde(default)]
    pub all: bool,
    /// `true`: empties the trash.
    #[serde(default)]
    pub trash: bool,
    /// `true` removes them for good instead of putting them into the trash; with `ids` and `all`
    /// those that are in the trash already, too.
    #[serde(default)]
    pub permanent: bool,
}

/// Body of `POST /api/conversations/archive`: exactly one of `ids` and `all`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkArchive {
    /// These conversations, at most 100.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, min_items = 1, max_items = 100)]
    pub ids: Option<Vec<ConversationId>>,
    /// `true`: every conversation.
    #[serde(default)]
    pub all: bool,
    /// `false` takes them back into the list.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub archived: bool,
}

fn yes() -> bool {
    true
}

/// Which conversations a request means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// These.
    Ids(Vec<ConversationId>),
    /// Every one.
    All,
    /// What is in the trash.
    Trash,
}

impl BulkDelete {
    /// What is meant, every bound checked.
    pub fn selection(&self) -> Result<Selection, Invalid> {
        select(self.ids.as_deref(), &[(self.all, Selection::All), (self.trash, Selection::Trash)])
            .ok_or_else(|| Invalid::new("ids", "send exactly one of ids, all: true and trash: true"))?
    }
}

impl BulkArchive {
    /// What is meant, every bound checked.
    pub fn selection(&self) -> Result<Selection, Invalid> {
        select(self.ids.as_deref(), &[(self.all, Selection::All)])
            .ok_or_else(|| Invalid::new("ids", "send exactly one of ids and all: true"))?
    }
}

/// The one thing that was asked for, if it is one.
fn select(
    ids: Option<&[ConversationId]>,
    flags: &[(bool, Selection)],
) -> Option<Result<Selection, Invalid>> {
    let mut asked = flags.iter().filter(|(is_set, _)| *is_set).map(|(_, selection)| selection);
    match (ids, asked.next(), asked.next()) {
        (Some(ids), None, None) => Some(bounded(ids)),
        (None, Some(selection), None) => Some(Ok(selection.clone())),
        _ => None,
    }
}

fn bounded(ids: &[ConversationId]) -> Result<Selection, Invalid> {
    if ids.is_empty() || ids.len() > MAX_IDS {
        let message = format!("ids must have 1 to {MAX_IDS} ids, got {}", ids.len());
        return Err(Invalid::new("ids", message));
    }
    let mut unique = ids.to_vec();
    unique.sort_unstable();
    unique.dedup();
    Ok(Selection::Ids(unique))
}

/// What `POST /api/conversations/delete` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BulkDeleted {
    /// How many conversations were deleted.
    pub deleted: u64,
    /// Of the ids sent, those that name none of your conversations.
    #[schema(value_type = Vec<String>)]
    pub not_found: Vec<ConversationId>,
}

/// What `POST /api/conversations/archive` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BulkArchived {
    /// How many conversations were changed.
    pub changed: u64,
    /// Of the ids sent, those that name none of your conversations.
    #[schema(value_type = Vec<String>)]
    pub not_found: Vec<ConversationId>,
}
