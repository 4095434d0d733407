//! A piece of an answer, or a whole one.

use serde_json::Value;

use super::failure::Report;
use super::fast;
use super::reason::Reason;
use crate::TokenUsage;
use crate::calls::Fragment;
use crate::sse::Event;

/// What a streamed event says.
#[derive(Debug, PartialEq)]
pub(crate) enum Reading {
    /// Something of the answer, perhaps nothing (keep-alive, Azure's filter results).
    Chunk(Chunk),
    /// `[DONE]`: nothing follows. Says nothing about success.
    Done,
    /// The provider reports a failure.
    Failure(Report),
    /// Not JSON.
    Garbage,
    /// Not JSON, under an event name that is not ours to understand.
    Unknown,
}

/// What a piece adds to the answer.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Chunk {
    /// More reasoning; empty when there is none.
    pub reasoning: String,
    /// More text; empty when there is none.
    pub text: String,
    /// More of its calls of tools.
    pub calls: Vec<Fragment>,
    /// Token counts so far; the last ones count.
    pub usage: Option<TokenUsage>,
    /// How the answer ends, in the provider's word; the last one counts.
    pub reason: Option<Reason>,
    /// It is a message of its own, not a piece of one.
    pub whole: bool,
}

impl Chunk {
    /// How many bytes of the answer it is.
    pub(crate) fn bytes(&self) -> usize {
        let calls = self.calls.iter().map(Fragment::len);
        calls.fold(self.reasoning.len().saturating_add(self.text.len()), usize::saturating_add)
    }
}

/// Reads a streamed event.
pub(crate) fn read_event(event: &Event) -> Reading {
    let data = event.data.trim();
    if data == "[DONE]" {
        return Reading::Done;
    }
    // LM Studio and others name the event and may leave `error` out of the data.
    let named_error = event.name == "error";
    if !named_error && let Some(chunk) = fast::read(data) {
        return Reading::Chunk(chunk);
    }
    match serde_json::from_str(data) {
        Ok(value) => match Report::find(&value) {
            Some(report) => Reading::Failure(report),
            None if named_error => Reading::Failure(Report::from_error(&value)),
            None => Reading::Chunk(read_value(&value)),
        },
        Err(_) if named_error => {
            Reading::Failure(Report::from_error(&Value::String(data.to_owned())))
        }
        Err(_) if data.is_empty() => Reading::Chunk(Chunk::default()),
        Err(_) if matches!(event.name.as_str(), "" | "message") => Reading::Garbage,
        Err(_) => Reading::Unknown,
    }
}

/// Reads a streamed chunk or a whole completion that is known not to be an error.
pub(crate) fn read_value(value: &Value) -> Chunk {
    let mut chunk = Chunk::default();
    let choice = value.get("choices").and_then(Value::as_array).and_then(|choices| {
        choices.iter().find(|choice| choice.get("index").and_then(Value::as_u64).unwrap_or(0) == 0)
    });
    chunk.usage = [
        value.get("usage"),
        value.pointer("/x_groq/usage"),
        choice.and_then(|choice| choice.get("usage")),
    ]
    .into_iter()
    .flatten()
    .find_map(read_usage);
    let Some(choice) = choice else { return chunk };
    let object = |name| choice.get(name).filter(|delta| delta.is_object());
    let delta = object("delta");
    let message = object("message");
    chunk.whole = delta.is_none() && message.is_some();
    if let Some(delta) = delta.or(message) {
        read_delta(delta, &mut chunk);
    }
    chunk.reason = choice.get("finish_reason").and_then(Value::as_str).and_then(Reason::read);
    chunk
}

fn read_delta(delta: &Value, chunk: &mut Chunk) {
    match delta.get("content") {
        Some(Value::String(text)) => chunk.text.push_str(text),
        Some(Value::Array(parts)) => {
            for part in parts {
                read_part(part, chunk);
            }
        }
        _ => {}
    }
    if chunk.text.is_empty()
        && let Some(Value::String(refusal)) = delta.get("refusal")
    {
        chunk.text.push_str(refusal);
    }
    // Several of these may repeat the same words, so only the first that says something counts.
    let sources = ["reasoning_content", "reasoning", "reasoning_details", "thinking"];
    let reasoning = sources
        .into_iter()
        .filter_map(|source| delta.get(source))
        .map(plain_text)
        .find(|text| !text.is_empty());
    chunk.reasoning.push_str(&reasoning.unwrap_or_default());
    let calls = delta.get("tool_calls").and_then(Value::as_array).into_iter().flatten();
    chunk.calls.extend(calls.map(|call| read_call(call, call.get("function").unwrap_or(call))));
    // How calls were said before there could be several.
    let single = delta.get("function_call").filter(|call| call.is_object());
    chunk.calls.extend(single.map(|call| read_call(call, call)));
}

/// A piece of a call; arguments that are no text are taken as the JSON they are.
fn read_call(call: &Value, function: &Value) -> Fragment {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    Fragment {
        index: call.get("index").and_then(Value::as_u64),
        id: text(call.get("id")),
        name: text(function.get("name")),
        arguments: match function.get("arguments") {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
        },
    }
}

/// A part of an array content: text, or (Mistral) thinking made of parts.
fn read_part(part: &Value, chunk: &mut Chunk) {
    match part.get("type").and_then(Value::as_str) {
        Some("thinking" | "reasoning") => chunk.reasoning.push_str(&plain_text(part)),
        _ => chunk.text.push_str(&plain_text(part)),
    }
}

/// The words in a string, an array of parts, or an object that holds them under a usual name.
fn plain_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(plain_text).collect(),
        Value::Object(fields) => ["text", "summary", "thinking", "content"]
            .into_iter()
            .filter_map(|name| fields.get(name))
            .map(plain_text)
            .find(|text| !text.is_empty())
            .unwrap_or_default(),
        _ => String::new(),
    }
}

/// Token counts under the names that providers use.
pub(crate) fn read_usage(usage: &Value) -> Option<TokenUsage> {
    let count = |paths: &[&str]| {
        paths.iter().find_map(|path| {
            let value = usage.pointer(path)?;
            value.as_u64().or_else(|| value.as_f64().map(whole))
        })
    };
    let input = count(&["/prompt_tokens", "/input_tokens"]);
    let output = count(&["/completion_tokens", "/output_tokens"]);
    if input.is_none() && output.is_none() {
        return None;
    }
    Some(TokenUsage {
        input: input.unwrap_or(0),
        output: output.unwrap_or(0),
        cached: count(&[
            "/prompt_tokens_details/cached_tokens",
            "/input_tokens_details/cached_tokens",
            "/prompt_cache_hit_tokens",
        ])
        .unwrap_or(0),
        reasoning: count(&[
            "/completion_tokens_details/reasoning_tokens",
            "/output_tokens_details/reasoning_tokens",
            "/reasoning_tokens",
        ])
        .unwrap_or(0),
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates, and a nonsensical count may be any number"
)]
fn whole(count: f64) -> u64 {
    count as u64
}
