//! Starts that cannot succeed: which exit code, which words, and never a secret.

use std::net::TcpListener;

use testkit::process::ProcessBuilder;
use testkit::{Engine, Settings, World, eventually};

use super::stop::unreachable;
use super::working_directory::{WorkingDirectory, run};
use super::{PROMPT, settings, upstream};

/// Something failed.
pub(crate) const FAILED: i32 = 1;
/// The configuration cannot be used.
pub(crate) const CONFIGURATION: i32 = 78;

/// Nothing is gained by waiting for a file that is no database, or one with a broken page.
#[testkit::test]
async fn a_damaged_database_is_said_at_once_with_what_to_do() {
    let place = WorkingDirectory::new();
    let settings = Settings::quick();
    let command = |word: &str| place.program().settings(&settings).arg(word);
    let (code, _, err) = run(command("migrate")).await;
    assert_eq!(code, Some(0), "{err}");
    let file = place.path().join("data/chatapp.db");
    let whole = std::fs::read(&file).expect("the database");
    let (page, rest) = whole.split_at(4096);
    let header = page.get(..100).expect("a header").to_vec();
    for broken in [
        vec![0xab; 8192],
        [b"SQLite format 3\0".to_vec(), vec![0xab; 8192]].concat(),
        [header, vec![0xab; 3996], rest.to_vec()].concat(),
    ] {
        std::fs::write(&file, &broken).expect("it can be written");
        for word in ["serve", "migrate"] {
            let (code, _, err) = run(command(word)).await;
            assert_eq!(code, Some(FAILED), "{err}");
            let last = err.lines().last().unwrap_or_default();
            for says in ["is damaged", "chatapp doctor", "chatapp restore FILE"] {
                assert!(last.contains(says), "{word} does not say {says}: {err}");
            }
            assert!(!err.contains("trying again"), "{err}");
        }
    }
}

/// As docs/OPERATING.md says.
#[testkit::test]
async fn an_administrator_can_be_made_before_the_first_start() {
    let place = WorkingDirectory::new();
    let settings = Settings::quick();
    let (code, _, err) = run(place.program().settings(&settings).arg("migrate")).await;
    assert_eq!(code, Some(0), "{err}");
    let words = ["user", "add", "ada@example.org", "--admin", "--password-stdin"];
    let add = place.program().settings(&settings).args(words).input(testkit::client::PASSWORD);
    let (code, _, err) = run(add).await;
    assert_eq!(code, Some(0), "{err}");
    let server = place.program().settings(&settings).serve().await;
    let ada = server.anonymous().login("ada@example.org").await;
    assert_eq!(ada.get("/api/me").await.expect(200)["role"], "admin");
    let log = server.terminate().await.stderr;
    assert!(!log.contains("setup_code"), "there is nobody to set up: {log}");
}

/// The database and all that lies beside it, in a folder that others may enter: made for its owner
/// only, and taken away from others where an earlier release has left it to them.
#[testkit::test(sqlite)]
async fn s17_what_is_stored_is_its_owners_only(world: World) {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = world.database().directory().to_owned();
    let chmod = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("it is ours");
    };
    let files = || {
        let files = std::fs::read_dir(&folder).expect("the folder").flatten();
        files.map(|file| file.path()).filter(|path| path.is_file()).collect::<Vec<_>>()
    };
    let upstream = upstream().await;
    let place = WorkingDirectory::new();
    // The secret is to be a file, too.
    let settings = settings(&world, &upstream).unset("SECRET_KEY");
    chmod(&folder, 0o755);
    for round in ["made", "kept"] {
        let server = place.program().settings(&settings).serve().await;
        let _ = server.anonymous().signup(&format!("{round}@example.org")).await;
        let names: Vec<_> = files()
            .iter()
            .filter_map(|path| path.file_name()?.to_str().map(str::to_owned))
            .collect();
        for name in
            ["chatapp.db", "chatapp.db-wal", "chatapp.db-shm", "chatapp.db.lock", "secret_key"]
        {
            assert!(names.iter().any(|found| found == name), "{name} is not in {names:?}");
        }
        for path in files() {
            let mode = std::fs::metadata(&path).expect("it is there").permissions().mode();
            assert_eq!(mode & 0o077, 0, "{round}: {} is {mode:o}", path.display());
        }
        // As a release before this one left them, after a crash.
        server.kill().await;
        for path in files() {
            chmod(&path, 0o644);
        }
    }
}

