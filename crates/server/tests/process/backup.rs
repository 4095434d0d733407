//! Backups: written beside a busy server, put back elsewhere, compared.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use testkit::client::{Anonymous, User};
use testkit::process::ProcessBuilder;
use testkit::{Engine, Settings, World};

use super::working_directory::{WorkingDirectory, run};
use super::{PROMPT, settings, upstream};

/// People who write at the same time.
const WRITERS: usize = 4;
/// The most messages of one person.
const MOST: usize = 40;
/// How many messages are acknowledged before the backup begins.
const BEFORE: usize = 24;

/// One person's messages, acknowledged one after the other.
struct Writer {
    user: User,
    conversation: String,
    acknowledged: Vec<String>,
}

impl Writer {
    async fn new(anonymous: &Anonymous, number: usize) -> Self {
        let user = anonymous.signup(&format!("writer{number}@example.org")).await;
        let conversation = user.create_conversation().await;
        Self { user, conversation, acknowledged: Vec::new() }
    }

    async fn send(&mut self) {
        let text = format!("{PROMPT} {}", self.acknowledged.len());
        let turn = self.user.send_and_wait(&self.conversation, &text).await;
        assert_eq!(turn["response"]["status"], "completed", "{turn}");
        self.acknowledged.push(text);
    }
}

#[testkit::test(sqlite)]
async fn a_backup_under_load_holds_what_was_acknowledged(world: World) {
    let upstream = upstream().await;
    let settings = settings(&world, &upstream);
    let place = WorkingDirectory::new();
    let server = place.program().settings(&settings).serve().await;
    let mut writers = Vec::new();
    for number in 0..WRITERS {
        writers.push(Writer::new(&server.anonymous(), number).await);
    }
    let over = AtomicBool::new(false);
    let before = tokio::sync::Barrier::new(WRITERS + 1);
    let work = futures_util::future::join_all(writers.into_iter().map(|mut writer| {
        let (over, before) = (&over, &before);
        async move {
            while writer.acknowledged.len() < BEFORE / WRITERS {
                writer.send().await;
            }
            let promised = writer.acknowledged.len();
            before.wait().await;
            while !over.load(Ordering::Relaxed) {
                // What is compared later fits into one page.
                if writer.acknowledged.len() < MOST {
                    writer.send().await;
                }
                tokio::task::yield_now().await;
            }
            // After the backup, and so not in it.
            writer.send().await;
            (writer, promised)
        }
    }));
    let backup = async {
        before.wait().await;
        let command = place.program().settings(&settings).arg("backup").arg("copy.backup");
        let ended = run(command).await;
        over.store(true, Ordering::Relaxed);
        ended
    };
    let (writers, (code, out, err)) = tokio::join!(work, backup);
    assert_eq!((code, out.as_str()), (Some(0), "copy.backup\n"), "{err}");
    server.terminate().await;

    let elsewhere = WorkingDirectory::new();
    let settings = Settings::quick().upstream(&upstream.base_url());
    let file = place.path().join("copy.backup");
    restore(&elsewhere, &settings, &file, &[]).await;
    let server = elsewhere.program().settings(&settings).serve().await;
    for (writer, promised) in writers {
        let user = server.anonymous().login(&writer.user.email).await;
        let path = format!("/api/conversations/{}/messages?limit=100", writer.conversation);
        let page = user.get(&path).await.expect(200);
        let messages = page["data"].as_array().expect("a list");
        let of = |is_user: bool| {
            let messages = messages.iter().filter(move |message| message["is_user"] == is_user);
            messages.map(|message| message["content"].as_str().expect("text").to_owned())
        };
        let asked: Vec<String> = of(true).collect();
        assert!(asked.len() >= promised, "{} of {promised}", asked.len());
        assert!(writer.acknowledged.starts_with(&asked), "one moment, without a hole");
        assert!(asked.len() < writer.acknowledged.len(), "the moment was before the end");
        assert!(of(false).take(promised).all(|answer| !answer.is_empty()));
        let answers = messages.iter().filter(|message| message["is_user"] == false);
        assert!(answers.take(promised).all(|answer| answer["status"] == "completed"));
    }
}

