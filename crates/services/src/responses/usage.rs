//! Tokens of a response whose provider did not count them.

use schemas::event::{ItemKind, Tokens};

use super::log::Log;
use crate::tokens;

/// An estimate from the texts in the log and what is known of the input.
pub(crate) fn estimate(log: &Log, input: u64) -> Tokens {
    let (mut answer, mut reasoning) = (0, 0);
    log.inspect(|transcript| {
        for (kind, text) in transcript.texts() {
            let tokens = u64::from(tokens::of_text(text));
            match kind {
                ItemKind::Message => answer += tokens,
                ItemKind::Reasoning => reasoning += tokens,
            }
        }
    });
    Tokens { input, output: answer + reasoning, cached: 0, reasoning, estimated: true }
}
