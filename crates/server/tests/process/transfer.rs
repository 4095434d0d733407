//! Operators who take conversations out and in from the command line.

use std::fs::OpenOptions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;
use testkit::client::PASSWORD;
use testkit::{Settings, World, eventually};

use super::doctor::sound;
use super::working_directory::{WorkingDirectory, run};
use super::{settings, ticked, ticks, upstream};

const ADA: &str = "ada@example.org";
/// Its conversation is named after it, which the report shows.
const QUESTION: &str = "Which way is north?";

/// What another product has written.
const CHATGPT: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../transfer/tests/fixtures/chatgpt.json");

async fn command(
    place: &WorkingDirectory,
    settings: &Settings,
    words: &[&str],
) -> (Option<i32>, String, String) {
    run(place.program().settings(settings).args(words).input(&format!("{PASSWORD}\n"))).await
}

/// Runs a command that succeeds: what it prints.
async fn done(place: &WorkingDirectory, settings: &Settings, words: &[&str]) -> String {
    let (code, out, err) = command(place, settings, words).await;
    assert_eq!(code, Some(0), "{words:?}: {out} {err}");
    out
}

/// An installation without anything but one account.
async fn empty() -> WorkingDirectory {
    let place = WorkingDirectory::new();
    done(&place, &sound(), &["migrate"]).await;
    done(&place, &sound(), &["user", "add", ADA, "--password-stdin"]).await;
    place
}

/// A file of an export, without the line that says when it was made.
fn exported(path: &Path) -> String {
    let text = std::fs::read_to_string(path).expect("an export");
    text.split_once('\n').expect("a header").1.to_owned()
}

#[testkit::test]
async fn conversations_go_out_and_come_in_elsewhere(world: World) {
    let upstream = upstream().await;
    let settings = settings(&world, &upstream);
    let place = WorkingDirectory::new();
    let server = place.program().settings(&settings).serve().await;
    let user = server.anonymous().signup(ADA).await;
    let conversation = user.create_conversation().await;
    upstream.push(ticks(3, 0));
    let turn = user.send_and_wait(&conversation, QUESTION).await;
    upstream.push(ticks(5, 0));
    let question = turn["user_message"]["id"].as_str().expect("an id");
    let path = format!("/api/messages/{question}/regenerate");
    user.post(&path, serde_json::json!({})).await.expect(201);

    // While the server runs.
    let out = done(&place, &settings, &["export", ADA, "all.jsonl"]).await;
    assert_eq!(out.trim_end(), "all.jsonl");
    let file = place.path().join("all.jsonl");
    let mode = std::fs::metadata(&file).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let first = exported(&file);
    let whole: Value = first.lines().next().expect("a conversation").parse().expect("JSON");
    let said: Vec<&str> = whole["messages"]
        .as_array()
        .expect("messages")
        .iter()
        .map(|message| message["content"].as_str().expect("a text"))
        .collect();
    assert_eq!(said, [QUESTION, &ticked(3), &ticked(5)], "both answers");
    let (code, _, err) = command(&place, &settings, &["export", ADA, "all.jsonl"]).await;
    assert_eq!(code, Some(1));
    assert!(err.contains("--force"), "{err}");
    std::fs::write(&file, "header\nsomething else").expect("it can be written");
    done(&place, &settings, &["export", ADA, "all.jsonl", "--force"]).await;
    assert_eq!(exported(&file), first, "it was replaced");
    done(&place, &settings, &["export", ADA, "all.md", "--format", "markdown"]).await;
    let markdown = std::fs::read_to_string(place.path().join("all.md")).expect("a text");
    assert!(markdown.contains("tick 4"), "the selected branch: {markdown}");
    server.terminate().await;

    let other = empty().await;
    let path = file.to_str().expect("a path");
    let out = done(&other, &sound(), &["import", ADA, path, "--dry-run"]).await;
    assert!(out.contains("would import") && out.contains("1 would be imported"), "{out}");
    done(&other, &sound(), &["export", ADA, "none.jsonl"]).await;
    assert_eq!(exported(&other.path().join("none.jsonl")).lines().count(), 1, "only the end");
    let out = done(&other, &sound(), &["import", ADA, path]).await;
    assert!(out.contains("1 imported with 3 messages, 0 already there"), "{out}");
    done(&other, &sound(), &["export", ADA, "again.jsonl"]).await;
    assert_eq!(exported(&other.path().join("again.jsonl")), first, "nothing was lost or changed");
    let out = done(&other, &sound(), &["import", ADA, path, "--json"]).await;
    let lines: Vec<Value> = out.lines().map(|line| line.parse().expect("JSON")).collect();
    assert_eq!(lines[0]["outcome"], "already_there");
    assert_eq!((&lines[1]["type"], &lines[1]["already_there"]), (&"summary".into(), &1.into()));
}

