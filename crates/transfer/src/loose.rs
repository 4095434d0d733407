//! Reads fields of other people's JSON: each may be missing, null or of another type.

use std::borrow::Cow;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, Offset as _, Utc};

use crate::conversation::Attachment;
use crate::json::{Items, Object, Value};

/// The longest id of another product, in bytes. Ids are copied often, and none is as long.
pub(crate) const MAX_ID: usize = 1024;
/// The longest name of a model, or of a file or its type, in bytes.
const MAX_NAME: usize = 255;
/// The longest place of a file, in bytes.
const MAX_PLACE: usize = 2048;
/// The most files of one message.
pub(crate) const MAX_FILES: usize = 100;

/// A text that is not empty.
pub(crate) fn text<'d>(object: Object<'d>, key: &str) -> Option<Cow<'d, str>> {
    object.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// The same, owned.
pub(crate) fn string(object: Object<'_>, key: &str) -> Option<String> {
    text(object, key).map(Cow::into_owned)
}

/// An id: a text, or a number as a text. One that is longer than any is none.
pub(crate) fn id(object: Object<'_>, key: &str) -> Option<String> {
    let value = object.get(key)?;
    // An escape is at most six bytes for one.
    if value.raw().len() > 6 * MAX_ID {
        return None;
    }
    let text = value.as_str().or_else(|| value.as_number().map(Cow::Borrowed))?;
    (!text.is_empty() && text.len() <= MAX_ID).then(|| text.into_owned())
}

/// The name of a model, or of something else that is named in a line.
pub(crate) fn name(object: Object<'_>, key: &str) -> Option<String> {
    text(object, key).map(|name| short(&name))
}

/// What is named in a line, no longer than one.
pub(crate) fn short(name: &str) -> String {
    cut(name, MAX_NAME).to_owned()
}

/// As much of `text` as fits into `max` bytes.
pub(crate) fn cut(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or_default()
}

/// `true` only for `true`.
pub(crate) fn is_true(object: Object<'_>, key: &str) -> bool {
    object.get(key).is_some_and(Value::is_true)
}

/// The object below `key`.
pub(crate) fn object<'d>(object: Object<'d>, key: &str) -> Option<Object<'d>> {
    object.get(key).and_then(Value::as_object)
}

/// The elements of the array below `key`; none if there is no array.
pub(crate) fn array<'d>(object: Object<'d>, key: &str) -> Items<'d> {
    object.get(key).map(Value::items).unwrap_or_default()
}

/// The objects among the elements of the array below `key`.
pub(crate) fn objects<'d>(object: Object<'d>, key: &str) -> impl Iterator<Item = Object<'d>> {
    array(object, key).filter_map(Value::as_object)
}

/// Whether there is an array below `key`.
pub(crate) fn is_array(object: Object<'_>, key: &str) -> bool {
    object.get(key).is_some_and(Value::is_array)
}

/// Texts put together into one.
#[derive(Debug, Default)]
pub(crate) struct Joined {
    text: Option<String>,
}

impl Joined {
    /// Adds a text, behind `between` unless it is the first.
    pub(crate) fn add(&mut self, between: &str, more: &str) {
        if let Some(text) = &mut self.text {
            text.push_str(between);
            text.push_str(more);
        } else {
            self.text = Some(more.to_owned());
        }
    }

    /// Whether nothing was added.
    pub(crate) fn is_none(&self) -> bool {
        self.text.is_none()
    }

    /// All of it, if anything was added.
    pub(crate) fn get(self) -> Option<String> {
        self.text
    }
}

/// A time: RFC 3339, the same without a zone (taken as UTC), or a number of seconds,
/// milliseconds, microseconds or nanoseconds since 1970, told apart by its size.
pub(crate) fn time(object: Object<'_>, key: &str) -> Option<DateTime<Utc>> {
    let value = object.get(key)?;
    // MongoDB's exports.
    let value = value.as_object().map_or(Some(value), |inner| inner.get("$date"))?;
    if let Some(number) = value.as_f64() {
        return from_number(number);
    }
    from_text(value.as_str()?.trim())
}

fn from_text(text: &str) -> Option<DateTime<Utc>> {
    time_in(text, Utc.fix())
}

