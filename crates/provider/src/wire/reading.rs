//! Reads a piece of an answer, or a whole one.

use serde_json::{Map, Value};

use super::chunk::{Chunk, Omitted};
use super::failure::Report;
use super::reason::Reason;
use super::usage::read_usage;
use super::{citations, fast, repair};
use crate::calls::Fragment;
use crate::sse::Event;

/// What a streamed event says.
#[derive(Debug, PartialEq)]
pub(crate) enum Reading {
    /// Something of the answer, perhaps nothing (keep-alive, Azure's filter results).
    Chunk(Chunk),
    /// JSON that has nothing to do with an answer.
    Foreign,
    /// Several events in one: a list, documents one behind the other, or lines without blank
    /// lines between them.
    Several(Vec<Part>),
    /// `[DONE]`: nothing follows. Says nothing about success.
    Done,
    /// The provider reports a failure, perhaps beside a last piece, its word for the end or counts.
    Failure(Report, Box<Chunk>),
    /// Not JSON.
    Garbage,
    /// Not JSON, under an event name that is not ours to understand.
    Unknown,
}

/// An event in an event.
#[derive(Debug, PartialEq)]
pub(crate) enum Part {
    /// A line, which may be anything.
    Line(String),
    /// A document that was read, and whether there may be halves of characters in it.
    Document(Value, bool),
}

impl Part {
    /// Reads it as an event without a name.
    pub(crate) fn read(&self) -> Reading {
        match self {
            Self::Line(line) => read_data("", line),
            Self::Document(value, halves) => read_document(value, *halves, false),
        }
    }

    /// Its text, for the log.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Line(line) => line.clone(),
            Self::Document(value, _) => value.to_string(),
        }
    }
}

/// Reads a streamed event.
pub(crate) fn read_event(event: &Event) -> Reading {
    read_data(&event.name, &event.data)
}

fn read_data(name: &str, data: &str) -> Reading {
    let mut data = data.trim().trim_start_matches('\u{feff}');
    // An event in an event's clothes, as relays send it: `data: data: {…}`.
    while let Some(inner) = data.strip_prefix("data:") {
        data = inner.trim_start().trim_start_matches('\u{feff}');
    }
    if data.trim_matches('"').eq_ignore_ascii_case("[DONE]") {
        return Reading::Done;
    }
    // LM Studio and others name the event and may leave `error` out of the data.
    let named_error = name == "error";
    if !named_error && let Some(chunk) = fast::read(data) {
        return Reading::Chunk(chunk);
    }
    match repair::read(data) {
        Some((value, halves)) => read_document(&value, halves, named_error),
        None if named_error => {
            let words = Value::String(data.to_owned());
            Reading::Failure(Report::from_error(&words), Box::default())
        }
        None if data.is_empty() => Reading::Chunk(Chunk::default()),
        None => match apart(data) {
            Some(parts) => Reading::Several(parts),
            None if matches!(name, "" | "message") => Reading::Garbage,
            None => Reading::Unknown,
        },
    }
}

/// Takes apart what holds several events.
fn apart(data: &str) -> Option<Vec<Part>> {
    // JSON over several lines has no whole object on its first one.
    if data.contains('\n') && data.lines().next().is_some_and(is_object) {
        return Some(data.lines().map(|line| Part::Line(line.to_owned())).collect());
    }
    // Documents one behind the other.
    let (mended, halves) = repair::mend(data);
    let documents = serde_json::Deserializer::from_str(&mended).into_iter::<Value>();
    let parts: Vec<_> = documents
        .map_while(Result::ok)
        .filter(|document| document.is_object() || document.is_array())
        .map(|document| Part::Document(document, halves))
        .collect();
    // One with something behind it that is none.
    let is_answer = |part: &Part| matches!(part, Part::Document(document, _) if holder(document).get("choices").is_some());
    (parts.len() > 1 || parts.iter().any(is_answer)).then_some(parts)
}

/// Reads a document; under the name of an error it is one, whatever it says.
fn read_document(value: &Value, halves: bool, named_error: bool) -> Reading {
    let report = Report::find(value);
    match report.or_else(|| named_error.then(|| Report::from_error(value))) {
        Some(report) => Reading::Failure(report, Box::new(Chunk { halves, ..read_value(value) })),
        None => read_json(value, halves),
    }
}

fn read_json(value: &Value, halves: bool) -> Reading {
    match value {
        Value::Array(items) if !items.is_empty() => {
            let documents = items.iter().filter(|item| item.is_object()).cloned();
            Reading::Several(documents.map(|item| Part::Document(item, halves)).collect())
        }
        // One that was written as JSON twice.
        Value::String(text) if text.trim_start().starts_with('{') => {
            Reading::Several(vec![Part::Line(text.clone())])
        }
        value => {
            let chunk = read_value(value);
            let is_ours = ["choices", "usage"].iter().any(|name| value.get(name).is_some())
                || value
                    .get("object")
                    .and_then(Value::as_str)
                    .is_some_and(|o| o.starts_with("chat."))
                || chunk != Chunk::default();
            if is_ours { Reading::Chunk(Chunk { halves, ..chunk }) } else { Reading::Foreign }
        }
    }
}

