//! Section `log`.

use tracing_subscriber::EnvFilter;

use super::section::section;
use super::setting::{Setting, choice};

choice! {
    /// How log lines look.
    LogFormat: "`auto`, `pretty`, `compact` or `json`";
    /// `pretty` on a terminal, `json` otherwise.
    Auto = "auto";
    /// For people.
    Pretty = "pretty";
    /// For people with narrow terminals.
    Compact = "compact";
    /// One JSON object a line.
    Json = "json";
}

choice! {
    /// How much is logged.
    LogLevel: "`error`, `warn`, `info`, `debug` or `trace`";
    /// Only what an operator has to act on.
    Error = "error";
    /// Also what an operator may have to act on.
    Warn = "warn";
    /// Also what happened, one line a request.
    Info = "info";
    /// Also why.
    Debug = "debug";
    /// Everything.
    Trace = "trace";
}

choice! {
    /// Whether log lines are coloured.
    Color: "`auto`, `always` or `never`";
    /// On a terminal.
    Auto = "auto";
    /// Always.
    Always = "always";
    /// Never.
    Never = "never";
}

section! {
    /// The log, which goes to standard error. It holds ids, never what people or models write.
    LogConfig = "log";

    /// How lines look: `auto` is `pretty` on a terminal and `json` otherwise.
    format: LogFormat = "auto", flag "--log-format";
    /// How much is logged.
    level: LogLevel = "info", flag "--log-level";
    /// A filter for experts, such as `info,services=debug,engine=debug`; replaces `level`.
    filter: Option<LogFilter>, env "RUST_LOG";
    /// Whether lines are coloured. Setting `NO_COLOR` to anything means `never`.
    color: Color = "auto", env "NO_COLOR";
}

/// A filter in the syntax of `tracing-subscriber`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFilter(String);

impl LogFilter {
    /// The filter as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Setting for LogFilter {
    const EXPECTS: &'static str = "a filter such as `info,services=debug,engine=debug`";

    fn parse(text: &str) -> Result<Self, String> {
        match EnvFilter::builder().parse(text) {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(error) => Err(error.to_string()),
        }
    }
}