async fn restore(place: &WorkingDirectory, settings: &Settings, file: &Path, more: &[&str]) {
    let command = place.program().settings(settings).arg("restore").arg(file).arg("--yes");
    let (code, out, err) = run(command.args(more)).await;
    assert_eq!((code, out.as_str()), (Some(0), ""), "{err}");
}

#[testkit::test]
async fn restoring_asks_first_and_needs_the_data_for_itself() {
    let place = WorkingDirectory::new();
    let settings = Settings::quick();
    let command = |words: &[&str]| run(place.program().settings(&settings).args(words));
    let server = place.program().settings(&settings).serve().await;
    let user = server.anonymous().signup("ada@example.org").await;
    let kept = user.create_conversation().await;
    let (code, out, err) = command(&["backup"]).await;
    assert_eq!(code, Some(0), "{err}");
    let file = out.trim();
    assert!(file.starts_with("./data/backups/chatapp-20"), "{file}");
    let lost = user.create_conversation().await;

    let (code, manifest, err) = command(&["backup", "--check", file]).await;
    assert_eq!(code, Some(0), "{err}");
    let manifest: Value = serde_json::from_str(&manifest).expect("JSON");
    assert_eq!(manifest["rows"]["conversations"], 1);

    let (code, _, err) = command(&["restore", file, "--yes"]).await;
    assert_eq!(code, Some(1));
    assert!(err.contains("another chatapp server is using"), "{err}");
    server.terminate().await;
    let (code, _, err) = command(&["restore", file]).await;
    assert_eq!(code, Some(2));
    assert!(err.contains("nothing was changed") && err.contains("--yes"), "{err}");
    let server = place.program().settings(&settings).serve().await;
    let user = server.anonymous().login("ada@example.org").await;
    user.conversation(&lost).await;
    server.terminate().await;

    restore(&place, &settings, Path::new(file), &[]).await;
    let server = place.program().settings(&settings).serve().await;
    let user = server.anonymous().login("ada@example.org").await;
    user.conversation(&kept).await;
    user.get(&format!("/api/conversations/{lost}")).await.expect_error(404, "not_found");
    server.terminate().await;

    let bytes = std::fs::read(place.path().join(file)).expect("the backup");
    place.write("cut.backup", &String::from_utf8_lossy(&bytes[..100]));
    for (words, says) in [
        (["restore", "cut.backup", "--yes"].as_slice(), "cut.backup"),
        (&["restore", "missing.backup", "--yes"], "cannot read missing.backup"),
        (&["backup", file], "exists already"),
        (&["backup", "nowhere/b"], "cannot write nowhere/b"),
    ] {
        let (code, _, err) = command(words).await;
        assert_eq!(code, Some(1), "{err}");
        assert!(err.contains(says), "{words:?}: {err}");
    }
}

#[testkit::test]
async fn logins_survive_a_restore_unless_they_are_ended() {
    let place = WorkingDirectory::new();
    let settings = Settings::quick().unset("SECRET_KEY");
    let server = place.program().settings(&settings).serve().await;
    let user = server.anonymous().signup("ada@example.org").await;
    let program = || place.program().settings(&settings);
    let (code, _, err) = run(program().args(["backup", "b"])).await;
    assert_eq!(code, Some(0), "{err}");
    server.terminate().await;
    let file = place.path().join("b");
    let holds = |text: &str| {
        let secret = std::fs::read(place.path().join("data/secret_key")).expect("a secret");
        let secret = secret.trim_ascii().to_owned();
        let bytes = std::fs::read(&file).expect("the backup");
        assert!(bytes.windows(text.len()).any(|part| part == text.as_bytes()));
        bytes.windows(secret.len()).any(|part| part == secret)
    };
    assert!(!holds("ada@example.org"), "the secret is not in a backup");

    for (more, refreshes) in [(&[][..], 200), (&["--end-sessions"][..], 401)] {
        let elsewhere = WorkingDirectory::new();
        restore(&elsewhere, &settings, &file, more).await;
        assert!(elsewhere.path().join("data/secret_key").exists(), "a new one was made");
        let server = elsewhere.program().settings(&settings).serve().await;
        let anonymous = server.anonymous();
        let old = anonymous.with_bearer(Some(&user.access_token));
        old.get("/api/me").await.expect_error(401, "invalid_token");
        let refresh = json!({"refresh_token": user.refresh_token});
        anonymous.post("/api/auth/refresh", refresh).await.expect(refreshes);
        server.terminate().await;
    }
    // With the same secret beside it, nobody notices.
    restore(&place, &settings, &file, &[]).await;
    let server = program().serve().await;
    let same = server.anonymous().with_bearer(Some(&user.access_token));
    same.get("/api/me").await.expect(200);
}

