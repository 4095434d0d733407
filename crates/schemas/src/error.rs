//! The one error shape of every route (`OpenAI`'s, plus the request id).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The body of every answer with a status of 400 or more.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// What went wrong.
    pub error: ErrorDetail,
    /// The id of this request; also in the header `x-request-id` and in the server's log.
    pub request_id: String,
}

/// What went wrong and what to do about it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ErrorDetail {
    /// What happened and what to do, in words.
    pub message: String,
    /// The family of the error.
    #[serde(rename = "type")]
    #[schema(example = "invalid_request_error")]
    pub kind: String,
    /// The field at fault.
    pub param: Option<String>,
    /// The stable code of the error; programs decide on this.
    #[schema(example = "invalid_value")]
    pub code: Option<String>,
    /// The response already running in the conversation (`conversation_locked` only).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_id: Option<String>,
}
