//! What services do that is no failure, but that their clients have to bear.

use std::time::Duration;

/// Tokens that every message costs beside its text.
const FRAME_TOKENS: u64 = 4;

/// The manners of a service. All but `silence` show over HTTP only.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a manner of its own, in any combination"
)]
pub struct Manners {
    /// Every token comes with `finish_reason: "stop"`.
    pub early: bool,
    /// Nothing comes for so long after so many tokens of the answer.
    pub silence: Option<(Duration, u32)>,
    /// A comment comes this often while there is nothing to say.
    pub comments: Option<Duration>,
    /// Messages of one role must not follow each other.
    pub alternate: bool,
    /// The window in tokens, of which there is one for every two characters.
    pub window: Option<u32>,
    /// The first event is larger by so many bytes.
    pub padding: u32,
    /// What the body is declared to be.
    pub content_type: Option<String>,
    /// The body is packed, although nobody asked for it.
    pub gzip: bool,
    /// A document has an empty piece beside its message, as Perplexity sends it.
    pub beside: bool,
    /// A document breaks off behind half of its bytes.
    pub half: bool,
}

/// Why a request is refused, with 400.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The machine code.
    pub code: &'static str,
    /// The explanation.
    pub message: String,
}

impl Manners {
    /// Whether messages, pairs of role and content, are refused.
    pub fn refuse<'a>(
        &self,
        messages: impl Iterator<Item = (&'a str, &'a str)> + Clone,
    ) -> Option<Refusal> {
        if self.alternate && !alternates(messages.clone().map(|(role, _)| role)) {
            return Some(Refusal {
                code: "bad_request",
                message: "After the optional system message, conversation roles must alternate \
                          user/assistant/user/assistant/..."
                    .to_owned(),
            });
        }
        let window = u64::from(self.window?);
        let count = self.count(messages)?;
        (count > window).then(|| Refusal {
            code: "context_length_exceeded",
            message: format!(
                "This model's maximum context length is {window} tokens. However, your messages \
                 resulted in {count} tokens. Please reduce the length of the messages."
            ),
        })
    }

    /// How many tokens messages have, when they are counted densely.
    pub fn count<'a>(&self, messages: impl Iterator<Item = (&'a str, &'a str)>) -> Option<u64> {
        self.window?;
        let tokens = |(_, content): (&str, &str)| {
            let characters = u64::try_from(content.chars().count()).unwrap_or(u64::MAX);
            characters.div_ceil(2).saturating_add(FRAME_TOKENS)
        };
        Some(messages.map(tokens).fold(0, u64::saturating_add))
    }
}

/// Whether a person and the model take turns, and the person begins.
fn alternates<'a>(roles: impl Iterator<Item = &'a str>) -> bool {
    let mut turns = roles.skip_while(|role| matches!(*role, "system" | "developer"));
    let expected = ["user", "assistant"].into_iter().cycle();
    turns.by_ref().zip(expected).all(|(role, expected)| role == expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_take_turns() {
        let strict = Manners { alternate: true, ..Manners::default() };
        let refused =
            |roles: &str| strict.refuse(roles.split(' ').map(|role| (role, "x"))).is_some();
        for roles in ["user", "system user", "user assistant user", "system user assistant"] {
            assert!(!refused(roles), "{roles}");
        }
        for roles in ["assistant", "user user", "system assistant user", "user system user"] {
            assert!(refused(roles), "{roles}");
        }
    }

    #[test]
    fn two_characters_are_a_token() {
        let dense = Manners { window: Some(10), ..Manners::default() };
        let refusal = |text: &str| dense.refuse([("user", text)].into_iter());
        assert_eq!(refusal("0123456789ab"), None);
        assert_eq!(refusal("0123456789abc").unwrap().code, "context_length_exceeded");
        assert_eq!(dense.count([("user", "é漢x")].into_iter()), Some(6));
        assert_eq!(Manners::default().count([("user", "x")].into_iter()), None);
    }
}
