//! The official client of the OpenAI API for Node, as its users call it.

use std::path::PathBuf;
use std::process::Stdio;

use mock::script::{Ending, Script, Step};
use testkit::Need;
use tokio::process::Command;

use super::Stage;

/// What is installed besides Node itself: the client, and what it makes schemas with.
const PACKAGES: [&str; 2] = ["openai@7", "zod@4"];

/// The package with the Node that the client wants; many machines have an older one.
fn node() -> String {
    let machine = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
    format!("node-linux-{machine}")
}

/// Where the packages are kept between runs.
fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("openai_sdk")
}

fn installed() -> Need {
    Need::new("npm", install())
}

/// Installs the packages once, with the ordinary client of their registry.
fn install() -> Result<(), String> {
    let folder = folder();
    let is_there = folder.join("installed");
    if is_there.is_file() {
        return Ok(());
    }
    let failed = |error: std::io::Error| format!("npm cannot be run: {error}");
    std::fs::create_dir_all(&folder).map_err(failed)?;
    std::fs::write(folder.join("package.json"), r#"{"private": true}"#).map_err(failed)?;
    let node = format!("{}@22", node());
    let mut npm = std::process::Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--fetch-retries=0", &node]).args(PACKAGES);
    let output = npm.current_dir(&folder).stdin(Stdio::null()).output().map_err(failed)?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        let why = why.lines().next().unwrap_or_default();
        return Err(format!("the OpenAI client cannot be installed: {why}"));
    }
    std::fs::write(is_there, "").map_err(failed)
}

/// A model that asks for the weather in two cities, and then says what it is like.
fn weather() -> [Script; 2] {
    let call = |id: &str| Step::Call { id: id.to_owned(), name: "get_weather".to_owned() };
    let city = |name: &str| Step::Arguments(format!("{{\"city\":\"{name}\"}}"));
    let end = [Step::Finish(Ending::Stop), Step::Done];
    let asks = [call("call_a"), city("Faro"), call("call_b"), city("Évora")];
    let says = Step::Text("It is warm.".to_owned());
    [
        Script::steps(asks.into_iter().chain(end.clone())),
        Script::steps([says].into_iter().chain(end)),
    ]
}

/// A model that says an object.
fn object() -> [Script; 1] {
    let says = Step::Text("{\"city\":\"Faro\",\"degrees\":21}".to_owned());
    [Script::steps([says, Step::Finish(Ending::Stop), Step::Done])]
}

#[testkit::test(heavy, needs = installed())]
async fn the_official_client_completes_chats() {
    let stage = Stage::start().await;
    let scenarios: [(&str, Vec<Script>); 5] = [
        ("create", Vec::new()),
        ("stream", Vec::new()),
        // Once as a whole, once as a stream.
        ("tools", [weather(), weather()].concat()),
        ("parse", object().into()),
        ("errors", Vec::new()),
    ];
    let folder = folder();
    std::fs::write(folder.join("openai_sdk.mjs"), include_str!("openai_sdk.mjs")).expect("a file");
    for (scenario, scripts) in scenarios {
        for script in scripts {
            stage.upstream.push(script);
        }
        let mut client = Command::new(folder.join("node_modules").join(node()).join("bin/node"));
        client.arg("openai_sdk.mjs").args([stage.server.url(), &stage.user.access_token, scenario]);
        client.current_dir(&folder).env("NO_PROXY", "*").stdin(Stdio::null()).kill_on_drop(true);
        let output = client.output().await.expect("Node can be run");
        let [printed, complaints] = [output.stdout, output.stderr]
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        assert!(output.status.success(), "{scenario}: {}\n{printed}{complaints}", output.status);
    }
}
