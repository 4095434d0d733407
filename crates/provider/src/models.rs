//! The list of a provider's models.

mod read;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, timeout, timeout_at};

use self::read::{Offered, Page};
use crate::call::{Upstream, read_up_to};
use crate::client::{Http, chain, transport_failure};
use crate::lock;
use crate::retry::asked_wait;
use crate::wire::failure::Report;
use crate::{OpenAiConfig, Phase, ProviderError};

pub(crate) use self::read::read_json;

const FRESH: Duration = Duration::from_mins(5);
/// After a failure the list is asked for again sooner, but not by every caller.
const FRESH_AFTER_FAILURE: Duration = Duration::from_secs(30);
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
/// How long a message waits for a list that was never seen.
const FIRST_PATIENCE: Duration = Duration::from_millis(1_500);
pub(crate) const MAX_BODY: usize = 4 * 1024 * 1024;
const MAX_MODELS: usize = 2_000;
/// The most pages of one list.
const MAX_PAGES: usize = 20;

/// A model that a provider offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name at the provider.
    pub id: String,
    /// Its window in tokens, if the provider says it.
    pub context_tokens: Option<u32>,
}

/// What a provider offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The models, the default one first.
    pub models: Vec<Listed>,
    /// Why it cannot be asked at the moment; none if it can, as far as is known. The models are
    /// then those it offered before.
    pub problem: Option<ProviderError>,
}

impl Listing {
    /// The model of this name.
    pub fn find(&self, id: &str) -> Option<&Listed> {
        self.models.iter().find(|model| model.id == id)
    }
}

/// The cached list.
#[derive(Debug, Default)]
pub(crate) struct ModelList {
    /// Held while one caller asks, so that the others wait for its result.
    asking: Mutex<()>,
    cached: std::sync::Mutex<Option<Cached>>,
}

#[derive(Debug, Clone)]
struct Cached {
    until: Instant,
    /// As the provider sent it.
    offered: Arc<[Offered]>,
    listing: Arc<Listing>,
}

impl Cached {
    fn is_fresh(&self) -> bool {
        Instant::now() < self.until
    }
}

impl ModelList {
    /// What is offered, from memory if that is fresh.
    pub(crate) async fn get(&self, http: &Http) -> Arc<Listing> {
        let _asking = self.asking.lock().await;
        let before = self.cached();
        if let Some(cached) = before.as_ref().filter(|cached| cached.is_fresh()) {
            return cached.listing.clone();
        }
        let (offered, problem, fresh) = match ask(http).await {
            Ok(Some(offered)) => (offered.into(), None, FRESH),
            // It has no list, which says nothing about its answers.
            Ok(None) => (Arc::default(), None, FRESH),
            Err(problem) => {
                // A list seen before is better than none.
                let before = before.map(|cached| cached.offered).unwrap_or_default();
                (before, Some(problem), FRESH_AFTER_FAILURE)
            }
        };
        let models = choose(http.config(), &offered);
        let listing = Arc::new(Listing { models, problem });
        let until = Instant::now() + fresh;
        *lock(&self.cached) = Some(Cached { until, offered, listing: listing.clone() });
        listing
    }

    /// What is known, for a caller that cannot wait: a list that is no longer fresh is asked for
    /// again beside everything else, and one that was never seen is waited for only briefly.
    pub(crate) async fn known(self: &Arc<Self>, upstream: &Arc<Upstream>) -> Option<Arc<Listing>> {
        let cached = self.cached();
        if let Some(cached) = cached.as_ref().filter(|cached| cached.is_fresh()) {
            return Some(cached.listing.clone());
        }
        let (list, upstream) = (self.clone(), upstream.clone());
        // What it finds counts for those who ask later.
        #[expect(
            clippy::disallowed_methods,
            reason = "it ends by itself within seconds, and a shutdown loses nothing with it"
        )]
        let asked = tokio::spawn(async move { list.get(&upstream.http).await });
        match cached {
            Some(cached) => Some(cached.listing),
            None => timeout(FIRST_PATIENCE, asked).await.ok()?.ok(),
        }
    }

    fn cached(&self) -> Option<Cached> {
        lock(&self.cached).clone()
    }
}

