//! What is generally known of hosted models, by the beginning of their names. What their provider
//! lists comes before it.
//!
//! Models with open weights are left out on purpose: their window depends on how their server was
//! started. Where a family's members differ, the entry is the smallest of them, and where a
//! vendor limits input and output apart, it is the input.

use crate::tokenizer::Tokenizer;

/// A model's entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known {
    /// The window in tokens; none if it depends on the server.
    pub(crate) context_tokens: Option<u32>,
    /// How its tokens are counted.
    pub(crate) tokenizer: Tokenizer,
    /// Whether it reasons before it answers.
    pub(crate) reasons: bool,
}

const fn known(context_tokens: u32, tokenizer: Tokenizer, reasons: bool) -> Known {
    Known { context_tokens: Some(context_tokens), tokenizer, reasons }
}

/// The longest beginning that fits counts.
const TABLE: [(&str, Known); 25] = {
    use Tokenizer::{Cl100k, Estimate, O200k};
    [
        ("gpt-3.5-turbo", known(16_385, Cl100k, false)),
        ("gpt-4", known(8_192, Cl100k, false)),
        ("gpt-4-32k", known(32_768, Cl100k, false)),
        ("gpt-4-0125", known(128_000, Cl100k, false)),
        ("gpt-4-1106", known(128_000, Cl100k, false)),
        ("gpt-4-turbo", known(128_000, Cl100k, false)),
        ("gpt-4.1", known(1_047_576, O200k, false)),
        ("gpt-4.5", known(128_000, O200k, false)),
        ("gpt-4o", known(128_000, O200k, false)),
        ("chatgpt-4o", known(128_000, O200k, false)),
        ("gpt-5", known(272_000, O200k, true)),
        ("gpt-5-chat", known(128_000, O200k, false)),
        ("gpt-oss", Known { context_tokens: None, tokenizer: O200k, reasons: true }),
        ("o1", known(200_000, O200k, true)),
        ("o1-mini", known(128_000, O200k, true)),
        ("o1-preview", known(128_000, O200k, true)),
        ("o3", known(200_000, O200k, true)),
        ("o4-mini", known(200_000, O200k, true)),
        ("claude-", known(200_000, Estimate, false)),
        ("gemini-1.5", known(1_000_000, Estimate, false)),
        ("gemini-2", known(1_000_000, Estimate, false)),
        ("mistral-large", known(128_000, Estimate, false)),
        ("mistral-small", known(32_000, Estimate, false)),
        ("deepseek-chat", known(64_000, Estimate, false)),
        ("deepseek-reasoner", known(64_000, Estimate, true)),
    ]
};

/// The entry of a model. The name of a vendor before it, as routers write it, does not matter.
pub(crate) fn find(model: &str) -> Option<Known> {
    let name = model.rsplit('/').next().unwrap_or(model);
    TABLE
        .iter()
        .filter(|(beginning, _)| is_beginning(beginning, name))
        .max_by_key(|(beginning, _)| beginning.len())
        .map(|(_, known)| *known)
}

/// Whether `name` begins so and goes on at the edge of a word: `o1` is not the beginning of
/// `o100`.
fn is_beginning(beginning: &str, name: &str) -> bool {
    name.strip_prefix(beginning).is_some_and(|rest| {
        beginning.ends_with('-') || !rest.starts_with(|c: char| c.is_ascii_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_beginning_counts_and_words_are_whole() {
        let window = |model| find(model).and_then(|known| known.context_tokens);
        assert_eq!(window("gpt-4"), Some(8_192));
        assert_eq!(window("gpt-4-0613"), Some(8_192));
        assert_eq!(window("gpt-4-turbo-2024-04-09"), Some(128_000));
        assert_eq!(window("gpt-4o-mini"), Some(128_000));
        assert_eq!(window("openai/gpt-4.1-nano"), Some(1_047_576));
        assert_eq!(window("anthropic/claude-sonnet-4"), Some(200_000));
        assert_eq!(window("gemini-2.5-pro"), Some(1_000_000));
        assert_eq!(find("o3-mini").map(|known| known.reasons), Some(true));
        let tokenizer = |model| find(model).map(|known| known.tokenizer);
        assert_eq!(tokenizer("gpt-oss:20b"), Some(Tokenizer::O200k));
        assert_eq!(tokenizer("gpt-4-turbo"), Some(Tokenizer::Cl100k));
        for unknown in ["gpt-4all", "gpt-oss-20b", "o100", "llama3.1:8b", "meta/llama-3.1", ""] {
            assert_eq!(window(unknown), None, "{unknown}");
        }
    }
}
