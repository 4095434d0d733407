//! The messages as strict servers want them, without leaving out a word:
//!
//! - instructions first and in one place;
//! - then user and model in turns, the user first, each with something to say;
//! - behind a message with calls at once one result for each, in the order of the calls: one that
//!   says so where there is none. A result whose call is not there is told by the user.

use std::borrow::Cow;

use serde::Serialize;

use super::Dialect;
use super::calls::{CallBody, Ids};
use super::content::{Content, says_nothing, split, text_of};
use super::results::Results;
use crate::options::{CallStyle, ReasoningField, SystemRole};
use crate::types::join;
use crate::{ChatMessage, ChatRole, Part};

/// What a person is taken to have said before words of the model that nobody asked for: many
/// templates insist on a user's message first.
const OPENING: &str = "(The conversation begins here.)";
/// The result of a call that has none.
const NO_RESULT: &str = "(This call was not answered: there is no result.)";
/// The result of a call that returned nothing.
const NO_OUTPUT: &str = "(The tool returned nothing.)";
/// Stands before a result whose call is not there.
const ORPHAN: &str = "(A tool returned this. Its call is no longer shown.)";
/// What a model is taken to have said between results and a user's message, where one must.
const BRIDGE: &str = "(I have read the results.)";
/// Reasoning that was not kept, where there must be some: Kimi refuses a call without, and an empty
/// text.
const NO_REASONING: &str = " ";

#[derive(Debug, Serialize)]
pub(super) struct Message<'a> {
    role: &'static str,
    /// `null` for calls without words.
    content: Option<Content<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<CallBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<String>,
}

impl<'a> Message<'a> {
    fn new(role: &'static str, content: Option<Content<'a>>) -> Self {
        Self {
            role,
            content,
            reasoning_content: None,
            reasoning: None,
            tool_calls: Vec::new(),
            tool_call_id: None,
        }
    }

    fn says(role: &'static str, words: impl Into<Cow<'a, str>>) -> Self {
        Self::new(role, Some(Content::Text(words.into())))
    }
}

const USER: &str = "user";
const ASSISTANT: &str = "assistant";
const TOOL: &str = "tool";

/// What one of the two says before the other one does.
#[derive(Debug)]
enum Turn<'a> {
    User(Content<'a>),
    Model(Words<'a>),
}

/// What a model says: words, and calls behind them, each with what it returned.
#[derive(Debug, Default)]
struct Words<'a> {
    text: Cow<'a, str>,
    reasoning: Cow<'a, str>,
    calls: Vec<(CallBody<'a>, Vec<&'a [Part]>)>,
}

/// The messages of a history.
pub(super) fn write<'a>(messages: &'a [ChatMessage], dialect: Dialect<'_>) -> Vec<Message<'a>> {
    let (instructions, turns) = read(messages, dialect);
    let mut out = Vec::with_capacity(messages.len() + 2);
    for turn in turns {
        match turn {
            Turn::User(content) => say(&mut out, content, dialect),
            Turn::Model(words) => tell(&mut out, words, dialect),
        }
    }
    begin(&mut out, instructions, dialect.system_role);
    out
}

/// Takes a history apart: the instructions, and what was said in turns.
fn read<'a>(
    messages: &'a [ChatMessage],
    dialect: Dialect<'_>,
) -> (Option<Cow<'a, str>>, Vec<Turn<'a>>) {
    let mut results = Results::of(messages);
    let mut ids = Ids::new(dialect.call_style);
    let mut instructions = None;
    let mut turns = Vec::new();
    // A result ends the step of the model that called for it.
    let mut returned = false;
    for (number, message) in messages.iter().enumerate() {
        match message {
            ChatMessage::Said { role: ChatRole::System, parts } => {
                let text = text_of(parts);
                if !text.is_empty() {
                    join(instructions.get_or_insert_default(), text);
                }
            }
            ChatMessage::Said { role: ChatRole::User, parts } => {
                user(&mut turns, Content::of(parts, dialect));
            }
            ChatMessage::Said { role: ChatRole::Assistant, parts } => {
                model(&mut turns, Words { text: text_of(parts), ..Words::default() }, returned);
            }
            ChatMessage::Called { text, reasoning, calls } => {
                let calls = calls.iter().enumerate().map(|(place, call)| {
                    let body = CallBody::new(call, ids.give(&call.id), dialect);
                    (body, results.take((number, place)))
                });
                let (text, reasoning) = (text.into(), reasoning.into());
                model(&mut turns, Words { text, reasoning, calls: calls.collect() }, returned);
            }
            ChatMessage::Returned { .. } if results.is_taken(number) => {
                returned = true;
                continue;
            }
            ChatMessage::Returned { output, .. } => {
                let output = Content::of(output, dialect);
                if !output.is_blank() {
                    let mut content = Content::Text(ORPHAN.into());
                    content.append(output);
                    user(&mut turns, content);
                }
            }
        }
        returned = false;
    }
    (instructions, turns)
}

