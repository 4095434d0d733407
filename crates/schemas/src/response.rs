//! The response resource (Open Responses 2026-04-24, all 31 fields always present) with our additions.

use models::response::ResponseStatus;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::event::{Ending, Failure, Tokens, Wait, WaitReason};
use crate::output::OutputItem;
use crate::stream::DoneItem;
use crate::view::{NewResponse, Response, State};
use crate::{ConversationId, MessageId, ResponseId};

mod parameters;

pub use crate::context::ContextReport;
pub use crate::output::AnnotationOut;

/// One generation of an answer.
///
/// Field names, zero values and integer times are those of Open Responses; `provider`,
/// `conversation`, `user_message_id`, `message_id`, `finish_reason`, `waiting`, `context` and
/// `last_seq` are additions.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ResponseResource {
    /// Id.
    #[schema(value_type = String, example = "resp_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e")]
    pub id: ResponseId,
    /// Always `response`.
    #[schema(example = "response")]
    pub object: &'static str,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds; `null` until completed.
    pub completed_at: Option<i64>,
    /// `queued`, `in_progress`, `completed`, `incomplete`, `failed` or `cancelled`.
    #[schema(value_type = String, example = "completed")]
    pub status: ResponseStatus,
    /// Why it ended early.
    pub incomplete_details: Option<IncompleteDetails>,
    /// Why it failed.
    pub error: Option<ResponseError>,
    /// The model asked, as `GET /api/models` names it.
    pub model: String,
    /// The provider asked.
    pub provider: String,
    /// The response it goes on with, in the same message.
    #[schema(value_type = Option<String>)]
    pub previous_response_id: Option<ResponseId>,
    /// System message of this response.
    pub instructions: Option<String>,
    /// Output items: reasoning, calls of tools and messages.
    pub output: Vec<OutputItem>,
    /// Tools offered to the model.
    pub tools: Vec<Value>,
    /// Which tool may or must be used: `auto`, `none`, `required`, or an object.
    #[schema(value_type = String)]
    pub tool_choice: Value,
    /// `auto`: messages that do not fit the window are left out, see `context`; `disabled`: the
    /// response fails instead.
    pub truncation: &'static str,
    /// Whether tools may be called side by side.
    pub parallel_tool_calls: bool,
    /// Format of the text.
    #[schema(value_type = Object)]
    pub text: Value,
    /// Nucleus sampling.
    pub top_p: f64,
    /// Sampling temperature.
    pub temperature: f64,
    /// Presence penalty.
    pub presence_penalty: f64,
    /// Frequency penalty.
    pub frequency_penalty: f64,
    /// Number of alternatives reported per token.
    pub top_logprobs: u32,
    /// Reasoning settings.
    #[schema(value_type = Option<Object>)]
    pub reasoning: Option<Value>,
    /// Tokens; `null` until the response ends.
    pub usage: Option<Usage>,
    /// The most tokens the model may write.
    pub max_output_tokens: Option<u32>,
    /// The most tool calls.
    pub max_tool_calls: Option<u32>,
    /// Whether it is kept.
    pub store: bool,
    /// Whether it was made without a follower.
    pub background: bool,
    /// Always `default`.
    pub service_tier: &'static str,
    /// The client's own pairs.
    #[schema(value_type = Object)]
    pub metadata: Value,
    /// The client's own user id.
    pub safety_identifier: Option<String>,
    /// The client's own cache key.
    pub prompt_cache_key: Option<String>,
    /// The conversation it answers in.
    pub conversation: Option<ConversationRef>,
    /// The stored message it answers.
    #[schema(value_type = String)]
    pub user_message_id: MessageId,
    /// The stored message it writes.
    #[schema(value_type = String)]
    pub message_id: MessageId,
    /// The provider's own word for how the answer ended, such as `stop`, `length` or `tool_calls`;
    /// `null` until then and where it gave none.
    #[schema(example = "stop")]
    pub finish_reason: Option<String>,
    /// Why nothing comes at the moment; `null` while something does.
    pub waiting: Option<Waiting>,
    /// What of the conversation was sent to the model; `null` until it is known.
    pub context: Option<ContextReport>,
    /// Number of its newest stored event, -1 before the first; not part of events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seq: Option<i64>,
}

/// A conversation by its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConversationRef {
    /// Id.
    #[schema(value_type = String)]
    pub id: ConversationId,
}

/// Why nothing comes of a running response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Waiting {
    /// `retrying`: the request failed and is sent again; `asked_to_wait`: the same, after a pause that
    /// the provider asked for; `thinking`: a model that reasons has said nothing for ten seconds;
    /// `silent`: another model has not.
    #[schema(value_type = String, example = "asked_to_wait")]
    pub reason: WaitReason,
    /// When it will be over, in Unix seconds; `null` when nobody knows.
    pub until: Option<i64>,
}

impl From<Wait> for Waiting {
    fn from(Wait { reason, until }: Wait) -> Self {
        Self { reason, until }
    }
}

/// Why a response ended early.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct IncompleteDetails {
    /// `max_output_tokens`, `content_filter`, `interrupted` or `cancelled`.
    #[schema(example = "max_output_tokens")]
    pub reason: String,
}

