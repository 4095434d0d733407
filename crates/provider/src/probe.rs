//! One question to a provider, for an operator who wants to know what is wrong with it.

use chrono::{DateTime, Utc};
use reqwest::header::{DATE, HeaderMap};
use tokio::time::timeout;

use crate::call::read_up_to;
use crate::client::{Http, chain};
use crate::models::{MAX_BODY, PATIENCE, read_json};

/// What a provider answers when it is asked for its models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The status of its answer.
    pub status: u16,
    /// The time on its clock (RFC 9110, section 6.6.1), a moment ago.
    pub time: Option<DateTime<Utc>>,
    /// The names of its models; none if it does not list them.
    pub models: Option<Vec<String>>,
}

/// Asks, once and past every cache. The error says why there is no answer; it quotes no address.
pub(crate) async fn probe(http: &Http) -> Result<Probe, String> {
    let asked = async {
        let answer = http.models(&[]).send().await?;
        let status = answer.status().as_u16();
        let time = time(answer.headers());
        let body = read_up_to(answer, MAX_BODY).await?;
        let listed = body.filter(|_| status == 200).and_then(|body| read_json(&body));
        let models = listed.map(|models| models.into_iter().map(|model| model.id).collect());
        Ok(Probe { status, time, models })
    };
    let answered: Result<_, reqwest::Error> =
        timeout(PATIENCE * 2, asked).await.map_err(|_| "it does not answer in time".to_owned())?;
    answered.map_err(|error| chain(&error))
}

fn time(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    let text = headers.get(DATE)?.to_str().ok()?;
    DateTime::parse_from_rfc2822(text).ok().map(|time| time.to_utc())
}
