//! What is asked of a model and what comes back.

use std::borrow::Cow;
use std::pin::Pin;
use std::time::Duration;

use futures_util::Stream;
use serde_json::{Map, Value};

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
    /// What the model said in an earlier turn, and the tools that it called.
    Called {
        /// What it said; perhaps empty.
        text: String,
        /// What it reasoned before; perhaps empty.
        reasoning: String,
        /// Its calls, in their order; at least one.
        calls: Vec<CalledTool>,
    },
    /// What a called tool returned.
    Returned {
        /// The call's id.
        call_id: String,
        /// What it returned.
        output: Vec<Part>,
    },
}

/// A call of a tool, as it is sent back to the model.
#[derive(Clone, PartialEq, Eq)]
pub struct CalledTool {
    /// Its id.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// Its arguments, which should be JSON.
    pub arguments: String,
    /// What the provider said of the call beside that, and wants back, as [`Delta::Call`] had it: the
    /// fields of an object. Only the host that they came from gets them back.
    pub extra: Option<Map<String, Value>>,
}

/// A part of what somebody says.
#[derive(Clone, PartialEq, Eq)]
pub enum Part {
    /// Plain text.
    Text(String),
    /// An image.
    Image {
        /// Its address, or the image itself as a data URL.
        url: String,
        /// How closely it is looked at: `low`, `high` or `auto`.
        detail: Option<String>,
    },
    /// A file.
    File {
        /// What it is called.
        filename: Option<String>,
        /// The file itself as a data URL.
        data: Option<String>,
        /// Its address.
        url: Option<String>,
    },
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
            Self::Called { .. } => ChatRole::Assistant,
            Self::Returned { .. } => ChatRole::User,
        }
    }

    /// The plain text, a blank line between parts; not copied where there is one.
    pub(crate) fn plain(&self) -> Cow<'_, str> {
        let parts = match self {
            Self::Said { parts, .. } | Self::Returned { output: parts, .. } => parts,
            Self::Called { text, .. } => return text.into(),
        };
        let mut whole = Cow::Borrowed("");
        for part in parts {
            if let Part::Text(text) = part {
                join(&mut whole, text.into());
            }
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
            Self::Image { url, .. } => write!(f, "Image({} bytes)", url.len()),
            Self::File { data, url, .. } => {
                let bytes = data.as_ref().or(url.as_ref()).map_or(0, String::len);
                write!(f, "File({bytes} bytes)")
            }
        }
    }
}

// As above.
impl std::fmt::Debug for CalledTool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CalledTool({} of {} bytes)", self.name, self.arguments.len())
    }
}

/// What is asked of a model.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChatRequest {
    /// The model's name at the provider.
    pub model: String,
    /// The context, oldest first.
    pub messages: Vec<ChatMessage>,
    /// The longest answer wanted, in tokens; none leaves it to the provider.
    pub max_output_tokens: Option<u32>,
    /// What else is asked for.
    pub options: RequestOptions,
}

/// What is asked for beside the messages. What is not set is left to the provider.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RequestOptions {
    /// Functions that the model may ask to be called.
    pub tools: Vec<Tool>,
    /// Which of them it may or must ask for; only where there are tools.
    pub tool_choice: ToolChoice,
    /// Whether it may ask for several at once.
    pub parallel_tool_calls: Option<bool>,
    /// Sampling temperature, 0 to 2.
    pub temperature: Option<f64>,
    /// Nucleus sampling, 0 to 1.
    pub top_p: Option<f64>,
    /// Presence penalty, -2 to 2.
    pub presence_penalty: Option<f64>,
    /// Frequency penalty, -2 to 2.
    pub frequency_penalty: Option<f64>,
    /// Texts at which the answer ends.
    pub stop: Vec<String>,
    /// The seed of sampling.
    pub seed: Option<i64>,
    /// The format of the answer.
    pub format: ResponseFormat,
    /// How long answers are: `low`, `medium` or `high`.
    pub verbosity: Option<String>,
    /// How much the model reasons, such as `low`.
    pub reasoning_effort: Option<String>,
}

/// A function that the model may ask to be called.
#[derive(Debug, Clone, PartialEq)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it does, in words for the model.
    pub description: Option<String>,
    /// JSON schema of its arguments.
    pub parameters: Option<Map<String, Value>>,
    /// Whether the model must keep to the schema exactly.
    pub strict: Option<bool>,
}

/// Which tools a model may or must call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ToolChoice {
    /// It decides.
    #[default]
    Auto,
    /// None.
    None,
    /// At least one.
    Required,
    /// This one.
    Function(String),
    /// Of these; it is offered no others.
    Allowed {
        /// Their names.
        names: Vec<String>,
        /// Whether one of them must be called.
        required: bool,
    },
}

/// The format of an answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum ResponseFormat {
    /// Any text.
    #[default]
    Text,
    /// Any JSON object.
    JsonObject,
    /// JSON that keeps to a schema.
    JsonSchema {
        /// The schema's name.
        name: String,
        /// What it is for.
        description: Option<String>,
        /// The schema.
        schema: Map<String, Value>,
        /// Whether the model must keep to it exactly.
        strict: Option<bool>,
    },
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
        /// What the provider says of it beside that and wants back; see [`CalledTool::extra`].
        extra: Option<Map<String, Value>>,
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
