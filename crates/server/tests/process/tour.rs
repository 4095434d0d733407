//! The README's tour, word for word.

use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use testkit::{Need, Settings};

use super::working_directory::WorkingDirectory;

const README: &str = include_str!("../../../../README.md");
/// What the tour needs beside the server.
const TOOLS: [&str; 3] = ["bash", "curl", "python3"];
/// Far longer than the tour takes.
const LIMIT: Duration = Duration::from_mins(3);
/// Printed before each block; no server sends it.
const MARK: &str = "\u{1}block\n";

pub(crate) fn available() -> Result<(), String> {
    let runs = |tool: &&str| {
        let mut command = Command::new(tool);
        command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    match TOOLS.iter().find(|tool| !runs(tool)) {
        Some(missing) => Err(format!("the tour needs {missing}")),
        None => Ok(()),
    }
}

/// The fenced blocks that follow `marker`, without their fences.
pub(crate) fn blocks<'a>(text: &'a str, marker: &str, language: &str) -> Vec<&'a str> {
    let opening = format!("{marker}\n```{language}\n");
    let blocks = text.split(opening.as_str()).skip(1);
    blocks.map(|rest| rest.split_once("```\n").expect("a closed block").0).collect()
}

#[testkit::test(needs = Need::unnamed(available()))]
async fn the_tour_of_the_readme_works() {
    let place = WorkingDirectory::new();
    let server = place.program().settings(&Settings::quick()).serve().await;
    let setup = server.setup_code().await;
    check(&walk(&place, server.url(), &setup).await);
    // The account is there now, and the code is used.
    check(&walk(&place, server.url(), &setup).await);
    refused(&place, server.url(), "setup_wrong").await;
}

fn script() -> String {
    // Not `pipefail`: `head` closes its pipe on purpose, and what else may fail in a pipeline
    // makes its end fail or shows in what is printed.
    let mut script = "set -eu\n".to_owned();
    for block in blocks(README, "<!-- tour -->", "sh") {
        script.extend(["printf '\\001block\\n'\n", block]);
    }
    script
}

async fn bash(place: &WorkingDirectory, script: &str, url: &str, setup: &str) -> Output {
    let run = tokio::process::Command::new("bash")
        .args(["-c", script])
        .env("CHATAPP", url)
        .env("SETUP", setup)
        .env("NO_PROXY", "*")
        .current_dir(place.path())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(LIMIT, run).await.expect("the tour ends");
    output.expect("bash can be run")
}

/// What the whole tour prints.
async fn walk(place: &WorkingDirectory, url: &str, setup: &str) -> String {
    let output = bash(place, &script(), url, setup).await;
    let printed = String::from_utf8(output.stdout).expect("text");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {printed}\n{complaints}", output.status);
    assert_eq!(complaints, "");
    printed
}

/// Where the server refuses something, the tour ends with the server's own words.
async fn refused(place: &WorkingDirectory, url: &str, setup: &str) {
    let script = script().replace("ada@example.org", "grace@example.org");
    let output = bash(place, &script, url, setup).await;
    assert!(!output.status.success());
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(complaints.starts_with("The set-up code is wrong"), "{complaints}");
    assert_eq!(complaints.lines().count(), 1, "{complaints}");
}

fn check(printed: &str) {
    let printed: Vec<&str> = printed.split(MARK).skip(1).collect();
    let [setup, there, account, answer, stream, follow, context, stop, key, end] =
        printed.as_slice()
    else {
        panic!("{} blocks; say here what the new ones print", printed.len());
    };
    assert_eq!(*setup, "");

    let [health, version] = documents(there);
    assert_eq!(health["status"], "ok");
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));

    let [me, models] = documents(account);
    assert_eq!((&me["email"], &me["name"]), (&"ada@example.org".into(), &"Ada".into()));
    assert_eq!(me["role"], "admin");
    assert_eq!(models["data"][0]["id"], "demo");

    assert!(answer.contains("You wrote “Why is the sky blue?”"), "{answer}");
    assert!(answer.contains("demo model"), "{answer}");

    let lines: Vec<&str> = stream.lines().collect();
    assert_eq!(lines.len(), 12, "{stream}");
    let words: String = lines.iter().map(|line| delta_of(line)).collect();
    assert!(words.contains("You wrote “And"), "words of the answer: {words}");

    let [data, empty, done, end_of_stream] = follow.lines().collect::<Vec<_>>()[..] else {
        panic!("four lines: {follow}");
    };
    let event: Value = serde_json::from_str(data.trim_start_matches("data: ")).expect("JSON");
    assert_eq!(event["type"], "response.completed", "the interrupted answer was finished");
    assert!(event.to_string().contains("You wrote “And at sunset?”"), "{event}");
    assert_eq!([empty, done, end_of_stream], ["", "data: [DONE]", ""]);

    let [context] = documents(context);
    assert_eq!(context["messages_sent"], 3, "{context}");
    assert_eq!(context["messages"][1]["role"], "assistant");
    let sum: u64 =
        context["messages"].as_array().expect("a list").iter().filter_map(tokens_of).sum();
    assert_eq!(context["tokens"]["messages"], sum);

    assert_eq!(*stop, "cancelled\n");

    assert_eq!(*key, "Why is the sky blue?\n");

    let [conversations, messages, refused] = documents(end);
    assert_eq!(conversations["data"][0]["title"], "Why is the sky blue?");
    let messages = messages["data"].as_array().expect("a list");
    let is_user: Vec<&Value> = messages.iter().map(|message| &message["is_user"]).collect();
    assert_eq!(is_user, [true, false]);
    assert_eq!(
        messages.first().map(|m| &m["content"]),
        Some(&"Tell me everything, slowly.".into())
    );
    assert_eq!(refused["error"]["code"], "invalid_token", "logging out ends the session");
}

/// The text of an event.
fn delta_of(line: &str) -> String {
    let event: Value = serde_json::from_str(line.trim_start_matches("data: ")).expect("JSON");
    event["delta"].as_str().expect("a piece of text").to_owned()
}

fn tokens_of(message: &Value) -> Option<u64> {
    message["tokens"].as_u64()
}

/// The `N` JSON documents of a text that has nothing else.
fn documents<const N: usize>(text: &str) -> [Value; N] {
    let documents: Vec<Value> = serde_json::Deserializer::from_str(text)
        .into_iter()
        .collect::<Result<_, _>>()
        .unwrap_or_else(|error| panic!("{error}: {text}"));
    documents.try_into().unwrap_or_else(|found: Vec<Value>| {
        panic!("{} documents instead of {N}: {text}", found.len())
    })
}
