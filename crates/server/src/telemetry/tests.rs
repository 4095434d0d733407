use std::io::Write;
use std::sync::{Arc, Mutex};

use super::*;
use crate::config::{Config, Sources};

/// A place to write to that a test can read.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn logged(variables: &[(&str, &str)], terminal: bool, act: impl FnOnce()) -> String {
    let folder = tempfile::tempdir().unwrap();
    let sources = Sources { directory: folder.path().to_owned(), ..Sources::default() };
    let sources =
        variables.iter().fold(sources, |sources, (name, value)| sources.with(name, *value));
    let config = Config::load(&sources).unwrap();
    let written = Written::default();
    let writer = written.clone();
    let subscriber = subscriber(&config.log, terminal, move || writer.clone()).unwrap();
    tracing::subscriber::with_default(subscriber, act);
    let bytes = written.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

fn say_everything() {
    tracing::info!(answer = 42, "ours");
    tracing::debug!("ours in detail");
    tracing::info!(target: "sqlx::query", "noise");
    tracing::warn!(target: "hyper::proto", "worrying noise");
}

#[test]
fn without_a_terminal_every_line_is_a_json_object_in_utc() {
    let text = logged(&[], false, say_everything);
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert_eq!(lines[0]["message"], "ours");
    assert_eq!(lines[0]["answer"], 42);
    assert_eq!(lines[0]["level"], "INFO");
    assert!(lines[0]["timestamp"].as_str().unwrap().ends_with('Z'));
    assert_eq!(lines[1]["message"], "worrying noise");
}

#[test]
fn on_a_terminal_lines_are_for_people_and_coloured_unless_unwanted() {
    let text = logged(&[], true, say_everything);
    assert!(text.contains("ours") && text.contains('\u{1b}'), "{text}");
    for (name, value) in [("NO_COLOR", "1"), ("CHATAPP_LOG__COLOR", "never")] {
        let text = logged(&[(name, value)], true, say_everything);
        assert!(text.contains("ours") && !text.contains('\u{1b}'), "{text}");
    }
    let compact = logged(&[("CHATAPP_LOG__FORMAT", "compact")], false, say_everything);
    assert!(compact.contains("ours answer=42"), "{compact}");
}

#[test]
fn levels_and_rust_log_decide_what_is_said() {
    let count = |name, value| logged(&[(name, value)], false, say_everything).lines().count();
    assert_eq!(count("CHATAPP_LOG__LEVEL", "error"), 0);
    assert_eq!(count("CHATAPP_LOG__LEVEL", "warn"), 1);
    assert_eq!(count("CHATAPP_LOG__LEVEL", "debug"), 3);
    assert_eq!(count("RUST_LOG", "sqlx=info"), 1);
    assert_eq!(count("RUST_LOG", "trace"), 4);
}

#[test]
fn a_panic_is_one_event_without_its_whole_message() {
    let text = logged(&[], false, || {
        // The hook is called by hand: the real one belongs to the whole test process.
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(log_panic));
        let _ = std::panic::catch_unwind(|| panic!("on purpose {}", "x".repeat(10_000)));
        std::panic::set_hook(previous);
    });
    let event: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(event["level"], "ERROR");
    assert!(event["location"].as_str().unwrap().contains("telemetry/tests.rs"), "{text}");
    assert!(text.contains("on purpose xxx") && text.len() < 1_500, "{text}");
}