fn is_object(line: &str) -> bool {
    repair::read(line).is_some_and(|(value, _)| value.is_object())
}

/// The object that the choices stand in: relays wrap answers in a document of their own.
fn holder(value: &Value) -> &Value {
    let mut inner = ["data", "result", "output"].into_iter().filter_map(|name| value.get(name));
    if value.get("choices").is_some() {
        return value;
    }
    inner.find(|inner| inner.get("choices").is_some_and(Value::is_array)).unwrap_or(value)
}

/// Reads a streamed chunk or a whole completion that is known not to be an error.
pub(crate) fn read_value(value: &Value) -> Chunk {
    let mut chunk = Chunk::default();
    let outer = value;
    let value = holder(value);
    let (place, choices) = choices(value);
    chunk.choice = place;
    let first = choices.first().copied();
    chunk.usage = [
        value.get("usage"),
        outer.get("usage"),
        value.pointer("/x_groq/usage"),
        first.and_then(|choice| choice.get("usage")),
        first.and_then(|choice| choice.pointer("/delta/usage")),
    ]
    .into_iter()
    .flatten()
    .find_map(read_usage);
    if choices.is_empty() {
        chunk.reason = reason(value);
        chunk.citations = citations::read([value]);
    }
    for choice in choices {
        read_choice(value, choice, &mut chunk);
    }
    chunk
}

/// The choices that are ours, and which ones they are: those with the lowest number. There may be
/// several, since some services put words and calls into choices of their own.
fn choices(value: &Value) -> (u64, Vec<&Value>) {
    let all: Vec<&Value> = match value.get("choices") {
        Some(Value::Array(choices)) => choices.iter().collect(),
        // One that stands alone.
        Some(choice @ Value::Object(_)) => vec![choice],
        _ => Vec::new(),
    };
    let place = |choice: &&Value| choice.get("index").and_then(place).unwrap_or(0);
    let objects = || all.iter().copied().filter(|choice| choice.is_object());
    let first = objects().map(|choice| place(&choice)).min().unwrap_or(0);
    (first, objects().filter(|choice| place(choice) == first).collect())
}

/// A number in a list, perhaps as text.
fn place(index: &Value) -> Option<u64> {
    index.as_u64().or_else(|| index.as_str()?.trim().parse().ok())
}

fn read_choice(value: &Value, choice: &Value, chunk: &mut Chunk) {
    chunk.reason = reason(choice).or(chunk.reason.take());
    let piece = |name| choice.get(name).filter(|piece| is_piece(piece));
    let delta = piece("delta");
    // Perplexity sends both: what it has said so far beside what it says now, of which there is
    // none in an answer that comes at once.
    let is_over = chunk.reason.is_some();
    let whole = piece("message").filter(|message| {
        delta.is_none_or(|delta| is_over && !says_something(delta) && says_something(message))
    });
    if let Some(piece) = whole.or(delta) {
        chunk.whole |= whole.is_some();
        read_delta(piece, chunk);
        chunk.citations.extend(citations::read([value, choice, piece]));
    } else {
        // As text is completed, not chatted.
        let text = ["text", "content"].into_iter().filter_map(|name| choice.get(name));
        let text = text.map(plain_text).find(|text| !text.is_empty());
        chunk.text.push_str(&text.unwrap_or_default());
        chunk.citations.extend(citations::read([value, choice]));
    }
}

/// Whether it may be a piece of an answer or a message.
fn is_piece(value: &Value) -> bool {
    matches!(value, Value::Object(_) | Value::Array(_) | Value::String(_))
}

/// Whether a piece has anything of an answer in it.
fn says_something(piece: &Value) -> bool {
    let mut chunk = Chunk::default();
    read_delta(piece, &mut chunk);
    chunk != Chunk::default()
}

/// The first reason that says something: a word, or what holds one.
fn reason(choice: &Value) -> Option<Reason> {
    const NAMES: [&str; 5] =
        ["finish_reason", "finishReason", "stop_reason", "stopReason", "native_finish_reason"];
    NAMES.into_iter().find_map(|name| read_reason(choice.get(name)?))
}

fn read_reason(value: &Value) -> Option<Reason> {
    match value {
        Value::String(word) => Reason::read(word),
        Value::Object(fields) => {
            ["type", "reason", "name"].into_iter().find_map(|name| read_reason(fields.get(name)?))
        }
        Value::Array(items) => items.iter().find_map(read_reason),
        // An end that nobody explains.
        Value::Bool(true) => Reason::read("true"),
        Value::Number(number) if number.as_f64() != Some(0.0) => Reason::read(&number.to_string()),
        _ => None,
    }
}