#[testkit::test]
async fn a_large_backup_says_how_far_it_is() {
    let place = WorkingDirectory::new();
    let settings = Settings::quick();
    let (code, _, err) = run(place.program().settings(&settings).arg("migrate")).await;
    assert_eq!(code, Some(0), "{err}");
    let mut sql = testkit::sql::Sql::open(&place.path().join("data/chatapp.db")).await;
    sql.execute("CREATE TABLE filler (bytes BLOB)").await;
    for _ in 0..24 {
        sql.execute("INSERT INTO filler VALUES (randomblob(1048576))").await;
    }
    drop(sql);
    let program = || -> ProcessBuilder { place.program().settings(&settings) };
    let (code, _, err) = run(program().args(["backup", "b"])).await;
    assert_eq!(code, Some(0), "{err}");
    let percents: Vec<u64> = err
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|event| event["message"] == "checking the copy")
        .filter_map(|event| event["percent"].as_u64())
        .collect();
    assert_eq!(percents, [10, 20, 30, 40, 50, 60, 70, 80, 90, 100], "{err}");
    let (code, _, err) = run(program().args(["backup", "c", "--quiet"])).await;
    assert!(code == Some(0) && !err.contains("percent"), "{err}");
}

#[testkit::test(servers)]
async fn other_engines_are_told_what_to_use(world: World) {
    let upstream = upstream().await;
    let settings = settings(&world, &upstream);
    let place = WorkingDirectory::new();
    let server = place.program().settings(&settings).serve().await;
    let user = server.anonymous().signup("ada@example.org").await;
    server.terminate().await;
    let password = settings.iter().find(|(name, _)| *name == "DB_PASSWORD").expect("one").1;
    for (words, program, says) in [
        (["backup", "b", "--quiet"], "mariadb-dump", "--single-transaction"),
        (["restore", "b", "--yes"], "mariadb", "empty database"),
    ] {
        let (code, _, err) = run(place.program().settings(&settings).args(words)).await;
        assert_eq!(code, Some(1), "{err}");
        assert!(err.contains(says), "{err}");
        assert!(!err.contains(password));
        let (_, command) = err.split_once(&format!(": {program} ")).expect("a command");
        if world.engine() == Engine::MariaDb {
            if program == "mariadb" {
                let mut sql = world.sql().await;
                sql.execute("SET FOREIGN_KEY_CHECKS = 0").await;
                sql.execute("DROP TABLE users").await;
            }
            let command = format!("{program} {command}");
            shell(&place, &command.replace("--password", "").replace("FILE", "dump.sql"), password)
                .await;
        }
    }
    if world.engine() == Engine::MariaDb {
        let server = place.program().settings(&settings).serve().await;
        let again = server.anonymous().login(&user.email).await;
        assert_eq!(again.id, user.id);
    }
}

/// Runs the command as it was printed, with the password where it is not seen.
async fn shell(place: &WorkingDirectory, command: &str, password: &str) {
    let mut shell = tokio::process::Command::new("sh");
    shell.args(["-c", command]).current_dir(place.path()).env("MYSQL_PWD", password);
    let output = shell.output().await.expect("a shell");
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
}
