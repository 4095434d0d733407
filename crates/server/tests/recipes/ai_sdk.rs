//! The client of the AI SDK in the versions that its users have, and the page of
//! `examples/use-chat`.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use mock::script::{Answer, Ending, Script, Step};
use testkit::client::PASSWORD;
use testkit::{Case, Need};
use tokio::process::Command;

use super::Stage;

/// A version of the package `ai`, and the Node that runs it.
#[derive(Debug, Clone, Copy)]
struct Version {
    name: &'static str,
    packages: &'static [&'static str],
    /// The machine's own Node, or the one of the package `node`.
    node: &'static str,
}

const VERSIONS: [Version; 2] = [
    Version { name: "ai_6", packages: &["ai@6"], node: "node" },
    // It needs a newer Node than many machines have.
    Version { name: "ai_7", packages: &["ai@7", "node@24"], node: "node_modules/node/bin/node" },
];

impl Case for Version {
    fn name(&self) -> String {
        self.name.to_owned()
    }

    fn needs(&self) -> Need {
        Need::new("npm", install(self.name, self.packages))
    }
}

/// Where packages are kept between runs.
fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Installs packages into a folder once, with the ordinary client of their registry.
fn install(name: &str, packages: &[&str]) -> Result<(), String> {
    let folder = folder(name);
    let is_there = folder.join("installed");
    if is_there.is_file() {
        return Ok(());
    }
    let failed = |error: std::io::Error| format!("npm cannot be run: {error}");
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let package = folder.join("package.json");
    if !package.is_file() {
        std::fs::write(package, r#"{"private": true}"#).map_err(failed)?;
    }
    let mut npm = std::process::Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--fetch-retries=0"]).args(packages);
    let output = npm.current_dir(&folder).stdin(Stdio::null()).output().map_err(failed)?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        let why = why.lines().next().unwrap_or_default();
        return Err(format!("{} cannot be installed: {why}", packages.join(" ")));
    }
    std::fs::write(is_there, "").map_err(failed)
}

/// Runs a program to its good end, and returns the lines that it printed.
async fn run(program: &str, folder: &Path, arguments: &[&str]) -> Vec<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("NO_PROXY", "*")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("the program can be run");
    let [printed, complaints] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{}\n{printed}{complaints}", output.status);
    printed.lines().map(str::to_owned).collect()
}

#[testkit::test(heavy, cases = VERSIONS)]
async fn use_chat_works_with_an_address_and_a_token(version: Version) {
    let stage = Stage::start().await;
    let call = Step::Call { id: "call_a".to_owned(), name: "get_weather".to_owned() };
    let arguments = Step::Arguments("{\"city\":\"Faro\"}".to_owned());
    let end = [Step::Finish(Ending::Stop), Step::Done];
    stage.upstream.push(Script::steps([call, arguments].into_iter().chain(end.clone())));
    let said = Step::Text("It is warm.".to_owned());
    stage.upstream.push(Script::steps([said].into_iter().chain(end)));

    let folder = folder(version.name);
    std::fs::write(folder.join("chat.mjs"), include_str!("ai_sdk/chat.mjs")).expect("a file");
    let arguments = ["chat.mjs", stage.server.url(), &stage.user.access_token];
    let scenarios = run(version.node, &folder, &arguments).await;
    assert_eq!(scenarios, ["tools", "sent", "resumed", "stopped", "again", "errors"]);
}

/// The example with what builds and shows it here.
fn page() -> Need {
    Need::new("npm", copy_example().and_then(|()| install("use-chat", &["jsdom@26"])))
}

fn copy_example() -> Result<(), String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/use-chat");
    let folder = folder("use-chat");
    let copied = std::fs::create_dir_all(&folder).and_then(|()| {
        for name in ["index.html", "app.jsx"] {
            std::fs::copy(source.join(name), folder.join(name))?;
        }
        // Installing adds to it what shows the page.
        if !folder.join("installed").is_file() {
            std::fs::copy(source.join("package.json"), folder.join("package.json"))?;
        }
        Ok(())
    });
    copied.map_err(|error| format!("the example cannot be copied: {error}"))
}

#[testkit::test(heavy, needs = page())]
async fn the_example_sends_resumes_stops_and_answers_again() {
    let stage = Stage::start().await;
    for (count, delay) in [(3, 0), (60, 30), (5_000, 20), (2, 0)] {
        let delay = Duration::from_millis(delay);
        stage.upstream.push(Script { delay, ..Script::new(Answer::Ticks(count)) });
    }
    let folder = folder("use-chat");
    run("npm", &folder, &["run", "--silent", "build"]).await;
    std::fs::write(folder.join("page.mjs"), include_str!("ai_sdk/page.mjs")).expect("a file");
    let arguments = ["page.mjs", stage.server.url(), "ada@example.org", PASSWORD];
    let scenarios = run("node", &folder, &arguments).await;
    assert_eq!(scenarios, ["sent", "reloaded", "stopped", "again"]);
}
