//! What is asked of a model and what comes back.

use std::borrow::Cow;
use std::pin::Pin;
use std::time::Duration;

use futures_util::Stream;

use crate::ProviderError;

/// Who speaks in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChatRole {
    /// The operator or the application.
    System,
    /// A person.
    User,
    /// The model, in an earlier turn.
    Assistant,
}

impl ChatRole {
    /// The role's name in the chat completions format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

/// One message of the context given to the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChatMessage {
    /// What somebody says.
    Said {
        /// Who speaks.
        role: ChatRole,
        /// The parts of it, in their order.
        parts: Vec<Part>,
    },
}

/// A part of what somebody says.
#[derive(Clone, PartialEq, Eq)]
pub enum Part {
    /// Plain text.
    Text(String),
}

impl ChatMessage {
    /// A message of one text.
    pub fn text(role: ChatRole, text: impl Into<String>) -> Self {
        Self::Said { role, parts: vec![Part::Text(text.into())] }
    }

    /// Who speaks.
    pub(crate) fn role(&self) -> ChatRole {
        match self {
            Self::Said { role, .. } => *role,
        }
    }

    /// The plain text, a blank line between parts; not copied where there is one.
    pub(crate) fn plain(&self) -> Cow<'_, str> {
        let Self::Said { parts, .. } = self;
        let mut whole = Cow::Borrowed("");
        for Part::Text(text) in parts {
            join(&mut whole, text.into());
        }
        whole
    }
}

/// Adds `more` to a text, a blank line between.
pub(crate) fn join<'a>(text: &mut Cow<'a, str>, more: Cow<'a, str>) {
    if text.is_empty() {
        *text = more;
    } else {
        let text = text.to_mut();
        text.push_str("\n\n");
        text.push_str(&more);
    }
}

impl std::fmt::Debug for Part {
    // Content belongs to a person and stays out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
        }
    }
}

/// What is asked of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatRequest {
    /// The model's name at the provider.
    pub model: String,
    /// The context, oldest first.
    pub messages: Vec<ChatMessage>,
    /// The longest answer wanted, in tokens; none leaves it to the provider.
    pub max_output_tokens: Option<u32>,
}

/// What an answer cost, in tokens, as the provider counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenUsage {
    /// Tokens read.
    pub input: u64,
    /// Tokens written, reasoning included.
    pub output: u64,
    /// Of the tokens read, those served from a cache.
    pub cached: u64,
    /// Of the tokens written, those spent on reasoning.
    pub reasoning: u64,
}

/// How a whole answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// The model was done.
    Stop,
    /// The longest allowed answer was reached.
    Length,
    /// The provider withheld the rest.
    ContentFilter,
}

/// A source that an answer names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Citation {
    /// Its address.
    pub url: String,
    /// Its title, if the provider gave one.
    pub title: Option<String>,
    /// The part of the answer that it supports, from and to, in characters of the whole answer; none
    /// when the provider gave none.
    pub range: Option<(u32, u32)>,
    /// Its number in the provider's own list, from 1, by which marks in the text such as `[2]` name
    /// it; none when there was no list. Then its place in the order of citations is its number.
    pub number: Option<u32>,
}

/// A pause before a failed request is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// How long it is.
    pub pause: Duration,
    /// Whether the provider asked for it.
    pub asked: bool,
}

/// A piece of a streamed answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delta {
    /// More of the answer.
    Text(String),
    /// More of the reasoning that precedes it.
    Reasoning(String),
    /// A call of a tool begins.
    Call {
        /// Its id, if the provider gave it one.
        id: Option<String>,
        /// The tool's name; never empty.
        name: String,
    },
    /// More of the arguments of the newest call.
    Arguments(String),
    /// A source of the answer. Each comes once, in the order in which the provider first named it.
    Citation(Citation),
    /// Nothing came yet, and the request is sent again after a pause. Only before anything else.
    Waiting(Waiting),
    /// The provider's own word for how the answer ended, such as `stop`: printable, at most
    /// 40 characters. At most one a stream; only a usage comes between it and the end or the error.
    FinishReason(String),
    /// The final token counts; at most one a stream, which may also precede an error.
    Usage(TokenUsage),
    /// The end of a whole answer.
    Finish(Finish),
}

/// A streamed answer.
///
/// It ends after exactly one [`Delta::Finish`], which is the last item, or after exactly one error,
/// which is the last item. [`Delta::FinishReason`] and [`Delta::Usage`] come right before either.
/// Nothing is sent before the first poll; dropping the stream closes the upstream connection.
pub type DeltaStream = Pin<Box<dyn Stream<Item = Result<Delta, ProviderError>> + Send>>;