fn read_delta(delta: &Value, chunk: &mut Chunk) {
    match delta {
        Value::String(text) => return chunk.text.push_str(text),
        Value::Array(pieces) => {
            for piece in pieces.iter().filter(|piece| piece.is_object()) {
                read_delta(piece, chunk);
            }
            return;
        }
        _ => {}
    }
    let content = delta.get("content").filter(|content| !content.is_null());
    match content.or_else(|| delta.get("text")) {
        Some(Value::String(text)) => chunk.text.push_str(text),
        Some(Value::Number(number)) => chunk.text.push_str(&number.to_string()),
        Some(Value::Array(parts)) => {
            for part in parts {
                read_part(part, chunk);
            }
        }
        Some(part @ Value::Object(_)) => read_part(part, chunk),
        _ => {}
    }
    if chunk.text.is_empty()
        && let Some(Value::String(refusal)) = delta.get("refusal")
    {
        chunk.text.push_str(refusal);
    }
    if let Some(audio) = delta.get("audio") {
        read_sound(audio, chunk);
    }
    let images = ["images", "image"].into_iter().filter_map(|name| delta.get(name));
    let images =
        images.map(|images| images.as_array().map_or(usize::from(images.is_object()), Vec::len));
    chunk
        .omitted
        .extend(std::iter::repeat_n(Omitted::Image, images.sum::<usize>().min(MAX_OMITTED)));
    // Several of these may repeat the same words, so only the first that says something counts.
    let sources = [
        "reasoning_content",
        "reasoning",
        "reasoning_details",
        "reasoning_text",
        "thinking",
        "thinking_blocks",
        "thought",
    ];
    let reasoning = sources
        .into_iter()
        .filter_map(|source| delta.get(source))
        .map(plain_text)
        .find(|text| !text.is_empty());
    chunk.reasoning.push_str(&reasoning.unwrap_or_default());
    let calls = match delta.get("tool_calls") {
        Some(Value::Array(calls)) => calls.as_slice(),
        Some(call @ Value::Object(_)) => std::slice::from_ref(call),
        _ => &[],
    };
    chunk.calls.extend(calls.iter().map(|call| {
        let function = call.get("function").or_else(|| call.get("custom"));
        read_call(call, function.unwrap_or(call))
    }));
    // How calls were said before there could be several.
    let single = delta.get("function_call").filter(|call| call.is_object());
    chunk.calls.extend(single.map(|call| read_call(call, call)));
}

/// A piece of a call; arguments that are no text are taken as the JSON they are.
fn read_call(call: &Value, function: &Value) -> Fragment {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    Fragment {
        index: call.get("index").and_then(place),
        id: text(call.get("id")),
        name: text(function.get("name")),
        arguments: match function.get("arguments").or_else(|| function.get("input")) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
        },
        extra: extra(call),
    }
}

/// The fields that only this provider has, such as Gemini's `extra_content`.
fn extra(call: &Value) -> Map<String, Value> {
    const USUAL: [&str; 10] = [
        "index",
        "id",
        "type",
        "function",
        "custom",
        "name",
        "arguments",
        "input",
        "status",
        "object",
    ];
    let fields = call.as_object().into_iter().flatten();
    fields
        .filter(|(name, value)| !value.is_null() && !USUAL.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// How many parts of one piece are told of that cannot be shown.
const MAX_OMITTED: usize = 8;

/// Sound: what is said in it, or that it is there.
fn read_sound(audio: &Value, chunk: &mut Chunk) {
    let transcript = audio.get("transcript").and_then(Value::as_str).unwrap_or_default();
    chunk.text.push_str(transcript);
    if audio.get("data").is_some_and(Value::is_string) {
        chunk.omitted.push(Omitted::Sound);
    }
}

/// A part of an array content: text, or (Mistral) thinking made of parts, or what is no text.
fn read_part(part: &Value, chunk: &mut Chunk) {
    let kind = part.get("type").and_then(Value::as_str).unwrap_or_default();
    let is = |word: &str| kind.contains(word);
    if is("thinking") || is("reasoning") {
        chunk.reasoning.push_str(&plain_text(part));
        return;
    }
    let text = plain_text(part);
    if !text.is_empty() {
        chunk.text.push_str(&text);
        return;
    }
    // Neither words nor anything to be shown.
    let is_silent = ["text", "refusal", "reference", "citation", "tool", "signature"];
    let omitted = if is("image") {
        Omitted::Image
    } else if is("audio") {
        return read_sound(part.get(kind).or_else(|| part.get("audio")).unwrap_or(part), chunk);
    } else if is("video") {
        Omitted::Video
    } else if is("file") || is("document") {
        Omitted::File
    } else if kind.is_empty() || is_silent.into_iter().any(is) {
        let refusal = part.get("refusal").and_then(Value::as_str).unwrap_or_default();
        chunk.text.push_str(refusal);
        return;
    } else {
        Omitted::Other
    };
    if chunk.omitted.len() < MAX_OMITTED {
        chunk.omitted.push(omitted);
    }
}

/// The words in a string, an array of parts, or an object that holds them under a usual name.
fn plain_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(plain_text).collect(),
        Value::Object(fields) => ["text", "summary", "thinking", "content", "value"]
            .into_iter()
            .filter_map(|name| fields.get(name))
            .map(plain_text)
            .find(|text| !text.is_empty())
            .unwrap_or_default(),
        _ => String::new(),
    }
}
