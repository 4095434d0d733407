//! Numbers side by side.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

/// What one way to the provider cost.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) way: &'static str,
    /// Tokens that arrived, of all streams.
    pub(crate) tokens: u32,
    /// From the first request to the end of the last stream.
    pub(crate) took: Duration,
    /// Processor time of the process in between; nothing is in between on the direct way.
    pub(crate) cpu: Option<Duration>,
    /// Its peak of memory.
    pub(crate) peak_kib: Option<u64>,
    /// From request to first token, one for each stream, sorted.
    pub(crate) first: Vec<Duration>,
}

impl Line {
    /// Microseconds of processor time for each token.
    fn cpu_per_token(&self) -> Option<f64> {
        self.cpu.map(|cpu| cpu.as_secs_f64() * 1e6 / f64::from(self.tokens.max(1)))
    }

    /// The time below which so many hundredths of the streams had their first token.
    fn first(&self, hundredths: usize) -> f64 {
        let last = self.first.len().saturating_sub(1);
        let place = (self.first.len() * hundredths / 100).min(last);
        self.first.get(place).map_or(0.0, |first| first.as_secs_f64() * 1e3)
    }

    fn tokens_per_second(&self) -> f64 {
        f64::from(self.tokens) / self.took.as_secs_f64().max(1e-9)
    }
}

/// The processor time for each token as a multiple of that of the line `baseline`.
fn ratio(line: &Line, baseline: Option<&Line>) -> Option<f64> {
    let baseline = baseline?.cpu_per_token().filter(|cpu| *cpu > 0.0)?;
    Some(line.cpu_per_token()? / baseline)
}

/// A table for people. The line `baseline` is what the others are compared with.
pub(crate) fn table(lines: &[Line], baseline: &str) -> String {
    let base = lines.iter().find(|line| line.way == baseline);
    let mut text = format!(
        "{:<10} {:>14} {:>8} {:>12} {:>12} {:>10} {:>10}\n",
        "way", "us CPU/token", "ratio", "first p50 ms", "first p99 ms", "tokens/s", "peak KiB"
    );
    for line in lines {
        let number =
            |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.2}"));
        let _ = writeln!(
            text,
            "{:<10} {:>14} {:>8} {:>12.2} {:>12.2} {:>10.0} {:>10}",
            line.way,
            number(line.cpu_per_token()),
            number(ratio(line, base)),
            line.first(50),
            line.first(99),
            line.tokens_per_second(),
            line.peak_kib.map_or("-".to_owned(), |peak| peak.to_string()),
        );
    }
    text
}

/// The same for programs.
pub(crate) fn json(lines: &[Line], baseline: &str) -> Value {
    let base = lines.iter().find(|line| line.way == baseline);
    let line = |line: &Line| {
        json!({
            "way": line.way,
            "tokens": line.tokens,
            "seconds": line.took.as_secs_f64(),
            "cpu_us_per_token": line.cpu_per_token(),
            "ratio": ratio(line, base),
            "first_token_ms": {"p50": line.first(50), "p99": line.first(99)},
            "tokens_per_second": line.tokens_per_second(),
            "peak_kib": line.peak_kib,
        })
    };
    json!({"baseline": baseline, "ways": lines.iter().map(line).collect::<Vec<_>>()})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(way: &'static str, cpu: Option<u64>) -> Line {
        Line {
            way,
            tokens: 1_000,
            took: Duration::from_secs(2),
            cpu: cpu.map(Duration::from_millis),
            peak_kib: cpu,
            first: (1..=100).map(Duration::from_millis).collect(),
        }
    }

    #[test]
    fn ratios_are_those_to_the_baseline() {
        let lines = [line("direct", None), line("proxy", Some(20)), line("chatapp", Some(30))];
        let report = json(&lines, "proxy");
        assert_eq!(report["ways"][0]["ratio"], Value::Null);
        assert_eq!(report["ways"][1]["cpu_us_per_token"], 20.0);
        assert_eq!(report["ways"][2]["ratio"], 1.5);
        assert_eq!(report["ways"][2]["first_token_ms"], json!({"p50": 51.0, "p99": 100.0}));
        assert_eq!(report["ways"][2]["tokens_per_second"], 500.0);
        assert!(table(&lines, "proxy").contains("1.50"));
    }
}
