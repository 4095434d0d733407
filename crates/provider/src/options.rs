//! What differs from model to model.

use std::borrow::Cow;
use std::sync::Arc;

use crate::known;
use crate::tokenizer::Tokenizer;

/// The window of a model of which nothing is known, in tokens: what most models have at least.
pub const UNKNOWN_CONTEXT_TOKENS: u32 = 32_768;
/// What is kept free for the answer unless something else is said, in tokens.
pub const OUTPUT_RESERVE_TOKENS: u32 = 4_096;

/// Under which role instructions are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SystemRole {
    /// `system`.
    #[default]
    System,
    /// `developer`, as newer models of OpenAI call it.
    Developer,
    /// At the head of the first message of the user, for models that know neither.
    User,
}

/// The field that limits the length of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenLimit {
    /// `max_tokens`.
    MaxTokens,
    /// `max_completion_tokens`, which newer models of OpenAI insist on and most other servers do
    /// not know.
    MaxCompletionTokens,
}

/// How calls of tools and their results are written into a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CallStyle {
    /// With ids of at most 40 letters, digits, `_` and `-`, which everybody takes who is not named
    /// here; other ids are exchanged.
    #[default]
    Standard,
    /// As Mistral's models insist: with ids of exactly nine letters and digits, and never a user's
    /// message right behind a result.
    Mistral,
    /// With ids as their model gave them, which Kimi K2 insists on; only what is empty or double is
    /// exchanged.
    AsIs,
}

/// The field in which reasoning goes back that led to a call of a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReasoningField {
    /// None: it stays here.
    #[default]
    Off,
    /// `reasoning_content`, in every message with calls.
    ReasoningContent,
    /// `reasoning`, where there is some.
    Reasoning,
}

/// Where a model that reasons writes its reasoning into its answer, between tags.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ReasoningTags {
    /// Nowhere: the answer is passed on as it comes.
    Off,
    /// At the beginning of its answer, and where one of the well-known tags begins a line later on.
    #[default]
    Leading,
    /// Before its answer, the opening tag being part of the prompt: everything up to the first
    /// closing tag is reasoning.
    Implied,
    /// As [`ReasoningTags::Leading`], between these tags, too.
    Pairs(Arc<[TagPair]>),
}

/// An opening tag and its closing one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagPair {
    /// Where reasoning begins; never empty.
    pub open: Cow<'static, str>,
    /// Where it ends; never empty.
    pub close: Cow<'static, str>,
}

const fn pair(open: &'static str, close: &'static str) -> TagPair {
    TagPair { open: Cow::Borrowed(open), close: Cow::Borrowed(close) }
}

/// The tags that models are known to use. What is in brackets is compared with its case.
static KNOWN_TAGS: [TagPair; 10] = [
    pair("<think>", "</think>"),
    pair("<thinking>", "</thinking>"),
    pair("<thought>", "</thought>"),
    pair("<thoughts>", "</thoughts>"),
    pair("<reasoning>", "</reasoning>"),
    pair("[THINK]", "[/THINK]"),
    pair("<|begin_of_thought|>", "<|end_of_thought|>"),
    pair("<|START_THINKING|>", "<|END_THINKING|>"),
    pair("<seed:think>", "</seed:think>"),
    pair("◁think▷", "◁/think▷"),
];

impl ReasoningTags {
    /// The pairs that count, the configured ones first.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = &TagPair> {
        let own: &[TagPair] = match self {
            Self::Pairs(pairs) => pairs,
            Self::Off | Self::Leading | Self::Implied => &[],
        };
        own.iter().chain(&KNOWN_TAGS)
    }
}

/// Settings of a model, or of all models of a provider; what is not set is decided elsewhere.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModelOptions {
    /// The model's window: how many tokens of context and answer it takes.
    pub context_tokens: Option<u32>,
    /// How many tokens of the window are kept free for the answer.
    pub output_reserve_tokens: Option<u32>,
    /// How its tokens are counted.
    pub tokenizer: Option<Tokenizer>,
    /// Under which role instructions are sent.
    pub system_role: Option<SystemRole>,
    /// The field that limits the length of an answer.
    pub token_limit: Option<TokenLimit>,
    /// The sampling temperature where a request asks for none; the provider's default if not set.
    pub temperature: Option<f64>,
    /// Where its reasoning is found.
    pub reasoning_tags: Option<ReasoningTags>,
    /// Whether it is asked to stream.
    pub stream: Option<bool>,
    /// Whether it takes images; otherwise words stand for them.
    pub images: Option<bool>,
    /// Whether it takes files; otherwise words stand for them.
    pub files: Option<bool>,
    /// How calls of tools are written.
    pub tool_calls: Option<CallStyle>,
    /// Where reasoning goes back that led to a call.
    pub reasoning_field: Option<ReasoningField>,
}

