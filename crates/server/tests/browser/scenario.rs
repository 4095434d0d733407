//! A scenario and its server.
//!
//! The scenario is told the server's address. A line of its output that begins with `@` asks for
//! something and waits for a line of its input; all others are shown when it fails:
//!
//! - `@ kill` ends the server as a crash would, `@ terminate` in good order
//! - `@ start` starts it again at the same address
//! - `@ setup` answers with the set-up code that it printed

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;
use testkit::process::{AppProcess, ProcessBuilder};
use testkit::{Case, Need, Settings, eventually};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Command;

/// How many of its last lines are shown of a scenario that failed.
const SHOWN: usize = 60;

fn frontend() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../frontend")
}

/// A scenario, by its name.
#[derive(Debug)]
pub(crate) struct Scenario(String);

impl Case for Scenario {
    fn name(&self) -> String {
        self.0.clone()
    }
}

/// The scenarios that there are.
pub(crate) fn all() -> Vec<Scenario> {
    let folder = std::fs::read_dir(frontend().join("e2e/scenarios")).expect("the scenarios");
    let file = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.ok()?.file_name().to_str()?.strip_suffix(".mjs").map(str::to_owned)
    };
    let mut names: Vec<String> = folder.filter_map(file).collect();
    names.sort();
    names.into_iter().map(Scenario).collect()
}

/// A browser, and Node to drive it.
pub(crate) fn browser() -> Need {
    Need::new("browser", available())
}

fn available() -> Result<(), String> {
    if web::Site::embedded().build().is_none() {
        return Err("the program was built without the web client".to_owned());
    }
    let mut command = std::process::Command::new("node");
    command.args(["e2e/run.mjs", "--check"]).current_dir(frontend());
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(_) => Err("Node is not installed".to_owned()),
    }
}

/// Runs a scenario to its end.
#[expect(clippy::print_stdout, reason = "that is where a test's findings go")]
pub(crate) async fn run(Scenario(name): Scenario) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut server = Some(program(&directory).serve().await);
    let url = server.as_ref().map(|server| server.url().to_owned()).unwrap_or_default();
    let mut child = Command::new("node")
        .args(["e2e/run.mjs", &name])
        .current_dir(frontend())
        .env("CHATAPP_URL", &url)
        .env("NO_PROXY", "*")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("Node can be run");
    let mut input = child.stdin.take().expect("a pipe");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut said = Vec::new();
    while let Some(line) = lines.next_line().await.expect("the pipe can be read") {
        let Some(request) = line.strip_prefix("@ ") else {
            said.push(line);
            continue;
        };
        let reply = if let ("setup", Some(server)) = (request, &server) {
            server.setup_code().await
        } else {
            server = serve(request, server, &directory, &url).await;
            "done".to_owned()
        };
        let reply = format!("{reply}\n");
        input.write_all(reply.as_bytes()).await.expect("the scenario listens");
    }
    let status = child.wait().await.expect("our own child");
    if status.success() {
        // What it measured is worth reading also when nothing is wrong.
        for line in said.iter().filter(|line| line.starts_with("measured ")) {
            println!("{name}: {line}");
        }
        return;
    }
    let last = said.split_off(said.len().saturating_sub(SHOWN));
    let log = server.map(|server| server.stderr()).unwrap_or_default();
    let log: Vec<&str> = log.lines().rev().take(20).collect();
    panic!(
        "{status}\n{}\nthe server's last lines, newest first:\n{}",
        last.join("\n"),
        log.join("\n")
    );
}

/// Does what a scenario asks for.
async fn serve(
    request: &str,
    server: Option<AppProcess>,
    directory: &TempDir,
    url: &str,
) -> Option<AppProcess> {
    match (request, server) {
        ("kill", Some(server)) => {
            server.kill().await;
            None
        }
        ("terminate", Some(server)) => {
            let ended = server.terminate().await;
            assert!(ended.status.success(), "{}", ended.stderr);
            None
        }
        ("start", None) => {
            let port = url.rsplit(':').next().unwrap_or_default();
            let server = program(directory).args(["--port", port]).launch();
            let anonymous = testkit::client::Anonymous::new(url);
            eventually("the server is ready again", async || {
                let request = anonymous.request(reqwest::Method::GET, "/health/ready").send();
                request.await.is_ok_and(|reply| reply.status().is_success())
            })
            .await;
            Some(server)
        }
        (request, _) => panic!("a scenario cannot ask for {request:?} now"),
    }
}

fn program(directory: &TempDir) -> ProcessBuilder {
    ProcessBuilder::new(env!("CARGO_BIN_EXE_chatapp"), directory.path())
        .settings(&Settings::quick().set("CHATAPP_LIMITS__GENERATIONS_PER_USER", "50"))
}
