//! What it costs that many follow one answer: for the answer, and for each of them.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use serde_json::{Value, json};

use crate::client::{self, Format};
use crate::server::{Provider, Server, ServerOptions, ask, text};

/// What `followers` can be told.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many follow the answer that is compared with one that a single client follows
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(2..=10_000))]
    followers: u32,
    /// How many tokens each answer has
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    tokens: u32,
    /// How many of them come in a second; 0 for as fast as possible
    #[arg(long, default_value_t = 40)]
    rate: u32,
    #[command(flatten)]
    server: ServerOptions,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What an answer with so many followers cost.
#[derive(Debug)]
struct Line {
    followers: u32,
    /// Tokens of the answer.
    tokens: u32,
    /// From the request to the end of the last stream.
    took: Duration,
    /// The server's processor time.
    cpu: Duration,
    /// The most memory it had held until the end.
    peak_kib: u64,
}

/// An answer with one follower, then one with many, by the same server; the report.
pub(crate) async fn run(options: &Options) -> anyhow::Result<String> {
    let directory = tempfile::tempdir()?;
    let provider = Provider::start(&options.server, directory.path()).await?;
    // All of them are of one user at one address, and those of the measurement before may just be
    // leaving.
    let settings = ["CHATAPP_LIMITS__STREAMS_PER_USER", "CHATAPP_LIMITS__STREAMS_PER_ADDRESS"]
        .map(|name| (name, options.followers.saturating_mul(2).to_string()));
    let server = Server::start(&options.server, &provider, directory.path(), &settings).await?;
    // What the first answer of a process needs once is not the price of its follower.
    measure(&server, options, 1).await?;
    let one = measure(&server, options, 1).await?;
    let many = measure(&server, options, options.followers).await?;
    Ok(if options.json { format!("{}\n", report(&one, &many)) } else { table(&one, &many) })
}

async fn measure(server: &Server, options: &Options, followers: u32) -> anyhow::Result<Line> {
    let path = server.conversation().await?;
    let model = format!("mock:ticks={},rate={}", options.tokens, options.rate);
    let before = server.process.usage()?;
    let began = Instant::now();
    let send = server.post(&path, &json!({"content": "Go", "model": model}));
    let accepted = ask(send.header("prefer", "respond-async")).await?;
    let events = format!("/api/responses/{}/events", text(&accepted, "/response/id")?);
    let streams =
        (0..followers).map(|_| client::read(server.get(&events), Format::Events, options.tokens));
    try_join_all(streams).await?;
    let took = began.elapsed();
    let after = server.process.usage()?;
    Ok(Line {
        followers,
        tokens: options.tokens,
        took,
        cpu: after.cpu.saturating_sub(before.cpu),
        peak_kib: after.peak_kib,
    })
}

/// How many times as long the answer with many followers took.
fn slower(one: &Line, many: &Line) -> f64 {
    many.took.as_secs_f64() / one.took.as_secs_f64().max(1e-9)
}

/// What each follower more added to the most memory ever held.
fn kib_per_follower(one: &Line, many: &Line) -> f64 {
    let more = many.followers.saturating_sub(one.followers).max(1);
    let kib = u32::try_from(many.peak_kib.saturating_sub(one.peak_kib)).unwrap_or(u32::MAX);
    f64::from(kib) / f64::from(more)
}

/// Microseconds of processor time for each token that reached a follower.
fn cpu_per_token(line: &Line) -> f64 {
    let arrived = f64::from(line.followers) * f64::from(line.tokens);
    line.cpu.as_secs_f64() * 1e6 / arrived.max(1.0)
}

fn table(one: &Line, many: &Line) -> String {
    let mut text = format!(
        "{:>9} {:>9} {:>8} {:>20} {:>10} {:>14}\n",
        "followers", "seconds", "ratio", "us CPU/token arrived", "peak KiB", "KiB/follower"
    );
    for line in [one, many] {
        let memory = if line.followers == one.followers {
            "-".to_owned()
        } else {
            format!("{:.1}", kib_per_follower(one, line))
        };
        let _ = writeln!(
            text,
            "{:>9} {:>9.2} {:>8.2} {:>20.2} {:>10} {:>14}",
            line.followers,
            line.took.as_secs_f64(),
            slower(one, line),
            cpu_per_token(line),
            line.peak_kib,
            memory,
        );
    }
    text
}

/// The same for programs.
fn report(one: &Line, many: &Line) -> Value {
    let line = |line: &Line| {
        json!({
            "followers": line.followers,
            "seconds": line.took.as_secs_f64(),
            "cpu_us_per_token_arrived": cpu_per_token(line),
            "peak_kib": line.peak_kib,
        })
    };
    json!({
        "one": line(one), "many": line(many),
        "ratio": slower(one, many), "kib_per_follower": kib_per_follower(one, many),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_many_are_compared_with_the_one() {
        let line = |followers, millis, peak_kib| Line {
            followers,
            tokens: 100,
            took: Duration::from_millis(millis),
            cpu: Duration::from_millis(millis / 2),
            peak_kib,
        };
        let (one, many) = (line(1, 2_000, 1_000), line(11, 3_000, 1_500));
        let report = report(&one, &many);
        assert_eq!((&report["ratio"], &report["kib_per_follower"]), (&json!(1.5), &json!(50.0)));
        assert_eq!(report["one"]["cpu_us_per_token_arrived"], 10_000.0);
        let table = table(&one, &many);
        assert!(table.contains("1.50") && table.contains("50.0"), "{table}");
    }
}
