//! The documents say what is so: every fenced block of every one of them is run or read by what it
//! is for. A fence of a language that nothing here knows fails, so that no block escapes.
//!
//! Some are run elsewhere, and only looked for here: the tour of the README, the examples of
//! `docs/API.md` with their answers, the clients of `docs/STREAMING.md`, the queries of
//! `docs/DATABASE.md` on every engine, the dump of `docs/OPERATING.md`.
#![cfg(unix)]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "in a test a broken expectation is a panic"
)]

mod curl;
mod fences;
mod shell;

use std::collections::BTreeSet;
use std::process::Command;

use chatapp::cli::Cli;
use clap::error::ErrorKind;
use serde_json::Value;
use testkit::engine::{find, is_required};
use testkit::sql::Sql;

use fences::{Block, documents, root, spans, split};

const BINARY: &str = env!("CARGO_BIN_EXE_chatapp");

/// Programs of other people that the documents call, and that need no reading here.
const OTHERS: [&str; 22] = [
    ".ci/run",
    "bash",
    "cd",
    "cp",
    "docker",
    "grep",
    "head",
    "install",
    "json",
    "less",
    "mariadb",
    "mariadb-dump",
    "npm",
    "openssl",
    "printf",
    "python3",
    "ssh",
    "sudo",
    "systemctl",
    "tail",
    "target/release/bench",
    "useradd",
];

#[test]
fn every_fenced_block_is_run_or_read() {
    let document = described();
    let mut wrong = Vec::new();
    for (file, text) in documents() {
        for block in split(&file, &text).0 {
            let read = match block.language.as_str() {
                "sh" | "bash" | "console" => script(&document, &block),
                "json" => json(&block),
                "toml" => configuration(&block, "chatapp.toml"),
                "env" => configuration(&block, ".env"),
                "sql" => query(&block),
                "yaml" => yaml(&block),
                "nginx" => nginx(&block),
                "caddy" => caddy(&block),
                "javascript" | "python" => recipe(&block),
                "rust" => example(&block),
                "jsx" => excerpt(&block),
                "text" => Ok(()),
                "" => Err("the fence names no language; `text` is one".to_owned()),
                other => Err(format!("nobody reads blocks of {other:?}: teach this test to")),
            };
            wrong.extend(read.err().map(|why| format!("{}: {why}", block.place)));
        }
    }
    assert!(wrong.is_empty(), "the documents say what is not so:\n{}", wrong.join("\n"));
}

#[test]
fn every_command_named_in_a_text_exists() {
    let mut wrong = Vec::new();
    for (file, text) in documents() {
        for (place, span) in spans(&split(&file, &text).1) {
            if !span.starts_with("chatapp ") || span.contains('…') {
                continue;
            }
            let read = shell::commands(&span).and_then(|commands| {
                let ours = commands.iter().filter(|words| words[0] == "chatapp");
                ours.map(|words| understood(words, true)).collect::<Result<Vec<_>, _>>()
            });
            wrong.extend(read.err().map(|why| format!("{place}: `{span}`: {why}")));
        }
    }
    assert!(wrong.is_empty(), "the documents name what is not there:\n{}", wrong.join("\n"));
}

#[test]
fn every_file_for_packagers_is_known_to_a_test() {
    let known = [
        // `process::packaging`.
        "Containerfile",
        "chatapp.service",
        "chatapp-backup.service",
        "chatapp-backup.timer",
        // `process::proxies` and `replicas::rolling`.
        "Caddyfile",
        "Caddyfile.servers",
        "nginx.conf",
        "nginx-servers.conf",
    ];
    let there = std::fs::read_dir(root().join("packaging")).expect("the folder");
    let there: BTreeSet<String> = there
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    let known: BTreeSet<String> = known.map(str::to_owned).into();
    assert_eq!(there, known, "run a new file in a test, and name it here");
}

/// The description of the API, as the program prints it.
fn described() -> Value {
    let output = Command::new(BINARY).arg("openapi").output().expect("the program can be run");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn script(document: &Value, block: &Block) -> Result<(), String> {
    let mut commands = shell::commands(&block.text)?;
    while let Some((index, inner)) = commands.iter().enumerate().find_map(unwrapped) {
        commands[index] = inner;
    }
    for words in &commands {
        let (program, rest) = words.split_first().expect("no command is empty");
        let read = match program.as_str() {
            "chatapp" => understood(words, false),
            // Those of the reference are run, some of them to be refused.
            "curl" if block.place.file == "docs/API.md" => Ok(()),
            "curl" => curl::check(document, rest),
            "cargo" => cargo(rest),
            other if OTHERS.contains(&other) => Ok(()),
            other => Err(format!("what is {other}? If it is somebody's program, say so here")),
        };
        read.map_err(|why| format!("{}: {why}", words.join(" ")))?;
        if program == "npm" {
            npm(rest)?;
        }
    }
    Ok(())
}

/// A command that another one runs.
fn unwrapped((index, words): (usize, &Vec<String>)) -> Option<(usize, Vec<String>)> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let inner = match words.as_slice() {
        ["sudo", "-u", _, inner @ ..] | ["docker", "exec", "-it", _, inner @ ..] => inner,
        ["ssh", _, inner @ ..] if !inner.is_empty() => inner,
        ["target/release/chatapp", rest @ ..] => {
            let inner = [&["chatapp"], rest].concat();
            return Some((index, inner.into_iter().map(str::to_owned).collect()));
        }
        _ => return None,
    };
    Some((index, inner.iter().map(|word| (*word).to_owned()).collect()))
}

