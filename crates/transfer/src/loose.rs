//! Reads fields of other people's JSON: each may be missing, null or of another type.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::{Map, Value};

use crate::conversation::Attachment;

/// A JSON object.
pub(crate) type Object = Map<String, Value>;

/// A text that is not empty.
pub(crate) fn text<'v>(object: &'v Object, key: &str) -> Option<&'v str> {
    object.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// The same, owned.
pub(crate) fn string(object: &Object, key: &str) -> Option<String> {
    text(object, key).map(str::to_owned)
}

/// An id: a text, or a number as a text.
pub(crate) fn id(object: &Object, key: &str) -> Option<String> {
    match object.get(key)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// `true` only for `true`.
pub(crate) fn is_true(object: &Object, key: &str) -> bool {
    object.get(key) == Some(&Value::Bool(true))
}

/// The object below `key`.
pub(crate) fn object<'v>(object: &'v Object, key: &str) -> Option<&'v Object> {
    object.get(key).and_then(Value::as_object)
}

/// The elements of the array below `key`; none if there is no array.
pub(crate) fn array<'v>(object: &'v Object, key: &str) -> &'v [Value] {
    object.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A time: RFC 3339, the same without a zone (taken as UTC), or a number of seconds,
/// milliseconds, microseconds or nanoseconds since 1970, told apart by its size.
pub(crate) fn time(object: &Object, key: &str) -> Option<DateTime<Utc>> {
    match object.get(key)? {
        Value::Number(number) => from_number(number.as_f64()?),
        Value::String(text) => from_text(text.trim()),
        // MongoDB's exports.
        Value::Object(inner) => time(inner, "$date"),
        _ => None,
    }
}

fn from_text(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return plausible(time.with_timezone(&Utc));
    }
    for format in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"] {
        if let Ok(time) = NaiveDateTime::parse_from_str(text, format) {
            return plausible(time.and_utc());
        }
    }
    text.parse::<f64>().ok().and_then(from_number)
}

fn from_number(number: f64) -> Option<DateTime<Utc>> {
    // In seconds 1e11 is the year 5138; in milliseconds it is 1973.
    let per_second = match number.abs() {
        size if size < 1e11 => 1.0,
        size if size < 1e14 => 1e3,
        size if size < 1e17 => 1e6,
        _ => 1e9,
    };
    let micros = (number / per_second * 1e6).round();
    if !micros.is_finite() || micros.abs() > 9e18 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the size was checked")]
    plausible(DateTime::from_timestamp_micros(micros as i64)?)
}

/// Databases store the years from 1000 to 9999; conversations with machines are younger.
fn plausible(time: DateTime<Utc>) -> Option<DateTime<Utc>> {
    use chrono::Datelike;
    (1970..=9999).contains(&time.year()).then_some(time)
}

/// A file, from whichever of the usual names are there.
pub(crate) fn attachment(object: &Object) -> Option<Attachment> {
    let first = |keys: &[&str]| keys.iter().find_map(|key| string(object, key));
    let name = first(&["name", "file_name", "filename"]);
    let place = first(&["filepath", "url", "path", "id", "file_id", "file_uuid"])
        .map(|place| if place.starts_with("data:") { "inline".to_owned() } else { place });
    let size = ["size", "file_size", "size_bytes", "bytes"]
        .iter()
        .find_map(|key| object.get(*key).and_then(Value::as_u64));
    Some(Attachment {
        media_type: first(&["mimeType", "mime_type", "file_type", "type", "content_type"]),
        size,
        place: place.or_else(|| name.clone())?,
        name,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_come_in_every_unit_and_shape() {
        let cases = json!({
            "seconds": 1_700_000_000.25,
            "text_seconds": "1700000000.25",
            "milliseconds": 1_700_000_000_250_i64,
            "microseconds": 1_700_000_000_250_000_i64,
            "nanoseconds": 1_700_000_000_250_000_000_i64,
            "rfc": "2023-11-14T22:13:20.250Z",
            "zone": "2023-11-14T23:13:20.250+01:00",
            "naive": "2023-11-14T22:13:20.250",
            "spaced": "2023-11-14 22:13:20.250",
            "mongo": { "$date": "2023-11-14T22:13:20.250Z" },
        });
        let cases = cases.as_object().unwrap();
        for key in cases.keys() {
            let got = time(cases, key).map(|time| time.timestamp_millis());
            assert_eq!(got, Some(1_700_000_000_250), "{key}");
        }
        let wrong = json!({ "a": "yesterday", "b": null, "c": 1e300, "d": -1e12, "e": [] });
        let wrong = wrong.as_object().unwrap();
        assert!(wrong.keys().all(|key| time(wrong, key).is_none()));
    }
}
