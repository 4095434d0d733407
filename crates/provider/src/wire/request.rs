//! The request.

use std::borrow::Cow;

use serde::Serialize;

use crate::options::{SystemRole, TokenLimit};
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
    /// The field that limits the answer.
    pub token_limit: TokenLimit,
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
        let messages = match system_role {
            SystemRole::System => plain(&request.messages, "system"),
            SystemRole::Developer => plain(&request.messages, "developer"),
            SystemRole::User => merged(&request.messages),
        };
        Self {
            model: &request.model,
            messages,
            stream,
            stream_options: (stream && include_usage)
                .then_some(StreamOptions { include_usage: true }),
            max_tokens: limit.filter(|_| token_limit == TokenLimit::MaxTokens),
            max_completion_tokens: limit.filter(|_| token_limit == TokenLimit::MaxCompletionTokens),
            temperature,
        }
    }
}

fn plain<'a>(messages: &'a [ChatMessage], system: &'static str) -> Vec<Message<'a>> {
    let message = |message: &'a ChatMessage| Message {
        role: if message.role == ChatRole::System { system } else { message.role.as_str() },
        content: Cow::Borrowed(message.content.as_str()),
    };
    messages.iter().map(message).collect()
}

/// The messages with what the operator says at the head of the next message of the user: the
/// templates of such models also insist on user and model taking turns.
fn merged(messages: &[ChatMessage]) -> Vec<Message<'_>> {
    let mut instructions: Vec<&str> = Vec::new();
    let mut out = Vec::with_capacity(messages.len());
    for message in messages {
        if message.role == ChatRole::System {
            instructions.push(&message.content);
            continue;
        }
        let content = if message.role == ChatRole::User && !instructions.is_empty() {
            instructions.push(&message.content);
            Cow::Owned(std::mem::take(&mut instructions).join("\n\n"))
        } else {
            Cow::Borrowed(message.content.as_str())
        };
        out.push(Message { role: message.role.as_str(), content });
    }
    if !instructions.is_empty() {
        let content = Cow::Owned(instructions.join("\n\n"));
        out.push(Message { role: ChatRole::User.as_str(), content });
    }
    out
}
