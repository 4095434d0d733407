//! What was found, for people and for programs.

use std::fmt;

use serde::Serialize;

/// How it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing to do.
    Ok,
    /// It works, but the operator should know.
    Warn,
    /// It does not work.
    Fail,
}

impl Verdict {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How it looks.
    pub verdict: Verdict,
    /// What was looked at.
    pub check: &'static str,
    /// What was found, and what it means.
    pub what: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// Everything that was found, in the order of looking.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// The findings.
    pub findings: Vec<Finding>,
}

impl Report {
    /// The worst of all verdicts.
    pub fn verdict(&self) -> Verdict {
        self.findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Ok)
    }

    /// The report as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::json!({ "verdict": self.verdict(), "findings": self.findings })
    }

    pub(super) fn ok(&mut self, check: &'static str, what: impl Into<String>) {
        self.findings.push(Finding { verdict: Verdict::Ok, check, what: what.into(), fix: None });
    }

    pub(super) fn warn(
        &mut self,
        check: &'static str,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.add(Verdict::Warn, check, what.into(), fix.into());
    }

    pub(super) fn fail(
        &mut self,
        check: &'static str,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.add(Verdict::Fail, check, what.into(), fix.into());
    }

    fn add(&mut self, verdict: Verdict, check: &'static str, what: String, fix: String) {
        self.findings.push(Finding { verdict, check, what, fix: Some(fix) });
    }
}

/// A line for each finding, and below it what to do.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Some of it is in the words of others, who shall not command the terminal.
        let plain = |text: &str| text.replace(char::is_control, "\u{fffd}");
        for Finding { verdict, check, what, fix } in &self.findings {
            writeln!(f, "{:<5} {check:<14} {}", verdict.word(), plain(what))?;
            if let Some(fix) = fix {
                writeln!(f, "{:<20} -> {}", "", plain(fix))?;
            }
        }
        let count = |verdict| self.findings.iter().filter(|one| one.verdict == verdict).count();
        write!(
            f,
            "{} ok, {} to look at, {} to repair",
            count(Verdict::Ok),
            count(Verdict::Warn),
            count(Verdict::Fail)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_commands_the_terminal() {
        let mut report = Report::default();
        report.warn("provider", "x answers", "Name one of them, such as \u{1b}[2Jgpt.");
        let text = report.to_string();
        assert!(text.contains("such as \u{fffd}[2Jgpt."), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}