#[testkit::test]
async fn s18_refused_logins_are_logged_with_account_and_address(world: World) {
    let upstream = upstream().await;
    let place = WorkingDirectory::new();
    let server = place.program().settings(&settings(&world, &upstream)).serve().await;
    let ada = server.anonymous().signup("ada@example.org").await;
    for email in ["ada@example.org", "nobody@example.org"] {
        let body = serde_json::json!({"email": email, "password": "wrong horse battery staple"});
        let request = server.anonymous().request(reqwest::Method::POST, "/api/auth/login");
        let request = request.header("x-forwarded-for", "203.0.113.7").json(&body);
        server.anonymous().send(request).await.expect_error(401, "invalid_credentials");
    }
    let line = |account: &str| {
        let log = server.stderr();
        log.lines().any(|line| {
            let parts = ["login refused", "203.0.113.7", account];
            parts.iter().all(|part| line.contains(part)) && !line.contains("example.org")
        })
    };
    eventually("both are logged", async || line(&ada.id) && line("unknown")).await;
}

/// Starts a server that is expected to end: its exit code and what it says beside its log.
pub(crate) async fn start(command: ProcessBuilder) -> (Option<i32>, Vec<String>) {
    let (code, stdout, stderr) = run(command).await;
    assert_eq!(stdout, "", "standard output is for results");
    let is_log = |line: &&str| line.starts_with('{');
    (code, stderr.lines().filter(|line| !is_log(line)).map(str::to_owned).collect())
}

/// What is wrong with the environment or files, and what the message has to say.
struct Case {
    variables: &'static [(&'static str, &'static str)],
    files: &'static [(&'static str, &'static str)],
    says: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case {
        variables: &[("DATABASE_URL", "postgres://ada:canary@db/chat")],
        files: &[],
        says: &["DATABASE_URL", "storage.database_url", "mysql://"],
    },
    Case {
        variables: &[("DATABASE_URL", "mysql://ada:canary@db:port/chat")],
        files: &[],
        says: &["DATABASE_URL", "mysql://"],
    },
    Case {
        variables: &[("DATABASE_URL", "mysql://ada:canary@db")],
        files: &[],
        says: &["DATABASE_URL", "no database"],
    },
    Case {
        variables: &[("DB_HOST", "db"), ("DB_PASSWORD", "canary")],
        files: &[],
        says: &["DB_USER is missing", "DB_NAME is missing"],
    },
    Case {
        variables: &[("SECRET_KEY", "canary")],
        files: &[],
        says: &["SECRET_KEY", "32 bytes", "openssl rand -hex 32"],
    },
    Case {
        variables: &[("SECRET_KEY", "your-secret-key-your-secret-key-your-secret-key")],
        files: &[],
        says: &["SECRET_KEY", "example value", "openssl rand -hex 32"],
    },
    Case {
        variables: &[("CHATAPP_SERVER__PROT", "canary")],
        files: &[],
        says: &["CHATAPP_SERVER__PROT", "did you mean CHATAPP_SERVER__PORT"],
    },
    Case {
        variables: &[],
        files: &[("chatapp.toml", "[server]\nprot = 1\n[storag]\n")],
        says: &["server.prot", "did you mean port", "[storag]", "did you mean storage"],
    },
    Case {
        variables: &[],
        files: &[("chatapp.toml", "[auth]\nsecret_key = canary\n")],
        says: &["chatapp.toml", "line 2", "not valid TOML"],
    },
    Case {
        variables: &[],
        files: &[(".env", "SECRET_KEY='canary\n")],
        says: &[".env", "line 1", "quote"],
    },
    Case {
        variables: &[],
        files: &[(".env", "# mine\nCHATAPP_LOG__LEVL=canary\n")],
        says: &["CHATAPP_LOG__LEVL", ".env, line 2", "did you mean CHATAPP_LOG__LEVEL"],
    },
    Case {
        variables: &[("SECRET_KEY_FILE", "nowhere")],
        files: &[],
        says: &["nowhere", "cannot read"],
    },
    Case {
        variables: &[("PORT", "70000"), ("CHATAPP_SERVER__SHUTDOWN_GRACE", "1w")],
        files: &[(".env", "CHATAPP_LOG__LEVEL=loud\n")],
        // All at once, with the place and what is allowed.
        says: &[
            "server.port",
            "65535",
            "server.shutdown_grace",
            "10m",
            "log.level",
            "line 1",
            "debug",
        ],
    },
    Case {
        variables: &[("CHATAPP_SERVER__HOST", "localhost:8000")],
        files: &[],
        says: &["server.host", "0.0.0.0"],
    },
    Case {
        variables: &[("OPENAI_BASE_URL", "file:///etc/passwd"), ("OPENAI_API_KEY", "canary")],
        files: &[],
        says: &["provider.base_url", "https://"],
    },
    Case {
        variables: &[("CHATAPP_SERVER__CORS_ORIGINS", "*")],
        files: &[],
        says: &["server.cors_origins", "https://"],
    },
];

