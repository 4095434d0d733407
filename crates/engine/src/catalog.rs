//! The providers and their models: which one a name means.
//!
//! A name is read in this order:
//!
//! 1. `PROVIDER/ID`, the part before the first slash being a provider's name, means the model `ID`
//!    of that provider. Only where that provider has a model whose own name is all of
//!    `PROVIDER/ID`, and none called `ID`, that one is meant.
//! 2. Any other name is a model's own name, slashes included. The first provider that has it is
//!    asked: the default provider, then the others in the order of their names. A provider has
//!    what its configuration names; without a list in its configuration also what it lists itself.
//! 3. A name that nobody has goes to the default provider if its configuration has no list of
//!    models, since it may know more than it lists; otherwise there is no such model.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use futures_util::future::join_all;
use provider::{Listing, ModelFacts, Provider};
use schemas::model::{Capabilities, ModelList, ModelOut, ProviderOut};
use schemas::validate::MAX_MODEL_BYTES;

use crate::error::{Error, Result};

/// How many names are suggested for an unknown one.
const SUGGESTIONS: usize = 3;
/// How alike a suggestion has to be, from 0 to 1.
const LIKENESS: f64 = 0.75;

/// All providers. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Catalog {
    /// The default one first, the others by name; never empty.
    providers: Arc<[Provider]>,
    default_model: Arc<str>,
}

/// A model to ask.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// Who is asked.
    pub provider: Provider,
    /// What the provider calls the model.
    pub id: String,
    /// What our clients call it: the `id` in the list of models.
    pub name: String,
    /// What is known of it.
    pub facts: ModelFacts,
}

impl Catalog {
    /// The models of `default`, and of `others` beside it. Names of providers are unique, and the
    /// default one has a default model: the configuration sees to both.
    pub fn new(default: Provider, mut others: Vec<Provider>) -> Self {
        others.sort_by(|one, other| one.name().cmp(other.name()));
        let default_model = default.default_model().unwrap_or_default().into();
        Self { providers: std::iter::once(default).chain(others).collect(), default_model }
    }

    /// The model of this name; without one, the default model.
    pub async fn choose(&self, name: Option<&str>) -> Result<Chosen> {
        let (provider, id) = match name {
            None => (self.default_provider(), Some(self.default_model.to_string())),
            Some(name) => self.resolve(name).await,
        };
        let (Some(provider), Some(id)) = (provider, id) else {
            return Err(self.unknown(name.unwrap_or_default()).await);
        };
        let name = self.name_of(provider, &id).await;
        // Longer than any name that is listed or stored.
        if name.len() > MAX_MODEL_BYTES {
            return Err(self.unknown(&name).await);
        }
        let facts = provider.facts(&id).await;
        Ok(Chosen { provider: provider.clone(), id, name, facts })
    }

    /// Refuses a name that certainly means no model, without asking any provider.
    pub async fn check(&self, name: &str) -> Result<()> {
        let known = self.providers.iter().any(|provider| provider.offers(name) == Some(true));
        let may_be = match self.explicit(name) {
            Some((provider, id)) => provider.offers(id) != Some(false),
            None => self.providers.iter().any(Provider::is_open),
        };
        if known || may_be { Ok(()) } else { Err(self.unknown(name).await) }
    }

    /// All models of all providers. One that cannot be reached is marked and fails nobody.
    pub async fn list(&self) -> ModelList {
        let listings = self.listings().await;
        let (mut models, mut providers) = (Vec::new(), Vec::new());
        for (provider, listing) in self.providers.iter().zip(listings) {
            let is_default = providers.is_empty();
            let available = listing.problem.is_none();
            for listed in &listing.models {
                let facts = provider.facts_of(listed);
                let id = self.name_of(provider, &listed.id).await;
                if id.len() > MAX_MODEL_BYTES {
                    continue;
                }
                models.push(ModelOut {
                    id,
                    object: "model",
                    provider: provider.name().to_owned(),
                    default: is_default && listed.id == *self.default_model,
                    available,
                    context_tokens: facts.context_tokens,
                    output_reserve_tokens: facts.output_reserve_tokens,
                    capabilities: Capabilities {
                        streaming: facts.streams,
                        reasoning: facts.reasons,
                        demo: provider.is_demo(),
                    },
                });
            }
            providers.push(ProviderOut {
                name: provider.name().to_owned(),
                default: is_default,
                available,
                problem: listing.problem.as_ref().map(|problem| problem.code().to_owned()),
            });
        }
        ModelList::new(models, providers)
    }

