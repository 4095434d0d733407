//! A quick reader for the chunks that make up nearly all of a stream.
//!
//! It borrows from the line and builds no JSON tree. Whatever is not perfectly ordinary it leaves
//! to the tolerant reader; a property test holds the two to the same result.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::chunk::Chunk;
use super::reason::Reason;
use super::usage::read_usage;

#[derive(Deserialize)]
struct Ordinary<'a> {
    #[serde(borrow, default)]
    object: Option<Cow<'a, str>>,
    #[serde(borrow)]
    choices: Vec<Choice<'a>>,
    #[serde(default)]
    usage: Option<Value>,
    // The presence of these calls for the tolerant reader.
    #[serde(default)]
    error: Option<IgnoredAny>,
    #[serde(default)]
    x_groq: Option<IgnoredAny>,
    #[serde(
        default,
        alias = "annotations",
        alias = "search_results",
        alias = "sources",
        alias = "references",
        alias = "web_search",
        alias = "url_citations",
        alias = "executed_tools",
        alias = "context",
        alias = "search_info",
        alias = "groundingMetadata",
        alias = "grounding_metadata"
    )]
    citations: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(default)]
    index: u64,
    #[serde(borrow)]
    delta: Delta<'a>,
    #[serde(borrow, default, alias = "finishReason")]
    finish_reason: Option<Cow<'a, str>>,
    #[serde(default, alias = "message")]
    usage: Option<IgnoredAny>,
    #[serde(default, alias = "stopReason", alias = "native_finish_reason")]
    stop_reason: Option<IgnoredAny>,
    #[serde(default)]
    error: Option<IgnoredAny>,
    #[serde(
        default,
        alias = "annotations",
        alias = "search_results",
        alias = "sources",
        alias = "references",
        alias = "web_search",
        alias = "url_citations",
        alias = "executed_tools",
        alias = "context",
        alias = "search_info",
        alias = "groundingMetadata",
        alias = "grounding_metadata"
    )]
    citations: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow, default)]
    content: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    reasoning_content: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    reasoning: Option<Cow<'a, str>>,
    #[serde(default)]
    reasoning_details: Option<IgnoredAny>,
    #[serde(
        default,
        alias = "thinking_blocks",
        alias = "thought",
        alias = "reasoning_text",
        alias = "text",
        alias = "usage"
    )]
    thinking: Option<IgnoredAny>,
    #[serde(default)]
    refusal: Option<IgnoredAny>,
    // Some servers say with every token that nothing is called.
    #[serde(default)]
    tool_calls: Option<Vec<IgnoredAny>>,
    #[serde(default)]
    function_call: Option<IgnoredAny>,
    #[serde(default, alias = "image", alias = "audio")]
    images: Option<IgnoredAny>,
    #[serde(
        default,
        alias = "annotations",
        alias = "search_results",
        alias = "sources",
        alias = "references",
        alias = "web_search",
        alias = "url_citations",
        alias = "executed_tools",
        alias = "context",
        alias = "search_info",
        alias = "groundingMetadata",
        alias = "grounding_metadata"
    )]
    citations: Option<IgnoredAny>,
}

/// Reads an ordinary chunk; none when the tolerant reader has to look.
pub(super) fn read(data: &str) -> Option<Chunk> {
    let Ordinary { object, choices, usage, error, x_groq, citations } =
        serde_json::from_str(data).ok()?;
    let is_special = error.is_some() || x_groq.is_some() || citations.is_some();
    if is_special || object.as_deref() == Some("error") {
        return None;
    }
    let mut choices = choices.into_iter();
    let choice = choices.next()?;
    if choices.next().is_some() {
        return None;
    }
    let Choice { index, delta, finish_reason, stop_reason, usage: choice_usage, error, citations } =
        choice;
    if citations.is_some() || error.is_some() || stop_reason.is_some() {
        return None;
    }
    let Delta {
        content,
        reasoning_content,
        reasoning,
        reasoning_details,
        thinking,
        refusal,
        tool_calls,
        function_call,
        images,
        citations,
    } = delta;
    if index != 0
        || choice_usage.is_some()
        || reasoning_details.is_some()
        || thinking.is_some()
        || refusal.is_some()
        || tool_calls.is_some_and(|calls| !calls.is_empty())
        || function_call.is_some()
        || images.is_some()
        || citations.is_some()
    {
        return None;
    }
    let reasoning = [reasoning_content, reasoning].into_iter().flatten();
    Some(Chunk {
        reasoning: reasoning.map(Cow::into_owned).find(|text| !text.is_empty()).unwrap_or_default(),
        text: content.map(Cow::into_owned).unwrap_or_default(),
        usage: usage.as_ref().and_then(read_usage),
        reason: finish_reason.as_deref().and_then(Reason::read),
        ..Chunk::default()
    })
}
