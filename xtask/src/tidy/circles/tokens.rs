//! The words of a Rust file, without comments and texts.

/// A word or a sign, and its line, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) line: usize,
}

/// The tokens of `text`: words whole, `::` as one, every other sign by itself.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while let Some(first) = rest.chars().next() {
        let (length, counts) = token(rest, first);
        let (text, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
        if counts {
            tokens.push(Token { text, line });
        }
        line += text.matches('\n').count();
        rest = behind;
    }
    tokens
}

/// How many bytes the token has that begins `rest` with `first`, and whether it counts.
fn token(rest: &str, first: char) -> (usize, bool) {
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), false);
    }
    if rest.starts_with("/*") {
        return (comment(rest), false);
    }
    if let Some(length) = raw_text(rest) {
        return (length, false);
    }
    match first {
        '"' => (quoted(rest, '"'), false),
        'b' if rest.starts_with("b\"") => (1 + quoted(rest.get(1..).unwrap_or(""), '"'), false),
        '\'' => (character(rest), false),
        ':' if rest.starts_with("::") => (2, true),
        _ if is_word(first) => (word(rest), true),
        _ => (first.len_utf8(), !first.is_whitespace()),
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn word(rest: &str) -> usize {
    rest.find(|c| !is_word(c)).unwrap_or(rest.len())
}

/// A comment with those inside it.
fn comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(here) = rest.get(at..).filter(|here| !here.is_empty()) {
        if here.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += here.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// `r"…"`, `r#"…"#`, `br"…"` and so on, if `rest` begins with one.
fn raw_text(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let text = inside.trim_start_matches('#');
    let hashes = inside.len() - text.len();
    let text = text.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = text.find(&end).map_or(text.len(), |at| at + end.len());
    Some(rest.len() - text.len() + length)
}

/// From a quote to the next one that is not escaped.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if c == quote && !escaped {
            return at + c.len_utf8();
        }
        escaped = c == '\\' && !escaped;
    }
    rest.len()
}

/// A character in quotes, or a lifetime.
fn character(rest: &str) -> usize {
    let mut behind = rest.chars().skip(1);
    match (behind.next(), behind.next()) {
        (Some('\\'), _) | (Some(_), Some('\'')) => quoted(rest, '\''),
        _ => 1 + word(rest.get(1..).unwrap_or("")),
    }
}

#[cfg(test)]
mod tests {
    use super::tokens;

    #[test]
    fn texts_and_comments_are_left_out() {
        let text =
            "a::b // c\n/* d /* e */ f */ \"g \\\" h\" 'i' '\\'' 'x: &'y z r#\"j\"k\"# br\"l\"\nm";
        let words: Vec<_> = tokens(text).iter().map(|token| (token.text, token.line)).collect();
        let expected = [("a", 1), ("::", 1), ("b", 1), (":", 2), ("&", 2), ("z", 2), ("m", 3)];
        assert_eq!(words, expected);
    }
}