/// A time as a text: RFC 3339 or with a space in it, or a number as above; what names no zone is
/// taken to be at `offset`.
pub fn time_in(text: &str, offset: FixedOffset) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return plausible(time.with_timezone(&Utc));
    }
    // `Z` is a zone, too, which the format does not know.
    let zoned = text.strip_suffix(['Z', 'z']).map(|rest| format!("{rest}+00:00"));
    for format in ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z"] {
        if let Ok(time) = DateTime::parse_from_str(zoned.as_deref().unwrap_or(text), format) {
            return plausible(time.with_timezone(&Utc));
        }
    }
    let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0);
    let naive = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .or_else(day);
    if let Some(naive) = naive {
        let time = naive.and_local_timezone(offset).single()?;
        return plausible(time.with_timezone(&Utc));
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
pub(crate) fn plausible(time: DateTime<Utc>) -> Option<DateTime<Utc>> {
    use chrono::Datelike;
    (1970..=9999).contains(&time.year()).then_some(time)
}

/// A file, from whichever of the usual names are there.
fn attachment(object: Object<'_>) -> Option<Attachment> {
    let first = |keys: &[&str]| keys.iter().find_map(|key| text(object, key));
    let name = first(&["name", "file_name", "filename"]);
    let place = first(&["filepath", "url", "path", "id", "file_id", "file_uuid"])
        .map(|place| if place.starts_with("data:") { Cow::Borrowed("inline") } else { place });
    let size = ["size", "file_size", "size_bytes", "bytes"]
        .iter()
        .find_map(|key| object.get(key).and_then(Value::as_u64));
    let media_type = first(&["mimeType", "mime_type", "file_type", "type", "content_type"]);
    let place = place.or_else(|| name.clone())?;
    Some(Attachment {
        media_type: media_type.as_deref().map(short),
        size,
        place: cut(&place, MAX_PLACE).to_owned(),
        name: name.as_deref().map(short),
    })
}

/// Files of our own export, as those of other products are kept: the first hundred, with short
/// texts.
pub(crate) fn fitting(mut files: Vec<Attachment>) -> Vec<Attachment> {
    files.truncate(MAX_FILES);
    for file in &mut files {
        file.place.truncate(file.place.floor_char_boundary(MAX_PLACE));
        for text in [&mut file.name, &mut file.media_type].into_iter().flatten() {
            text.truncate(text.floor_char_boundary(MAX_NAME));
        }
    }
    files
}

/// The files of a message.
#[derive(Debug, Default)]
pub(crate) struct Files {
    files: Vec<Attachment>,
    /// How many there were, beyond what is kept of them.
    count: usize,
}

impl Files {
    /// Adds what `object` says of a file; whether it is one.
    pub(crate) fn add(&mut self, object: Object<'_>) -> bool {
        self.file(attachment(object))
    }

    /// Adds a file that the message names by its place only.
    pub(crate) fn add_place(&mut self, place: &str, size: Option<u64>) {
        let place = cut(place, MAX_PLACE).to_owned();
        self.file(Some(Attachment { name: None, media_type: None, size, place }));
    }

    fn file(&mut self, file: Option<Attachment>) -> bool {
        let is_file = file.is_some();
        self.count += usize::from(is_file);
        self.files.extend(file.filter(|_| self.files.len() < MAX_FILES));
        is_file
    }

    /// The same for a file that may be among them already: there it gets its name and type.
    pub(crate) fn add_or_name(&mut self, object: Object<'_>) {
        let Some(file) = attachment(object) else { return };
        let shown = self.files.iter_mut().find(|shown| shown.place.contains(&file.place));
        if let Some(shown) = shown {
            (shown.name, shown.media_type) = (file.name, file.media_type);
        } else {
            self.file(Some(file));
        }
    }

    /// How many there were.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Those that are kept: the first hundred.
    pub(crate) fn get(self) -> Vec<Attachment> {
        self.files
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::json::{Document, Limits};

    fn document(value: &serde_json::Value) -> Document {
        let limits = Limits { values: 1000, depth: 100 };
        Document::read(value.to_string().into_bytes(), limits).unwrap()
    }

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
        let cases = document(&cases);
        let cases = cases.root().as_object().unwrap();
        for (key, _) in cases.entries() {
            let got = time(cases, &key).map(|time| time.timestamp_millis());
            assert_eq!(got, Some(1_700_000_000_250), "{key}");
        }
        let wrong = json!({ "a": "yesterday", "b": null, "c": 1e300, "d": -1e12, "e": [] });
        let wrong = document(&wrong);
        let wrong = wrong.root().as_object().unwrap();
        assert!(wrong.entries().all(|(key, _)| time(wrong, &key).is_none()));
    }

    #[test]
    fn an_offset_counts_where_no_zone_is_named() {
        let berlin = FixedOffset::east_opt(3600).unwrap();
        for (text, expected) in [
            ("2023-11-14 23:13:20.250000", Some(1_700_000_000_250)),
            ("2023-11-14T23:13:20.25", Some(1_700_000_000_250)),
            (" 2023-11-14 22:13:20.250+00:00 ", Some(1_700_000_000_250)),
            ("2023-11-14 22:13:20.250+00", Some(1_700_000_000_250)),
            ("2023-11-14 22:13:20.250Z", Some(1_700_000_000_250)),
            ("2023-11-14T22:13:20.250z", Some(1_700_000_000_250)),
            ("1700000000.25", Some(1_700_000_000_250)),
            ("2023-11-15", Some(1_700_002_800_000)),
            ("0000-00-00 00:00:00", None),
            ("2023-02-30 10:00:00", None),
            ("0001-01-01 10:00:00", None),
            ("yesterday", None),
            ("", None),
            ("Z", None),
        ] {
            let got = time_in(text, berlin).map(|time| time.timestamp_millis());
            assert_eq!(got, expected, "{text}");
        }
    }

    #[test]
    fn what_is_copied_often_is_short() {
        let long = "é".repeat(3000);
        let value = json!({"id": long, "n": 7, "model": long, "url": long, "name": long});
        let value = document(&value);
        let object = value.root().as_object().unwrap();
        assert_eq!((id(object, "id"), id(object, "n")), (None, Some("7".to_owned())));
        assert_eq!(name(object, "model").unwrap().len(), 254);
        let mut files = Files::default();
        for _ in 0..1_200 {
            files.add(object);
        }
        assert_eq!(files.count(), 1_200);
        let files = files.get();
        assert_eq!(files.len(), 100);
        assert_eq!((files[0].place.len(), files[0].name.as_ref().unwrap().len()), (2048, 254));
        let own = Attachment {
            name: Some(long.clone()),
            media_type: Some(long.clone()),
            size: None,
            place: long,
        };
        let kept = fitting(vec![own; 1_000]);
        assert_eq!(kept.len(), 100);
        let media_type = kept[99].media_type.as_ref().unwrap();
        assert_eq!((kept[0].place.len(), media_type.len()), (2048, 254));
    }
}
