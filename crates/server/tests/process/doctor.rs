//! Installations with something wrong, and whether `chatapp doctor` finds it and knows what to do.

use std::fs::{self, Permissions};
use std::net::TcpListener as StdListener;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use testkit::redis::Redis;
use testkit::sql::Sql;
use testkit::{Engine, Settings, World};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::stop::unreachable;
use super::working_directory::{WorkingDirectory, run};
use super::{settings, upstream};

/// What the doctor says.
pub(crate) struct Said {
    code: Option<i32>,
    report: Value,
}

impl Said {
    pub(crate) async fn by(place: &WorkingDirectory, settings: &Settings, words: &[&str]) -> Self {
        let command = place.program().settings(settings).args(["doctor", "--json"]).args(words);
        let (code, out, err) = run(command).await;
        assert_eq!(err, "", "everything is in the report");
        Self { code, report: serde_json::from_str(&out).expect("JSON") }
    }

    /// The advice of the finding of this kind that says this.
    #[track_caller]
    pub(crate) fn finds(&self, verdict: &str, check: &str, says: &str) -> String {
        let findings = self.report["findings"].as_array().expect("a list");
        let found = findings.iter().find(|finding| {
            finding["check"] == check
                && finding["verdict"] == verdict
                && finding["what"].as_str().is_some_and(|what| what.contains(says))
        });
        let found =
            found.unwrap_or_else(|| panic!("no {verdict} {check} {says:?}: {:#}", self.report));
        let expected = match self.report["verdict"].as_str() {
            Some("ok") => 0,
            Some("warn") => 1,
            _ => 2,
        };
        assert_eq!(self.code, Some(expected));
        let fix = found["fix"].as_str().unwrap_or_default();
        assert!(verdict == "ok" || !fix.is_empty(), "what to do is said: {found}");
        fix.to_owned()
    }
}

/// A place with a database and a secret, as a first start leaves it.
async fn started(settings: &Settings) -> WorkingDirectory {
    let place = WorkingDirectory::new();
    let (code, _, err) = run(place.program().settings(settings).arg("migrate")).await;
    assert_eq!(code, Some(0), "{err}");
    place
}

/// Nothing that the doctor could complain about.
pub(crate) fn sound() -> Settings {
    Settings::quick()
        .unset("SECRET_KEY")
        .unset("CHATAPP_AUTH__ARGON2_MEMORY_KIB")
        .unset("CHATAPP_AUTH__ARGON2_ITERATIONS")
}

#[testkit::test]
async fn the_doctor_leaves_a_well_kept_installation_alone() {
    let upstream = upstream().await;
    upstream.set_models(&[("test-model", None)]);
    let settings = sound().upstream(&upstream.base_url());
    let empty = WorkingDirectory::new();
    let said = Said::by(&empty, &settings, &[]).await;
    said.finds("ok", "data folder", "does not exist yet");
    said.finds("ok", "database", "does not exist yet");
    assert!(!empty.path().join("data").exists(), "nothing was made");

    let place = started(&settings).await;
    let (code, out, err) = run(place.program().settings(&settings).arg("doctor")).await;
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    for line in ["ok    schema         It is up to date.", "0 to look at, 0 to repair"] {
        assert!(out.contains(line), "{line}: {out}");
    }
    let server = place.program().settings(&settings).serve().await;
    let port = server.url().rsplit(':').next().expect("a port");
    let beside = settings.set("CHATAPP_SERVER__PORT", port);
    let said = Said::by(&place, &beside, &["--url", server.url()]).await;
    said.finds("ok", "server", "It is ready");
    said.finds("ok", "streaming", "as they are sent");
    assert_eq!(said.report["verdict"], "ok", "{:#}", said.report);
    let said = Said::by(&place, &beside.set("CHATAPP_STORAGE__DATA_DIR", "elsewhere"), &[]).await;
    said.finds("ok", "port", "A chatapp server has port");
    server.terminate().await;
}

#[testkit::test]
async fn the_doctor_names_ten_faults_at_once() {
    tokio::task::LocalSet::new().run_until(planted()).await;
}

