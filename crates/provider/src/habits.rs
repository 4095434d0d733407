//! What models want of requests with calls of tools, by words in their names: it holds for open
//! weights, too, whoever serves them.

use crate::options::{CallStyle, ReasoningField};

/// What models want of requests with calls of tools, whoever serves them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Habits {
    /// How calls are written.
    pub(crate) calls: CallStyle,
    /// Where reasoning goes back that led to a call.
    pub(crate) reasoning: ReasoningField,
    /// Whether the first call of a message needs a signature.
    pub(crate) signed_calls: bool,
    /// Whether tools that were called have to be offered.
    pub(crate) declared_calls: bool,
}

const PLAIN: Habits = Habits {
    calls: CallStyle::Standard,
    reasoning: ReasoningField::Off,
    signed_calls: false,
    declared_calls: false,
};
const MISTRAL: Habits = Habits { calls: CallStyle::Mistral, ..PLAIN };

/// Words in a model's name, in small letters, and what such a model wants. From what their servers
/// say when they refuse:
///
/// - Mistral: "Tool call id was … but must be a-z, A-Z, 0-9, with a length of 9" and "Unexpected
///   role 'user' after role 'tool'", also from its models under vLLM and llama.cpp.
/// - `DeepSeek`: "The `reasoning_content` in the thinking mode must be passed back to the API".
/// - Kimi: "thinking is enabled but `reasoning_content` is missing in assistant tool call message". It
///   was trained on its ids (`functions.NAME:0`).
/// - Gemini 3: "Function call is missing a `thought_signature`".
/// - Anthropic: "Requests which include `tool_use` or `tool_result` blocks must define tools".
const HABITS: [(&str, Habits); 12] = {
    let thinking = Habits { reasoning: ReasoningField::ReasoningContent, ..PLAIN };
    [
        ("mistral", MISTRAL),
        ("mixtral", MISTRAL),
        ("ministral", MISTRAL),
        ("magistral", MISTRAL),
        ("devstral", MISTRAL),
        ("codestral", MISTRAL),
        ("pixtral", MISTRAL),
        ("voxtral", MISTRAL),
        ("deepseek", thinking),
        ("kimi", Habits { calls: CallStyle::AsIs, ..thinking }),
        ("gemini-3", Habits { signed_calls: true, ..PLAIN }),
        ("claude", Habits { declared_calls: true, ..PLAIN }),
    ]
};

/// What a model wants of requests, as far as its name tells.
pub(crate) fn of(model: &str) -> Habits {
    let name = model.to_ascii_lowercase();
    let found = HABITS.iter().find(|(word, _)| name.contains(word));
    found.map_or(PLAIN, |(_, habits)| *habits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_in_the_name_tells() {
        let calls = |model| of(model).calls;
        for model in ["mistral-large-latest", "unsloth/Mistral-Small-3.2", "Devstral-Small:24b"] {
            assert_eq!(calls(model), CallStyle::Mistral, "{model}");
        }
        assert_eq!(calls("moonshotai/Kimi-K2-Thinking"), CallStyle::AsIs);
        assert_eq!(of("deepseek/deepseek-v4-pro").reasoning, ReasoningField::ReasoningContent);
        assert!(of("google/gemini-3-pro").signed_calls && !of("gemini-2.5-pro").signed_calls);
        assert!(of("anthropic/claude-sonnet-4-5").declared_calls);
        assert_eq!(of("gpt-5"), PLAIN);
    }
}
