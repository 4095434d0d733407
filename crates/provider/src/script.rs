//! Made-up answers: a small language for what a model says, how fast, and how it fails.
//!
//! The built-in demo model plays scripts in this process; `chatapp mock-provider` plays them over
//! HTTP, byte for byte. [`GRAMMAR`] is the language:
//!
//! ```text
#![doc = include_str!("script/grammar.txt")]
//! ```

mod asked;
mod manners;
mod parse;
mod play;
mod prose;
mod schema;
mod tally;
#[cfg(test)]
mod tests;
mod tokens;
mod tools;
mod tour;

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;

use crate::{RequestOptions, TokenUsage};

pub use asked::asked;
pub use manners::{Manners, Refusal};
pub use parse::ScriptError;
pub use play::{Play, Timed};
pub use tally::Tally;
pub use tokens::tokens;

/// The language of scripts, in words for a person; the text above.
pub const GRAMMAR: &str = include_str!("script/grammar.txt");

/// The most tokens a script may have.
pub const MAX_TOKENS: u32 = 1_000_000;

/// A made-up answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    /// What is said.
    pub answer: Answer,
    /// How many tokens of reasoning come first.
    pub reasoning: u32,
    /// How many calls of a tool come between the reasoning and what is said.
    pub calls: u32,
    /// Whether tools that the request offers are called, and their results quoted, as
    /// [`Answer::Tour`] does in any case.
    pub tools: bool,
    /// Time before the first token.
    pub first: Duration,
    /// Time between tokens.
    pub delay: Duration,
    /// How it ends.
    pub ending: Ending,
    /// Whether token counts are sent to those who ask for them.
    pub usage: bool,
    /// How it fails, if it does.
    pub fault: Option<Fault>,
    /// How many calls fail; none means all.
    pub times: Option<u32>,
    /// How many bytes are written at a time over HTTP; none means as many as there are.
    pub chunk_bytes: Option<usize>,
    /// What else its clients have to bear.
    pub manners: Manners,
}

/// What is said.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// A varied Markdown answer that introduces the demo model; JSON where the request asks for it.
    Tour,
    /// So many numbered tokens.
    Ticks(u32),
    /// The last user message.
    Echo,
    /// So many words of varied Markdown.
    Words(u32),
    /// Exactly these steps: `ending`, `usage`, `reasoning`, `calls` and `fault` do not count.
    Steps(Vec<Step>),
}

/// How an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The model is done.
    Stop,
    /// The model waits for the results of its calls.
    ToolCalls,
    /// The longest answer is reached.
    Length,
    /// The rest is withheld.
    ContentFilter,
    /// The model gives up.
    Error,
}

impl Ending {
    /// The `finish_reason`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::ToolCalls => "tool_calls",
            Self::Length => "length",
            Self::ContentFilter => "content_filter",
            Self::Error => "error",
        }
    }
}

/// A planned failure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fault {
    /// What happens.
    pub kind: FaultKind,
    /// After how many tokens of the answer (calls count, reasoning does not).
    pub at: u32,
}

/// What happens instead of the rest of an answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FaultKind {
    /// Nothing more; the connection stays open.
    Stall,
    /// The connection closes in the middle of an event.
    Truncate,
    /// The connection is reset.
    Reset,
    /// The body ends properly, but the answer does not.
    NoDone,
    /// An error object in the stream.
    Error,
    /// An event that is not JSON.
    Garbage,
    /// A line that never ends.
    Huge,
    /// An HTTP status instead of an answer.
    Status {
        /// The status, 400 to 599.
        code: u16,
        /// The value of `Retry-After`, in seconds.
        retry_after: Option<f64>,
    },
    /// No answer at all.
    Silent,
    /// The whole answer as one JSON document.
    Json,
}

/// What a player does next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Lets time pass before the next step.
    Wait(Duration),
    /// A token of reasoning.
    Reasoning(String),
    /// A token of the answer.
    Text(String),
    /// A call of a tool begins.
    Call {
        /// Its id.
        id: String,
        /// The tool's name.
        name: String,
    },
    /// A token of the newest call's arguments.
    Arguments(String),
    /// Token counts; none stands for those counted so far.
    Usage(Option<TokenUsage>),
    /// How the answer ends.
    Finish(Ending),
    /// The sign that nothing follows (`[DONE]`).
    Done,
    /// An HTTP status instead of an answer; only as the first step.
    Status {
        /// The status.
        code: u16,
        /// The value of `Retry-After`, in seconds.
        retry_after: Option<f64>,
    },
    /// The whole answer as one JSON document; only as the first step.
    Json {
        /// Its reasoning.
        reasoning: String,
        /// Id, name and arguments of its calls.
        calls: Vec<(String, String, String)>,
        /// Its text.
        text: String,
        /// Its token counts, if it has any.
        usage: Option<TokenUsage>,
        /// How it ends.
        ending: Ending,
    },
    /// Nothing at all, not even the head of the answer; only as the first step.
    Silent,
    /// Nothing more.
    Stall,
    /// Half an event, then the end of the connection.
    Truncate,
    /// A reset of the connection.
    Reset,
    /// An error object.
    Error,
    /// An event that is not JSON.
    Garbage,
    /// A line without an end.
    Huge,
    /// These bytes of the body, properly framed.
    Raw(Bytes),
    /// These bytes on the wire as they are. As the first step they stand for the head, too.
    Wire(Bytes),
    /// The end of the connection, whatever was promised.
    Close,
}

impl Script {
    /// A script that says `answer` without pauses and ends well.
    pub fn new(answer: Answer) -> Self {
        Self {
            answer,
            reasoning: 0,
            calls: 0,
            tools: false,
            first: Duration::ZERO,
            delay: Duration::ZERO,
            ending: Ending::Stop,
            usage: true,
            fault: None,
            times: None,
            chunk_bytes: None,
            manners: Manners::default(),
        }
    }

    /// A script of exactly these steps.
    pub fn steps(steps: impl IntoIterator<Item = Step>) -> Self {
        Self::new(Answer::Steps(steps.into_iter().collect()))
    }

    /// The same script, failing after `at` tokens.
    #[must_use]
    pub fn failing(self, kind: FaultKind, at: u32) -> Self {
        Self { fault: Some(Fault { kind, at }), ..self }
    }
}

/// What a script may refer to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prompt {
    /// The last user message.
    pub last_user: String,
    /// How many tokens the context has.
    pub input_tokens: u64,
    /// The longest answer wanted, in tokens.
    pub max_output_tokens: Option<u32>,
    /// The results of tools at the end of the context; none if somebody spoke after them.
    pub results: Vec<String>,
    /// What is asked for: tools, which of them, and the format of the answer count.
    pub options: RequestOptions,
}

impl Prompt {
    /// The prompt in `messages`, pairs of role and content.
    pub fn new<'a>(
        messages: impl IntoIterator<Item = (&'a str, Cow<'a, str>)>,
        max_output_tokens: Option<u32>,
    ) -> Self {
        let mut prompt = Self { max_output_tokens, ..Self::default() };
        let mut last_user = Cow::Borrowed("");
        for (role, content) in messages {
            // Chat formats spend a few tokens on each message's frame.
            let count = u64::try_from(tokens(&content).count()).unwrap_or(u64::MAX);
            prompt.input_tokens = prompt.input_tokens.saturating_add(count).saturating_add(4);
            match role {
                "tool" => prompt.results.push(content.into_owned()),
                "user" => {
                    prompt.results.clear();
                    last_user = content;
                }
                _ => prompt.results.clear(),
            }
        }
        prompt.last_user = last_user.into_owned();
        prompt
    }
}
