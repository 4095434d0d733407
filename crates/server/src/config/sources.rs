//! Where a configuration is read from.

use std::ffi::OsString;
use std::path::PathBuf;

/// Everything a configuration is made of, taken apart from the process so that tests can give
/// their own.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// Command line options by the key they set (`server.port`), with their values.
    pub flags: Vec<(&'static str, String)>,
    /// Environment variables.
    pub environment: Vec<(OsString, OsString)>,
    /// Where `.env` and `chatapp.toml` are looked for.
    pub directory: PathBuf,
    /// A configuration file that must exist, instead of `chatapp.toml`.
    pub config_file: Option<PathBuf>,
}

impl Sources {
    /// The process's own environment and working directory.
    pub fn of_process(flags: Vec<(&'static str, String)>, config_file: Option<PathBuf>) -> Self {
        Self {
            flags,
            environment: std::env::vars_os().collect(),
            directory: PathBuf::new(),
            config_file,
        }
    }

    /// One more environment variable.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.push((OsString::from(name), value.into()));
        self
    }
}
