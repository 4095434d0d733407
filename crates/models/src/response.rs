//! Table `responses`.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::ending::{EndReason, FailureCode};
use crate::word::{OrUnknown, words};
use crate::{ConversationId, MessageId, Parameters, ResponseId, ServerId, Time, UserId};

/// How far a response is. Everything but the first two is final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))")]
#[serde(rename_all = "snake_case")]
pub enum ResponseStatus {
    /// Accepted, not yet running.
    #[sea_orm(string_value = "queued")]
    Queued,
    /// Being generated.
    #[sea_orm(string_value = "in_progress")]
    InProgress,
    /// Ended as the model wished.
    #[sea_orm(string_value = "completed")]
    Completed,
    /// Ended early: length, content filter or interruption.
    #[sea_orm(string_value = "incomplete")]
    Incomplete,
    /// Ended by an error.
    #[sea_orm(string_value = "failed")]
    Failed,
    /// Stopped on request.
    #[sea_orm(string_value = "cancelled")]
    Cancelled,
}

impl ResponseStatus {
    /// Whether nothing more will happen to the response.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::InProgress)
    }
}

words! {
    /// What a response was made for.
    Purpose {
        /// The answer to a message, which people see.
        Answer = "answer",
        /// The title of its conversation; people see it there.
        Title = "title",
        /// An answer whose response its client has deleted; its message may stay.
        Withdrawn = "withdrawn",
    }
}

/// One generation of an answer.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "responses")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ResponseId,
    /// Its owner.
    pub user_id: UserId,
    /// The conversation it answers in.
    pub conversation_id: ConversationId,
    /// The message it answers.
    pub user_message_id: MessageId,
    /// The message it writes.
    pub message_id: MessageId,
    /// What it was made for.
    pub purpose: OrUnknown<Purpose>,
    /// The response whose text it continues, in the same message.
    pub previous_response_id: Option<ResponseId>,
    /// How far it is.
    pub status: ResponseStatus,
    /// Why it ended early.
    pub incomplete_reason: Option<OrUnknown<EndReason>>,
    /// The provider's own word for the end, such as `stop`.
    pub finish_reason: Option<String>,
    /// The model asked.
    pub model: String,
    /// The name of the provider asked.
    pub provider: String,
    /// What was asked for beside the messages: [`Parameters`] as they are stored.
    pub parameters: String,
    /// `seq` of the first message of the branch it was asked about.
    pub input_from_seq: i64,
    /// `seq` of the last one.
    pub input_to_seq: i64,
    /// How many messages of the branch were sent.
    pub context_messages: Option<i32>,
    /// How many older ones did not fit the model's window.
    pub context_omitted: Option<i32>,
    /// The model's window when it was asked, in tokens.
    pub context_window: Option<i32>,
    /// What of the window was kept free for the answer.
    pub context_reserve: Option<i32>,
    /// What of the window could be used because the provider refused more; none where the window
    /// decided.
    pub context_budget: Option<i32>,
    /// How often the provider refused what was sent as too long before it took this.
    pub context_refusals: Option<i32>,
    /// What was sent, in tokens by `tokenizer`, the marks around messages included.
    pub context_tokens: Option<i32>,
    /// Of them, the instructions.
    pub instructions_tokens: Option<i32>,
    /// Of them, what was kept of the answer when it was continued, and what asks for that.
    pub kept_tokens: Option<i32>,
    /// The name of how tokens were counted; `estimate` if they were not.
    pub tokenizer: Option<String>,
    /// Tokens read, as the provider counted them or as estimated.
    pub input_tokens: Option<i64>,
    /// Tokens written.
    pub output_tokens: Option<i64>,
    /// Of the tokens read, those served from a cache.
    pub cached_tokens: Option<i64>,
    /// Of the tokens written, those spent on reasoning.
    pub reasoning_tokens: Option<i64>,
    /// Whether the counts are our estimate.
    pub usage_estimated: bool,
    /// Stable code of the failure.
    pub error_code: Option<OrUnknown<FailureCode>>,
    /// What happened, in words fit for the user.
    pub error_message: Option<String>,
    /// The server that generates it: with `epoch` the fence every write is conditional on.
    #[sea_orm(column_name = "owner")]
    pub server_id: ServerId,
    /// That server's epoch when it took the response.
    pub epoch: i64,
    /// How often it was continued after the server that made it had died or stopped.
    pub continuations: i32,
    /// How many tokens that cost to read, by our estimate.
    pub continued_tokens: i64,
    /// The newest event number on disk; -1 before the first.
    pub last_seq: i64,
    /// When a client asked to stop it.
    pub cancel_requested_at: Option<Time>,
    /// When it was accepted.
    pub created_at: Time,
    /// When it reached a final status.
    pub completed_at: Option<Time>,
    /// When the row last changed.
    pub updated_at: Time,
}

/// What is known of a response when it is accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    /// Its id.
    pub id: ResponseId,
    /// Its owner.
    pub user_id: UserId,
    /// The conversation it answers in.
    pub conversation_id: ConversationId,
    /// The message it answers.
    pub user_message_id: MessageId,
    /// The message it writes.
    pub message_id: MessageId,
    /// What it is made for.
    pub purpose: Purpose,
    /// The model asked.
    pub model: String,
    /// The name of the provider asked.
    pub provider: String,
    /// What was asked for beside the messages.
    pub parameters: Parameters,
    /// The server that generates it.
    pub server_id: ServerId,
    /// That server's epoch.
    pub epoch: i64,
    /// When it was accepted.
    pub at: Time,
}

impl Model {
    /// The row of a response of which nothing was generated yet.
    pub fn accepted(response: Accepted) -> Self {
        let Accepted { id, user_id, conversation_id, user_message_id, message_id, .. } = response;
        let Accepted { purpose, model, provider, parameters, server_id, epoch, at, .. } = response;
        Self {
            id,
            user_id,
            conversation_id,
            user_message_id,
            message_id,
            purpose: purpose.into(),
            previous_response_id: None,
            status: ResponseStatus::InProgress,
            incomplete_reason: None,
            finish_reason: None,
            model,
            provider,
            parameters: parameters.stored(),
            input_from_seq: 0,
            input_to_seq: 0,
            context_messages: None,
            context_omitted: None,
            context_window: None,
            context_reserve: None,
            context_budget: None,
            context_refusals: None,
            context_tokens: None,
            instructions_tokens: None,
            kept_tokens: None,
            tokenizer: None,
            input_tokens: None,
            output_tokens: None,
            cached_tokens: None,
            reasoning_tokens: None,
            usage_estimated: false,
            error_code: None,
            error_message: None,
            server_id,
            epoch,
            continuations: 0,
            continued_tokens: 0,
            last_seq: -1,
            cancel_requested_at: None,
            created_at: at,
            completed_at: None,
            updated_at: at,
        }
    }
}

/// No relations: `crud` joins by hand.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