/// One installation with ten faults of different kinds: none hides another.
async fn planted() {
    let place = started(&sound()).await;
    let path = |name: &str| place.path().join(name);
    let (code, backup, err) = run(place.program().settings(&sound()).arg("backup")).await;
    assert_eq!(code, Some(0), "{err}");
    let backup = fs::File::options().write(true).open(path(backup.trim())).expect("our own file");
    backup.set_len(100).expect("our own file");
    let mut sql = Sql::open(&path("data/chatapp.db")).await;
    sql.execute("PRAGMA foreign_keys = OFF").await;
    sql.execute(ORPHAN).await;
    sql.execute("DELETE FROM seaql_migrations WHERE version LIKE '%21_views'").await;
    place.write(".env", "CHATAPP_SERVER__METRICS_TOKEN=a-token-for-prometheus\n");
    for (name, mode) in [(".env", 0o644), ("data", 0o755), ("data/secret_key", 0o640)] {
        fs::set_permissions(path(name), Permissions::from_mode(mode)).expect("our own file");
    }
    let settings = sound()
        .upstream(&answering(answer("401 Unauthorized", "", "{}")).await)
        .set("CHATAPP_SERVER__HOST", "0.0.0.0")
        .set("CHATAPP_AUTH__SIGNUP", "open")
        .set("CHATAPP_AUTH__ARGON2_MEMORY_KIB", "64");

    let faults = [
        ("warn", "data folder", "Other accounts", "chmod 700"),
        ("fail", "secret", "Other accounts", "chmod 600"),
        ("warn", "configuration", ".env holds secrets", "chmod 600"),
        ("warn", "schema", "1 steps are not applied", "chatapp backup"),
        ("warn", "database", "1 rows refer to rows", "foreign_key_check"),
        ("fail", "backups", "cannot be used", "chatapp backup"),
        ("warn", "exposure", "without encryption", "TLS"),
        ("warn", "exposure", "auth.signup is open", "closed"),
        ("warn", "passwords", "64 KiB", "argon2_memory_kib"),
        ("fail", "provider", "refused the key", "OPENAI_API_KEY"),
    ];
    let said = Said::by(&place, &settings, &[]).await;
    let (code, out, _) = run(place.program().settings(&settings).arg("doctor")).await;
    assert_eq!((said.code, code), (Some(2), Some(2)));
    let lines: Vec<_> = out.lines().collect();
    for (verdict, check, says, advice) in faults {
        let fix = said.finds(verdict, check, says);
        assert!(fix.contains(advice), "{says}: {fix}");
        let shown = lines.iter().position(|line| {
            line.starts_with(&format!("{verdict:<5} {check:<14} ")) && line.contains(says)
        });
        let shown = shown.unwrap_or_else(|| panic!("{says} is not shown: {out}"));
        assert_eq!(lines[shown + 1].trim(), format!("-> {fix}"));
    }
    assert!(out.ends_with("7 to look at, 3 to repair\n"), "nothing else is found: {out}");
}

/// A session of nobody.
const ORPHAN: &str = "INSERT INTO sessions VALUES (x'01', x'02', '', '', '2026-01-01', \
                      '2026-01-01', '2026-01-01', NULL)";

/// Variables, and what is found: verdict, check, words, and words of the advice.
type Plant<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str, &'a str, &'a str);

#[testkit::test]
async fn the_doctor_finds_what_settings_do() {
    let taken = StdListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("its address").port().to_string();
    // Something that is no web server.
    std::thread::spawn(move || taken.incoming().for_each(drop));
    let cases: &[Plant<'_>] = &[
        (&[("CHATAPP_SERVER__PROT", "1")], "fail", "configuration", "did you mean", "Correct it"),
        (&[("CHATAPP_SERVER__PORT", &port)], "fail", "port", &port, "--port"),
        (&[("CHATAPP_SERVER__HOST", "192.0.2.1")], "fail", "port", "192.0.2.1", "server.host"),
        (&[("CHATAPP_SERVER__HOST", "0.0.0.0")], "warn", "exposure", "without encryption", "TLS"),
        (
            &[("CHATAPP_SERVER__HOST", "0.0.0.0"), ("CHATAPP_AUTH__SIGNUP", "open")],
            "warn",
            "exposure",
            "auth.signup is open",
            "closed",
        ),
        (
            &[("CHATAPP_SERVER__CORS_ORIGINS", "http://localhost:5173,http://chat.example.org")],
            "warn",
            "exposure",
            "http://chat.example.org",
            "https://",
        ),
        (&[("CHATAPP_AUTH__ARGON2_MEMORY_KIB", "64")], "warn", "passwords", "64 KiB", "argon2"),
        (&[("CHATAPP_STORAGE__DATA_DIR", "/proc")], "fail", "data folder", "No file", "chown"),
        (&[("CHATAPP_STORAGE__DATA_DIR", "/proc")], "fail", "disk", "0 MiB are free", "Make room"),
        (
            &[("CHATAPP_STORAGE__DATA_DIR", "file")],
            "fail",
            "data folder",
            "not a folder",
            "--data-dir",
        ),
        (&[("CHATAPP_STORAGE__DATA_DIR", "/dev/shm")], "warn", "disk", "is in memory", "volume"),
        (&[], "warn", "provider", "demo model", "OPENAI_API_KEY"),
    ];
    let place = WorkingDirectory::new();
    place.write("file", "");
    for (variables, verdict, check, says, advice) in cases {
        let settings = variables.iter().fold(sound(), |all, (name, value)| all.set(name, *value));
        let fix = Said::by(&place, &settings, &[]).await.finds(verdict, check, says);
        assert!(fix.contains(advice), "{says}: {fix}");
    }
    let plain = sound().set("CHATAPP_SERVER__CORS_ORIGINS", "http://localhost:1");
    let findings = Said::by(&place, &plain, &[]).await.report["findings"].to_string();
    assert!(!findings.contains("Pages from"), "this machine needs no encryption: {findings}");
}

