//! Query strings: `application/x-www-form-urlencoded`, read strictly.

use std::collections::HashSet;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use schemas::list::{DEFAULT_LIMIT, MAX_LIMIT};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};

use super::decode::{QueryValue, decode};
use crate::error::ApiError;

/// The query parameters of a route. A name that the route does not know, a name sent twice, or
/// bytes that are no text are refused.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let fields = pairs(parts.uri.query().unwrap_or_default())?;
        let mut seen = HashSet::new();
        for (name, _) in &fields {
            if !seen.insert(name.as_str()) {
                let message = "A query parameter is given twice. Give it once.";
                return Err(ApiError::invalid_value(name, message));
            }
        }
        let fields = fields.into_iter().map(|(name, value)| (name, QueryValue(value))).collect();
        decode(fields).map(Self)
    }
}

/// The names in a query string.
pub(crate) fn names(query: &str) -> Result<Vec<String>, ApiError> {
    Ok(pairs(query)?.into_iter().map(|(name, _)| name).collect())
}

/// The pairs of a query string, decoded.
pub(super) fn pairs(query: &str) -> Result<Vec<(String, String)>, ApiError> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((unescape(name)?, unescape(value)?))
        })
        .collect::<Option<_>>()
        .ok_or_else(ApiError::invalid_query)
}

/// Undoes percent-encoding (RFC 3986, section 2.1) and `+`. `None` for a broken escape, for bytes
/// that are no UTF-8 and for U+0000.
fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = char::from(rest.next()?).to_digit(16)?;
                let low = char::from(rest.next()?).to_digit(16)?;
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

/// The size of a page: 1 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit(pub(crate) u32);

impl Default for Limit {
    fn default() -> Self {
        Self(DEFAULT_LIMIT)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        text.parse()
            .ok()
            .filter(|limit| digits && (1..=MAX_LIMIT).contains(limit))
            .map(Self)
            .ok_or_else(|| {
                D::Error::custom(format_args!("expected a whole number from 1 to {MAX_LIMIT}"))
            })
    }
}
