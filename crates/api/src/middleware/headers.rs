//! Headers of every answer.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use services::Standing;

use crate::extract::RequestId;

/// For answers that are data: nothing in them may run or be framed.
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// For our own pages: one style sheet from this origin, no script.
pub(crate) const HTML_POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Sets what a handler has not set itself.
pub(super) fn set(headers: &mut HeaderMap, request_id: &RequestId) {
    if let Some(value) = request_id.header() {
        headers.insert("x-request-id", value);
    }
    let defaults: [(HeaderName, &'static str); 4] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, DATA_POLICY),
    ];
    for (name, value) in defaults {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

/// Says where the caller stands with the limit of requests, in the words of `OpenAI`.
pub(super) fn set_standing(headers: &mut HeaderMap, standing: &Standing) {
    let Standing { limit, remaining, reset } = *standing;
    headers.insert("x-ratelimit-limit-requests", limit.into());
    headers.insert("x-ratelimit-remaining-requests", remaining.into());
    if let Ok(reset) = HeaderValue::try_from(duration(reset)) {
        headers.insert("x-ratelimit-reset-requests", reset);
    }
}

/// A time as these headers have it: `12ms`, `1s`, `6m0s`.
fn duration(time: Duration) -> String {
    let millis = time.as_millis();
    if millis < 1000 {
        return format!("{}ms", millis.max(1));
    }
    let seconds = millis.div_ceil(1000);
    if seconds < 60 { format!("{seconds}s") } else { format!("{}m{}s", seconds / 60, seconds % 60) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s10_times_are_written_as_openai_does() {
        let written = [0, 12, 999, 1000, 1001, 59_000, 59_001, 360_000]
            .map(|millis| duration(Duration::from_millis(millis)));
        assert_eq!(written, ["1ms", "12ms", "999ms", "1s", "2s", "59s", "1m0s", "6m0s"]);
    }
}