fn user<'a>(turns: &mut Vec<Turn<'a>>, content: Content<'a>) {
    if content.is_blank() {
        return;
    }
    match turns.last_mut() {
        Some(Turn::User(last)) => last.append(content),
        _ => turns.push(Turn::User(content)),
    }
}

/// Joins what a model says to what it said just before, unless calls would come before words, or
/// `returned` says that there were results in between.
fn model<'a>(turns: &mut Vec<Turn<'a>>, words: Words<'a>, returned: bool) {
    let is_silent = says_nothing(&words.text);
    if is_silent && words.calls.is_empty() {
        return;
    }
    let last = match turns.last_mut() {
        Some(Turn::Model(last)) if last.calls.is_empty() || (is_silent && !returned) => last,
        _ => {
            turns.push(Turn::Model(words));
            return;
        }
    };
    if !is_silent {
        join(&mut last.text, words.text);
    }
    if !says_nothing(&words.reasoning) {
        join(&mut last.reasoning, words.reasoning);
    }
    last.calls.extend(words.calls);
}

/// Writes what a user says.
fn say<'a>(out: &mut Vec<Message<'a>>, content: Content<'a>, dialect: Dialect<'_>) {
    match out.last_mut() {
        Some(Message { role: USER, content: Some(last), .. }) => return last.append(content),
        Some(Message { role: TOOL, .. }) if dialect.call_style == CallStyle::Mistral => {
            out.push(Message::says(ASSISTANT, BRIDGE));
        }
        _ => {}
    }
    out.push(Message::new(USER, Some(content)));
}

/// Writes what a model says, and what its calls returned.
fn tell<'a>(out: &mut Vec<Message<'a>>, words: Words<'a>, dialect: Dialect<'_>) {
    let Words { text, reasoning, calls } = words;
    let content = (!says_nothing(&text)).then_some(Content::Text(text));
    let mut message = Message::new(ASSISTANT, content);
    let (mut results, mut shown) = (Vec::with_capacity(calls.len()), Content::default());
    for (call, outputs) in calls {
        results.push(result(&call, outputs, &mut shown, dialect));
        message.tool_calls.push(call);
    }
    if let Some(first) = message.tool_calls.first_mut() {
        if dialect.signed_calls {
            first.sign();
        }
        let reasoning = (!says_nothing(&reasoning)).then_some(reasoning);
        match dialect.reasoning {
            ReasoningField::Off => {}
            ReasoningField::Reasoning => message.reasoning = reasoning,
            ReasoningField::ReasoningContent => {
                message.reasoning_content = reasoning.or(Some(NO_REASONING.into()));
            }
        }
    }
    out.push(message);
    out.extend(results);
    if !shown.is_blank() {
        say(out, shown, dialect);
    }
}

/// Writes what a call returned. What is no text goes into `shown`, which a user's message shows
/// behind all results.
fn result<'a>(
    call: &CallBody<'a>,
    outputs: Vec<&'a [Part]>,
    shown: &mut Content<'a>,
    dialect: Dialect<'_>,
) -> Message<'a> {
    let mut text = Cow::Borrowed(if outputs.is_empty() { NO_RESULT } else { "" });
    for output in outputs {
        let (words, more) = split(output, dialect);
        // Clients that retry tell the same again.
        if !words.is_empty() && words != text {
            join(&mut text, words);
        }
        if let Some(more) = more {
            shown.push_text(format!("(From the tool {}:)", call.name()).into());
            shown.append(more);
        }
    }
    if text.is_empty() {
        text = Cow::Borrowed(NO_OUTPUT);
    }
    let tool_call_id = Some(call.id().to_owned());
    Message { tool_call_id, ..Message::says(TOOL, text) }
}

/// Puts the instructions first, and a user's message before the model's.
fn begin<'a>(
    out: &mut Vec<Message<'a>>,
    instructions: Option<Cow<'a, str>>,
    system_role: SystemRole,
) {
    let system = match system_role {
        SystemRole::System => "system",
        SystemRole::Developer => "developer",
        SystemRole::User => USER,
    };
    let begins_with_user = out.first().is_some_and(|first| first.role == USER);
    match (instructions, out.first_mut()) {
        (Some(instructions), Some(first)) if begins_with_user && system == USER => {
            let mut content = Content::Text(instructions);
            content.append(first.content.take().unwrap_or_default());
            first.content = Some(content);
        }
        (Some(instructions), _) => {
            if !begins_with_user && system != USER {
                out.insert(0, Message::says(USER, OPENING));
            }
            out.insert(0, Message::says(system, instructions));
        }
        (None, Some(_)) if !begins_with_user => out.insert(0, Message::says(USER, OPENING)),
        (None, _) => {}
    }
}
