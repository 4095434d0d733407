//! Ways into what reads a provider's bytes, for the fuzz targets (`fuzz/`). Not part of the program.

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};

use crate::wire::failure::Report;
use crate::{ProviderError, models, redact, retry};

pub use crate::call::fuzz::{Answers, Arrival};

/// What a refusal means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is written to the log of its explanation.
    pub for_log: String,
    /// Whether it says that the limit of an answer is written in a field it does not know.
    pub refuses_limit: bool,
    /// What it is for the caller; none if an answer is withheld.
    pub error: Option<ProviderError>,
    /// The pause before it is asked again, as far as it asks for one and that is not too long.
    pub pause: Option<Duration>,
}

/// Reads the value of `Retry-After` and the body of a refusal.
pub fn refusal(status: u16, after: &[u8], body: &[u8]) -> Refusal {
    let mut headers = HeaderMap::new();
    if let Ok(after) = HeaderValue::from_bytes(after) {
        headers.insert(RETRY_AFTER, after);
    }
    let report = Report::from_body(body);
    let failure = report.classify(Some(status), retry::asked_wait(&headers)).err();
    let asked = failure.as_ref().and_then(|failure| failure.asked_wait);
    Refusal {
        for_log: redact::for_log(&report.for_log(), ["a secret key"]),
        refuses_limit: report.refuses_limit(),
        pause: asked.and_then(|asked| retry::pause(1, Some(asked), 0.5)),
        error: failure.map(|failure| failure.error),
    }
}

/// The models in a provider's list: their names and windows.
pub fn model_list(body: &[u8]) -> Option<Vec<(String, Option<u32>)>> {
    let offered = models::read_json(body)?;
    Some(offered.into_iter().map(|model| (model.id, model.context_tokens)).collect())
}
