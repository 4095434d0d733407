//! The request.

mod arguments;
mod calls;
mod content;
mod messages;
mod results;
#[cfg(test)]
mod tests;
mod tools;

use serde::Serialize;

use self::messages::Message;
use self::tools::{FormatBody, ToolBody, ToolChoiceBody};
use crate::ChatRequest;
use crate::options::{CallStyle, ReasoningField, SystemRole, TokenLimit};

pub(crate) use self::calls::mark_origin;
pub(crate) use self::content::says_nothing;

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
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f64>,
    #[serde(skip_serializing_if = "is_empty")]
    stop: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    random_seed: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<ToolBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<ToolChoiceBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<FormatBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verbosity: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'a str>,
}

fn is_empty(texts: &[String]) -> bool {
    texts.is_empty()
}

#[derive(Debug, Serialize)]
struct StreamOptions {
    include_usage: bool,
}

/// How a model wants a request written.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a wish of its own")]
pub(crate) struct Dialect<'a> {
    /// Ask for a stream.
    pub stream: bool,
    /// Ask for token counts.
    pub include_usage: bool,
    /// The field that limits the answer; none if the provider takes neither.
    pub token_limit: Option<TokenLimit>,
    /// Under which role instructions go.
    pub system_role: SystemRole,
    /// The sampling temperature where the request names none; none leaves it to the provider.
    pub temperature: Option<f64>,
    /// How calls of tools and their results are written.
    pub call_style: CallStyle,
    /// Where reasoning before a call goes back.
    pub reasoning: ReasoningField,
    /// Words stand for images.
    pub no_images: bool,
    /// Words stand for files.
    pub no_files: bool,
    /// The provider's host, which wants back what it said of its own calls and of no others.
    pub host: &'a str,
    /// Every first call has a signature (Gemini 3).
    pub signed_calls: bool,
    /// Tools that were called are offered, also where the request offers none (Anthropic).
    pub declared_calls: bool,
    /// The seed is called `random_seed` (Mistral).
    pub random_seed: bool,
}

impl<'a> Body<'a> {
    /// The body for `request`.
    pub(crate) fn new(request: &'a ChatRequest, dialect: Dialect<'_>) -> Self {
        let options = &request.options;
        let limit = request.max_output_tokens;
        let messages = messages::write(&request.messages, dialect);
        let (tools, tool_choice) = tools::offer(options, &request.messages, dialect);
        // Providers refuse it without tools.
        let parallel = options.parallel_tool_calls.filter(|_| !tools.is_empty());
        Self {
            model: &request.model,
            messages,
            stream: dialect.stream,
            stream_options: (dialect.stream && dialect.include_usage)
                .then_some(StreamOptions { include_usage: true }),
            max_tokens: limit.filter(|_| dialect.token_limit == Some(TokenLimit::MaxTokens)),
            max_completion_tokens: limit
                .filter(|_| dialect.token_limit == Some(TokenLimit::MaxCompletionTokens)),
            temperature: options.temperature.or(dialect.temperature),
            top_p: options.top_p,
            presence_penalty: options.presence_penalty,
            frequency_penalty: options.frequency_penalty,
            stop: &options.stop,
            seed: options.seed.filter(|_| !dialect.random_seed),
            random_seed: options.seed.filter(|_| dialect.random_seed),
            tools,
            tool_choice,
            parallel_tool_calls: parallel,
            response_format: tools::format(&options.format),
            verbosity: options.verbosity.as_deref(),
            reasoning_effort: options.reasoning_effort.as_deref(),
        }
    }
}
