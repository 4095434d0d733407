//! The request.

use serde::Serialize;

use crate::ChatRequest;

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
}

#[derive(Debug, Serialize)]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
}

#[derive(Debug, Serialize)]
struct StreamOptions {
    include_usage: bool,
}

/// How a provider wants a request written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialect {
    /// Ask for token counts.
    pub include_usage: bool,
    /// Limit the answer with `max_completion_tokens`, which newer OpenAI models insist on and
    /// most other servers do not know.
    pub max_completion_tokens: bool,
}

impl<'a> Body<'a> {
    /// The body for `request`.
    pub(crate) fn new(request: &'a ChatRequest, dialect: Dialect) -> Self {
        let limit = request.max_output_tokens;
        Self {
            model: &request.model,
            messages: request
                .messages
                .iter()
                .map(|message| Message { role: message.role.as_str(), content: &message.content })
                .collect(),
            stream: true,
            stream_options: dialect.include_usage.then_some(StreamOptions { include_usage: true }),
            max_tokens: limit.filter(|_| !dialect.max_completion_tokens),
            max_completion_tokens: limit.filter(|_| dialect.max_completion_tokens),
        }
    }
}
