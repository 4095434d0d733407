//! Where in an event stream a follower wants to go on.

use axum::http::HeaderMap;

use crate::error::ApiError;

/// The largest event number that can be stored.
const MAX_SEQ: u64 = i64::MAX.unsigned_abs();

/// The number of the last event the client has: from `Last-Event-ID` (WHATWG HTML, section
/// 9.2.4) or from `?after=`. Given twice, both must say the same.
pub(crate) fn event_cursor(
    headers: &HeaderMap,
    after: Option<&str>,
) -> Result<Option<u64>, ApiError> {
    let mut cursor = None;
    for value in headers.get_all("last-event-id") {
        let text = value.to_str().unwrap_or_default();
        merge(&mut cursor, event_number("Last-Event-ID", text)?)?;
    }
    if let Some(text) = after {
        merge(&mut cursor, event_number("after", text)?)?;
    }
    Ok(cursor)
}

/// The number of an event, as the parameter `param`.
pub(crate) fn event_number(param: &str, text: &str) -> Result<u64, ApiError> {
    // `str::parse` would also take a plus sign.
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|seq| digits && *seq <= MAX_SEQ).ok_or_else(|| {
        ApiError::invalid_value(
            param,
            format!("{param} must be the number of an event, from 0 to {MAX_SEQ}."),
        )
    })
}

fn merge(cursor: &mut Option<u64>, seq: u64) -> Result<(), ApiError> {
    match cursor.replace(seq) {
        Some(other) if other != seq => Err(ApiError::invalid_value(
            "after",
            "The header Last-Event-ID and the parameter after name different events. Send one.",
        )),
        _ => Ok(()),
    }
}
