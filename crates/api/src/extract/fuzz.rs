//! Ways into what reads the head of a request, for the fuzz targets (`fuzz/`). Not part of the
//! program.

use std::net::IpAddr;

use axum::extract::{FromRequestParts, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri};
use ipnet::IpNet;

use super::address::Asked;
use super::head::{client_address, host_is_local, peer_is_local};
use super::{IdempotencyKey, IfMatch, IfNoneMatch, Prefer, bearer_token, event_cursor, named_host};
use crate::error::ApiError;

/// What is read of a head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// `Last-Event-ID` and `?after=`; a refusal as the client sees it.
    pub cursor: Result<Option<u64>, String>,
    /// `Idempotency-Key`; a refusal as the client sees it.
    pub key: Result<Option<String>, String>,
    /// The versions of `If-Match`; a refusal as the client sees it.
    pub if_match: Result<Option<Vec<i64>>, String>,
    /// Whether `If-None-Match` has version 7; a refusal as the client sees it.
    pub has_7: Result<bool, String>,
    /// Whether `Prefer` asks not to be waited for.
    pub respond_async: bool,
    /// The bearer token.
    pub token: Option<String>,
    /// The one host that is named.
    pub host: Option<String>,
    /// Whether that is this machine.
    pub is_local_host: bool,
    /// Whether the request was made on this machine and not passed on.
    pub is_local_peer: bool,
    /// Whom the request is counted for.
    pub client: IpAddr,
    /// Whether a page of `origin` was loaded from the address that is asked.
    pub is_own_origin: Option<bool>,
}

/// Header fields as lines `name: value`; what is no field is left out, as the HTTP parser would
/// have refused it.
pub fn fields(bytes: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in bytes.split(|byte| *byte == b'\n').take(64) {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = parts.next().and_then(|name| HeaderName::from_bytes(name).ok());
        let value = parts.next().and_then(|value| HeaderValue::from_bytes(value.trim_ascii()).ok());
        if let (Some(name), Some(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    headers
}

/// Reads a head whose connection comes from `peer`.
pub async fn head(
    uri: Uri,
    headers: HeaderMap,
    peer: IpAddr,
    trusted: &[IpNet],
    after: Option<&str>,
) -> Head {
    let origin: Option<Uri> =
        headers.get("origin").and_then(|origin| origin.to_str().ok()?.parse().ok());
    let (mut parts, ()) = Request::new(()).into_parts();
    (parts.uri, parts.headers) = (uri, headers);
    let key = IdempotencyKey::from_request_parts(&mut parts, &()).await;
    let if_match = IfMatch::from_request_parts(&mut parts, &()).await;
    let if_none_match = IfNoneMatch::from_request_parts(&mut parts, &()).await;
    let Ok(Prefer { respond_async }) = Prefer::from_request_parts(&mut parts, &()).await;
    let (uri, headers) = (&parts.uri, &parts.headers);
    Head {
        cursor: event_cursor(headers, after).map_err(|error| shown(&error)),
        key: key.map(|key| key.0).map_err(|error| shown(&error)),
        if_match: if_match.map(|tags| tags.0).map_err(|error| shown(&error)),
        has_7: if_none_match.map(|tags| tags.has(7)).map_err(|error| shown(&error)),
        respond_async,
        token: bearer_token(headers).ok().map(str::to_owned),
        host: named_host(uri, headers).map(|host| host.to_string()),
        is_local_host: host_is_local(uri, headers),
        is_local_peer: peer_is_local(Some(peer), headers),
        client: client_address(peer, headers, trusted),
        is_own_origin: origin
            .map(|origin| Asked::read(Some(peer), uri, headers, trusted).is_origin(&origin)),
    }
}

fn shown(error: &ApiError) -> String {
    String::from_utf8_lossy(&error.body("req_1")).into_owned()
}
