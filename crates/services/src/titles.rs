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

/// How long a title of a model may be, in characters.
const MAX_MODEL_CHARS: usize = 80;

/// The title in a model's answer: its first line without what models put around one, or nothing.
pub(crate) fn from_model(answer: &str) -> Option<String> {
    let around = |c: char| c.is_whitespace() || "\"'`*_#“”„«»「」『』".contains(c);
    let line = first_line(answer);
    let line = line.trim_matches(around);
    let label = line.get(..6).filter(|label| label.eq_ignore_ascii_case("title:"));
    let line = label.and_then(|_| line.get(6..)).unwrap_or(line).trim_matches(around);
    let line = line.strip_suffix(['.', '。']).unwrap_or(line);
    let mut title: String = line.chars().take(MAX_MODEL_CHARS).collect();
    if title.len() < line.len() {
        title.pop();
        title.push('…');
    }
    Some(title).filter(|title| title.chars().any(char::is_alphanumeric))
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

    #[test]
    fn a_title_of_a_model_is_taken_out_of_its_answer() {
        for (answer, title) in [
            ("Oslo in May", Some("Oslo in May")),
            ("\n **\"Oslo in May.\"**\n\nI chose this", Some("Oslo in May")),
            ("# Title: Oslo in May.", Some("Oslo in May")),
            ("「奥斯陆」", Some("奥斯陆")),
            (" \"\" ", None),
            ("...", None),
            ("", None),
        ] {
            assert_eq!(from_model(answer).as_deref(), title, "{answer}");
        }
        let long = from_model(&"ä".repeat(100)).unwrap();
        assert_eq!((long.chars().count(), long.chars().last()), (80, Some('…')));
    }
}
