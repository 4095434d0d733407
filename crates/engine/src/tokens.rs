//! How many tokens a text is: counted where the model's tokenizer is known and it matters, else
//! estimated.
//!
//! A tokenizer's tables take some 25 MiB of memory from the first count until the server ends, for
//! all users together. So nothing is counted as long as the answer cannot depend on it
//! ([`Counted::most`]).
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
/// What an image costs that is looked at closely, whatever its size: no service says what it counts
/// before it has seen it, and most of them make it 250 to 1,600.
const PER_IMAGE: u32 = 1_000;
/// What an image costs of which the request wants no details.
const PER_SMALL_IMAGE: u32 = 100;
/// What a file costs, whatever its size: a page or two of a document.
const PER_FILE: u32 = 2_000;
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

    /// Tokens of messages, in their order.
    pub(crate) async fn of_messages(
        &self,
        tokenizer: Tokenizer,
        messages: &[Counted<'_>],
    ) -> Result<Vec<u32>> {
        let texts: Vec<&str> = messages.iter().flat_map(Counted::texts).collect();
        let mut counts = self.of_texts(tokenizer, &texts).await?.into_iter();
        let of_message = |message: &Counted<'_>| {
            let texts = counts.by_ref().take(message.texts().count());
            texts.fold(message.flat(), u32::saturating_add)
        };
        Ok(messages.iter().map(of_message).collect())
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

/// What of a message is counted.
#[derive(Debug, Clone)]
pub(crate) struct Counted<'a> {
    /// What it says. Images and files cost a flat estimate.
    pub(crate) content: &'a Content,
    /// The texts that are sent beside that, such as the arguments of calls.
    pub(crate) beside: Vec<&'a str>,
}

impl<'a> From<&'a Content> for Counted<'a> {
    fn from(content: &'a Content) -> Self {
        Self { content, beside: Vec::new() }
    }
}

impl<'a> Counted<'a> {
    /// What is text of it.
    fn texts(&self) -> impl Iterator<Item = &'a str> + '_ {
        let parts = self.content.parts().iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            Part::Image { .. } | Part::File { .. } => None,
        });
        parts.chain(self.beside.iter().copied())
    }

    /// What it costs beside its texts.
    fn flat(&self) -> u32 {
        let parts = self.content.parts().iter().map(|part| match part {
            Part::Text(_) => 0,
            Part::Image { detail: Some(detail), .. } if detail == "low" => PER_SMALL_IMAGE,
            Part::Image { .. } => PER_IMAGE,
            Part::File { .. } => PER_FILE,
        });
        parts.fold(PER_MESSAGE, u32::saturating_add)
    }

    /// What it is at most, by any tokenizer and by the estimate: no token is less than a byte.
    pub(crate) fn most(&self) -> u32 {
        let bytes: usize = self.texts().map(str::len).sum();
        u32::try_from(bytes).unwrap_or(u32::MAX).saturating_add(self.flat())
    }

    /// What it is if its texts are ordinary prose.
    pub(crate) fn as_prose(&self) -> u32 {
        self.texts().map(estimate_as_prose).fold(self.flat(), u32::saturating_add)
    }
}
