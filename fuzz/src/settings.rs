//! What an operator writes.

use std::fs;
use std::sync::LazyLock;

use chatapp::config::{Config, Sources};
use tempfile::TempDir;

/// A secret that is set beside what is fuzzed.
const SECRET: &str = "f1e2d3c4b5a69788f1e2d3c4b5a69789";

/// A `.env` file: whatever is read can be written in double quotes and comes out as it was.
pub(crate) fn dot_env(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let read = chatapp::config::fuzz::dot_env(text);
    assert_eq!(chatapp::config::fuzz::dot_env(text), read, "twice");
    let assignments = match read {
        Ok(assignments) => assignments,
        Err((line, _)) => {
            assert!((1..=text.lines().count()).contains(&line), "line {line}");
            return;
        }
    };
    let mut before = 0;
    let mut written = String::new();
    for (name, value, line) in &assignments {
        assert!(*line > before, "lines rise");
        before = *line;
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        assert!(!name.is_empty() && name.bytes().all(allowed), "{name:?}");
        written.push_str(name);
        written.push_str("=\"");
        for c in value.chars() {
            match c {
                '\n' => written.push_str("\\n"),
                '"' | '\\' | '$' => written.extend(['\\', c]),
                _ => written.push(c),
            }
        }
        written.push_str("\"\n");
    }
    let again = chatapp::config::fuzz::dot_env(&written).unwrap_or_default();
    let pairs = |all: &[(String, String, usize)]| -> Vec<(String, String)> {
        all.iter().map(|(name, value, _)| (name.clone(), value.clone())).collect()
    };
    assert_eq!(pairs(&again), pairs(&assignments), "{written}");
}

/// A `chatapp.toml`: it is read or refused with a reason for each problem, twice the same, and a
/// secret from the environment is shown nowhere.
pub(crate) fn file(input: &[u8]) {
    static FOLDER: LazyLock<Option<TempDir>> = LazyLock::new(|| tempfile::tempdir().ok());
    // A name of a file would be read, which need not end.
    let text = String::from_utf8_lossy(input);
    if ["_file", "/dev", "/proc"].iter().any(|word| text.contains(word)) {
        return;
    }
    let Some(folder) = &*FOLDER else { panic!("there is no folder") };
    let path = folder.path().join("chatapp.toml");
    if fs::write(&path, input).is_err() {
        return;
    }
    let sources = Sources {
        directory: folder.path().to_owned(),
        config_file: Some(path),
        ..Sources::default()
    };
    let sources = sources.with("CHATAPP_AUTH__SECRET_KEY", SECRET);
    let told = match (Config::load(&sources), Config::explain(&sources)) {
        (Ok(config), Ok(used)) => format!("{config:?} {used:?}"),
        (Err(error), Err(again)) => {
            assert_eq!(error, again);
            assert!(!error.problems().is_empty());
            // The file is at most a few kilobytes here; what is said of it is in proportion.
            assert!(error.to_string().len() <= 4096 + 64 * input.len(), "{error}");
            error.to_string()
        }
        (load, explain) => panic!("{load:?} and {explain:?}"),
    };
    assert!(!told.contains(SECRET), "{told}");
}
