//! The log and the last words of a panic.

use std::io::{self, IsTerminal as _};
use std::panic::PanicHookInfo;

use anyhow::Context as _;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{Color, LogConfig, LogFormat, LogLevel};

/// Libraries that say more than anybody wants to know.
const NOISY: &[&str] = &[
    "sqlx",
    "sea_orm",
    "sea_orm_migration",
    "hyper",
    "hyper_util",
    "h2",
    "reqwest",
    "rustls",
    "tower",
    "tower_http",
];

/// The longest panic message that is logged, in characters.
const MAX_PANIC_CHARS: usize = 500;

/// Sends the log to standard error from now on, panics included. Once per process.
pub fn install_log(config: &LogConfig) -> anyhow::Result<()> {
    let terminal = io::stderr().is_terminal();
    subscriber(config, terminal, io::stderr)?.try_init().context("a log is installed already")?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// A subscriber that writes as configured.
fn subscriber<W>(
    config: &LogConfig,
    terminal: bool,
    writer: W,
) -> anyhow::Result<Box<dyn tracing::Subscriber + Send + Sync>>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let ansi = match config.color {
        Color::Auto => terminal,
        Color::Always => true,
        Color::Never => false,
    };
    // The timer of the library writes UTC in RFC 3339.
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter(config)?)
        .with_writer(writer)
        .with_ansi(ansi);
    Ok(match (config.format, terminal) {
        (LogFormat::Pretty, _) | (LogFormat::Auto, true) => Box::new(builder.finish()),
        (LogFormat::Compact, _) => Box::new(builder.compact().finish()),
        (LogFormat::Json, _) | (LogFormat::Auto, false) => Box::new(
            builder.json().with_ansi(false).flatten_event(true).with_span_list(false).finish(),
        ),
    })
}

fn filter(config: &LogConfig) -> anyhow::Result<EnvFilter> {
    let directives = match &config.filter {
        Some(filter) => filter.as_str().to_owned(),
        None => directives(config.level),
    };
    EnvFilter::builder().parse(&directives).context("RUST_LOG cannot be read")
}

/// The level for us, and at most warnings from the noisy ones.
fn directives(level: LogLevel) -> String {
    let cap = if level == LogLevel::Error { LogLevel::Error } else { LogLevel::Warn };
    let capped = NOISY.iter().map(|name| format!(",{name}={}", cap.word()));
    std::iter::once(level.word().to_owned()).chain(capped).collect()
}

/// One event per panic instead of a text on several lines.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("(no message)");
    let message: String = message.chars().take(MAX_PANIC_CHARS).collect();
    let location = panic.location().map(ToString::to_string);
    let thread = std::thread::current();
    tracing::error!(
        message,
        location,
        thread = thread.name(),
        version = env!("CARGO_PKG_VERSION"),
        "panic"
    );
}

#[cfg(test)]
mod tests;
