//! Compares what a provider says with phrases, word by word.
//!
//! Providers write the same thing as `insufficient_quota`, `InsufficientQuota` and "insufficient
//! quota"; here these are the same two words.

/// The longest text that is looked at, in characters.
const LONGEST: usize = 4_000;
/// How many words `…` in a phrase may stand for at most.
const GAP: usize = 12;

/// A text as words in lower case.
#[derive(Debug, Default)]
pub(crate) struct Words {
    words: Vec<String>,
    /// The text in lower case, for scripts that put no spaces between words.
    plain: String,
}

impl Words {
    /// The words of `text`. Whatever is neither letter nor digit ends a word, and so does the
    /// edge from a small letter to a capital one. A number behind `#` keeps it.
    pub(crate) fn of(text: &str) -> Self {
        let mut words = Vec::new();
        let mut word = String::new();
        let mut before = ' ';
        for c in text.chars().take(LONGEST) {
            let is_edge =
                !(c.is_alphanumeric() || c == '#') || (before.is_lowercase() && c.is_uppercase());
            if is_edge && !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            if c.is_alphanumeric() || c == '#' {
                word.extend(c.to_lowercase());
            }
            before = c;
        }
        if !word.is_empty() {
            words.push(word);
        }
        let plain = if text.is_ascii() {
            String::new()
        } else {
            text.chars().take(LONGEST).flat_map(char::to_lowercase).collect()
        };
        Self { words, plain }
    }

    /// The words, in small letters.
    pub(crate) fn list(&self) -> &[String] {
        &self.words
    }

    /// Whether it says one of `phrases`.
    pub(crate) fn say_any(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.say(phrase))
    }

    /// Whether it says `phrase`: words in a row. A word that ends in `*` stands for all that begin
    /// so, and `…` for a few words or none. A phrase in a script without spaces is looked for as
    /// it is.
    fn say(&self, phrase: &str) -> bool {
        if phrase.chars().any(|c| !c.is_ascii() && c != '…') {
            return self.plain.contains(phrase);
        }
        let phrase: Vec<&str> = phrase.split(' ').collect();
        (0..self.words.len()).any(|at| self.words.get(at..).is_some_and(|rest| fits(&phrase, rest)))
    }
}

/// Whether `words` begin with the phrase.
fn fits(phrase: &[&str], words: &[String]) -> bool {
    match phrase {
        [] => true,
        ["…", rest @ ..] => {
            (0..=GAP).any(|skip| words.get(skip..).is_some_and(|words| fits(rest, words)))
        }
        [first, rest @ ..] => words.split_first().is_some_and(|(word, words)| {
            let is_it = match first.strip_suffix('*') {
                Some(beginning) => word.starts_with(beginning),
                None => word == first,
            };
            is_it && fits(rest, words)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_found_however_they_are_written() {
        for text in ["insufficient_quota", "InsufficientQuota", "an Insufficient  quota."] {
            assert!(Words::of(text).say("insufficient quota"), "{text}");
        }
        let text = Words::of("The model `gpt-9` does not exist (#1211).");
        assert!(text.say("model … does not exist"));
        assert!(text.say("exist* #1211"));
        assert!(text.say("mod* gpt 9"));
        assert!(!text.say("model does not exist"));
        assert!(!text.say("exist … model"));
        assert!(!text.say("1211"), "a number that labels is no number in a sentence");
        assert!(!Words::of("remodelled does not exist").say("model … exist"));
        assert!(Words::of("您的账户已欠费，请充值后重试").say("欠费"));
        assert!(!Words::of("").say_any(&["a", "…"]));
    }
}
