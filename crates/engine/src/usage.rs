//! Tokens of a response whose provider did not count them.

use provider::Tokenizer;
use schemas::event::{ItemKind, Tokens};

use super::log::Log;
use crate::error::Result;
use crate::tokens::{self, Counter};

/// An estimate from the texts in a log and what is known of the input.
pub(crate) fn estimate(log: &Log, input: u64) -> Tokens {
    let (answer, reasoning) = texts(log);
    let [answer, reasoning] = [answer, reasoning].map(|text| tokens::estimate(&text));
    sum(input, answer, reasoning)
}

/// The same, counted by the model's tokenizer.
pub(crate) async fn count(
    counter: &Counter,
    tokenizer: Tokenizer,
    log: &Log,
    input: u64,
) -> Result<Tokens> {
    let (answer, reasoning) = texts(log);
    let answer = counter.of_text(tokenizer, &answer).await?;
    let reasoning = counter.of_text(tokenizer, &reasoning).await?;
    Ok(sum(input, answer, reasoning))
}

/// All that this response has answered, calls included, and all that it has reasoned.
fn texts(log: &Log) -> (String, String) {
    let (mut answer, mut reasoning) = (String::new(), String::new());
    log.inspect(|transcript| {
        for (kind, text) in transcript.texts() {
            match kind {
                ItemKind::Message | ItemKind::FunctionCall(_) => answer.push_str(text),
                ItemKind::Reasoning => reasoning.push_str(text),
            }
        }
    });
    // What it continues was written, and counted, by another. It comes before any call.
    let own = answer.split_off(answer.floor_char_boundary(log.earlier()));
    (own, reasoning)
}

fn sum(input: u64, answer: u32, reasoning: u32) -> Tokens {
    let output = u64::from(answer).saturating_add(u64::from(reasoning));
    Tokens { input, output, cached: 0, reasoning: u64::from(reasoning), estimated: true }
}
