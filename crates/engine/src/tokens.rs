//! How many tokens a text is: counted where the model's tokenizer is known and it matters, else
//! estimated.
//!
//! A tokenizer's tables take some 25 MiB of memory from the first count until the server ends, for
//! all users together. So nothing is counted as long as the answer cannot depend on it
//! ([`most_of_message`]).
//!
//! Both come down to the same for everybody else: a [`Tokenizer`] has a name, and the count of a
//! text by that name never changes. So a count can be remembered, and what was sent to a model
//! can be explained long afterwards.

mod cache;
mod estimate;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use models::{Content, Part};
use provider::Tokenizer;
use tiktoken::CoreBpe;
use tokio::sync::Semaphore;

use crate::error::{Error, Result};
use cache::Cache;
pub use estimate::estimate;
use estimate::estimate_as_prose;

/// What a message costs beside its text: its role and the marks around it.
const PER_MESSAGE: u32 = 4;
/// What a request costs beside its messages: the marks that the answer begins with.
pub(crate) const PER_REQUEST: u32 = 3;
/// How many texts are counted at once, each by one thread; counting is short.
const COUNTING: usize = 2;

/// Counts tokens and remembers the counts. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Counter {
    cache: Arc<Cache>,
    turns: Arc<Semaphore>,
}

impl Counter {
    pub(crate) fn new() -> Self {
        Self { cache: Arc::default(), turns: Arc::new(Semaphore::new(COUNTING)) }
    }

    /// Tokens of texts, in their order. A text that was counted before is not counted again.
    pub(crate) async fn of_texts(&self, tokenizer: Tokenizer, texts: &[&str]) -> Result<Vec<u32>> {
        if tokenizer == Tokenizer::Estimate {
            return Ok(texts.iter().map(|text| estimate(text)).collect());
        }
        let keys: Vec<_> = texts.iter().map(|text| self.cache.key(tokenizer, text)).collect();
        let known: Vec<_> = keys.iter().map(|key| self.cache.find(*key)).collect();
        let unknown = || known.iter().zip(texts).filter(|(count, _)| count.is_none());
        let wanted = unknown().map(|(_, text)| (*text).to_owned()).collect();
        let mut counted = self.count(tokenizer, wanted).await?.into_iter();
        let counts = keys.into_iter().zip(&known).map(|(key, count)| {
            count.unwrap_or_else(|| {
                let count = counted.next().unwrap_or_default();
                self.cache.keep(key, count);
                count
            })
        });
        Ok(counts.collect())
    }

    /// Tokens of a text.
    pub(crate) async fn of_text(&self, tokenizer: Tokenizer, text: &str) -> Result<u32> {
        Ok(self.of_texts(tokenizer, &[text]).await?.pop().unwrap_or_default())
    }

    /// Tokens of messages with these contents, in their order.
    pub(crate) async fn of_messages(
        &self,
        tokenizer: Tokenizer,
        contents: &[&Content],
    ) -> Result<Vec<u32>> {
        let texts = contents.iter().flat_map(|content| content.parts()).map(text_of);
        let counts = self.of_texts(tokenizer, &texts.collect::<Vec<_>>()).await?;
        let mut counts = counts.into_iter();
        let of_message = |content: &&Content| {
            let parts = counts.by_ref().take(content.parts().len());
            parts.fold(PER_MESSAGE, u32::saturating_add)
        };
        Ok(contents.iter().map(of_message).collect())
    }

    /// Counts texts on a thread that may be kept busy: a large text takes milliseconds, and the
    /// first one has to wait for the tables.
    async fn count(&self, tokenizer: Tokenizer, texts: Vec<String>) -> Result<Vec<u32>> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let turn = self.turns.clone().acquire_owned().await.map_err(Error::internal)?;
        let counted = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let tables = tiktoken::get_encoding(tokenizer.name());
            texts.iter().map(|text| count_by(tables, text)).collect()
        });
        counted.await.map_err(Error::internal)
    }
}

/// Tokens of a text as they are counted, for the fuzz targets.
#[cfg(feature = "fuzz")]
pub fn count(tokenizer: Tokenizer, text: &str) -> u32 {
    count_by(tiktoken::get_encoding(tokenizer.name()), text)
}

pub(crate) fn count_by(tables: Option<&CoreBpe>, text: &str) -> u32 {
    match tables {
        Some(tables) => u32::try_from(tables.count(text)).unwrap_or(u32::MAX),
        None => estimate(text),
    }
}

/// What of a part is counted.
fn text_of(part: &Part) -> &str {
    match part {
        Part::Text(text) => text,
        Part::Image { .. } | Part::File { .. } => "",
    }
}

/// What a message with this content is at most, by any tokenizer and by the estimate: no token is
/// less than a byte.
pub(crate) fn most_of_message(content: &Content) -> u32 {
    most_of_bytes(content.parts().iter().map(|part| text_of(part).len()).sum())
}

/// The same of a message with this text.
pub(crate) fn most_of_text(text: &str) -> u32 {
    most_of_bytes(text.len())
}

fn most_of_bytes(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX).saturating_add(PER_MESSAGE)
}

/// What a message with this content is if it is ordinary prose.
pub(crate) fn message_as_prose(content: &Content) -> u32 {
    let parts = content.parts().iter().map(|part| estimate_as_prose(text_of(part)));
    parts.fold(PER_MESSAGE, u32::saturating_add)
}
