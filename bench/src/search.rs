//! What the first page of a search costs among very many messages, beside a lookup by id.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::ensure;
use reqwest::{RequestBuilder, Url};
use serde_json::{Value, json};

use crate::corpus::{self, CONVERSATION, QuestionKind};
use crate::server::{Provider, Server, ServerOptions, ask, text};

/// What `search` can be told.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many messages are searched, in thousands
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(10..=10_000))]
    thousands: u32,
    /// How often each question is asked
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    times: u32,
    #[command(flatten)]
    server: ServerOptions,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How many messages one import has.
const BATCH: u32 = 50_000;

/// What the others are compared with.
const BASELINE: &str = "a conversation by its id";

/// What one question cost.
#[derive(Debug)]
struct Line {
    what: &'static str,
    /// From the request to the whole reply, sorted.
    took: Vec<Duration>,
}

/// Fills a server, asks it, deletes a part and looks whether that is gone; the report.
pub(crate) async fn run(options: &Options) -> anyhow::Result<String> {
    let directory = tempfile::tempdir()?;
    let provider = Provider::start(&options.server, directory.path()).await?;
    let server = Server::start(&options.server, &provider, directory.path(), &[]).await?;
    let count = options.thousands * 1_000;
    fill(&server, count).await?;

    let listed = ask(server.get("/api/conversations?limit=1")).await?;
    let id = text(&listed, "/data/0/id")?;
    let lookup = || server.get(&format!("/api/conversations/{id}"));
    let mut lines = vec![measure(BASELINE, options.times, lookup).await?];
    for kind in QuestionKind::ALL {
        let path = search_for(&kind.query())?;
        let request = || server.get(&path);
        found(request(), kind.is_found()).await?;
        lines.push(measure(kind.name(), options.times, request).await?);
    }
    forgets(&server, count).await?;
    Ok(if options.json { format!("{}\n", report(&lines)) } else { table(&lines) })
}

/// Imports `count` messages, as a person with a large history would.
async fn fill(server: &Server, count: u32) -> anyhow::Result<()> {
    let began = Instant::now();
    let mut done = 0;
    while done < count {
        let until = count.min(done + BATCH);
        let import = server.post_file("/api/import", corpus::export(done..until));
        let reply = import.send().await?;
        let status = reply.status();
        let lines = reply.text().await?;
        let summary: Value = lines.lines().last().unwrap_or_default().parse()?;
        let wanted = (until - done).div_ceil(CONVERSATION);
        ensure!(
            status.is_success() && summary.get("imported") == Some(&wanted.into()),
            "{status}: {summary}"
        );
        done = until;
        let second = began.elapsed().as_secs();
        writeln!(std::io::stderr(), "{done} of {count} messages after {second} s")?;
    }
    Ok(())
}

/// Whether a search finds something, and nothing that is not indexed yet is missing.
async fn found(request: RequestBuilder, wanted: bool) -> anyhow::Result<()> {
    let page = ask(request).await?;
    ensure!(page.get("indexing") == Some(&Value::Bool(false)), "the index is not complete");
    let found = page.pointer("/data/0").is_some();
    ensure!(found == wanted, "found: {found}");
    Ok(())
}

async fn measure(
    what: &'static str,
    times: u32,
    request: impl Fn() -> RequestBuilder,
) -> anyhow::Result<Line> {
    let mut took = Vec::new();
    for _ in 0..times {
        let began = Instant::now();
        ask(request()).await?;
        took.push(began.elapsed());
    }
    took.sort_unstable();
    Ok(Line { what, took })
}

/// The path that searches for words.
fn search_for(words: &str) -> anyhow::Result<String> {
    let url = Url::parse_with_params("http://localhost/api/search", [("q", words)])?;
    Ok(format!("{}?{}", url.path(), url.query().unwrap_or_default()))
}

/// Each conversation has a word of its own, which goes with it while those of others stay.
async fn forgets(server: &Server, count: u32) -> anyhow::Result<()> {
    let last = count / CONVERSATION - 1;
    for place in [0, last / 2, last - 1] {
        let own = search_for(&corpus::own_word(place))?;
        let next = search_for(&corpus::own_word(place + 1))?;
        let hits = ask(server.get(&own)).await?;
        let id = text(&hits, "/data/0/conversation_id")?;
        let body = json!({"ids": [id], "permanent": true});
        ask(server.post("/api/conversations/delete", &body)).await?;
        found(server.get(&own), false).await?;
        found(server.get(&next), true).await?;
    }
    Ok(())
}

impl Line {
    /// The milliseconds below which so many hundredths of the replies came.
    fn millis(&self, hundredths: usize) -> f64 {
        let last = self.took.len().saturating_sub(1);
        let place = (self.took.len() * hundredths / 100).min(last);
        self.took.get(place).map_or(0.0, |took| took.as_secs_f64() * 1e3)
    }
}

/// How many times as long as the first line's the median is.
fn ratio(lines: &[Line], line: &Line) -> f64 {
    let base = lines.first().map_or(0.0, |line| line.millis(50));
    line.millis(50) / base.max(1e-9)
}

fn table(lines: &[Line]) -> String {
    let mut text = format!("{:<34} {:>9} {:>9} {:>8}\n", "", "p50 ms", "p95 ms", "ratio");
    for line in lines {
        let (median, high) = (line.millis(50), line.millis(95));
        let ratio = ratio(lines, line);
        let _ = writeln!(text, "{:<34} {median:>9.2} {high:>9.2} {ratio:>8.1}", line.what);
    }
    text
}

/// The same for programs.
fn report(lines: &[Line]) -> Value {
    let line = |line: &Line| {
        let ms = json!({"p50": line.millis(50), "p95": line.millis(95)});
        json!({"what": line.what, "ms": ms, "ratio": ratio(lines, line)})
    };
    json!({"baseline": BASELINE, "lines": lines.iter().map(line).collect::<Vec<_>>()})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_compared_with_the_first() {
        let line = |what, factor: u64| Line {
            what,
            took: (1..=100).map(|n| Duration::from_millis(n * factor)).collect(),
        };
        let lines = [line(BASELINE, 1), line("x", 3)];
        let report = report(&lines);
        assert_eq!(report["lines"][1]["ratio"], 3.0);
        assert_eq!(report["lines"][0]["ms"], json!({"p50": 51.0, "p95": 96.0}));
        assert!(table(&lines).contains("3.0"));
    }
}
