//! The list of a provider's models.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::call::read_up_to;
use crate::client::{Http, chain, transport_failure};
use crate::retry::asked_wait;
use crate::wire::failure::Report;
use crate::{OpenAiConfig, Phase, ProviderError};

const FRESH: Duration = Duration::from_mins(5);
/// After a failure the list is asked for again sooner, but not by every caller.
const FRESH_AFTER_FAILURE: Duration = Duration::from_secs(30);
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
pub(crate) const MAX_BODY: usize = 4 * 1024 * 1024;
const MAX_MODELS: usize = 1_000;
const MAX_NAME: usize = 255;

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

/// The cached list; the lock is held while one caller asks, so that the others wait for its result.
#[derive(Debug, Default)]
pub(crate) struct ModelList(Mutex<Option<Cached>>);

#[derive(Debug)]
struct Cached {
    until: Instant,
    /// As the provider sent it.
    offered: Vec<Listed>,
    listing: Arc<Listing>,
}

impl ModelList {
    /// What is offered, from memory if that is fresh.
    pub(crate) async fn get(&self, http: &Http) -> Arc<Listing> {
        let mut cached = self.0.lock().await;
        if let Some(Cached { until, listing, .. }) = &*cached
            && Instant::now() < *until
        {
            return listing.clone();
        }
        let answer = timeout(PATIENCE, ask(http)).await.unwrap_or_else(|_| {
            tracing::warn!(provider = http.config().name, "listing the models timed out");
            Err(ProviderError::Timeout(Phase::Total))
        });
        let (offered, problem, fresh) = match answer {
            Ok(Some(offered)) => (offered, None, FRESH),
            // It has no list, which says nothing about its answers.
            Ok(None) => (Vec::new(), None, FRESH),
            Err(problem) => {
                // A list seen before is better than none.
                let before = cached.take().map(|cached| cached.offered).unwrap_or_default();
                (before, Some(problem), FRESH_AFTER_FAILURE)
            }
        };
        let models = choose(http.config(), &offered);
        let listing = Arc::new(Listing { models, problem });
        let until = Instant::now() + fresh;
        *cached = Some(Cached { until, offered, listing: listing.clone() });
        listing
    }
}

/// Asks the provider; none if it does not list its models. What is in the way is logged here.
async fn ask(http: &Http) -> Result<Option<Vec<Listed>>, ProviderError> {
    let provider = &http.config().name;
    let cannot = |error: &reqwest::Error| {
        tracing::warn!(provider, error = chain(error), "the models cannot be listed");
        transport_failure(error).error
    };
    let response = http.models().send().await.map_err(|error| cannot(&error))?;
    let status = response.status().as_u16();
    let retry_after = asked_wait(response.headers());
    let body = read_up_to(response, MAX_BODY).await.map_err(|error| cannot(&error))?;
    if (200..300).contains(&status) {
        let models = body.and_then(|body| read_json(&body));
        if models.is_none() {
            tracing::warn!(provider, "the list of models cannot be understood");
        }
        return Ok(models);
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

/// Reads a list of models; none if it is something else.
pub(crate) fn read_json(body: &[u8]) -> Option<Vec<Listed>> {
    serde_json::from_slice(body).ok().and_then(|value| read(&value))
}

/// Reads `{"data": [{"id": …}]}`, or the bare array that some servers send.
fn read(value: &Value) -> Option<Vec<Listed>> {
    let items = [value.get("data"), value.get("models"), Some(value)];
    let items = items.into_iter().flatten().find_map(Value::as_array)?;
    let models = items.iter().filter_map(|item| {
        let id = item.get("id").or_else(|| item.get("name")).unwrap_or(item).as_str()?.trim();
        let fit = !id.is_empty() && id.len() <= MAX_NAME && !id.contains(char::is_control);
        fit.then(|| Listed { id: id.to_owned(), context_tokens: window(item) })
    });
    Some(models.take(MAX_MODELS).collect())
}

/// The window under the names that servers use: vLLM, OpenRouter, Groq, Mistral.
fn window(item: &Value) -> Option<u32> {
    ["max_model_len", "context_length", "context_window", "max_context_length"]
        .into_iter()
        .filter_map(|name| item.get(name)?.as_u64())
        .find_map(|tokens| u32::try_from(tokens).ok().filter(|tokens| *tokens >= 512))
}

/// The models that the configuration lets through, the default one first.
fn choose(config: &OpenAiConfig, offered: &[Listed]) -> Vec<Listed> {
    let windows: HashMap<&str, Option<u32>> =
        offered.iter().map(|model| (model.id.as_str(), model.context_tokens)).collect();
    let allowed: Vec<&str> = if let Some(models) = &config.models {
        models.iter().map(String::as_str).collect()
    } else {
        let configured = config.model_options.keys().map(String::as_str);
        offered.iter().map(|model| model.id.as_str()).chain(configured).collect()
    };
    let mut seen = std::collections::HashSet::new();
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
    fn lists_in_every_shape() {
        for list in [
            json!({"object": "list", "data": [{"id": "a"}, {"id": "b"}, {"id": ""}, 5]}),
            json!([{"id": "a"}, {"id": "b"}]),
            json!({"models": [{"name": "a"}, "b"]}),
        ] {
            assert_eq!(ids(&read(&list).unwrap()), ["a", "b"], "{list}");
        }
        assert_eq!(read(&json!({"error": "x"})), None);
        for (field, expected) in [
            (json!({"id": "a", "max_model_len": 8192}), Some(8_192)),
            (json!({"id": "a", "context_length": 131_072}), Some(131_072)),
            (json!({"id": "a", "context_window": 0}), None),
            (json!({"id": "a", "context_length": null, "context_window": 4096}), Some(4_096)),
        ] {
            assert_eq!(read(&json!([field])).unwrap()[0].context_tokens, expected);
        }
    }

    #[test]
    fn the_default_is_first_and_a_configured_list_is_all_there_is() {
        let offered = read(&json!(["b", "a", "b", "c"])).unwrap();
        let mut config = OpenAiConfig::new("http://h/v1", "a");
        assert_eq!(ids(&choose(&config, &offered)), ["a", "b", "c"]);
        assert_eq!(ids(&choose(&config, &[])), ["a"]);
        config.model_options.insert("d".to_owned(), crate::ModelOptions::default());
        assert_eq!(ids(&choose(&config, &offered)), ["a", "b", "c", "d"]);
        config.models = Some(vec!["c".to_owned(), "a".to_owned()]);
        assert_eq!(ids(&choose(&config, &offered)), ["a", "c"]);
    }
}
