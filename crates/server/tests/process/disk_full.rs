//! A disk without room: writes are refused clearly, reads go on, and nothing has to be started
//! again when there is room. A disk that is read-only: it is said as it is.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use reqwest::Method;
use serde_json::{Value, json};
use testkit::client::{Reply, User};
use testkit::process::{AppProcess, ProcessBuilder};
use testkit::{Need, Settings, eventually, validator};

use super::working_directory::{BINARY, WorkingDirectory, run};
use super::{PROMPT, ticked, ticks, upstream};

/// Room for the database, its log and some conversations.
const MOUNT: &str = "mount -t tmpfs -o size=6m tmpfs data && exec \"$0\" \"$@\"";
/// The same, with a database that cannot be written.
const READ_ONLY: &str = "mount -t tmpfs -o size=6m tmpfs data && \
                         \"$0\" migrate && mount -o remount,ro data && exec \"$0\" \"$@\"";
/// Ways to get a file system of our own, which goes with the process: as root, or as root of a
/// user namespace.
const WAYS: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];
/// More conversations than fit.
const MANY: usize = 50_000;

/// Operator case O11.
#[testkit::test(needs = Need::unnamed(way().map(drop)))]
async fn o11_a_read_only_database_is_said_to_be_one() {
    let place = WorkingDirectory::new();
    std::fs::create_dir(place.path().join("data")).expect("a mount point");
    let run = async |arguments: &[&str]| {
        let program = ProcessBuilder::new("unshare", place.path())
            .args(way().expect("looked for before"))
            .args(["sh", "-c", READ_ONLY, BINARY])
            .args(arguments)
            .settings(&Settings::quick());
        run(program).await
    };
    let (code, out, err) = run(&["doctor"]).await;
    assert_eq!(code, Some(2), "{out}{err}");
    let found = out.lines().find(|line| line.starts_with("fail  database")).unwrap_or_default();
    assert!(found.contains("cannot be written") && found.contains("Read-only"), "{out}");
    assert!(!out.contains("full"), "{out}");
    let (code, _, err) = run(&["serve"]).await;
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("Read-only file system") && err.contains("chatapp.db"), "{err}");
}

