//! What a run of libFuzzer says, in a row of a table.

use std::fmt::Write as _;

/// What came of one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    name: String,
    executions: u64,
    seconds: u64,
    /// Edges that were taken.
    coverage: u64,
    /// Where the input is that it failed with.
    finding: Option<String>,
}

impl Row {
    /// Whether nothing was found.
    pub(crate) fn is_clean(&self) -> bool {
        self.finding.is_none()
    }
}

/// Reads what libFuzzer wrote.
pub(crate) fn read(name: &str, succeeded: bool, words: &str) -> Row {
    let behind = |mark: &str| {
        let (_, rest) = words.rsplit_once(mark)?;
        rest.split_whitespace().next()
    };
    let number = |mark: &str| behind(mark).and_then(|word| word.parse().ok()).unwrap_or(0);
    let kept = behind("Test unit written to ").map(str::to_owned);
    let finding = (!succeeded).then(|| kept.unwrap_or_else(|| "see its log".to_owned()));
    // A run that is cut short has no last line with both numbers.
    let seconds = words
        .rsplit_once(" runs in ")
        .and_then(|(_, rest)| rest.split_whitespace().next()?.parse().ok());
    Row {
        name: name.to_owned(),
        executions: number("stat::number_of_executed_units:"),
        seconds: seconds.unwrap_or(0),
        coverage: number("cov:"),
        finding,
    }
}

/// All rows as a table.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut table = format!(
        "{:<18} {:>12} {:>8} {:>9}  finding\n",
        "target", "executions", "seconds", "coverage"
    );
    for Row { name, executions, seconds, coverage, finding } in rows {
        let finding = finding.as_deref().unwrap_or("none");
        // Writing to a string cannot fail.
        let _ =
            writeln!(table, "{name:<18} {executions:>12} {seconds:>8} {coverage:>9}  {finding}");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLEAN: &str = "\
#2\tINITED cov: 10 ft: 10 corp: 1/1b exec/s: 0 rss: 30Mb
#4096\tpulse  cov: 91 ft: 120 corp: 30/1Kb lim: 43 exec/s: 2048 rss: 31Mb
#9000\tDONE   cov: 97 ft: 130 corp: 33/1Kb lim: 80 exec/s: 4500 rss: 31Mb
Done 9000 runs in 2 second(s)
stat::number_of_executed_units: 9000
stat::average_exec_per_sec:     4500
";
    const CRASH: &str = "\
#2\tINITED cov: 10 ft: 10 corp: 1/1b exec/s: 0 rss: 30Mb
thread '<unnamed>' panicked at src/x.rs:1:1:
==1== ERROR: libFuzzer: deadly signal
artifact_prefix='f/'; Test unit written to f/crash-1234
stat::number_of_executed_units: 77
";

    #[test]
    fn a_run_without_a_finding_is_read() {
        let row = read("import", true, CLEAN);
        assert_eq!((row.executions, row.seconds, row.coverage), (9000, 2, 97));
        assert!(row.is_clean());
    }

    #[test]
    fn a_finding_names_its_input() {
        let row = read("import", false, CRASH);
        assert_eq!((row.executions, row.finding.as_deref()), (77, Some("f/crash-1234")));
        assert!(
            table(&[row])
                .contains("import                       77        0        10  f/crash-1234")
        );
        assert!(!read("import", false, "").is_clean(), "a driver that does not start");
    }
}
