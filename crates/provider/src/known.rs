//! What is generally known of hosted models, by the beginning of their names.
//!
//! Models with open weights are left out on purpose: their window depends on how their server was
//! started. Where a family's members differ, the entry is the smallest of them, and where a
//! vendor limits input and output apart, it is the input.

/// A model's entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known {
    /// The window in tokens.
    pub(crate) context_tokens: u32,
    /// Whether it reasons before it answers.
    pub(crate) reasons: bool,
}

/// The longest beginning that fits counts.
const TABLE: [(&str, u32, bool); 24] = [
    ("gpt-3.5-turbo", 16_385, false),
    ("gpt-4", 8_192, false),
    ("gpt-4-32k", 32_768, false),
    ("gpt-4-0125", 128_000, false),
    ("gpt-4-1106", 128_000, false),
    ("gpt-4-turbo", 128_000, false),
    ("gpt-4.1", 1_047_576, false),
    ("gpt-4.5", 128_000, false),
    ("gpt-4o", 128_000, false),
    ("chatgpt-4o", 128_000, false),
    ("gpt-5", 272_000, true),
    ("gpt-5-chat", 128_000, false),
    ("o1", 200_000, true),
    ("o1-mini", 128_000, true),
    ("o1-preview", 128_000, true),
    ("o3", 200_000, true),
    ("o4-mini", 200_000, true),
    ("claude-", 200_000, false),
    ("gemini-1.5", 1_000_000, false),
    ("gemini-2", 1_000_000, false),
    ("mistral-large", 128_000, false),
    ("mistral-small", 32_000, false),
    ("deepseek-chat", 64_000, false),
    ("deepseek-reasoner", 64_000, true),
];

/// The entry of a model. The name of a vendor before it, as routers write it, does not matter.
pub(crate) fn find(model: &str) -> Option<Known> {
    let name = model.rsplit('/').next().unwrap_or(model);
    TABLE
        .iter()
        .filter(|(beginning, ..)| is_beginning(beginning, name))
        .max_by_key(|(beginning, ..)| beginning.len())
        .map(|&(_, context_tokens, reasons)| Known { context_tokens, reasons })
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
        let window = |model| find(model).map(|known| known.context_tokens);
        assert_eq!(window("gpt-4"), Some(8_192));
        assert_eq!(window("gpt-4-0613"), Some(8_192));
        assert_eq!(window("gpt-4-turbo-2024-04-09"), Some(128_000));
        assert_eq!(window("gpt-4o-mini"), Some(128_000));
        assert_eq!(window("openai/gpt-4.1-nano"), Some(1_047_576));
        assert_eq!(window("anthropic/claude-sonnet-4"), Some(200_000));
        assert_eq!(window("gemini-2.5-pro"), Some(1_000_000));
        assert_eq!(find("o3-mini").map(|known| known.reasons), Some(true));
        for unknown in ["gpt-4all", "gpt-oss-20b", "o100", "llama3.1:8b", "meta/llama-3.1", ""] {
            assert_eq!(window(unknown), None, "{unknown}");
        }
    }
}