#[testkit::test]
async fn the_doctor_finds_what_is_wrong_with_files() {
    let settings = sound();
    let place = started(&settings).await;
    let path = |name: &str| place.path().join(name);
    let mode = |name: &str, mode| {
        fs::set_permissions(path(name), Permissions::from_mode(mode)).expect("our own file");
    };
    let doctor = || Said::by(&place, &settings, &[]);

    mode("data", 0o755);
    assert!(doctor().await.finds("warn", "data folder", "mode 755").contains("chmod 700"));
    mode("data", 0o700);
    mode("data/secret_key", 0o640);
    assert!(doctor().await.finds("fail", "secret", "mode 640").contains("chmod 600"));
    mode("data/secret_key", 0o600);
    place.write(".env", "# DB_PASSWORD=x\nOPENAI_MODEL=m\n");
    mode(".env", 0o644);
    let quiet = doctor().await.report.to_string();
    assert!(!quiet.contains("holds secrets"), "{quiet}");
    place.write(".env", "OPENAI_API_KEY=sk-0123456789abcdef\nOPENAI_BASE_URL=http://127.0.0.1:9\n");
    assert!(doctor().await.finds("warn", "configuration", ".env holds secrets").contains("chmod"));
    fs::remove_file(path(".env")).expect("our own file");

    let secret = fs::read_to_string(path("data/secret_key")).expect("a secret");
    place.write("data/secret_key", "short");
    doctor().await.finds("fail", "secret", "no usable secret");
    fs::remove_file(path("data/secret_key")).expect("our own file");
    assert!(doctor().await.finds("fail", "secret", "is missing").contains("SECRET_KEY"));
    place.write("data/secret_key", &secret);
    mode("data/secret_key", 0o600);

    let (code, out, err) = run(place.program().settings(&settings).arg("backup")).await;
    assert_eq!(code, Some(0), "{err}");
    let backup = path(out.trim());
    doctor().await.finds("ok", "backups", "The newest is");
    let file = fs::File::options().write(true).open(&backup).expect("our own file");
    let now = SystemTime::from(models::Context::system().now());
    let old = now - Duration::from_hours(24 * 30);
    file.set_modified(old).expect("our own file");
    assert!(doctor().await.finds("warn", "backups", "30 days old").contains("--keep"));
    file.set_len(100).expect("our own file");
    assert!(doctor().await.finds("fail", "backups", "cannot be used").contains("chatapp backup"));

    // Somebody with a shell keeps the log from being emptied.
    let mut sql = Sql::open(&path("data/chatapp.db")).await;
    sql.execute("PRAGMA journal_mode = WAL").await;
    sql.execute("CREATE TABLE held (n INTEGER)").await;
    let log = fs::File::options().write(true).open(path("data/chatapp.db-wal")).expect("a log");
    log.set_len(600 * 1024 * 1024).expect("a sparse file");
    assert!(doctor().await.finds("warn", "database", "600 MiB long").contains("shell"));
}

