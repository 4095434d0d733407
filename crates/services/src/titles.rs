//! The title a conversation has until somebody sets one.

use schemas::validate::MAX_TITLE_CHARS;

/// The first line of `content` that says something, cut to the length of a title.
pub(crate) fn first_line(content: &str) -> String {
    let line = content.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let title: String = line
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MAX_TITLE_CHARS + 1)
        .collect();
    if title.chars().count() <= MAX_TITLE_CHARS {
        return title;
    }
    let mut cut: String = title.chars().take(MAX_TITLE_CHARS - 1).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_the_first_line_with_something_in_it() {
        assert_eq!(first_line("\n  \r\n  Hello there \nsecond"), "Hello there");
        assert_eq!(first_line(&"ä".repeat(300)).chars().count(), MAX_TITLE_CHARS);
        assert_eq!(first_line(&"ä".repeat(255)), "ä".repeat(255));
        assert_eq!(first_line("a\u{7}b"), "a b");
    }
}
