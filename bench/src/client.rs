//! The load: streams that are read to their ends.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use futures_util::StreamExt as _;
use reqwest::RequestBuilder;

/// How a token is recognised in a line of a stream.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Format {
    /// Chat completions, as the provider speaks them.
    Provider,
    /// Our events.
    Events,
}

/// What one stream brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Read {
    /// From the request to the first token.
    pub(crate) first: Duration,
    pub(crate) tokens: u32,
}

/// Counts tokens in a stream that comes in pieces.
#[derive(Debug)]
struct Counter {
    format: Format,
    line: Vec<u8>,
    tokens: u32,
}

impl Counter {
    fn new(format: Format) -> Self {
        Self { format, line: Vec::new(), tokens: 0 }
    }

    fn feed(&mut self, piece: &[u8]) {
        for byte in piece {
            if *byte != b'\n' {
                self.line.push(*byte);
                continue;
            }
            let is_token = match self.format {
                Format::Provider => contains(&self.line, br#""content":"tick "#),
                Format::Events => self.line == b"event: response.output_text.delta",
            };
            self.tokens += u32::from(is_token);
            self.line.clear();
        }
    }
}

fn contains(line: &[u8], what: &[u8]) -> bool {
    line.windows(what.len()).any(|part| part == what)
}

/// Sends a request and reads its stream to the end, which must bring `tokens`.
pub(crate) async fn read(
    request: RequestBuilder,
    format: Format,
    tokens: u32,
) -> anyhow::Result<Read> {
    let began = Instant::now();
    let reply = request.send().await?;
    let status = reply.status();
    if !status.is_success() {
        bail!("{status}: {}", reply.text().await?);
    }
    let mut counter = Counter::new(format);
    let mut first = None;
    let mut body = reply.bytes_stream();
    while let Some(piece) = body.next().await {
        counter.feed(&piece?);
        if counter.tokens > 0 {
            first.get_or_insert_with(|| began.elapsed());
        }
    }
    if counter.tokens != tokens {
        bail!("{} tokens came instead of {tokens}", counter.tokens);
    }
    Ok(Read { first: first.context("no token came")?, tokens })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_counted_wherever_the_pieces_end() {
        let provider = "data: {\"delta\":{\"content\":\"tick 0 \\n\"}}\n\ndata: [DONE]\n\n";
        let events = "event: response.output_text.delta\ndata: {}\n\n\
                      event: response.output_text.done\ndata: {\"text\":\"tick 0\"}\n\n";
        for (format, text) in [(Format::Provider, provider), (Format::Events, events)] {
            for size in 1..text.len() {
                let mut counter = Counter::new(format);
                text.as_bytes().chunks(size).for_each(|piece| counter.feed(piece));
                assert_eq!(counter.tokens, 1, "{format:?} in pieces of {size}");
            }
        }
    }
}
