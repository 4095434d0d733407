//! What an operator meets on an ordinary day: files that are read, secrets that differ, another
//! program at the database, options of other programs.

use serde_json::Value;
use testkit::process::AppProcess;
use testkit::sql::Sql;
use testkit::{Settings, World, eventually};

use super::working_directory::{WorkingDirectory, run};
use super::{settings, upstream};

#[testkit::test]
async fn o8_a_start_says_which_files_it_read() {
    let place = WorkingDirectory::new();
    place.write(".env", "CHATAPP_LOG__LEVEL=info\n");
    place.write("chatapp.toml", "[limits]\nkeys_per_user = 7\n");
    let server = place.program().settings(&Settings::quick()).serve().await;
    let said = server.terminate().await.stderr;
    for file in [".env", "chatapp.toml"] {
        let path = place.path().join(file);
        assert!(said.contains(path.to_str().expect("UTF-8")), "{said}");
    }
    let (code, out, _) = run(place.program().args(["config", "check"])).await;
    assert_eq!(code, Some(0));
    assert!(out.contains("read from .env and chatapp.toml"), "{out}");
}

#[testkit::test]
async fn o9_a_slip_in_a_well_known_name_is_in_the_log() {
    let place = WorkingDirectory::new();
    place.write(".env", "OPENAI_KEY=sk-0123456789abcdef\n");
    let server = place.program().settings(&Settings::quick()).serve().await;
    let said = server.terminate().await.stderr;
    assert!(said.contains("did you mean OPENAI_API_KEY?"), "{said}");
    let (code, out, _) = run(place.program().args(["config", "check"])).await;
    assert_eq!(code, Some(0));
    assert!(out.contains("Warning: OPENAI_KEY in .env, line 1"), "{out}");
}

#[testkit::test(servers)]
async fn o12_servers_with_different_secrets_are_told(world: World) {
    const OTHER: &str = "b1946ac92492d2347c6235b4d2611184f0a5c6e7";
    let upstream = upstream().await;
    let ours = settings(&world, &upstream);
    let place = WorkingDirectory::new();
    let start_and_stop = async |settings: &Settings| {
        let server: AppProcess = place.program().settings(settings).serve().await;
        server.terminate().await.stderr
    };
    let says = "signs tokens with another secret";
    for _ in 0..2 {
        assert!(!start_and_stop(&ours).await.contains(says));
    }
    let own = ours.iter().find(|(name, _)| *name == "SECRET_KEY").expect("one").1.to_owned();
    let theirs = ours.clone().set("SECRET_KEY", OTHER);
    let (code, out, _) = run(place.program().settings(&theirs).args(["doctor", "--json"])).await;
    let report: Value = serde_json::from_str(&out).expect("JSON");
    let findings = report["findings"].as_array().expect("a list");
    let found = findings.iter().find(|one| one["check"] == "secret" && one["verdict"] == "fail");
    assert!(found.expect("a finding")["what"].as_str().is_some_and(|what| what.contains(says)));
    assert_eq!(code, Some(2));
    // Changed in good order, nobody is warned.
    let renewed = theirs.clone().set("SECRET_KEY_PREVIOUS", &own);
    assert!(!start_and_stop(&renewed).await.contains(says));
    assert!(start_and_stop(&ours).await.contains(says));
    assert!(start_and_stop(&theirs).await.contains(says));
}

#[testkit::test]
async fn o20_the_options_of_other_programs_work() {
    let place = WorkingDirectory::new();
    let (_, version, _) = run(place.program().arg("version")).await;
    for option in ["--version", "-V"] {
        assert_eq!(
            run(place.program().arg(option)).await,
            (Some(0), version.clone(), String::new())
        );
    }
    for (written, meant) in
        [(&["help"][..], &["--help"][..]), (&["help", "user"], &["user", "--help"])]
    {
        let expected = run(place.program().args(meant)).await;
        assert_eq!(expected.0, Some(0));
        assert_eq!(run(place.program().args(written)).await, expected);
    }
}

#[testkit::test]
async fn f14_a_locked_database_refuses_writes_in_time() {
    let place = WorkingDirectory::new();
    let settings = Settings::quick().set("CHATAPP_STORAGE__ACQUIRE_TIMEOUT", "100ms");
    let server = place.program().settings(&settings).serve().await;
    let user = server.anonymous().signup("ada@example.org").await;
    let ready = async || server.anonymous().get("/health/ready").await.expect(200);
    assert!(ready().await["degraded"].is_null());
    let mut shell = Sql::open(&place.path().join("data/chatapp.db")).await;
    shell.execute("BEGIN IMMEDIATE").await;
    let made = user.post("/api/conversations", serde_json::json!({})).await;
    made.expect_error(503, "unavailable");
    user.get("/api/me").await.expect(200);
    assert_eq!(ready().await["degraded"], serde_json::json!(["database_locked"]));
    shell.execute("ROLLBACK").await;
    // Nobody has to write first.
    eventually("it is well again", async || ready().await["degraded"].is_null()).await;
    user.create_conversation().await;
    let said = server.terminate().await.stderr;
    assert!(said.contains("another program keeps the database locked"), "{said}");
}
