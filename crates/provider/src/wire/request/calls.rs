//! Calls of tools as they are sent back: with an id, a name and arguments that providers take, and
//! with what the provider itself said of them.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Dialect;
use super::arguments::as_object;
use crate::CalledTool;
use crate::options::CallStyle;

#[derive(Debug, Serialize)]
pub(super) struct CallBody<'a> {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    function: FunctionBody<'a>,
    #[serde(flatten)]
    extra: BTreeMap<&'a str, Cow<'a, Value>>,
}

#[derive(Debug, Serialize)]
struct FunctionBody<'a> {
    name: Cow<'a, str>,
    arguments: Cow<'a, str>,
}

impl<'a> CallBody<'a> {
    /// `id` is the one that [`Ids`] gave it.
    pub(super) fn new(call: &'a CalledTool, id: String, dialect: Dialect<'_>) -> Self {
        let function =
            FunctionBody { name: fit_name(&call.name), arguments: as_object(&call.arguments) };
        Self { id, kind: "function", function, extra: given_back(call, dialect.host) }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn name(&self) -> &str {
        &self.function.name
    }

    /// Signs a call that its model did not sign, in the way that Gemini offers for calls of other
    /// models: <https://ai.google.dev/gemini-api/docs/thought-signatures>.
    pub(super) fn sign(&mut self) {
        let signature =
            json!({"google": {"thought_signature": "skip_thought_signature_validator"}});
        self.extra.entry("extra_content").or_insert(Cow::Owned(signature));
    }
}

/// The field of a call's [`extra`](CalledTool::extra) that names the host it came from. It is ours,
/// and is sent to nobody.
const ORIGIN: &str = "chatapp_origin";

/// Notes which host the fields of a call came from.
pub(crate) fn mark_origin(extra: &mut Map<String, Value>, host: &str) {
    extra.insert(ORIGIN.to_owned(), Value::from(host));
}

/// The fields that the provider said of the call beside what every call has; to another provider
/// none, since many refuse fields that they do not know.
fn given_back<'a>(call: &'a CalledTool, host: &str) -> BTreeMap<&'a str, Cow<'a, Value>> {
    let Some(extra) = &call.extra else { return BTreeMap::new() };
    let origin = extra.get(ORIGIN).and_then(Value::as_str);
    if origin.is_some_and(|origin| origin != host) {
        return BTreeMap::new();
    }
    let is_ours = |name: &str| matches!(name, "id" | "type" | "function" | "index" | ORIGIN);
    extra
        .iter()
        .filter(|(name, _)| !is_ours(name))
        .map(|(name, value)| (name.as_str(), Cow::Borrowed(value)))
        .collect()
}

/// The longest name of a tool that providers take, in bytes.
const MAX_NAME: usize = 64;

/// A name of letters, digits, `_` and `-`; others are refused even where they are history.
pub(super) fn fit_name(name: &str) -> Cow<'_, str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !name.is_empty() && name.len() <= MAX_NAME && name.chars().all(fits) {
        return Cow::Borrowed(name);
    }
    let name: String = name.chars().take(MAX_NAME).map(|c| if fits(c) { c } else { '_' }).collect();
    Cow::Owned(if name.is_empty() { "unknown".to_owned() } else { name })
}

/// Gives each call of a history an id of its own that the provider takes. Ids that fit stay as
/// they are; the others depend on themselves and on what precedes them only, so that a history
/// that grows is written as before.
#[derive(Debug)]
pub(super) struct Ids {
    style: CallStyle,
    given: HashSet<String>,
}

/// The longest id of a call that OpenAI takes, in bytes; others take 64.
const MAX_ID: usize = 40;
/// How long Mistral's ids are, always.
const MISTRAL_ID: usize = 9;

impl Ids {
    pub(super) fn new(style: CallStyle) -> Self {
        Self { style, given: HashSet::new() }
    }

    pub(super) fn give(&mut self, id: &str) -> String {
        let mut given = if self.fits(id) { id.to_owned() } else { self.made(id, 0) };
        let mut count = 0;
        while !self.given.insert(given.clone()) {
            count += 1;
            given = self.made(id, count);
        }
        given
    }

