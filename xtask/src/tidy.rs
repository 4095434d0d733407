//! The rules that keep the workspace the way `ARCHITECTURE.md` says it is.
//!
//! Each rule is a function from the files to its violations, tested with planted ones.

mod circles;
mod harness;
mod layers;
mod markdown;
mod owners;
mod source;
#[cfg(test)]
mod tests;
mod words;

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use cargo_metadata::MetadataCommand;

/// A text file of the repository.
#[derive(Debug, Clone)]
struct File {
    /// Relative to the repository's root, with forward slashes.
    path: String,
    text: String,
}

impl File {
    /// The lines with their numbers, from 1.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// What follows the last point of its name; empty when there is none.
    fn extension(&self) -> &str {
        self.path.rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// The violation of a rule at `line`.
    fn violation(&self, line: usize, message: impl Into<String>) -> Violation {
        Violation { path: self.path.clone(), line, message: message.into() }
    }
}

/// A broken rule and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Violation {
    path: String,
    line: usize,
    message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

/// Every violation in the repository.
pub(crate) fn run() -> anyhow::Result<Vec<Violation>> {
    let metadata = MetadataCommand::new().no_deps().exec()?;
    let root = metadata.workspace_root.as_std_path();
    let files = read(root)?;
    let packages: Vec<_> = metadata.packages.iter().map(layers::Package::from).collect();
    let mut violations = check(&files);
    violations.extend(layers::check(&packages, &files));
    violations.sort();
    Ok(violations)
}

fn check(files: &[File]) -> Vec<Violation> {
    let rules = [
        source::sizes,
        source::crate_pages,
        source::dialect_switches,
        source::storage_below_crud,
        source::machine_paths,
        owners::finders_without_an_owner,
        owners::engine_finders,
        circles::circles,
        harness::tests_nobody_runs,
        markdown::links,
        markdown::orphans,
        markdown::named_tests,
        words::retired_words,
    ];
    rules.iter().flat_map(|rule| rule(files)).collect()
}

/// The text files that are or would be committed.
fn read(root: &Path) -> anyhow::Result<Vec<File>> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .context("git lists the files")?;
    ensure!(output.status.success(), "git: {}", String::from_utf8_lossy(&output.stderr));
    let names = String::from_utf8(output.stdout).context("file names are UTF-8")?;
    let mut paths: Vec<&str> = names.split('\0').filter(|name| !name.is_empty()).collect();
    paths.sort_unstable();
    // A file may be gone from the disk but not yet from the index; others are not text.
    let text = |path: &str| std::fs::read_to_string(root.join(PathBuf::from(path))).ok();
    Ok(paths
        .into_iter()
        .filter_map(|path| Some(File { path: path.to_owned(), text: text(path)? }))
        .collect())
}
