//! The models that can be asked.

use serde::Serialize;
use utoipa::ToSchema;

/// A model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ModelOut {
    /// What to write in `model`.
    #[schema(example = "gpt-4o-mini")]
    pub id: String,
    /// Always `model`.
    #[schema(example = "model")]
    pub object: &'static str,
    /// The provider that serves it; `demo` for the built-in demo model.
    pub provider: String,
    /// Whether it is used when nothing names a model.
    pub default: bool,
    /// How many tokens of context it is given at most.
    pub context_tokens: u32,
}