/// The options of `unshare` that work here.
fn way() -> Result<&'static [&'static str], String> {
    let place = tempfile::tempdir().map_err(|error| error.to_string())?;
    let works = |options: &&&[&str]| {
        let mut command = Command::new("unshare");
        command.args(**options).args(["sh", "-c", MOUNT, "true"]).current_dir(place.path());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    std::fs::create_dir(place.path().join("data")).map_err(|error| error.to_string())?;
    let way = WAYS.iter().find(works).copied();
    way.ok_or_else(|| "mounting a small file system is not permitted here".to_owned())
}

/// The small disk of a server, seen from outside its namespace.
struct Disk(PathBuf);

impl Disk {
    fn of(server: &AppProcess, place: &WorkingDirectory) -> Self {
        let data = place.path().join("data");
        let data = data.strip_prefix("/").expect("an absolute path");
        Self(
            Path::new("/proc")
                .join(server.id().expect("it runs").to_string())
                .join("root")
                .join(data),
        )
    }

    /// Takes all room that is left.
    fn fill(&self) {
        let mut ballast = self.open();
        let block = [0; 4096];
        while ballast.write_all(&block).is_ok() {}
        assert!(ballast.metadata().is_ok_and(|file| file.len() > 0), "there was room");
    }

    /// Gives it back.
    fn free(&self) {
        std::fs::remove_file(self.0.join("ballast")).expect("the ballast can be removed");
    }

    fn open(&self) -> File {
        let mut options = OpenOptions::new();
        options.append(true).create(true).open(self.0.join("ballast")).expect("a file on the disk")
    }
}

#[testkit::test(needs = Need::unnamed(way().map(drop)))]
async fn a_full_disk_refuses_writes_and_nothing_else() {
    let upstream = upstream().await;
    let place = WorkingDirectory::new();
    std::fs::create_dir(place.path().join("data")).expect("a mount point");
    let way = way().expect("looked for before");
    let server = ProcessBuilder::new("unshare", place.path())
        .args(way)
        .args(["sh", "-c", MOUNT, BINARY])
        .settings(&Settings::quick().upstream(&upstream.base_url()))
        .serve()
        .await;
    let disk = Disk::of(&server, &place);
    let user = server.anonymous().signup("ada@example.org").await;
    let conversation = user.create_conversation().await;
    user.send_and_wait(&conversation, PROMPT).await;

    // An answer is under way when the disk fills up.
    let running = user.create_conversation().await;
    upstream.push(ticks(1_000_000, 50));
    let mut stream = user.send_stream(&running, PROMPT).await;
    let response = stream.response_id().await;
    stream.read_text(5).await;
    disk.fill();
    let mut made = fill_what_is_left(&user).await;

    refused(&user, &conversation).await;
    reads(&user, &conversation, &made).await;
    let login = json!({"email": "ada@example.org", "password": testkit::client::PASSWORD});
    let login = server.anonymous().post("/api/auth/login", login).await;
    assert!(login.status == 200 || is_refusal(&login), "a login writes a session: {login:?}");
    let live = server.anonymous().get("/health/live").await;
    live.expect(200);
    // At first a small write may still find room in the database's own files.
    eventually("it is not ready", async || {
        let ready = server.anonymous().get("/health/ready").await;
        ready.status == 503 && ready.json["reasons"] == json!(["storage"])
    })
    .await;
    // Its follower notices nothing.
    stream.read_text(5).await;

    disk.free();
    eventually("there is room again", async || {
        server.anonymous().get("/health/ready").await.status == 200
    })
    .await;
    made.push(user.create_conversation().await);
    let turn = user.send_and_wait(&conversation, &format!("{PROMPT} Again.")).await;
    assert_eq!(turn["response"]["status"], "completed", "{turn}");
    stream.read_text(5).await;
    let cancelled = user.cancel(&response).await;
    assert_eq!(cancelled["status"], "cancelled", "{cancelled}");
    let frames = stream.finish().await;
    validator::assert_valid(&frames);
    let text = testkit::sse::text_of(&frames);
    assert!(ticked(5_000).starts_with(&text));
    let answer = user.list_messages(&running).await.pop().expect("an answer");
    assert_eq!(answer["content"], text, "not a token is missing");

    reads(&user, &conversation, &made).await;
    check_the_file(&disk, &place, made.len() + 2).await;
    assert_eq!(server.terminate().await.status.code(), Some(0));
}

fn is_refusal(reply: &Reply) -> bool {
    matches!(reply.status, 503 | 507) && reply.json["error"]["code"] == "storage_full"
}

/// Makes conversations until one is refused three times: the database's own files had room left.
/// The ids of those that were acknowledged.
async fn fill_what_is_left(user: &User) -> Vec<String> {
    let mut made = Vec::new();
    let mut refusals = 0;
    for _ in 0..MANY {
        let reply = user.post("/api/conversations", json!({"title": "x".repeat(200)})).await;
        if reply.status == 201 {
            made.push(reply.json["id"].as_str().expect("an id").to_owned());
            continue;
        }
        assert!(is_refusal(&reply), "{reply:?}");
        reply.expect_error(507, "storage_full");
        refusals += 1;
        if refusals == 3 {
            return made;
        }
    }
    panic!("{MANY} conversations fit");
}

/// Every kind of write says the same.
async fn refused(user: &User, conversation: &str) {
    let path = format!("/api/conversations/{conversation}");
    let writes = [
        user.request(Method::POST, &format!("{path}/messages")).json(&json!({"content": PROMPT})),
        user.request(Method::PATCH, &path).json(&json!({"title": "y".repeat(200)})),
        user.request(Method::DELETE, &path),
    ];
    for write in writes {
        let reply = user.send(write).await;
        assert!(is_refusal(&reply), "{reply:?}");
    }
}

/// Everything that was acknowledged can be read.
async fn reads(user: &User, conversation: &str, made: &[String]) {
    user.get("/api/me").await.expect(200);
    assert!(!user.list_conversations().await.is_empty());
    let messages = user.list_messages(conversation).await;
    assert_eq!(messages.first().map(|message| &message["content"]), Some(&Value::from(PROMPT)));
    for id in made.iter().rev().take(20) {
        assert_eq!(user.conversation(id).await["id"], id.as_str());
    }
}

/// The file is whole and holds every conversation, as its operator sees it.
async fn check_the_file(disk: &Disk, place: &WorkingDirectory, conversations: usize) {
    // A copy: locks of a file are not seen across this path on every kernel.
    for name in ["chatapp.db", "chatapp.db-wal"] {
        std::fs::copy(disk.0.join(name), place.path().join(name)).expect("a copy");
    }
    let mut sql = testkit::sql::Sql::open(&place.path().join("chatapp.db")).await;
    assert_eq!(sql.value("PRAGMA integrity_check").await, "ok");
    assert!(sql.rows("PRAGMA foreign_key_check").await.is_empty());
    let count = sql.value("SELECT COUNT(*) FROM conversations").await;
    assert_eq!(count, conversations.to_string());
}
