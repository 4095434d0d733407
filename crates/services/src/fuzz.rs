//! Ways into what is private here, for the fuzz targets (`fuzz/`). Not part of the program.

use engine::tokens;
use provider::Tokenizer;

use crate::titles;

/// Tokens of a text as they are counted.
pub fn count(tokenizer: Tokenizer, text: &str) -> u32 {
    tokens::count(tokenizer, text)
}

/// Tokens of a text as they are estimated.
pub fn estimate(text: &str) -> u32 {
    tokens::estimate(text)
}

/// The title that the first message of a conversation gives it.
pub fn title_of_message(text: &str) -> String {
    titles::first_line(text)
}

/// The title in what a model answered when it was asked for one.
pub fn title_of_model(answer: &str) -> Option<String> {
    titles::from_model(answer)
}
