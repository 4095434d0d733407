//! A typed client, generated from the description that the program serves, walks the whole API.
//!
//! The walk is `frontend/e2e/client/walk.ts`. It is compiled against types made in this very run,
//! so that whatever the description gets wrong shows as an error of the compiler, or as an answer
//! that is not as described.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use testkit::process::ProcessBuilder;
use testkit::{Need, Settings};
use tokio::process::Command;

/// What the walk needs of the packages that `npm ci` installs in `frontend/`.
const PACKAGES: [&str; 3] = ["openapi-fetch", "openapi-typescript", "typescript"];

fn frontend() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../frontend")
}

/// Node, and what the walk is compiled with.
fn tools() -> Need {
    Need::new("browser", available())
}

fn available() -> Result<(), String> {
    let mut node = std::process::Command::new("node");
    node.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    if !node.status().is_ok_and(|status| status.success()) {
        return Err("Node is not installed".to_owned());
    }
    let modules = frontend().join("node_modules");
    match PACKAGES.iter().find(|name| !modules.join(name).is_dir()) {
        Some(missing) => Err(format!("{missing} is missing; run `npm ci` in frontend/")),
        None => Ok(()),
    }
}

#[testkit::test(heavy, needs = tools())]
async fn a_generated_client_walks_the_whole_api() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let server = ProcessBuilder::new(env!("CARGO_BIN_EXE_chatapp"), directory.path())
        .settings(&Settings::quick())
        .serve()
        .await;
    let document = server.anonymous().get("/openapi.json").await;

    let place = directory.path().join("client");
    let sources = frontend().join("e2e/client");
    std::fs::create_dir(&place).expect("a directory");
    for file in std::fs::read_dir(sources).expect("the walk").flatten() {
        std::fs::copy(file.path(), place.join(file.file_name())).expect("a copy");
    }
    let modules = frontend().join("node_modules").canonicalize().expect("packages");
    std::os::unix::fs::symlink(modules, place.join("node_modules")).expect("a link");
    std::fs::write(place.join("openapi.json"), &document.text).expect("the description");
    std::fs::write(place.join("package.json"), r#"{"type": "module"}"#).expect("a file");

    // A field with a default may be left out of a body.
    let types = ["openapi.json", "--default-non-nullable", "false", "-o", "api.d.ts"];
    node(&place, "node_modules/openapi-typescript/bin/cli.js", &types).await;
    node(&place, "node_modules/typescript/bin/tsc", &["-p", "."]).await;
    let printed = node(
        &place,
        "built/walk.js",
        &[server.url(), &server.setup_code().await, testkit::METRICS_TOKEN],
    )
    .await;

    let called: BTreeSet<&str> =
        printed.lines().filter_map(|line| line.strip_prefix("called ")).collect();
    let described = described(&document.json);
    let missing: Vec<&String> =
        described.iter().filter(|operation| !called.contains(operation.as_str())).collect();
    assert!(
        missing.is_empty(),
        "frontend/e2e/client/walk.ts does not call {missing:?}: add a call of each"
    );
}

/// Every operation as `GET /api/…`.
fn described(document: &Value) -> BTreeSet<String> {
    let paths = document["paths"].as_object().expect("paths");
    let methods = ["get", "post", "put", "patch", "delete"];
    let of_path = |(path, item): (&String, &Value)| {
        let found = methods.into_iter().filter(|method| item[*method].is_object());
        found.map(|method| format!("{} {path}", method.to_uppercase())).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}

/// Runs a script to its good end, and returns what it printed.
async fn node(place: &Path, script: &str, arguments: &[&str]) -> String {
    let output = Command::new("node")
        .arg(place.join(script))
        .args(arguments)
        .current_dir(place)
        .env("NO_PROXY", "*")
        .kill_on_drop(true)
        .output()
        .await
        .expect("Node can be run");
    let [printed, complaints] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{script}: {}\n{printed}{complaints}", output.status);
    printed
}
