//! The official `OpenAI` clients for Python, from their registry, against the real program.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use testkit::Need;
use tokio::process::Command;

use super::Stage;

/// What is installed. The versions are fixed, so that a new one is tried on purpose.
const PACKAGES: [&str; 2] = ["openai==3.57.0", "openai-agents==0.24.0"];

/// Where it is installed, once for all runs.
fn environment() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(PACKAGES.join("-").replace("==", "-"))
}

fn python() -> PathBuf {
    environment().join("bin/python")
}

/// The clients, installed if they are not yet.
fn clients() -> Need {
    Need::new("openai", install())
}

fn install() -> Result<(), String> {
    let is_there = environment().join("installed");
    if is_there.is_file() {
        return Ok(());
    }
    let run = |program: &Path, arguments: &[&str]| {
        let mut command = std::process::Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let place = environment();
    let place = place.to_str().ok_or("the target folder has no readable name")?;
    if !run(Path::new("python3"), &["-m", "venv", "--clear", place]) {
        return Err("Python 3 with the module venv is needed".to_owned());
    }
    let fetch = ["-m", "pip", "install", "--quiet", "--retries", "0", "--timeout", "10"];
    if !run(&python(), &[&fetch[..], &PACKAGES].concat()) {
        return Err("the OpenAI clients have to be installed from their registry".to_owned());
    }
    std::fs::write(is_there, "").map_err(|error| format!("they cannot be kept: {error}"))
}

/// Runs a script of `openai/` with an address of the server and a key: what it printed.
async fn script(stage: &Stage, name: &str, address: &str) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recipes/openai").join(name);
    let key = stage.user.create_key(&["read", "write"]).await;
    let key = key["key"].as_str().expect("a key").to_owned();
    let output = Command::new(python())
        .arg(script)
        .args([address, &key])
        .env("NO_PROXY", "*")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("Python can be run");
    let [printed, complaints] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{}\n{printed}{complaints}", output.status);
    printed
}

#[testkit::test(heavy, needs = clients())]
async fn conversations_and_the_session_of_agents() {
    let stage = Stage::start().await;
    let printed = script(&stage, "conversations.py", &format!("{}/v1", stage.server.url())).await;
    assert_eq!(printed.trim(), "done");
}

#[testkit::test(heavy, needs = clients())]
async fn the_official_python_client_does_everything_it_can() {
    let stage = Stage::start().await;
    let printed = script(&stage, "responses.py", stage.server.url()).await;
    let steps: Vec<&str> = printed.lines().filter_map(|line| line.strip_prefix("ok ")).collect();
    let all =
        ["create", "stream", "resume", "cancel", "tool_loop", "structured", "errors", "models"];
    assert_eq!(steps, all, "{printed}");
}
