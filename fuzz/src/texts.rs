//! What people and models write.

use provider::Tokenizer;
use schemas::validate::MAX_TITLE_CHARS;

/// A text whose tokens are counted: no token is less than a byte, nothing is no tokens, and two
/// texts beside each other are hardly ever more than both.
pub(crate) fn tokens(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let most = u32::try_from(text.len()).unwrap_or(u32::MAX);
    for tokenizer in [Tokenizer::Cl100k, Tokenizer::O200k] {
        let count = services::fuzz::count(tokenizer, text);
        assert!(count <= most, "{count} tokens in {most} bytes");
        assert_eq!(count == 0, text.is_empty());
    }
    let estimate = services::fuzz::estimate(text);
    assert!(estimate <= most, "{estimate} tokens are estimated in {most} bytes");
}

/// A first message, or a model's answer, that gives a conversation its title: one line that fits
/// its column.
pub(crate) fn title(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let titles =
        [Some(services::fuzz::title_of_message(text)), services::fuzz::title_of_model(text)];
    for title in titles.into_iter().flatten() {
        assert!(title.chars().count() <= MAX_TITLE_CHARS, "{title:?}");
        assert!(!title.contains(char::is_control), "{title:?}");
        assert_eq!(title, title.trim());
    }
}
