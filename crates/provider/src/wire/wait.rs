//! How long to wait, as a provider tells it: in the head of its answer, in the fields of a failure's
//! body, or in words.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;

/// How deep in a report a field with a wait is looked for.
const DEPTH: usize = 5;
/// The words that stand before a wait in a sentence.
const LEADS: [&str; 8] = [
    "try again in ",
    "try again after ",
    "retry in ",
    "retry after ",
    "retrying in ",
    "retrydelay ",
    "please wait ",
    "wait for ",
];

/// Above this a number of seconds is a time since 1970, and above the other one of milliseconds.
const TIMES: f64 = 1e9;
const TIMES_IN_MILLIS: f64 = 1e12;

/// The time here, for dates of a server that does not tell the time on its own clock.
#[expect(clippy::disallowed_methods, reason = "what others' clocks show is compared with ours")]
pub(crate) fn clock() -> DateTime<Utc> {
    Utc::now()
}

/// A date as it stands in the head of an answer.
pub(crate) fn date(text: &str) -> Option<DateTime<Utc>> {
    let date = DateTime::parse_from_rfc2822(text).or_else(|_| DateTime::parse_from_rfc3339(text));
    date.ok().map(|date| date.to_utc())
}

/// A wait as a number of seconds, a duration such as `2m`, or the date of its end.
pub(crate) fn told(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    let text = text.trim();
    let until = match text.parse::<f64>() {
        Ok(number) if number < TIMES => return seconds(number),
        Ok(number) => {
            let unit = if number < TIMES_IN_MILLIS { 1.0 } else { 0.001 };
            DateTime::UNIX_EPOCH
                .checked_add_signed(chrono::Duration::from_std(seconds(number * unit)?).ok()?)?
        }
        Err(_) => match date(text) {
            Some(date) => date,
            None => return duration(text),
        },
    };
    Some((until - now).to_std().unwrap_or(Duration::ZERO))
}

/// The wait until limits of which nothing is left begin anew, as `x-ratelimit-reset-requests` and
/// the like tell it beside `x-ratelimit-remaining-requests`. Names are in small letters.
pub(crate) fn limits(fields: &[(String, &str)], now: DateTime<Utc>) -> Option<Duration> {
    let value =
        |name: &str| fields.iter().find(|(other, _)| other == name).map(|(_, value)| *value);
    let resets = fields.iter().filter(|(name, _)| {
        name.contains("reset") && (name.contains("ratelimit") || name.contains("rate-limit"))
    });
    let used_up = resets.filter(|(name, _)| {
        let left = value(&name.replace("reset", "remaining"));
        left.and_then(|left| left.trim().parse::<f64>().ok()).is_some_and(|left| left <= 0.0)
    });
    used_up.filter_map(|(_, reset)| told(reset, now)).max()
}

/// The wait that a field of `report` holds, under the names that providers use.
pub(crate) fn in_fields(report: &Value) -> Option<Duration> {
    look(report, DEPTH)
}

fn look(value: &Value, depth: usize) -> Option<Duration> {
    let depth = depth.checked_sub(1)?;
    match value {
        Value::Object(fields) => fields
            .iter()
            .find_map(|(name, value)| field(name, value))
            // The head of another server's reply, as OpenRouter passes it on.
            .or_else(|| {
                let texts = fields
                    .iter()
                    .filter_map(|(name, value)| Some((name.to_ascii_lowercase(), value.as_str()?)));
                limits(&texts.collect::<Vec<_>>(), clock())
            })
            .or_else(|| fields.values().find_map(|value| look(value, depth))),
        Value::Array(items) => items.iter().take(16).find_map(|item| look(item, depth)),
        _ => None,
    }
}

