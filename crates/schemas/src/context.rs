//! What a model was given to answer from.

use models::message::Role;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{MessageId, ResponseId};

/// Which messages of the conversation the model was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContextReport {
    /// How many messages of the branch were sent.
    pub messages_sent: u32,
    /// How many older ones did not fit the model's window.
    pub messages_omitted: u32,
}

/// The context of a response, as it was when the model was asked. Later changes of the
/// configuration do not show in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ContextOut {
    /// Always `response.context`.
    #[schema(example = "response.context")]
    pub object: &'static str,
    /// The response.
    #[schema(value_type = String, example = "resp_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
    pub response_id: ResponseId,
    /// The model asked.
    pub model: String,
    /// The provider asked.
    pub provider: String,
    /// What the model could take; `null` if it was not asked, or by an older version.
    pub window: Option<ContextWindow>,
    /// What was sent, in tokens; `null` if nothing was, or by an older version.
    pub tokens: Option<ContextTokens>,
    /// The input tokens that the provider reported, to compare with `tokens.total`; `null` if it
    /// reported none.
    pub reported_input_tokens: Option<u64>,
    /// How many messages of the branch were sent; `null` as long as that is not known.
    pub messages_sent: Option<u32>,
    /// Of them, those that have been deleted from the database since.
    pub messages_deleted: u32,
    /// How often the provider refused what was sent as too long before it took this. Each time it
    /// was asked again with less.
    pub refusals: u32,
    /// Whether `window.budget_tokens` is less than the window leaves because the provider had
    /// refused more, for this response or lately for another one of this model.
    pub learnt: bool,
    /// What was left out.
    pub omitted: ContextOmitted,
    /// The messages sent that are still there, in the order they were sent; the newest 1000.
    pub messages: Vec<ContextMessage>,
    /// Whether there are more messages than are listed.
    pub has_more: bool,
}

/// What a model can take, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct ContextWindow {
    /// The whole window.
    #[schema(example = 128_000)]
    pub context_tokens: u32,
    /// What was kept free for the answer.
    #[schema(example = 4096)]
    pub output_reserve_tokens: u32,
    /// What instructions and messages could take.
    #[schema(example = 123_904)]
    pub budget_tokens: u32,
}

/// What was sent, in tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ContextTokens {
    /// How tokens were counted: the name of the model's tokenizer, or `estimate` where that is not
    /// known, or was not needed because everything fitted easily.
    #[schema(example = "o200k_base")]
    pub tokenizer: String,
    /// Whether the numbers are estimates.
    pub estimated: bool,
    /// The instructions; 0 if there were none.
    pub instructions: u32,
    /// The messages, the marks around each included.
    pub messages: u32,
    /// What was kept of an interrupted answer, which the model was asked to go on with; 0 for
    /// others.
    pub kept: u32,
    /// All of it, the marks around the whole included.
    pub total: u32,
}

/// What of the branch was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct ContextOmitted {
    /// How many older messages.
    pub messages: u32,
    /// `window`: they did not fit, or were answers that the messages sent would have begun with.
    /// `null` if nothing was left out.
    pub reason: Option<&'static str>,
    /// The newest of them, which was the first that did not fit; `null` if it was deleted.
    pub newest: Option<ContextMessage>,
}

/// A message of a context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct ContextMessage {
    /// Id.
    #[schema(value_type = String, example = "msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
    pub id: MessageId,
    /// Its number in the conversation.
    pub seq: i64,
    /// Who speaks.
    #[schema(value_type = String, example = "user")]
    pub role: Option<Role>,
    /// Its tokens, the marks around it included.
    pub tokens: u32,
}