/// Why a response failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ResponseError {
    /// Stable code.
    #[schema(example = "upstream_timeout")]
    pub code: String,
    /// What happened, in words.
    pub message: String,
}

/// Tokens read and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Usage {
    /// Tokens read.
    pub input_tokens: u64,
    /// Of them, from a cache.
    pub input_tokens_details: InputTokensDetails,
    /// Tokens written.
    pub output_tokens: u64,
    /// Of them, for reasoning.
    pub output_tokens_details: OutputTokensDetails,
    /// The sum.
    pub total_tokens: u64,
    /// Whether the numbers are our estimate, because the provider gave none.
    pub estimated: bool,
}

/// Details of the tokens read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct InputTokensDetails {
    /// Served from a cache.
    pub cached_tokens: u64,
    /// Written to a cache; always 0.
    pub cache_write_tokens: u64,
}

/// Details of the tokens written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct OutputTokensDetails {
    /// Spent on reasoning.
    pub reasoning_tokens: u64,
}

impl From<Tokens> for Usage {
    fn from(tokens: Tokens) -> Self {
        let Tokens { input, output, cached, reasoning, estimated } = tokens;
        Self {
            input_tokens: input,
            input_tokens_details: InputTokensDetails {
                cached_tokens: cached,
                cache_write_tokens: 0,
            },
            output_tokens: output,
            output_tokens_details: OutputTokensDetails { reasoning_tokens: reasoning },
            total_tokens: input.saturating_add(output),
            estimated,
        }
    }
}

impl From<Failure> for ResponseError {
    fn from(Failure { code, message }: Failure) -> Self {
        Self { code: code.to_string(), message }
    }
}

impl From<NewResponse> for ResponseResource {
    /// A response that has just begun.
    fn from(new: NewResponse) -> Self {
        let NewResponse {
            id,
            conversation_id,
            user_message_id,
            message_id,
            previous_response_id,
            model,
            provider,
            parameters,
            created_at,
        } = new;
        let conversation = (!parameters.chain).then_some(ConversationRef { id: conversation_id });
        Self {
            id,
            object: "response",
            created_at: created_at.timestamp(),
            completed_at: None,
            status: ResponseStatus::InProgress,
            incomplete_details: None,
            error: None,
            model,
            provider,
            previous_response_id: previous_response_id.or(parameters.previous),
            output: Vec::new(),
            tools: parameters.tools.iter().map(parameters::tool).collect(),
            tool_choice: parameters::tool_choice(&parameters.tool_choice),
            truncation: if parameters.truncate == Some(false) { "disabled" } else { "auto" },
            parallel_tool_calls: parameters.parallel_tool_calls.unwrap_or(true),
            text: parameters::text(&parameters),
            top_p: parameters.top_p.unwrap_or(1.0),
            temperature: parameters.temperature.unwrap_or(1.0),
            presence_penalty: parameters.presence_penalty.unwrap_or(0.0),
            frequency_penalty: parameters.frequency_penalty.unwrap_or(0.0),
            top_logprobs: 0,
            reasoning: parameters::reasoning(&parameters),
            usage: None,
            max_output_tokens: parameters.max_output_tokens,
            max_tool_calls: parameters.max_tool_calls,
            store: !parameters.unstored,
            background: parameters.background,
            service_tier: "default",
            metadata: json!(parameters.metadata),
            safety_identifier: parameters.safety_identifier,
            prompt_cache_key: parameters.prompt_cache_key,
            instructions: parameters.instructions,
            conversation,
            user_message_id,
            message_id,
            finish_reason: None,
            waiting: None,
            context: None,
            last_seq: None,
        }
    }
}

impl From<Response> for ResponseResource {
    fn from(Response { begun, last_seq, state }: Response) -> Self {
        let (begun, last_seq) = (Self::from(begun), Some(last_seq));
        match state {
            State::Open { status, context, waiting } => {
                let waiting = waiting.map(Waiting::from);
                Self { status, waiting, context, last_seq, ..begun }
            }
            State::Ended { ending, output } => Self { last_seq, ..begun.ended(&ending, &output) },
        }
    }
}

impl ResponseResource {
    /// The same response as one that nobody waits for begins.
    #[must_use]
    pub fn queued(self) -> Self {
        Self { status: ResponseStatus::Queued, ..self }
    }

    /// The same response after its end.
    #[must_use]
    pub fn ended(&self, ending: &Ending, output: &[DoneItem]) -> Self {
        let Ending { status, reason, finish_reason, error, usage, context, at } = ending.clone();
        Self {
            finish_reason,
            waiting: None,
            completed_at: (status == ResponseStatus::Completed).then_some(at.timestamp()),
            status,
            incomplete_details: reason
                .map(|reason| IncompleteDetails { reason: reason.to_string() }),
            error: error.map(ResponseError::from),
            usage: usage.map(Usage::from),
            context,
            output: output.iter().cloned().map(OutputItem::done).collect(),
            ..self.clone()
        }
    }
}
