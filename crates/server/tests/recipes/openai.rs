//! The official `OpenAI` clients, as their registries have them, against the real program.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use testkit::Need;
use tokio::process::Command;

use super::Stage;

/// What is installed. The versions are fixed, so that a new one is tried on purpose.
const PYTHON: [&str; 2] = ["openai==3.57.0", "openai-agents==0.24.0"];

/// Where it is installed, once for all runs.
fn place() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(PYTHON.join("-").replace("==", "-"))
}

/// The packages, or a registry that has them.
fn python() -> Need {
    Need::unnamed(available())
}

fn available() -> Result<(), String> {
    if place().is_dir() {
        return Ok(());
    }
    let mut pip = std::process::Command::new("python3");
    pip.args(["-m", "pip", "--disable-pip-version-check", "index", "versions", "openai"]);
    pip.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let finds = pip.status().is_ok_and(|status| status.success());
    finds
        .then_some(())
        .ok_or_else(|| "python3 with pip, and a registry in reach, are needed".into())
}

/// An interpreter that has the packages.
async fn interpreter() -> PathBuf {
    let place = place();
    if !place.is_dir() {
        // Made elsewhere and moved: what is there is whole.
        let parent = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
        let made = parent.path().join("made");
        run(Command::new("python3").args(["-m", "venv"]).arg(&made)).await;
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
        run(Command::new(made.join("bin/python")).args(install).args(PYTHON)).await;
        if std::fs::rename(&made, &place).is_err() {
            assert!(place.is_dir(), "another test has made it");
        }
    }
    place.join("bin/python")
}

/// Runs a program to its good end; what it printed.
async fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await;
    let output = output.expect("it can be run");
    let [printed, complaints] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{command:?}: {}\n{printed}{complaints}", output.status);
    printed
}

/// Runs a script of `openai/` with the address of the server and a key.
async fn script(stage: &Stage, name: &str) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recipes/openai").join(name);
    let base = format!("{}/v1", stage.server.url());
    let key = stage.user.create_key(&["read", "write"]).await;
    let key = key["key"].as_str().expect("a key").to_owned();
    let mut command = Command::new(interpreter().await);
    let printed = run(command.arg(script).args([base, key]).env("NO_PROXY", "*")).await;
    assert_eq!(printed.trim(), "done");
}

#[testkit::test(heavy, needs = python())]
async fn conversations_and_the_session_of_agents() {
    let stage = Stage::start().await;
    script(&stage, "conversations.py").await;
}