#[testkit::test]
async fn a_configuration_that_cannot_be_used_is_named() {
    for case in CASES {
        let place = WorkingDirectory::new();
        case.files.iter().for_each(|(name, text)| place.write(name, text));
        let mut command = place.program();
        // A start that succeeds by mistake shall not meet another server.
        if !case.variables.iter().any(|(name, _)| *name == "PORT") {
            command = command.env("PORT", "0");
        }
        for (name, value) in case.variables {
            command = command.env(name, value);
        }
        let (code, said) = start(command).await;
        let said = said.join("\n");
        assert_eq!(code, Some(CONFIGURATION), "{said}");
        for words in case.says {
            assert!(said.contains(words), "{words:?} is not in: {said}");
        }
        let is_clean = !place.path().join("data/chatapp.db").exists();
        assert!(is_clean, "nothing is made before the configuration is right: {said}");
    }
}

#[testkit::test]
async fn a_missing_or_short_secret_is_refused() {
    let place = WorkingDirectory::new();
    let settings = Settings::quick().unset("SECRET_KEY");
    let server = place.program().settings(&settings).serve().await;
    server.terminate().await;
    let file = place.path().join("data/secret_key");
    let secret = std::fs::read_to_string(&file).expect("a secret was made");

    std::fs::write(&file, "canary").expect("the file can be written");
    let (code, said) = start(place.program().settings(&settings)).await;
    assert_eq!(code, Some(CONFIGURATION));
    assert!(said.join("\n").contains("data/secret_key holds no usable secret"), "{said:?}");

    std::fs::remove_file(&file).expect("the file can be removed");
    let (code, said) = start(place.program().settings(&settings)).await;
    let said = said.join("\n");
    assert_eq!(code, Some(CONFIGURATION));
    assert!(said.contains("data/secret_key is missing"), "{said}");
    assert!(said.contains("data/chatapp.db exists") && said.contains("SECRET_KEY"), "{said}");
    assert!(!file.exists(), "a new one would end every login");

    std::fs::write(&file, secret).expect("the file can be written");
    let server = place.program().settings(&settings).serve().await;
    assert_eq!(server.terminate().await.status.code(), Some(0));
}

