//! The ways to count tokens.

/// How a text is cut into tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tokenizer {
    /// `o200k_base`: GPT-4o and everything of OpenAI after it.
    O200k,
    /// `cl100k_base`: GPT-3.5 and GPT-4.
    Cl100k,
    /// Not known: tokens are estimated from the length of a text.
    Estimate,
}

impl Tokenizer {
    /// The name that stands in configurations and in the database. It never gets another meaning.
    pub fn name(self) -> &'static str {
        match self {
            Self::O200k => "o200k_base",
            Self::Cl100k => "cl100k_base",
            Self::Estimate => "estimate",
        }
    }

    /// The tokenizer of this name.
    pub fn find(name: &str) -> Option<Self> {
        [Self::O200k, Self::Cl100k, Self::Estimate].into_iter().find(|one| one.name() == name)
    }
}
