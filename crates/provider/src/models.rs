//! The list of a provider's models.

use std::time::Duration;

use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::call::read_up_to;
use crate::client::{Http, chain};

const FRESH: Duration = Duration::from_mins(5);
/// After a failure the list is asked for again sooner, but not by every caller.
const FRESH_AFTER_FAILURE: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_secs(10);
const MAX_BODY: usize = 4 * 1024 * 1024;
const MAX_MODELS: usize = 1_000;
const MAX_NAME: usize = 255;

/// The cached list; the lock is held while one caller asks, so that the others wait for its result.
#[derive(Debug, Default)]
pub(crate) struct ModelList(Mutex<Option<Cached>>);

#[derive(Debug)]
struct Cached {
    until: Instant,
    names: Vec<String>,
}

impl ModelList {
    /// The names, the default model first.
    pub(crate) async fn get(&self, http: &Http) -> Vec<String> {
        let mut cached = self.0.lock().await;
        if let Some(Cached { until, names }) = &*cached
            && Instant::now() < *until
        {
            return names.clone();
        }
        let (names, fresh) = match timeout(PATIENCE, ask(http)).await {
            Ok(Some(names)) => (names, FRESH),
            answer => {
                if answer.is_err() {
                    tracing::warn!(provider = http.config().name, "listing the models timed out");
                }
                // A list seen before is better than none.
                (cached.take().map(|cached| cached.names).unwrap_or_default(), FRESH_AFTER_FAILURE)
            }
        };
        let names = with_default(&http.config().default_model, names);
        *cached = Some(Cached { until: Instant::now() + fresh, names: names.clone() });
        names
    }
}

/// Asks the provider; a failure is logged here.
async fn ask(http: &Http) -> Option<Vec<String>> {
    let provider = &http.config().name;
    let body = match http.models().send().await {
        Ok(response) if response.status().is_success() => read_up_to(response, MAX_BODY).await,
        Ok(response) => {
            let status = response.status().as_u16();
            tracing::warn!(provider, status, "the provider does not list its models");
            return None;
        }
        Err(error) => Err(error),
    };
    match body {
        Ok(Some(body)) => {
            let names = serde_json::from_slice(&body).ok().and_then(|value| read_names(&value));
            if names.is_none() {
                tracing::warn!(provider, "the list of models cannot be understood");
            }
            names
        }
        Ok(None) => {
            tracing::warn!(provider, "the list of models is too large");
            None
        }
        Err(error) => {
            tracing::warn!(provider, error = chain(&error), "the models cannot be listed");
            None
        }
    }
}

/// Reads `{"data": [{"id": …}]}`, or the bare array that some servers send.
fn read_names(value: &Value) -> Option<Vec<String>> {
    let items = [value.get("data"), value.get("models"), Some(value)];
    let items = items.into_iter().flatten().find_map(Value::as_array)?;
    let names = items.iter().filter_map(|item| {
        let name = item.get("id").or_else(|| item.get("name")).unwrap_or(item).as_str()?.trim();
        let fit = !name.is_empty() && name.len() <= MAX_NAME && !name.contains(char::is_control);
        fit.then(|| name.to_owned())
    });
    Some(names.take(MAX_MODELS).collect())
}

fn with_default(default: &str, names: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    std::iter::once(default.to_owned())
        .chain(names)
        .filter(|name| seen.insert(name.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_in_every_shape() {
        for list in [
            json!({"object": "list", "data": [{"id": "a"}, {"id": "b"}, {"id": ""}, 5]}),
            json!([{"id": "a"}, {"id": "b"}]),
            json!({"models": [{"name": "a"}, "b"]}),
        ] {
            assert_eq!(read_names(&list).unwrap(), ["a", "b"], "{list}");
        }
        assert_eq!(read_names(&json!({"error": "x"})), None);
        let names = ["b", "a", "b"].map(str::to_owned).to_vec();
        assert_eq!(with_default("a", names), ["a", "b"]);
        assert_eq!(with_default("a", Vec::new()), ["a"]);
    }
}
