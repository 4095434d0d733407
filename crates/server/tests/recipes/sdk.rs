//! The official `OpenAI` client for Python, from its registry, against the real program.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use testkit::Need;

use crate::Stage;

/// The release that is tried.
const PACKAGE: &str = "openai==3.54.0";

/// Where it is installed, once for all runs.
fn environment() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(PACKAGE.replace("==", "-"))
}

fn python() -> PathBuf {
    environment().join("bin/python")
}

/// The client, installed if it is not yet.
fn client() -> Need {
    Need::new("openai", install())
}

fn install() -> Result<(), String> {
    if imports() {
        return Ok(());
    }
    let run = |command: &mut Command, what: &str| {
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
        if status.is_ok_and(|status| status.success()) { Ok(()) } else { Err(what.to_owned()) }
    };
    let make = ["-m", "venv", "--clear"];
    run(
        Command::new("python3").args(make).arg(environment()),
        "Python 3 with the module venv is needed",
    )?;
    let fetch = ["-m", "pip", "install", "--quiet", "--retries", "0", "--timeout", "10", PACKAGE];
    run(
        Command::new(python()).args(fetch),
        "the package openai has to be installed from its registry",
    )?;
    if imports() { Ok(()) } else { Err("the package openai cannot be imported".to_owned()) }
}

fn imports() -> bool {
    let mut python = Command::new(python());
    python.args(["-c", "import openai"]).stdout(Stdio::null()).stderr(Stdio::null());
    python.status().is_ok_and(|status| status.success())
}

#[testkit::test(heavy, needs = client())]
async fn the_official_python_client_does_everything_it_can() {
    let stage = Stage::start().await;
    let key = stage.user.create_key(&["read", "write"]).await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recipes/sdk.py");
    let output = tokio::process::Command::new(python())
        .arg(script)
        .args([stage.server.url(), key["key"].as_str().expect("a key")])
        .env("NO_PROXY", "*")
        .kill_on_drop(true)
        .output()
        .await
        .expect("Python can be run");
    let [printed, complaints] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{printed}{complaints}");
    let steps: Vec<&str> = printed.lines().filter_map(|line| line.strip_prefix("ok ")).collect();
    let all =
        ["create", "stream", "resume", "cancel", "tool_loop", "structured", "errors", "models"];
    assert_eq!(steps, all, "{printed}{complaints}");
}
