//! The headers `If-Match` and `If-None-Match` (RFC 9110, section 13.1).
//!
//! An entity tag of ours is a version number in quotes. A tag that is no such number is nobody's,
//! and matches nothing. A proxy that compresses an answer weakens its tag (nginx: `W/"7"`) or adds
//! the coding to it (Apache: `"7-gzip"`); the version it names is the same.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use services::Version;

use crate::error::ApiError;

/// The most bytes of such a header.
const MAX_BYTES: usize = 4096;

/// What proxies add to a tag when they compress.
const CODINGS: [&str; 5] = ["-gzip", "--gzip", ";gzip", "-br", "-zstd"];

/// What a client has: any version, or one of these.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Tags {
    Any,
    These(Vec<Version>),
}

/// The versions a change may be made to; `None` allows all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct IfMatch(pub(crate) Option<Vec<Version>>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(match tags(&parts.headers, "if-match")? {
            None | Some(Tags::Any) => None,
            // Section 13.1.1 compares strongly, because a weak tag of two versions may be the same.
            // Ours never is: who has a weak form of it has read that version.
            Some(Tags::These(tags)) => Some(tags),
        }))
    }
}

/// The versions a client has already.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct IfNoneMatch(Option<Tags>);

impl IfNoneMatch {
    /// Whether the client has this version. Compared weakly.
    pub(crate) fn has(&self, version: Version) -> bool {
        match &self.0 {
            None => false,
            Some(Tags::Any) => true,
            Some(Tags::These(tags)) => tags.contains(&version),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        tags(&parts.headers, "if-none-match").map(Self)
    }
}

fn tags(headers: &HeaderMap, name: &'static str) -> Result<Option<Tags>, ApiError> {
    let refused = || {
        ApiError::invalid_value(
            name,
            format!("{name} must be * or a list of entity tags in quotes, such as \"7\"."),
        )
    };
    let mut all = Vec::new();
    let mut values = headers.get_all(name).iter().peekable();
    if values.peek().is_none() {
        return Ok(None);
    }
    for value in values {
        let text = value.to_str().map_err(|_| refused())?.trim();
        if text == "*" && headers.get_all(name).iter().count() == 1 {
            return Ok(Some(Tags::Any));
        }
        if text.len() > MAX_BYTES {
            return Err(refused());
        }
        list(text, &mut all).ok_or_else(refused)?;
    }
    Ok(Some(Tags::These(all)))
}

/// Reads `"a", W/"b"`; `None` when it is not such a list.
fn list(mut text: &str, into: &mut Vec<Version>) -> Option<()> {
    loop {
        let strong = text.strip_prefix("W/").unwrap_or(text);
        let (tag, rest) = strong.strip_prefix('"')?.split_once('"')?;
        into.extend(version(tag));
        let rest = rest.trim_start();
        if rest.is_empty() {
            return Some(());
        }
        text = rest.strip_prefix(',')?.trim_start();
    }
}

/// The version of a tag, if we could have written it.
fn version(tag: &str) -> Option<Version> {
    let tag = CODINGS.iter().find_map(|coding| tag.strip_suffix(coding)).unwrap_or(tag);
    tag.parse().ok().filter(|version: &Version| version.to_string() == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Result<Option<Tags>, ApiError> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("if-match", value.parse().unwrap());
        }
        tags(&headers, "if-match")
    }

    #[test]
    fn tags_are_read_as_the_standard_writes_them() {
        let these = |tags: &[Version]| Some(Tags::These(tags.to_vec()));
        for (values, expected) in [
            (&[][..], None),
            (&["*"], Some(Tags::Any)),
            (&["\"7\""], these(&[7])),
            // Field case F10.
            (&["W/\"7\""], these(&[7])),
            (&["\"7-gzip\"", "W/\"8-br\""], these(&[7, 8])),
            (&["\"7\" , W/\"8\",\"9\""], these(&[7, 8, 9])),
            (&["\"7\"", "\"8\""], these(&[7, 8])),
            (&["\"7-gzi\"", "\"-gzip\""], these(&[])),
            // Tags that are not ours are tags all the same.
            (&["\"\"", "\"x, y\"", "\"07\"", "\"+7\"", "\"99999999999999999999\""], these(&[])),
        ] {
            assert_eq!(read(values).ok(), Some(expected), "{values:?}");
        }
    }

    #[test]
    fn what_is_no_list_of_tags_is_refused() {
        for value in
            ["", "7", "\"7", "7\"", "\"7\" \"8\"", "\"7\",", ",\"7\"", "w/\"7\"", "*, \"7\""]
        {
            assert!(read(&[value]).is_err(), "{value}");
        }
        assert!(read(&["*", "\"7\""]).is_err());
        assert!(read(&[&format!("\"{}\"", "x".repeat(5000))]).is_err());
    }
}
