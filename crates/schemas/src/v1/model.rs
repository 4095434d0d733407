//! The models, as `OpenAI` lists them.

use serde::Serialize;
use utoipa::ToSchema;

use crate::model::{ModelList, ModelOut};

/// A model, in the form of `OpenAI`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct V1Model {
    /// What to write in `model`.
    #[schema(example = "gpt-4o-mini")]
    pub id: String,
    /// Always `model`.
    #[schema(example = "model")]
    pub object: &'static str,
    /// Always 0: providers tell no common time.
    pub created: i64,
    /// The provider that serves it.
    #[schema(example = "openai")]
    pub owned_by: String,
}

/// All models, in the form of `OpenAI`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct V1ModelList {
    /// Always `list`.
    #[schema(example = "list")]
    pub object: &'static str,
    /// The models, the default one first.
    pub data: Vec<V1Model>,
}

impl From<ModelOut> for V1Model {
    fn from(ModelOut { id, object, provider, .. }: ModelOut) -> Self {
        Self { id, object, created: 0, owned_by: provider }
    }
}

impl From<ModelList> for V1ModelList {
    fn from(list: ModelList) -> Self {
        Self { object: "list", data: list.data.into_iter().map(V1Model::from).collect() }
    }
}