    fn fits(&self, id: &str) -> bool {
        match self.style {
            CallStyle::AsIs => !id.trim().is_empty(),
            CallStyle::Standard => {
                let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
                (1..=MAX_ID).contains(&id.len()) && id.bytes().all(fits)
            }
            CallStyle::Mistral => {
                id.len() == MISTRAL_ID && id.bytes().all(|b| b.is_ascii_alphanumeric())
            }
        }
    }

    /// An id made from another one and a count.
    fn made(&self, id: &str, count: u64) -> String {
        // FNV-1a: the same on every machine and in every release.
        let bytes = id.bytes().chain(count.to_le_bytes());
        let mut hash = bytes.fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
        });
        if self.style != CallStyle::Mistral {
            return format!("call_{hash:016x}");
        }
        let digit = |_| {
            let digit = u32::try_from(hash % 36).unwrap_or_default();
            hash /= 36;
            char::from_digit(digit, 36).unwrap_or('0')
        };
        (0..MISTRAL_ID).map(digit).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_fit_and_differ() {
        let long = "x".repeat(41);
        let given = |style, ids: &[&str]| {
            let mut given = Ids::new(style);
            ids.iter().map(|id| given.give(id)).collect::<Vec<_>>()
        };
        let ids = ["call_1", "call_1", &long, "a.b:0", "", "", "abcDEF123"];
        for style in [CallStyle::Standard, CallStyle::Mistral, CallStyle::AsIs] {
            let out = given(style, &ids);
            let unique: HashSet<&String> = out.iter().collect();
            assert_eq!(unique.len(), ids.len(), "{out:?}");
            assert_eq!(out[..3], given(style, &ids[..3]), "they do not depend on what follows");
            assert_eq!(out[6], "abcDEF123");
            assert!(out.iter().all(|id| !id.is_empty()));
        }
        let standard = given(CallStyle::Standard, &ids);
        assert_eq!(standard[0], "call_1");
        assert!(standard.iter().all(|id| id.len() <= 40 && !id.contains('.')));
        let mistral = given(CallStyle::Mistral, &ids);
        let fits = |id: &String| id.len() == 9 && id.bytes().all(|b| b.is_ascii_alphanumeric());
        assert!(mistral.iter().all(fits), "{mistral:?}");
        assert_eq!(given(CallStyle::AsIs, &["functions.f:0"]), ["functions.f:0"]);
    }

    #[test]
    fn names_fit() {
        assert_eq!(fit_name("get_weather-2"), "get_weather-2");
        assert_eq!(fit_name("web search/2é"), "web_search_2_");
        assert_eq!(fit_name(""), "unknown");
        assert_eq!(fit_name(&"é".repeat(99)).len(), 64);
    }

    #[test]
    fn fields_go_back_to_where_they_came_from() {
        let call = |origin: Option<&str>| {
            let mut extra = Map::new();
            extra.insert("extra_content".to_owned(), json!({"google": {"thought_signature": "s"}}));
            extra.insert("index".to_owned(), json!(3));
            if let Some(host) = origin {
                mark_origin(&mut extra, host);
            }
            let (id, name) = ("a".to_owned(), "f".to_owned());
            CalledTool { id, name, arguments: "{}".to_owned(), extra: Some(extra) }
        };
        let written = |origin, host| {
            let dialect = Dialect { host, ..Dialect::default() };
            serde_json::to_value(CallBody::new(&call(origin), "a".to_owned(), dialect)).unwrap()
        };
        let plain = json!({"id": "a", "type": "function",
            "function": {"name": "f", "arguments": "{}"}});
        let mut whole = plain.clone();
        whole["extra_content"] = json!({"google": {"thought_signature": "s"}});
        assert_eq!(written(Some("g"), "g"), whole);
        assert_eq!(written(None, "g"), whole);
        assert_eq!(written(Some("g"), "o"), plain);
    }
}
