//! What `/v1/responses` answers beside the response itself.

use serde::Serialize;
use utoipa::ToSchema;

use crate::ResponseId;

/// What `DELETE /v1/responses/{id}` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ResponseDeleted {
    /// Id of the response.
    #[schema(value_type = String)]
    pub id: ResponseId,
    /// Always `response`.
    #[schema(example = "response")]
    pub object: &'static str,
    /// Always `true`.
    pub deleted: bool,
}

/// How many tokens an input has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct InputTokens {
    /// Always `response.input_tokens`.
    #[schema(example = "response.input_tokens")]
    pub object: &'static str,
    /// The count; an estimate where the model's tokenizer is not known.
    pub input_tokens: u32,
}
