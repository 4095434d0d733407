//! Splitting text as a model's tokenizer roughly would.

const LONGEST: usize = 12;

/// The tokens of `text`: words with the space before them, long ones in pieces, and runs of the
/// same punctuation mark. Joined they are `text` again.
pub fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (token, tail) = rest.split_at_checked(token_len(rest))?;
        rest = tail;
        (!token.is_empty()).then_some(token)
    })
}

/// How many bytes the first token of `text` has.
fn token_len(text: &str) -> usize {
    let body = text.trim_start();
    let space = text.len() - body.len();
    let Some(first) = body.chars().next() else { return space };
    let same_kind = |c: &char| {
        if first.is_alphanumeric() { c.is_alphanumeric() } else { *c == first }
    };
    let word: usize = body.chars().take_while(same_kind).take(LONGEST).map(char::len_utf8).sum();
    space + word
}