#[testkit::test]
async fn an_unreachable_database_is_said_in_one_line() {
    let place = WorkingDirectory::new();
    let settings = unreachable(&Settings::quick()).set("CHATAPP_STORAGE__CONNECT_TIMEOUT", "1s");
    let (code, said) = start(place.program().settings(&settings)).await;
    assert_eq!(code, Some(FAILED));
    let [line] = said.as_slice() else { panic!("one line: {said:?}") };
    let port = settings.iter().find(|(name, _)| *name == "DB_PORT").expect("a port").1;
    assert!(line.contains(&format!("127.0.0.1:{port}")), "{line}");
    assert_eq!(line.matches("refused").count(), 1, "the cause is said once: {line}");
}

#[testkit::test]
async fn a_port_in_use_is_said_before_anything_is_made() {
    let place = WorkingDirectory::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("its address").port().to_string();
    let settings = Settings::quick().set("CHATAPP_SERVER__PORT", &port);
    let (code, said) = start(place.program().settings(&settings)).await;
    assert_eq!(code, Some(FAILED));
    let [line] = said.as_slice() else { panic!("one line: {said:?}") };
    assert!(line.contains(&format!("port {port} is in use")) && line.contains("--port"), "{line}");
    assert!(!place.path().join("data/chatapp.db").exists());
}

#[testkit::test]
async fn every_command_runs() {
    let place = WorkingDirectory::new();
    let command =
        |arguments: &[&str]| run(place.program().settings(&Settings::quick()).args(arguments));
    for arguments in [["--help"], ["-h"]] {
        let (code, out, err) = command(&arguments).await;
        assert_eq!((code, err.as_str()), (Some(0), ""));
        for name in ["serve", "migrate", "openapi", "mock-provider", "version"] {
            assert!(out.contains(name), "{name}: {out}");
        }
    }
    let (code, out, err) = command(&["openapi"]).await;
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let document: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert!(document["paths"]["/api/conversations"]["post"].is_object());
    let server = place.program().settings(&Settings::quick()).serve().await;
    let from_the_server = server.anonymous().get("/openapi.json").await.expect(200);
    assert_eq!(from_the_server, document, "what is printed is what is served");
    server.terminate().await;
    for _ in 0..2 {
        let (code, out, err) = command(&["migrate"]).await;
        assert_eq!((code, out.as_str()), (Some(0), ""), "{err}");
    }
    let (code, _, err) = command(&["migrat"]).await;
    assert!(code == Some(2) && err.contains("migrate"), "{code:?} {err}");
}

