//! Section `models`.

use super::provider::ProviderName;
use super::section::section;

section! {
    /// Which models people are offered when there are several providers.
    ModelsConfig = "models";

    /// The provider whose `default_model` is used when nothing names a model, and whose models
    /// are meant first by a name without a provider. It need not be set if there is only one
    /// provider, or if `[provider]` is one.
    default_provider: Option<ProviderName>;
    /// Whether to offer the built-in demo model beside the providers. Without a provider it is
    /// offered in any case.
    demo: bool = "false";
}