/// Whether the command line takes these words; of a `part` something may be missing at its end.
fn understood(words: &[String], part: bool) -> Result<(), String> {
    let Err(error) = Cli::parse_from(words) else { return Ok(()) };
    let missing = [
        ErrorKind::MissingRequiredArgument,
        ErrorKind::MissingSubcommand,
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
    ];
    let lacks_value = error.kind() == ErrorKind::InvalidValue
        && words.last().is_some_and(|last| last.starts_with('-'));
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Ok(()),
        kind if part && (missing.contains(&kind) || lacks_value) => Ok(()),
        _ => Err(error.to_string().trim().replace('\n', " ")),
    }
}

/// Whether the packages and tests that a command names exist.
fn cargo(words: &[String]) -> Result<(), String> {
    let named = |option: &str| {
        let pairs = words.windows(2).filter(move |pair| pair[0] == option);
        pairs.map(|pair| pair[1].as_str()).collect::<Vec<_>>()
    };
    let crates: Vec<String> = ["crates/server", "crates/campaign", "bench", "xtask", "crates/api"]
        .iter()
        .map(|folder| {
            let text = std::fs::read_to_string(root().join(folder).join("Cargo.toml"));
            let text = text.expect("a manifest");
            let name = text.lines().find_map(|line| line.strip_prefix("name = "));
            name.expect("a name").trim_matches('"').to_owned()
        })
        .collect();
    for package in named("-p") {
        if !crates.iter().any(|name| name == package) {
            return Err(format!("there is no package {package}"));
        }
    }
    for test in named("--test") {
        if !root().join("crates/server/tests").join(test).exists() {
            return Err(format!("there is no test {test}"));
        }
    }
    let known = ["build", "run", "test", "clippy", "xtask"];
    match words.first() {
        Some(first) if known.contains(&first.as_str()) => Ok(()),
        other => Err(format!("cargo has no {other:?}")),
    }
}

/// Whether a script that a command names exists.
fn npm(words: &[String]) -> Result<(), String> {
    let script = match words {
        [run, script] if run == "run" => script,
        [test] if test == "test" => test,
        [install] if install == "ci" || install == "install" => return Ok(()),
        [start] if start == "start" => return example_starts(),
        _ => return Err(format!("npm {}: say here what that is", words.join(" "))),
    };
    let manifest = std::fs::read(root().join("frontend/package.json")).expect("a manifest");
    let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
    if manifest["scripts"][script].is_string() {
        Ok(())
    } else {
        Err(format!("frontend/package.json has no script {script}"))
    }
}

/// The page that is to be copied is built and run in `recipes::ai_sdk`.
fn example_starts() -> Result<(), String> {
    let manifest = std::fs::read(root().join("examples/use-chat/package.json"));
    let manifest: Value = serde_json::from_slice(&manifest.expect("a manifest")).expect("JSON");
    manifest["scripts"]["start"].as_str().map(drop).ok_or_else(|| "there is no start".to_owned())
}

/// An excerpt of a file that a test runs: lines of it, in its order.
fn excerpt(block: &Block) -> Result<(), String> {
    let path = block.above.strip_prefix("<!-- from: ").and_then(|rest| rest.strip_suffix(" -->"));
    let path = path.ok_or("a line `<!-- from: PATH -->` above names the file that it is of")?;
    let text = std::fs::read_to_string(root().join(path)).map_err(|error| error.to_string())?;
    let mut lines = text.lines().map(str::trim);
    let shown = block.text.lines().map(str::trim).filter(|line| !line.is_empty());
    for line in shown {
        if !lines.any(|other| other == line) {
            return Err(format!("{path} has no line {line:?} there"));
        }
    }
    Ok(())
}

fn json(block: &Block) -> Result<(), String> {
    // Answers are shown shortened there, and compared with what comes by `every_route_has_…`.
    if block.place.file == "docs/API.md" {
        return Ok(());
    }
    serde_json::from_str::<Value>(&block.text).map(drop).map_err(|error| error.to_string())
}