#[testkit::test]
async fn the_mock_provider_answers_a_server() {
    let place = WorkingDirectory::new();
    let mut provider = place.program().arg("mock-provider").arg("--port").arg("0").launch();
    let mut address = None;
    eventually("the mock provider says where it is", async || {
        address = provider.stderr().lines().find_map(|line| {
            let event: serde_json::Value = serde_json::from_str(line).ok()?;
            event["base_url"].as_str().map(str::to_owned)
        });
        address.is_some()
    })
    .await;
    let settings = Settings::quick().upstream(&address.unwrap_or_default());
    let server = place.program().settings(&settings).serve().await;
    let user = server.anonymous().signup("ada@example.org").await;
    let conversation = user.create_conversation().await;
    let turn = user.send_and_wait(&conversation, PROMPT).await;
    assert_eq!(turn["response"]["status"], "completed");
    server.terminate().await;
    provider.signal("TERM");
    let ended = provider.wait().await;
    assert_eq!(ended.status.code(), Some(143));
    assert!(ended.stderr.contains(r#""outcome":"finished""#), "{}", ended.stderr);
}

#[testkit::test(sqlite)]
async fn a_second_server_on_the_same_data_is_refused(world: World) {
    let upstream = upstream().await;
    let settings = settings(&world, &upstream);
    let place = WorkingDirectory::new();
    let server = place.program().settings(&settings).serve().await;
    let (code, said) = start(place.program().settings(&settings)).await;
    assert_eq!(code, Some(FAILED));
    let [line] = said.as_slice() else { panic!("one line: {said:?}") };
    assert!(line.contains("another chatapp server") && line.contains("--data-dir"), "{line}");
    // The first one did not notice.
    let user = server.anonymous().signup("ada@example.org").await;
    let conversation = user.create_conversation().await;
    user.send_and_wait(&conversation, PROMPT).await;
    assert_eq!(server.terminate().await.status.code(), Some(0));
    // A lock file that was left behind stops nobody.
    place.program().settings(&settings).serve().await;
}

#[testkit::test(servers)]
async fn a_refused_account_is_said(world: World) {
    let upstream = upstream().await;
    let settings = settings(&world, &upstream).set("DB_PASSWORD", "canary");
    let place = WorkingDirectory::new();
    let (code, said) = start(place.program().settings(&settings)).await;
    assert_eq!(code, Some(FAILED));
    let [line] = said.as_slice() else { panic!("one line: {said:?}") };
    assert!(line.contains("DB_USER") && line.contains("DB_PASSWORD"), "{line}");
}

#[testkit::test(servers)]
async fn a_start_that_waits_for_its_database_says_so(world: World) {
    let database = world.own_server().await;
    let upstream = upstream().await;
    let settings = settings(database.world(), &upstream);
    let place = WorkingDirectory::new();
    database.kill().await;
    let mut server = place.program().settings(&settings).launch();
    let anonymous = server.anonymous();
    let ask = async |path: &str| {
        let sent = anonymous.request(reqwest::Method::GET, path).send().await.ok()?;
        let status = sent.status().as_u16();
        Some((status, sent.json::<serde_json::Value>().await.unwrap_or_default()))
    };
    eventually("the process is alive", async || {
        ask("/health/live").await.is_some_and(|(status, _)| status == 200)
    })
    .await;
    for path in ["/health/ready", "/api/conversations"] {
        let (status, body) = ask(path).await.expect("an answer");
        assert_eq!(status, 503, "{path}: {body}");
        assert_eq!(body["error"]["code"], "not_ready", "{path}: {body}");
        assert_eq!(body["reasons"], serde_json::json!(["database"]), "{path}: {body}");
    }
    database.start_again().await;
    eventually("the server is ready", async || {
        ask("/health/ready").await.is_some_and(|(status, _)| status == 200)
    })
    .await;
    let user = anonymous.signup("ada@example.org").await;
    let conversation = user.create_conversation().await;
    user.send_and_wait(&conversation, PROMPT).await;
    server.signal("TERM");
    assert_eq!(server.wait().await.status.code(), Some(0));
}

#[testkit::test]
async fn foreign_tables_are_named_and_untouched(world: World) {
    let mut sql = world.sql().await;
    // As the predecessor made them.
    sql.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, username VARCHAR(50))").await;
    sql.execute("CREATE TABLE messages (id INTEGER PRIMARY KEY, content TEXT)").await;
    sql.execute("INSERT INTO users VALUES (1, 'kept')").await;
    let upstream = upstream().await;
    let settings = settings(&world, &upstream);
    let place = WorkingDirectory::new();
    for command in ["serve", "migrate"] {
        let (code, said) = start(place.program().settings(&settings).arg(command)).await;
        assert_eq!(code, Some(FAILED));
        let [line] = said.as_slice() else { panic!("one line: {said:?}") };
        assert!(line.contains("users, messages") && line.contains("untouched"), "{line}");
    }
    assert_eq!(sql.rows("SELECT id, username FROM users").await, [["1", "kept"]]);
    let tables = match world.engine() {
        Engine::Sqlite => "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'",
        _ => "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()",
    };
    assert_eq!(sql.value(tables).await, "2", "nothing was added");
}
