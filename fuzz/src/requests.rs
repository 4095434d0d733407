//! Requests.

use std::net::IpAddr;

use axum::http::Uri;
use schemas::conversation::{After, PageCursor};
use schemas::search::SearchPlace;

use crate::world::block_on;

/// The most bytes of a refusal as a client sees it.
const MAX_REFUSAL: usize = 2048;

/// The body of a request, behind a byte that says of which kind it is.
///
/// It is read or refused, twice the same, and a refusal is short however long the body is.
pub(crate) fn body(input: &[u8]) {
    let [kind, rest @ ..] = input else { return };
    let kind = usize::from(*kind) % api::fuzz::BODIES;
    let read = || block_on(api::fuzz::body(kind, "application/json", rest.to_vec()));
    let refusal = read();
    is_short(&refusal);
    assert_eq!(read(), refusal);
    if refusal.is_ok() {
        // What we take any reader of JSON takes, too, and none finds more in it.
        let value: serde_json::Result<serde_json::Value> = serde_json::from_slice(rest);
        assert!(value.is_ok_and(|value| value.is_object() || value.is_null()));
    }
}

/// A query string, behind a byte that says of which route it is.
pub(crate) fn query(input: &[u8]) {
    let [kind, rest @ ..] = input else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let kind = usize::from(*kind) % api::fuzz::QUERIES;
    is_short(&block_on(api::fuzz::query(kind, text)));
}

fn is_short<T>(read: &Result<T, String>) {
    if let Err(refusal) = read {
        assert!(refusal.len() <= MAX_REFUSAL, "{} bytes: {refusal}", refusal.len());
        assert!(!refusal.contains('\n'));
    }
}

/// A place in a list, or an id: what is read is written the same way, and a database can be asked
/// for it.
pub(crate) fn cursor(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    match text.parse::<After>() {
        Ok(After::Cursor(place)) => {
            assert_eq!(place.to_string(), text);
            let PageCursor { time, .. } = place;
            crate::imports::storable(time);
        }
        Ok(After::Conversation(id)) => assert_eq!(id.to_string(), text),
        Err(_) => {}
    }
    if let Ok(place) = text.parse::<SearchPlace>() {
        assert_eq!(place.to_string(), text);
        assert!(place.newest >= 0 && place.oldest >= 0);
    }
    if let Ok(id) = text.parse::<schemas::MessageId>() {
        assert_eq!(id.to_string(), text);
    }
}

/// The head of a request: a line with the target, then header fields.
pub(crate) fn head(input: &[u8]) {
    let (target, rest) = match input.iter().position(|byte| *byte == b'\n') {
        Some(end) => input.split_at(end),
        None => (input, &[][..]),
    };
    let Ok(uri) = Uri::try_from(target) else { return };
    let headers = api::fuzz::fields(rest);
    let after = uri.query().and_then(|query| query.strip_prefix("after=")).map(str::to_owned);
    let trusted =
        ["10.0.0.0/8".parse(), "::1/128".parse()].into_iter().flatten().collect::<Vec<_>>();
    let read = |peer: IpAddr| {
        let head = api::fuzz::head(uri.clone(), headers.clone(), peer, &trusted, after.as_deref());
        block_on(head)
    };
    let proxied = read(IpAddr::from([10, 0, 0, 1]));
    if let Ok(Some(seq)) = proxied.cursor {
        // A client that sends our number gets what follows it.
        let named = headers.get("last-event-id").map(|id| id.as_bytes().to_vec());
        let named = named.or(after.clone().map(String::into_bytes)).unwrap_or_default();
        assert_eq!(
            String::from_utf8_lossy(&named).trim_start_matches('0'),
            match seq {
                0 => String::new(),
                seq => seq.to_string(),
            }
        );
        assert!(seq <= i64::MAX.unsigned_abs());
    }
    is_short(&proxied.cursor);
    is_short(&proxied.key);
    is_short(&proxied.if_match);
    is_short(&proxied.has_7);
    if let Ok(Some(key)) = &proxied.key {
        assert!((1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()));
    }
    if let Some(host) = &proxied.host {
        assert!(!host.is_empty() && !host.contains('@'), "{host}");
    }
    // Only a trusted proxy is believed about another client.
    let stranger = IpAddr::from([192, 0, 2, 1]);
    let direct = read(stranger);
    assert_eq!(direct.client, stranger);
    assert!(!direct.is_local_peer);
    let forwarded = headers.keys().any(|name| name.as_str().starts_with("x-forwarded-"));
    assert!(!(forwarded && read(IpAddr::from([127, 0, 0, 1])).is_local_peer));
    assert!(!direct.is_local_host || direct.host.is_some());
}
