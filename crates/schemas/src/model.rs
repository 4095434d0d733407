//! The models that can be asked.

use serde::Serialize;
use utoipa::ToSchema;

/// A model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ModelOut {
    /// What to write in `model`: the provider's own name for it, behind `PROVIDER/` if it is not
    /// one of the default provider.
    #[schema(example = "gpt-4o-mini")]
    pub id: String,
    /// Always `model`.
    #[schema(example = "model")]
    pub object: &'static str,
    /// The provider that serves it; `demo` for the built-in demo model.
    #[schema(example = "openai")]
    pub provider: String,
    /// Whether it is used when nothing names a model.
    pub default: bool,
    /// Whether its provider can be asked at the moment, as far as is known.
    pub available: bool,
    /// Its window: how many tokens of context and answer it takes.
    #[schema(example = 128_000)]
    pub context_tokens: u32,
    /// How many tokens of the window are kept free for the answer.
    #[schema(example = 4096)]
    pub output_reserve_tokens: u32,
    /// What it can do.
    pub capabilities: Capabilities,
}

/// What a model can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Capabilities {
    /// Whether its answers come piece by piece.
    pub streaming: bool,
    /// Whether it reasons before it answers; `null` if that is not known.
    pub reasoning: Option<bool>,
    /// Whether it is the built-in demo model.
    pub demo: bool,
}

/// A provider of models.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProviderOut {
    /// Its name.
    #[schema(example = "openai")]
    pub name: String,
    /// Whether model names without a provider are its names first.
    pub default: bool,
    /// Whether it can be asked at the moment, as far as is known.
    pub available: bool,
    /// Why it cannot be asked: a stable code such as `upstream_unavailable` or `upstream_auth`.
    pub problem: Option<String>,
}

/// All models of all providers, in one page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ModelList {
    /// Always `list`.
    #[schema(example = "list")]
    pub object: &'static str,
    /// The models: those of the default provider first, and its default model first of all.
    pub data: Vec<ModelOut>,
    /// Id of the first model.
    pub first_id: Option<String>,
    /// Id of the last model.
    pub last_id: Option<String>,
    /// Always `false`.
    pub has_more: bool,
    /// The providers, the default one first.
    pub providers: Vec<ProviderOut>,
}

impl ModelList {
    /// The list of these models and providers.
    pub fn new(data: Vec<ModelOut>, providers: Vec<ProviderOut>) -> Self {
        Self {
            object: "list",
            first_id: data.first().map(|model| model.id.clone()),
            last_id: data.last().map(|model| model.id.clone()),
            data,
            has_more: false,
            providers,
        }
    }
}