#[testkit::test]
async fn the_doctor_finds_what_is_wrong_with_the_database() {
    let settings = sound();
    let place = started(&settings).await;
    let file = place.path().join("data/chatapp.db");
    let doctor = || Said::by(&place, &settings, &[]);
    doctor().await.finds("ok", "schema", "up to date");

    let lazy = settings.clone().set("CHATAPP_STORAGE__SYNCHRONOUS", "normal");
    Said::by(&place, &lazy, &[]).await.finds("warn", "database", "power loss");

    let mut sql = Sql::open(&file).await;
    sql.execute("PRAGMA foreign_keys = OFF").await;
    sql.execute(ORPHAN).await;
    let fix = doctor().await.finds("warn", "database", "1 rows refer to rows");
    assert!(fix.contains("foreign_key_check"), "{fix}");
    sql.execute("DELETE FROM sessions").await;

    sql.execute("DELETE FROM seaql_migrations WHERE version LIKE '%21_views'").await;
    assert!(doctor().await.finds("warn", "schema", "1 steps").contains("chatapp backup"));
    let manual = settings.clone().set("CHATAPP_STORAGE__MIGRATE", "false");
    let said = Said::by(&place, &manual, &[]).await;
    assert!(said.finds("fail", "schema", "1 steps").contains("chatapp migrate"));
    sql.execute("INSERT INTO seaql_migrations VALUES ('m29990101_x', 1)").await;
    doctor().await.finds("fail", "schema", "newer release");
    sql.execute("DROP TABLE seaql_migrations").await;
    sql.execute("DROP TABLE migration_lock").await;
    doctor().await.finds("fail", "schema", "made by another program");
    sql.execute("PRAGMA wal_checkpoint(TRUNCATE)").await;
    drop(sql);

    let mut bytes = fs::read(&file).expect("our own file");
    bytes[4096 * 2..4096 * 3].fill(0xab);
    fs::write(&file, bytes).expect("our own file");
    assert!(doctor().await.finds("fail", "database", "is damaged").contains("chatapp restore"));

    let away = unreachable(&settings);
    let fix = Said::by(&place, &away, &[]).await.finds("fail", "database", "could not be reached");
    assert!(fix.contains("DB_HOST"), "{fix}");
}

/// A web server that always says the same.
async fn answering(answer: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("its address");
    tokio::task::spawn_local(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = vec![0; 16 * 1024];
            let _ = stream.read(&mut head).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    format!("http://{address}")
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

#[testkit::test]
async fn the_doctor_finds_what_is_wrong_with_providers() {
    tokio::task::LocalSet::new().run_until(providers()).await;
}

async fn providers() {
    let place = WorkingDirectory::new();
    let models = r#"{"object":"list","data":[{"id":"another-model"}]}"#;
    let long_ago = "date: Tue, 15 Nov 1994 08:12:31 GMT\r\n";
    let cases = [
        (
            answer("401 Unauthorized", "", "{}"),
            "fail",
            "provider",
            "refused the key",
            "OPENAI_API_KEY",
        ),
        (answer("404 Not Found", "", ""), "warn", "provider", "lists no models", "/v1"),
        (answer("200 OK", "", "<html>"), "warn", "provider", "no list of models", "/v1"),
        (
            answer("200 OK", "", models),
            "warn",
            "provider",
            "test-model is not among",
            "another-model",
        ),
        (answer("200 OK", long_ago, models), "fail", "clock", "are apart", "time server"),
        (answer("500 Oh", "", ""), "warn", "provider", "answers 500", "status page"),
    ];
    for (answer, verdict, check, says, advice) in cases {
        let settings = sound().upstream(&answering(answer).await);
        let said = Said::by(&place, &settings, &[]).await;
        let says = if check == "clock" { "s apart" } else { says };
        let fix = said.finds(verdict, check, says);
        assert!(fix.contains(advice), "{says}: {fix}");
        if check == "provider" && says.starts_with("refused") {
            let nobody = settings.unset("OPENAI_API_KEY");
            Said::by(&place, &nobody, &[]).await.finds("fail", "provider", "wants a key");
        }
    }
    let settings = sound().upstream("http://127.0.0.1:1/v1");
    let fix = Said::by(&place, &settings, &[]).await.finds("fail", "provider", "cannot be reached");
    assert!(fix.contains("OPENAI_BASE_URL"), "{fix}");
    let settings = sound().upstream("http://provider.invalid/v1");
    Said::by(&place, &settings, &[]).await.finds("warn", "provider", "without encryption");
}

#[testkit::test]
async fn the_doctor_finds_what_proxies_do() {
    tokio::task::LocalSet::new().run_until(proxies()).await;
}

async fn proxies() {
    let settings = sound();
    let place = started(&settings).await;
    let server = place.program().settings(&settings).serve().await;
    let doctor = |url: String| {
        let (place, settings) = (&place, &settings);
        async move { Said::by(place, settings, &["--url", &url]).await }
    };
    let proxy = holding_back(server.url().trim_start_matches("http://").to_owned()).await;
    let said = doctor(proxy).await;
    assert!(
        said.finds("fail", "streaming", "keeps event streams back").contains("proxy_buffering")
    );
    assert!(said.finds("warn", "proxy", "refused by the proxy").contains("client_max_body_size"));

    let other = answering(answer("200 OK", "", "hello")).await;
    assert!(doctor(other).await.finds("fail", "proxy", "no chatapp server").contains("every path"));
    doctor("http://127.0.0.1:1".to_owned()).await.finds("fail", "proxy", "cannot be reached");
    let said = doctor("http://chat.invalid".to_owned()).await;
    assert!(said.finds("warn", "proxy", "not encrypted").contains("certificate"));
    server.terminate().await;
}

/// A proxy that passes an answer on when it is whole, and takes no large bodies.
async fn holding_back(server: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("its address");
    tokio::task::spawn_local(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                if client.read_buf(&mut head).await.unwrap_or(0) == 0 {
                    break;
                }
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            if head.starts_with("POST") {
                let refusal = answer("413 Payload Too Large", "", "nginx");
                let _ = client.write_all(refusal.as_bytes()).await;
                // Until the sender has noticed.
                let _ = tokio::io::copy(&mut client, &mut tokio::io::sink()).await;
                continue;
            }
            let (line, rest) = head.split_once("\r\n").unwrap_or_default();
            let mut upstream = TcpStream::connect(&server).await.expect("the server runs");
            let request = format!("{line}\r\nconnection: close\r\n{rest}");
            upstream.write_all(request.as_bytes()).await.expect("the server reads");
            let mut whole = Vec::new();
            upstream.read_to_end(&mut whole).await.expect("the server answers");
            let _ = client.write_all(&whole).await;
        }
    });
    format!("http://{address}")
}

