//! Commands that help around the server.

use serde_json::Value;
use testkit::{Settings, eventually};

use super::working_directory::{WorkingDirectory, run};
use super::{PROMPT, ticks, upstream};

#[testkit::test]
async fn a_shell_completes_commands_and_options() {
    let place = WorkingDirectory::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let command = place.program().args(["completions", shell]);
        let (code, script, err) = run(command).await;
        assert_eq!((code, err.as_str()), (Some(0), ""));
        assert!(script.contains("backup") && script.contains("end-sessions"), "{shell}");
        place.write(shell, &script);
    }
    let complete = async |words: &str, current: &str| {
        let script = format!(
            ". ./bash; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _chatapp chatapp {current:?} x; echo \"${{COMPREPLY[@]}}\""
        );
        let mut bash = tokio::process::Command::new("bash");
        let output = bash.args(["-c", &script]).current_dir(place.path()).output().await;
        String::from_utf8(output.expect("bash").stdout).expect("UTF-8")
    };
    assert_eq!(complete("chatapp ba", "ba").await, "backup\n");
    assert_eq!(complete("chatapp restore --e", "--e").await, "--end-sessions\n");
}

#[testkit::test]
async fn every_command_has_a_manual_page() {
    let place = WorkingDirectory::new();
    let (code, page, err) = run(place.program().arg("man")).await;
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(page.contains(".TH chatapp 1"), "{page}");
    let (code, out, err) = run(place.program().args(["man", "--out", "man1"])).await;
    assert_eq!((code, out.as_str(), err.as_str()), (Some(0), "", ""));
    for command in chatapp::cli::command().get_subcommands() {
        let name = format!("man1/chatapp-{}.1", command.get_name());
        assert!(place.path().join(&name).exists(), "{name}");
    }
    place.write("file", "");
    let (code, _, err) = run(place.program().args(["man", "--out", "file"])).await;
    assert!(code == Some(1) && err.contains("cannot write manual pages to file"), "{err}");
}

#[testkit::test]
async fn the_version_says_which_schema_it_brings() {
    let place = WorkingDirectory::new();
    let (code, out, err) = run(place.program().arg("version")).await;
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.starts_with(concat!("chatapp ", env!("CARGO_PKG_VERSION"))), "{out}");
    let (_, out, _) = run(place.program().args(["version", "--json"])).await;
    let version: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    run(place.program().settings(&Settings::quick()).arg("migrate")).await;
    let mut sql = testkit::sql::Sql::open(&place.path().join("data/chatapp.db")).await;
    assert_eq!(
        version["schema"],
        sql.value("SELECT MAX(version) FROM seaql_migrations").await.as_str()
    );
}

#[testkit::test]
async fn a_container_can_ask_whether_the_server_is_well() {
    let upstream = upstream().await;
    let place = WorkingDirectory::new();
    let settings = Settings::quick().upstream(&upstream.base_url());
    let server = place.program().settings(&settings).serve().await;
    server.anonymous().signup("ada@example.org").await;
    server.terminate().await;
    // Listening on every address, as in a container; with an account no set-up token is printed.
    let settings = settings.set("CHATAPP_SERVER__HOST", "0.0.0.0");
    let mut server = place.program().settings(&settings).serve().await;
    let port = server.url().rsplit(':').next().expect("a port").to_owned();
    let settings = settings.set("CHATAPP_SERVER__PORT", &port);
    let check =
        |words: &[&str]| run(place.program().settings(&settings).arg("healthcheck").args(words));
    for words in [[].as_slice(), &["--live"], &["--url", server.url()]] {
        assert_eq!(check(words).await, (Some(0), String::new(), String::new()), "{words:?}");
    }
    let (code, _, err) = check(&["--url", &upstream.base_url()]).await;
    assert!(code == Some(1) && err.contains("not as a chatapp server does"), "{err}");

    // A running answer keeps the server draining.
    let user = server.anonymous().login("ada@example.org").await;
    let conversation = user.create_conversation().await;
    upstream.push(ticks(1_000_000, 50));
    let mut stream = user.send_stream(&conversation, PROMPT).await;
    stream.read_text(1).await;
    server.signal("TERM");
    eventually("it hears the signal", async || server.stderr().contains("asked to stop")).await;
    let (code, _, err) = check(&[]).await;
    assert!(code == Some(1) && !err.is_empty(), "{err}");
    server.signal("TERM");
    server.wait().await;
    let (code, out, err) = check(&[]).await;
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains(&format!("no server answers at http://127.0.0.1:{port}")), "{err}");
}