#[testkit::test]
async fn conversations_come_in_beside_a_running_server(world: World) {
    let upstream = upstream().await;
    let settings = settings(&world, &upstream);
    let place = WorkingDirectory::new();
    let server = place.program().settings(&settings).serve().await;
    let user = server.anonymous().signup(ADA).await;
    let conversation = user.create_conversation().await;
    upstream.push(ticks(1_000_000, 50));
    let mut running = user.send_stream(&conversation, QUESTION).await;
    let response = running.response_id().await;
    running.read_text(3).await;

    let out = done(&place, &settings, &["import", ADA, CHATGPT]).await;
    assert!(out.lines().last().is_some_and(|line| line.starts_with("2 imported")), "{out}");
    let mut titles = Vec::new();
    for archived in [false, true] {
        let list = user.get(&format!("/api/conversations?archived={archived}")).await.expect(200);
        let list = list["data"].as_array().expect("conversations");
        titles.extend(list.iter().map(|one| one["title"].as_str().expect("a title").to_owned()));
    }
    for title in ["Blue sky", "Newer export: no children, no metadata, a missing link and a ring"] {
        assert!(titles.iter().any(|one| one == title), "{titles:?}");
    }
    let found = user.get("/api/search?q=picture").await.expect(200);
    assert_eq!(found["data"][0]["conversation_title"], "Blue sky", "{found}");
    // The server's own work goes on.
    running.read_text(3).await;
    assert_eq!(user.cancel(&response).await["status"], "cancelled");
    running.finish().await;
    server.terminate().await;
}

#[testkit::test]
async fn what_cannot_be_imported_is_refused() {
    let place = empty().await;
    place.write("empty", "");
    place.write("text", "Dear diary");
    place.write("other", "{\"some\": \"thing\"}");
    place.write("cut", "[{\"mapping\": {");
    for (words, why) in [
        (["import", ADA, "nowhere"], "nowhere cannot be read"),
        (["import", ADA, "data"], "data is a folder"),
        (["import", ADA, "empty"], "empty is empty"),
        (["import", ADA, "text"], "text: the file is neither JSON nor a ZIP archive"),
        (["import", ADA, "other"], "its format is not known"),
        (["import", ADA, "cut"], "the file ends before it is complete"),
        (["import", "bob@example.org", "other"], "there is no account"),
        (["export", "bob@example.org", "out"], "there is no account"),
        (["export", ADA, "nowhere/out"], "nowhere/out cannot be made"),
        (["export", ADA, "data"], "data is not a file"),
        (["export", ADA, "text"], "text is there already; --force"),
    ] {
        let (code, out, err) = command(&place, &sound(), &words).await;
        assert_eq!(code, Some(1), "{words:?}: {out} {err}");
        assert!(format!("{out}{err}").contains(why), "{words:?}: {out} {err}");
    }
    let names = std::fs::read_dir(place.path()).expect("its folder");
    let mut names: Vec<_> = names.map(|name| name.expect("a file").file_name()).collect();
    names.sort();
    assert_eq!(names, ["cut", "data", "empty", "other", "text"], "nothing was left behind");
}

/// As in `gunzip --stdout FILE | chatapp import ACCOUNT -`.
#[testkit::test]
async fn conversations_come_and_go_through_pipes() {
    let place = empty().await;
    let settings = sound();
    let json = std::fs::read_to_string(CHATGPT).expect("a fixture");
    let import = place.program().settings(&settings).args(["import", ADA, "-"]).input(&json);
    let (code, out, err) = run(import).await;
    assert_eq!(code, Some(0), "{out} {err}");
    let exported = done(&place, &settings, &["export", ADA]).await;
    let again = place.program().settings(&settings).args(["import", ADA, "-"]).input(&exported);
    let (code, out, err) = run(again).await;
    assert_eq!(code, Some(0), "{out} {err}");
    assert!(out.lines().last().is_some_and(|line| line.starts_with("0 imported")), "{out}");
    let (code, _, err) = run(place.program().settings(&settings).args(["import", ADA, "-"])).await;
    assert_eq!((code, err.contains("- is empty")), (Some(1), true), "{err}");
}

#[testkit::test]
async fn an_import_that_waits_for_its_pipe_can_be_ended() {
    let place = empty().await;
    let pipe = place.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo");
    assert!(made.success());
    // Open for both, so that neither side waits for the other.
    let _writer = OpenOptions::new().read(true).write(true).open(&pipe).expect("a pipe");
    let mut import = place.program().settings(&sound()).args(["import", ADA, "pipe"]).launch();
    let open = format!("/proc/{}/fd", import.id().expect("it runs"));
    eventually("it has opened the pipe", async || {
        let open = std::fs::read_dir(&open).expect("what it has open");
        open.flatten().any(|one| std::fs::read_link(one.path()).is_ok_and(|file| file == pipe))
    })
    .await;
    import.signal("INT");
    assert_eq!(import.wait().await.status.code(), Some(130));
}
