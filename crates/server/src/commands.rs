//! What the commands of the command line do, once configuration and log are there.

pub(crate) mod backup;

use std::io::{self, Write as _};
use std::process::ExitCode;

/// Prints to standard output; a reader that has enough is no failure.
pub(crate) fn print(text: &str) -> anyhow::Result<ExitCode> {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}
