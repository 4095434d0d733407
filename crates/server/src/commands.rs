//! What the commands of the command line do, once configuration and log are there.

pub(crate) mod accounts;
pub(crate) mod backup;
pub(crate) mod configuration;
pub(crate) mod doctor;
pub(crate) mod health;
pub(crate) mod manual;
mod moving;
mod new_file;
pub(crate) mod providers;
mod table;
mod terminal;
pub(crate) mod transfer;

use std::io::{self, Write as _};
use std::process::ExitCode;

/// What was asked for lacks a word.
const USAGE: u8 = 2;

/// Prints a line to standard output; a reader that has enough is no failure.
pub(crate) fn print(text: &str) -> anyhow::Result<ExitCode> {
    print_bytes(format!("{text}\n").as_bytes())
}

/// As [`print`], without a line feed at the end.
pub(crate) fn print_bytes(bytes: &[u8]) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}
