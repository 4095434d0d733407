//! The project's own tools: `cargo xtask tidy`, `cargo xtask fuzz`.

mod fuzz;
mod tidy;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The project's own tools.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Checks what the compiler does not: layering, file sizes, engine switches, documents.
    Tidy,
    /// Feeds the parsers of outside bytes with inputs that libFuzzer makes up.
    Fuzz(fuzz::Options),
}

fn main() -> anyhow::Result<ExitCode> {
    if let Some(compiled) = fuzz::compile() {
        return compiled;
    }
    match Cli::parse().task {
        Task::Tidy => tidy(),
        Task::Fuzz(options) => fuzz::run(&options),
    }
}

fn tidy() -> anyhow::Result<ExitCode> {
    let violations = tidy::run()?;
    let mut out = std::io::stdout().lock();
    for violation in &violations {
        writeln!(out, "{violation}")?;
    }
    if violations.is_empty() {
        writeln!(out, "tidy: nothing to complain about")?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(out, "tidy: {} to mend", violations.len())?;
    Ok(ExitCode::FAILURE)
}