/// Whether `chatapp config check` has nothing against the block as this file.
fn configuration(block: &Block, name: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(folder.path().join(name), &block.text).expect("a file can be written");
    let mut command = Command::new(BINARY);
    command.args(["config", "check"]).env_clear().current_dir(folder.path());
    let output = command.output().expect("the program can be run");
    let said = [output.stdout, output.stderr].concat();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&said).into_owned()) }
}

/// Whether a database of this release takes the statements.
fn query(block: &Block) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let mut migrate = Command::new(BINARY);
    migrate.args(["migrate", "--quiet"]).env_clear().current_dir(folder.path());
    assert!(migrate.output().expect("the program can be run").status.success());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let mut sql = Sql::open(&folder.path().join("data/chatapp.db")).await;
        sql.try_execute(&block.text).await.map(drop)
    })
}

/// What Prometheus reads; the expressions of its alerts are held against the metrics elsewhere.
fn yaml(block: &Block) -> Result<(), String> {
    let first = block.text.lines().next().unwrap_or_default();
    let is_known = ["scrape_configs:", "groups:"].contains(&first);
    if !is_known && block.place.file != CLIENTS {
        return Err(format!("nobody reads {first:?}: teach this test to"));
    }
    let python = "import sys, yaml; yaml.safe_load(sys.stdin.read())";
    let there = Command::new("python3").args(["-c", "import yaml"]).output();
    if !there.is_ok_and(|output| output.status.success()) {
        return unread("yaml");
    }
    accepted(Command::new("python3").args(["-c", python]), &block.text)
}

/// The lines for clients of others, which are no part of this repository: they are read only.
const CLIENTS: &str = "docs/CLIENTS.md";

/// The clients are run by `recipes`, which finds them by this line.
fn recipe(block: &Block) -> Result<(), String> {
    if block.place.file == CLIENTS {
        return syntax(block);
    }
    let marker = format!("<!-- recipe: {} -->", block.language);
    if block.above == marker && block.place.file == "docs/STREAMING.md" {
        Ok(())
    } else {
        Err(format!("no test runs it: {marker} stands above those that are"))
    }
}

/// Whether the language itself takes a block.
fn syntax(block: &Block) -> Result<(), String> {
    if block.language == "python" {
        let python = "import sys; compile(sys.stdin.read(), 'block', 'exec')";
        return accepted(Command::new("python3").args(["-c", python]), &block.text);
    }
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("block.mjs");
    std::fs::write(&file, &block.text).expect("a file can be written");
    accepted(Command::new("node").arg("--check").arg(file), "")
}

/// An example of Rust is a whole file, which the compiler reads where it lies.
fn example(block: &Block) -> Result<(), String> {
    let path = block.above.strip_prefix("<!-- file: ").and_then(|rest| rest.strip_suffix(" -->"));
    let path = path.ok_or("a line `<!-- file: PATH -->` above names the file that is shown")?;
    let text = std::fs::read_to_string(root().join(path)).map_err(|error| error.to_string())?;
    if block.text == text { Ok(()) } else { Err(format!("{path} is another by now")) }
}

/// Whether nginx takes the block as what stands in a `server`.
fn nginx(block: &Block) -> Result<(), String> {
    let Some(program) = find("nginx") else { return unread("nginx") };
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = folder.path().display();
    let text = format!(
        "pid {path}/pid; error_log {path}/log; events {{}} http {{ access_log off; server {{ \
         listen 127.0.0.1:1;\n{}\n}} }}",
        block.text
    );
    let file = folder.path().join("nginx.conf");
    std::fs::write(&file, text).expect("a file can be written");
    accepted(Command::new(program).arg("-t").arg("-c").arg(file), "")
}

/// Whether Caddy takes the block as a file of its own.
fn caddy(block: &Block) -> Result<(), String> {
    let Some(program) = find("caddy") else { return unread("caddy") };
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("Caddyfile");
    std::fs::write(&file, &block.text).expect("a file can be written");
    accepted(Command::new(program).args(["adapt", "--config"]).arg(file), "")
}

/// What a block is worth whose reader is not installed: nothing where the reader is required.
fn unread(reader: &str) -> Result<(), String> {
    if is_required(reader) {
        Err(format!("CHATAPP_TEST_REQUIRE names {reader}, which is not installed"))
    } else {
        Ok(())
    }
}

/// Whether a program that reads `input` ends well.
fn accepted(command: &mut Command, input: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("input");
    std::fs::write(&file, input).expect("a file can be written");
    let input = std::fs::File::open(&file).expect("the file is there");
    let output = command.stdin(input).output().map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}
