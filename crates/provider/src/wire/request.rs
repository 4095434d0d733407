//! The request.

use std::borrow::Cow;

use serde::Serialize;

use crate::options::{SystemRole, TokenLimit};
use crate::types::join;
use crate::{ChatMessage, ChatRequest, ChatRole};

/// The body of `POST /chat/completions`; holds no field that nobody asked for.
#[derive(Debug, Serialize)]
pub(crate) struct Body<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Cow<'a, str>,
}

/// What a person is taken to have said before words of the model that nobody asked for: many
/// templates insist on a user's message first.
const OPENING: &str = "(The conversation begins here.)";

#[derive(Debug, Serialize)]
struct StreamOptions {
    include_usage: bool,
}

/// How a model wants a request written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Dialect {
    /// Ask for a stream.
    pub stream: bool,
    /// Ask for token counts.
    pub include_usage: bool,
    /// The field that limits the answer; none if the provider takes neither.
    pub token_limit: Option<TokenLimit>,
    /// Under which role instructions go.
    pub system_role: SystemRole,
    /// The sampling temperature; none leaves it to the provider.
    pub temperature: Option<f64>,
}

impl<'a> Body<'a> {
    /// The body for `request`.
    pub(crate) fn new(request: &'a ChatRequest, dialect: Dialect) -> Self {
        let Dialect { stream, include_usage, token_limit, system_role, temperature } = dialect;
        let limit = request.max_output_tokens;
        let messages = messages(&request.messages, system_role);
        Self {
            model: &request.model,
            messages,
            stream,
            stream_options: (stream && include_usage)
                .then_some(StreamOptions { include_usage: true }),
            max_tokens: limit.filter(|_| token_limit == Some(TokenLimit::MaxTokens)),
            max_completion_tokens: limit
                .filter(|_| token_limit == Some(TokenLimit::MaxCompletionTokens)),
            temperature,
        }
    }
}

/// The messages as strict templates want them: instructions first and in one place, then user and
/// assistant in turns, the user first, each with something to say. No word is left out.
fn messages(messages: &[ChatMessage], system_role: SystemRole) -> Vec<Message<'_>> {
    let mut instructions = None;
    let mut out: Vec<Message<'_>> = Vec::with_capacity(messages.len() + 1);
    for message in messages {
        let content = message.plain();
        if says_nothing(&content) {
            continue;
        }
        match (message.role(), out.last_mut()) {
            (ChatRole::System, _) => join(instructions.get_or_insert_default(), content),
            (role, Some(last)) if last.role == role.as_str() => join(&mut last.content, content),
            (role, _) => out.push(Message { role: role.as_str(), content }),
        }
    }
    let user = ChatRole::User.as_str();
    let begins_with_user = out.first().is_some_and(|first| first.role == user);
    let system = match system_role {
        SystemRole::System => "system",
        SystemRole::Developer => "developer",
        SystemRole::User => user,
    };
    match (instructions, out.first_mut()) {
        (Some(mut instructions), Some(first)) if begins_with_user && system == user => {
            let content = std::mem::take(&mut first.content);
            let instructions = instructions.to_mut();
            instructions.push_str("\n\n");
            instructions.push_str(&content);
            first.content = std::mem::take(instructions).into();
        }
        (Some(instructions), _) => {
            if !begins_with_user && system != user {
                out.insert(0, Message { role: user, content: OPENING.into() });
            }
            out.insert(0, Message { role: system, content: instructions });
        }
        (None, Some(_)) if !begins_with_user => {
            out.insert(0, Message { role: user, content: OPENING.into() });
        }
        (None, _) => {}
    }
    out
}

/// Whether a text has nothing but white space and invisible characters.
pub(crate) fn says_nothing(text: &str) -> bool {
    text.chars().all(|c| {
        c.is_whitespace()
            || matches!(c,
                '\0' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    })
}