impl ModelOptions {
    /// These settings, with `other` where they say nothing.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            context_tokens: self.context_tokens.or(other.context_tokens),
            output_reserve_tokens: self.output_reserve_tokens.or(other.output_reserve_tokens),
            tokenizer: self.tokenizer.or(other.tokenizer),
            system_role: self.system_role.or(other.system_role),
            token_limit: self.token_limit.or(other.token_limit),
            temperature: self.temperature.or(other.temperature),
            reasoning_tags: self.reasoning_tags.or(other.reasoning_tags),
            stream: self.stream.or(other.stream),
            images: self.images.or(other.images),
            files: self.files.or(other.files),
            tool_calls: self.tool_calls.or(other.tool_calls),
            reasoning_field: self.reasoning_field.or(other.reasoning_field),
        }
    }
}

/// What is known of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelFacts {
    /// Its window: how many tokens of context and answer it takes.
    pub context_tokens: u32,
    /// How many tokens of the window are kept free for the answer.
    pub output_reserve_tokens: u32,
    /// How its tokens are counted.
    pub tokenizer: Tokenizer,
    /// Whether its answers come piece by piece.
    pub streams: bool,
    /// Whether it reasons before it answers; none if that is not known.
    pub reasons: Option<bool>,
}

impl ModelFacts {
    /// The facts of `model`: what is configured, else what the provider says of its window, else what
    /// is generally known.
    pub(crate) fn of(model: &str, options: &ModelOptions, listed_tokens: Option<u32>) -> Self {
        let known = known::find(model);
        let context_tokens = options
            .context_tokens
            .or(listed_tokens)
            .or(known.and_then(|known| known.context_tokens))
            .unwrap_or(UNKNOWN_CONTEXT_TOKENS);
        let reserve = options.output_reserve_tokens.unwrap_or(OUTPUT_RESERVE_TOKENS);
        Self {
            context_tokens,
            // A small window that nobody configured must not be all reserve.
            output_reserve_tokens: reserve.min(context_tokens / 2),
            tokenizer: options
                .tokenizer
                .or(known.map(|known| known.tokenizer))
                .unwrap_or(Tokenizer::Estimate),
            streams: options.stream.unwrap_or(true),
            reasons: match options.reasoning_tags {
                Some(ReasoningTags::Implied) => Some(true),
                _ => known.map(|known| known.reasons),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p10_a_window_is_configured_or_listed_or_known_or_assumed() {
        let window = |model, configured, listed| {
            let options = ModelOptions { context_tokens: configured, ..ModelOptions::default() };
            ModelFacts::of(model, &options, listed).context_tokens
        };
        assert_eq!(window("gpt-4o", Some(1_000), Some(2_000)), 1_000);
        assert_eq!(window("gpt-4o", None, Some(2_000)), 2_000);
        assert_eq!(window("claude-sonnet-4", None, Some(1_000_000)), 1_000_000);
        assert_eq!(window("gpt-4o", None, None), 128_000);
        assert_eq!(window("nobody-knows", None, Some(2_000)), 2_000);
        assert_eq!(window("nobody-knows", None, None), UNKNOWN_CONTEXT_TOKENS);
        let facts = ModelFacts::of("x", &ModelOptions::default(), Some(2_048));
        assert_eq!((facts.output_reserve_tokens, facts.reasons), (1_024, None));
    }

    #[test]
    fn nearer_settings_come_first() {
        let near = ModelOptions { temperature: Some(0.5), ..ModelOptions::default() };
        let far =
            ModelOptions { temperature: Some(1.0), stream: Some(false), ..ModelOptions::default() };
        let both = near.or(far);
        assert_eq!((both.temperature, both.stream), (Some(0.5), Some(false)));
    }
}
