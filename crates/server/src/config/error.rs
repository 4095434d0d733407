//! What is wrong with a configuration, in words that lead to its repair.

use std::fmt;
use std::path::PathBuf;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A command line option.
    Flag(&'static str),
    /// An environment variable.
    Environment(String),
    /// A line of `.env`.
    DotEnv {
        /// The variable.
        name: String,
        /// Its line, from 1.
        line: usize,
    },
    /// A key of the configuration file.
    File {
        /// `section.key`.
        key: String,
        /// The file.
        path: PathBuf,
    },
    /// The declaration.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => f.write_str(flag),
            Self::Environment(name) => write!(f, "{name} in the environment"),
            Self::DotEnv { name, line } => write!(f, "{name} in .env, line {line}"),
            Self::File { key, path } => write!(f, "{key} in {}", path.display()),
            Self::Default => f.write_str("the default"),
        }
    }
}

/// Everything that is wrong with a configuration, one line each. Secrets are never quoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    problems: Vec<String>,
}

impl ConfigError {
    pub(crate) fn new(problems: Vec<String>) -> Self {
        Self { problems }
    }

    /// The problems, one line each.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("The configuration cannot be used:\n")?;
        for problem in &self.problems {
            writeln!(f, "  {problem}")?;
        }
        f.write_str("Correct it and start again; docs/CONFIGURATION.md explains every key.")
    }
}

impl std::error::Error for ConfigError {}

/// The known word that `unknown` was probably meant to be.
pub(crate) fn did_you_mean<'a>(
    unknown: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // What all names share says nothing about their likeness.
    let own = |name: &'_ str| name.strip_prefix("CHATAPP_").unwrap_or(name).to_owned();
    // `CHATAPP_PORT` lacks the section, but its ending says enough.
    let ending = |name: &str| name.rsplit("__").next() == Some(own(unknown).as_str());
    known
        .into_iter()
        .map(|name| {
            let likeness =
                if ending(name) { 1.0 } else { strsim::jaro_winkler(&own(unknown), &own(name)) };
            (likeness, name)
        })
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