fn field(name: &str, value: &Value) -> Option<Duration> {
    let name: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let unit = match name.as_str() {
        "retryafter" | "retryafterseconds" | "retryaftersec" | "retryafters" | "retrydelay"
        | "retrydelayseconds" | "retryin" | "retryinseconds" | "estimatedtime" => 1.0,
        "retryafterms"
        | "retryaftermillis"
        | "retryaftermilliseconds"
        | "retrydelayms"
        | "retryinms" => 0.001,
        _ => return None,
    };
    match value {
        Value::Number(number) => seconds(number.as_f64()? * unit),
        Value::String(text) => match text.trim().parse::<f64>() {
            Ok(number) => seconds(number * unit),
            Err(_) => duration(text.trim()),
        },
        _ => None,
    }
}

/// The wait that a sentence tells, such as "Please try again in 6m0s."
pub(crate) fn in_words(text: &str) -> Option<Duration> {
    let text: String = text.chars().take(4_000).collect::<String>().to_ascii_lowercase();
    LEADS.iter().find_map(|lead| {
        text.match_indices(lead).find_map(|(at, lead)| duration(text.get(at + lead.len()..)?))
    })
}

/// A duration at the beginning of `text`: `1.5s`, `350ms`, `6m0s`, `20 seconds`, `1h2m`.
fn duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = None;
    loop {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let Ok(number) = number.trim_end_matches('.').parse::<f64>() else { break };
        let tail = tail.trim_start_matches(' ');
        let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let unit = match unit {
            "ms" | "msec" | "millisecond" | "milliseconds" => 0.001,
            "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
            "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
            "h" | "hr" | "hrs" | "hour" | "hours" => 3_600.0,
            "d" | "day" | "days" => 86_400.0,
            _ => break,
        };
        total = Some(total.unwrap_or(0.0) + number * unit);
        rest = tail.trim_start_matches([' ', ',']);
        rest = rest.strip_prefix("and ").unwrap_or(rest);
    }
    total.and_then(seconds)
}

fn seconds(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn waits_in_sentences() {
        for (text, expected) in [
            ("Limit 30000. Please try again in 1.5s. Visit x", Some(1_500)),
            ("Please try again in 20s", Some(20_000)),
            ("try again in 6m0s.", Some(360_000)),
            ("try again in 1h2m3.5s", Some(3_723_500)),
            ("Please try again in 350ms.", Some(350)),
            ("Please retry after 20 seconds. To increase", Some(20_000)),
            ("please try again after 1 seconds", Some(1_000)),
            ("Please retry in 34.074824224s.", Some(34_074)),
            ("Please wait 33 seconds before retrying.", Some(33_000)),
            ("Try again in 2 minutes and 5 seconds", Some(125_000)),
            ("Try again in a moment", None),
            ("try again in 5 apples", None),
            ("Please try again later", None),
            ("", None),
        ] {
            let millis = in_words(text).map(|wait| wait.as_millis());
            assert_eq!(millis, expected, "{text}");
        }
    }

    #[test]
    fn waits_in_fields() {
        let retry_info = json!({"error": {"code": 429, "details": [
            {"@type": "type.googleapis.com/google.rpc.QuotaFailure"},
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"},
        ]}});
        for (report, expected) in [
            (retry_info, Some(34_000)),
            (json!({"error": {"retry_after": 7}}), Some(7_000)),
            (json!({"error": "x", "retry_after_ms": 1_500}), Some(1_500)),
            (json!({"error": {"metadata": {"retryAfter": "12"}}}), Some(12_000)),
            (json!({"error": "Model is currently loading", "estimated_time": 20.5}), Some(20_500)),
            (json!({"error": {"retry_after": null}}), None),
            (json!({"error": {"retry_after": -4}}), None),
            (json!({"error": {"retry_after": "soon"}}), None),
            (
                json!({"error": {"metadata": {"headers": {"X-RateLimit-Limit": "20",
                    "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "90"}}}}),
                Some(90_000),
            ),
            (json!({"X-RateLimit-Remaining": "3", "X-RateLimit-Reset": "90"}), None),
            (json!({"a": {"b": {"c": {"d": {"e": {"f": {"retry_after": 1}}}}}}}), None),
        ] {
            assert_eq!(in_fields(&report).map(|wait| wait.as_millis()), expected, "{report}");
        }
    }
}