#[testkit::test]
async fn the_doctor_finds_every_engine_well(world: World) {
    let upstream = upstream().await;
    let settings = settings(&world, &upstream);
    let place = WorkingDirectory::new();
    let said = Said::by(&place, &settings, &[]).await;
    let (code, _, err) = run(place.program().settings(&settings).arg("migrate")).await;
    assert_eq!(code, Some(0), "{err}");
    if world.engine() == Engine::Sqlite {
        said.finds("ok", "database", "does not exist yet");
    } else {
        said.finds("warn", "schema", "steps are not applied yet");
        Said::by(&place, &settings, &[]).await.finds("ok", "clock", "the database server");
    }
    Said::by(&place, &settings, &[]).await.finds("ok", "schema", "up to date");
}

#[testkit::test(servers)]
async fn the_doctor_finds_a_refused_account(world: World) {
    let upstream = upstream().await;
    let settings = settings(&world, &upstream);
    let place = WorkingDirectory::new();
    let wrong = settings.clone().set("DB_PASSWORD", "canary");
    Said::by(&place, &wrong, &[]).await.finds("fail", "database", "refused the account");
    let missing = settings.set("DB_NAME", "nowhere");
    let said = Said::by(&place, &missing, &[]).await;
    said.finds("fail", "database", "CREATE DATABASE");
}

#[testkit::test(mariadb, needs = Redis::need())]
async fn the_doctor_asks_redis(world: World) {
    let upstream = upstream().await;
    let place = WorkingDirectory::new();
    let settings = settings(&world, &upstream);
    let redis = Redis::start().await;
    let with = settings.clone().set("REDIS_URL", redis.url());
    Said::by(&place, &with, &[]).await.finds("ok", "redis", "It answers");
    let without = settings.set("REDIS_URL", "redis://127.0.0.1:1");
    let fix = Said::by(&place, &without, &[]).await.finds("fail", "redis", "cannot be used");
    assert!(fix.contains("REDIS_URL"), "{fix}");
    let embedded = sound().set("REDIS_URL", redis.url());
    Said::by(&place, &embedded, &[]).await.finds("warn", "redis", "has one server");
}
