//! Tells a release build which commit it is made from, unless `CHATAPP_COMMIT` says it.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=CHATAPP_COMMIT");
    println!("cargo::rerun-if-changed=build.rs");
    let is_release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    // A debug build would be made again after every commit.
    if !is_release || std::env::var_os("CHATAPP_COMMIT").is_some() {
        return;
    }
    // Sources without a repository of their own may lie in another one.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let is_ours = git(&["rev-parse", "--show-toplevel"]).is_some_and(|top| {
        let (top, root) = (Path::new(&top).canonicalize(), root.canonicalize());
        matches!((top, root), (Ok(top), Ok(root)) if top == root)
    });
    if !is_ours {
        return;
    }
    if let Some(commit) = git(&["rev-parse", "HEAD"]) {
        println!("cargo::rustc-env=CHATAPP_COMMIT={commit}");
    }
    // Grows with every commit, checkout and reset.
    if let Some(log) = git(&["rev-parse", "--path-format=absolute", "--git-path", "logs/HEAD"]) {
        println!("cargo::rerun-if-changed={log}");
    }
}

/// What git says, if there is a git and it says something.
fn git(arguments: &[&str]) -> Option<String> {
    let said = Command::new("git").args(arguments).output().ok().filter(|s| s.status.success())?;
    let text = String::from_utf8(said.stdout).ok()?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}