    /// What every provider offers, asked at the same time.
    async fn listings(&self) -> Vec<Arc<Listing>> {
        join_all(self.providers.iter().map(Provider::list)).await
    }

    /// The names of the providers, the default one's first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.providers.iter().map(Provider::name)
    }

    fn default_provider(&self) -> Option<&Provider> {
        self.providers.first()
    }

    /// The provider that a name says, and the rest of the name.
    fn explicit<'a>(&self, name: &'a str) -> Option<(&Provider, &'a str)> {
        let (provider, id) = name.split_once('/').filter(|(_, id)| !id.is_empty())?;
        let provider = self.providers.iter().find(|p| p.name() == provider)?;
        Some((provider, id))
    }

    async fn resolve(&self, name: &str) -> (Option<&Provider>, Option<String>) {
        let (provider, id) = match self.explicit(name) {
            Some((provider, id)) => (Some(provider), within(provider, name, id).await),
            None => match self.first_that_has(name).await {
                Some(provider) => (Some(provider), Some(name)),
                None => (self.default_provider().filter(|p| p.is_open()), Some(name)),
            },
        };
        (provider, id.map(str::to_owned))
    }

    async fn first_that_has(&self, name: &str) -> Option<&Provider> {
        // With one provider there is nothing to find out.
        if let [only] = &*self.providers {
            return (only.offers(name) != Some(false)).then_some(only);
        }
        let (default, others) = self.providers.split_first()?;
        if has(default, name).await {
            return Some(default);
        }
        let have = join_all(others.iter().map(|provider| has(provider, name))).await;
        others.iter().zip(have).find(|(_, has)| *has).map(|(provider, _)| provider)
    }

    /// What our clients call the model `id` of `provider`: a name that means this model and no
    /// other.
    async fn name_of(&self, provider: &Provider, id: &str) -> String {
        let is_default = self.default_provider().is_some_and(|p| p.name() == provider.name());
        let means_itself = match self.explicit(id) {
            None => true,
            Some((named, rest)) => {
                named.name() == provider.name() && within(provider, id, rest).await == Some(id)
            }
        };
        if is_default && means_itself { id.to_owned() } else { format!("{}/{id}", provider.name()) }
    }

    async fn unknown(&self, name: &str) -> Error {
        let mut alike: Vec<(f64, String)> = self
            .list()
            .await
            .data
            .into_iter()
            .map(|model| (likeness(name, &model), model.id))
            .filter(|(likeness, _)| *likeness >= LIKENESS)
            .collect();
        alike.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        let suggestions = alike.into_iter().take(SUGGESTIONS).map(|(_, id)| id).collect();
        Error::ModelNotFound { model: name.to_owned(), suggestions }
    }
}

/// The model of `provider` that `PROVIDER/ID` means.
async fn within<'a>(provider: &Provider, name: &'a str, id: &'a str) -> Option<&'a str> {
    match (provider.offers(id), provider.offers(name)) {
        (Some(true), _) => Some(id),
        (_, Some(true)) => Some(name),
        (Some(false), _) => None,
        (None, _) => {
            let listing = provider.list().await;
            let whole = listing.find(id).is_none() && listing.find(name).is_some();
            Some(if whole { name } else { id })
        }
    }
}

/// Whether a provider is known to have a model of this name.
async fn has(provider: &Provider, name: &str) -> bool {
    match provider.offers(name) {
        Some(offers) => offers,
        None => provider.list().await.find(name).is_some(),
    }
}

/// How alike a name and a model are, with or without the provider's name.
fn likeness(name: &str, model: &ModelOut) -> f64 {
    let name = name.to_ascii_lowercase();
    let full = model.id.to_ascii_lowercase();
    let own = full.rsplit('/').next().unwrap_or(&full);
    let last = name.rsplit('/').next().unwrap_or(&name);
    strsim::jaro_winkler(&name, &full).max(strsim::jaro_winkler(last, own))
}
