//! Streams: numbered lines in batches, kept for a while.
//!
//! The id of an entry is the number that follows its last line, so that a reader that knows the
//! number it needs next knows where to read, and a batch that was sent twice is stored once.

use std::sync::atomic::Ordering;

use redis::{RedisError, RedisResult, Value};

use crate::{Away, Bus};

/// Lines to be published, one a number.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// The stream they belong to.
    pub stream: &'a str,
    /// The channel whose subscribers are notified.
    pub channel: &'a str,
    /// Number of the first line.
    pub first: u64,
    /// Number of the last line.
    pub last: u64,
    /// The lines.
    pub lines: &'a str,
}

/// Lines as they are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Number of the first line, as its writer says.
    pub first: u64,
    /// Number of the last line.
    pub last: u64,
    /// The lines, not yet looked at.
    pub lines: Vec<u8>,
}

/// The field of an entry that holds its proof; the one before is called by the first number.
const PROOF: &str = "hmac";
/// The most entries of one read.
const READ: usize = 64;

impl Bus {
    /// Appends a batch to its stream and notifies the subscribers; how many connections got it.
    pub async fn publish(&self, batch: Batch<'_>) -> Result<u64, Away> {
        let shared = &self.0;
        let (mut connection, number) = shared.connection()?;
        let Batch { stream, channel, first, last, lines } = batch;
        let mut pipeline = redis::pipe();
        pipeline
            .cmd("XADD")
            .arg(stream)
            .arg(("MAXLEN", "~", shared.options.length))
            .arg(id(last.saturating_add(1)))
            .arg((first, lines))
            .arg((PROOF, shared.keys.sign(stream, first, last, lines.as_bytes()).as_ref()));
        let kept = u64::try_from(shared.options.retention.as_millis()).unwrap_or(u64::MAX);
        pipeline.cmd("PEXPIRE").arg(stream).arg(kept);
        pipeline.cmd("PUBLISH").arg(channel).arg("");
        let answers: RedisResult<Vec<RedisResult<Value>>> =
            pipeline.ignore_errors().query_async(&mut connection).await;
        let heard = answers.and_then(|answers| {
            let mut heard = 0;
            for (place, answer) in answers.into_iter().enumerate() {
                match answer {
                    Ok(Value::Int(count)) if place == 2 => heard = count,
                    Ok(_) => {}
                    // The answer to an earlier attempt got lost.
                    Err(error) if place == 0 && is_known(&error) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(u64::try_from(heard).unwrap_or(0))
        });
        heard.map_err(|error| shared.lose(number, &error))
    }

    /// The entries of a stream from the one that holds the line `next` on, or from the first one
    /// after it; a few at a time, none when there are no more yet.
    pub async fn read(&self, stream: &str, next: u64) -> Result<Vec<Entry>, Away> {
        let (mut connection, number) = self.0.connection()?;
        let mut command = redis::cmd("XRANGE");
        command.arg(stream).arg(format!("{next}-1")).arg(("+", "COUNT", READ));
        let read: RedisResult<Vec<(String, Vec<Vec<u8>>)>> =
            command.query_async(&mut connection).await;
        let entries = read.map_err(|error| self.0.lose(number, &error))?;
        // Whatever is not ours is left out, and then missing.
        let ours = |found| {
            let (entry, proof) = entry(found)?;
            let numbers = (entry.first, entry.last);
            let is_ours = self.0.keys.accept(stream, numbers, &entry.lines, &proof);
            if !is_ours {
                metrics::counter!("chatapp_bus_forged_total").increment(1);
                if !self.0.met_forgery.swap(true, Ordering::Relaxed) {
                    tracing::warn!(
                        stream,
                        "a batch in Redis is not signed by a server of this secret; such batches \
                         are not read, and the database is asked instead"
                    );
                }
            }
            is_ours.then_some(entry)
        };
        Ok(entries.into_iter().filter_map(ours).collect())
    }
}

fn id(next: u64) -> String {
    format!("{next}-0")
}

/// An entry and its proof. One without a proof has an empty one.
fn entry((id, fields): (String, Vec<Vec<u8>>)) -> Option<(Entry, Vec<u8>)> {
    let next: u64 = id.split('-').next()?.parse().ok()?;
    let mut fields = fields.into_iter();
    let (first, lines) = (fields.next()?, fields.next()?);
    let first = std::str::from_utf8(&first).ok()?.parse().ok()?;
    let proof = match (fields.next(), fields.next()) {
        (Some(name), Some(proof)) if name == PROOF.as_bytes() => proof,
        _ => Vec::new(),
    };
    Some((Entry { first, last: next.checked_sub(1)?, lines }, proof))
}

fn is_known(error: &RedisError) -> bool {
    error.detail().is_some_and(|detail| detail.contains("equal or smaller than the target stream"))
}
