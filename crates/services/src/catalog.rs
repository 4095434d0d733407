//! The models that can be asked.

use provider::Provider;
use schemas::list::List;
use schemas::model::ModelOut;

use crate::error::Result;

/// The use cases of models.
#[derive(Debug, Clone)]
pub struct Models {
    provider: Provider,
}

impl Models {
    pub(crate) fn new(provider: Provider) -> Self {
        Self { provider }
    }

    /// The provider's models, the default one marked.
    pub async fn list(&self) -> Result<List<ModelOut>> {
        let names = self.provider.models().await?;
        let out = |id: String| ModelOut {
            default: id == self.provider.default_model(),
            id,
            object: "model",
            provider: self.provider.name().to_owned(),
            context_tokens: self.provider.context_tokens(),
        };
        let data = names.into_iter().map(out).collect();
        Ok(List::new(data, false, |model: &ModelOut| model.id.clone()))
    }
}