/// Asks the provider for all pages of its list; none if it does not list its models. What is in the
/// way is logged here; it takes nothing from the pages before.
async fn ask(http: &Http) -> Result<Option<Vec<Offered>>, ProviderError> {
    let deadline = Instant::now() + PATIENCE;
    let mut offered: Vec<Offered> = Vec::new();
    let mut seen = HashSet::new();
    let mut query = Vec::new();
    for _ in 0..MAX_PAGES {
        let page = timeout_at(deadline, ask_for_page(http, &query)).await.unwrap_or_else(|_| {
            tracing::warn!(provider = http.config().name, "listing the models timed out");
            Err(ProviderError::Timeout(Phase::Total))
        });
        let page = match page {
            Ok(Some(page)) => page,
            Ok(None) | Err(_) if !offered.is_empty() => break,
            Ok(None) => return Ok(None),
            Err(problem) => return Err(problem),
        };
        let before = offered.len();
        offered.extend(page.models.into_iter().filter(|model| seen.insert(model.id.clone())));
        let is_more = offered.len() > before && offered.len() < MAX_MODELS;
        match page.next.filter(|_| is_more) {
            Some(next) => query = next,
            None => break,
        }
    }
    offered.truncate(MAX_MODELS);
    Ok(Some(offered))
}

async fn ask_for_page(
    http: &Http,
    query: &[(&'static str, String)],
) -> Result<Option<Page>, ProviderError> {
    let provider = &http.config().name;
    let cannot = |error: &reqwest::Error| {
        tracing::warn!(provider, error = chain(error), "the models cannot be listed");
        transport_failure(error).error
    };
    let response = http.models(query).send().await.map_err(|error| cannot(&error))?;
    let status = response.status().as_u16();
    let retry_after = asked_wait(response.headers());
    let body = read_up_to(response, MAX_BODY).await.map_err(|error| cannot(&error))?;
    if (200..300).contains(&status) {
        let page = body.and_then(|body| read::page(&body));
        if page.is_none() {
            tracing::warn!(provider, "the list of models cannot be understood");
        }
        return Ok(page);
    }
    tracing::warn!(provider, status, "the provider does not list its models");
    match status {
        // A key may be allowed to chat and nothing else.
        401 | 408 | 429 | 500.. => {
            let report = Report::from_body(&body.unwrap_or_default());
            let meaning = report.classify(Some(status), retry_after);
            Err(meaning.err().map_or(ProviderError::Failed, |failure| failure.error))
        }
        _ => Ok(None),
    }
}

/// The models that the configuration lets through, the default one first. Those that hold no
/// conversations are among them only if it names them.
fn choose(config: &OpenAiConfig, offered: &[Offered]) -> Vec<Listed> {
    let windows: HashMap<&str, Option<u32>> =
        offered.iter().map(|model| (model.id.as_str(), model.context_tokens)).collect();
    let allowed: Vec<&str> = if let Some(models) = &config.models {
        models.iter().map(String::as_str).collect()
    } else {
        let configured = config.model_options.keys().map(String::as_str);
        let chats = offered.iter().filter(|model| model.chats);
        chats.map(|model| model.id.as_str()).chain(configured).collect()
    };
    let mut seen = HashSet::new();
    config
        .default_model
        .as_deref()
        .into_iter()
        .chain(allowed)
        .filter(|id| seen.insert(*id))
        .map(|id| Listed { id: id.to_owned(), context_tokens: windows.get(id).copied().flatten() })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ids(models: &[Listed]) -> Vec<&str> {
        models.iter().map(|model| model.id.as_str()).collect()
    }

    #[test]
    fn the_default_is_first_and_a_configured_list_is_all_there_is() {
        let list = json!(["b", "a", "b", "c", "text-embedding-3-small"]).to_string();
        let offered = read_json(list.as_bytes()).unwrap();
        let mut config = OpenAiConfig::new("http://h/v1", "a");
        assert_eq!(ids(&choose(&config, &offered)), ["a", "b", "c"]);
        assert_eq!(ids(&choose(&config, &[])), ["a"]);
        config.model_options.insert("d".to_owned(), crate::ModelOptions::default());
        assert_eq!(ids(&choose(&config, &offered)), ["a", "b", "c", "d"]);
        config.models = Some(vec!["c".to_owned(), "text-embedding-3-small".to_owned()]);
        assert_eq!(ids(&choose(&config, &offered)), ["a", "c", "text-embedding-3-small"]);
    }
}
