//! `chatapp completions` and `chatapp man`: texts made from the command line's declaration.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use chatapp::cli::command;
use clap_complete::Shell;

use super::print_bytes;

/// Prints a shell's completion script.
pub(crate) fn completions(shell: Shell) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "chatapp", &mut script);
    print_bytes(&script)
}

/// Prints the manual page, or writes one for every command into a folder.
pub(crate) fn pages(folder: Option<&Path>) -> anyhow::Result<ExitCode> {
    let Some(folder) = folder else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command()).render(&mut page).context("the manual page")?;
        return print_bytes(&page);
    };
    std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(command(), folder))
        .with_context(|| format!("cannot write manual pages to {}", folder.display()))?;
    Ok(ExitCode::SUCCESS)
}
