//! Operators who manage accounts and keys from the command line, beside a running server.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::Stdio;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::{Value, json};
use testkit::client::{Anonymous, PASSWORD, User};
use testkit::sql::Sql;
use testkit::{Settings, World};

use super::working_directory::{BINARY, WorkingDirectory, run};
use super::{PROMPT, settings, ticks, upstream};

/// The password that an operator gives somebody.
const ANOTHER: &str = "lantern gravel orchestra";

/// The program with the settings of one test.
struct Operator<'a> {
    place: &'a WorkingDirectory,
    settings: Settings,
}

impl Operator<'_> {
    /// Runs a command that finds `input` at its standard input.
    async fn with(&self, input: &str, words: &[&str]) -> (Option<i32>, String, String) {
        run(self.place.program().settings(&self.settings).args(words).input(input)).await
    }

    /// Runs a command that succeeds: what it prints.
    async fn done(&self, words: &[&str]) -> String {
        let (code, out, err) = self.with(&format!("{PASSWORD}\n"), words).await;
        assert_eq!(code, Some(0), "{words:?}: {err}");
        out
    }

    /// Runs a command that fails and says `why`.
    async fn refused(&self, words: &[&str], why: &str) {
        let (code, out, err) = self.with(&format!("{PASSWORD}\n"), words).await;
        assert_eq!((code, out.as_str()), (Some(1), ""), "{words:?}: {err}");
        assert!(err.contains(why), "{words:?}: {err}");
    }

    async fn list(&self, words: &[&str]) -> Vec<Value> {
        let out = self.done(&[words, &["--json"]].concat()).await;
        serde_json::from_str(&out).expect("a JSON array")
    }
}

async fn may_log_in(anonymous: &Anonymous, email: &str, password: &str) -> bool {
    let body = json!({"email": email, "password": password});
    let status = anonymous.post("/api/auth/login", body).await.status;
    assert!(status == 200 || (400..404).contains(&status), "{status}");
    status == 200
}

#[testkit::test]
async fn an_operator_makes_the_first_administrator(world: World) {
    let upstream = upstream().await;
    let place = WorkingDirectory::new();
    let operator = Operator { place: &place, settings: settings(&world, &upstream) };
    operator.refused(&["user", "list"], "chatapp migrate").await;
    operator.done(&["migrate"]).await;
    assert!(operator.list(&["user", "list"]).await.is_empty());

    // A server that nobody has set up yet has printed a code.
    let server = place.program().settings(&operator.settings).serve().await;
    let code = server.setup_code().await;
    let add = ["user", "add", "Ada@Example.org", "--name", " Ada ", "--admin", "--password-stdin"];
    let id = operator.done(&add).await;
    let eve = json!({"email": "eve@example.org", "password": PASSWORD, "setup_token": code});
    let refused = server.anonymous().post("/api/auth/signup", eve).await;
    refused.expect_error(403, "setup_token_invalid");
    operator.refused(&add, "another account has this e-mail address").await;
    operator.refused(&["user", "add", "ada", "--password-stdin"], "email must contain an @").await;
    let long = "x".repeat(129);
    let named = ["user", "add", "eve@example.org", "--name", &long, "--password-stdin"];
    operator.refused(&named, "name must be at most 128 characters").await;
    let short = ["user", "add", "eve@example.org", "--password-stdin"];
    let (code, _, err) = operator.with("short\n", &short).await;
    assert!(code == Some(1) && err.contains("8 characters"), "{err}");
    let no_terminal = ["user", "add", "eve@example.org"];
    operator.refused(&no_terminal, "--password-stdin").await;
    let (code, _, err) = operator.with("", &["user", "add", "e@example.org", "word"]).await;
    assert!(code == Some(2) && err.contains("unexpected argument"), "{code:?}");

    let users = operator.list(&["user", "list"]).await;
    assert_eq!(users.len(), 1, "{users:?}");
    let ada = &users[0];
    assert_eq!((&ada["email"], &ada["name"]), (&json!("ada@example.org"), &json!("Ada")));
    assert_eq!((&ada["role"], &ada["disabled_at"]), (&json!("admin"), &Value::Null));
    assert_eq!(ada["id"].as_str(), Some(id.trim()));

    let ada = server.anonymous().login("ada@example.org").await;
    assert_eq!(ada.get("/api/me").await.expect(200)["role"], "admin");
    let bob = server.anonymous().signup("bob@example.org").await;
    assert_eq!(bob.get("/api/me").await.expect(200)["role"], "user", "the place is taken");
    server.terminate().await;
}

#[testkit::test]
async fn an_operator_manages_accounts_while_the_server_runs(world: World) {
    let upstream = upstream().await;
    let place = WorkingDirectory::new();
    let operator = Operator { place: &place, settings: settings(&world, &upstream) };
    let server = place.program().settings(&operator.settings).serve().await;
    let anonymous = server.anonymous();
    let ada = anonymous.signup_administrator("ada@example.org", &server.setup_code().await).await;
    let bob = anonymous.signup("bob@example.org").await;

    let list = operator.done(&["user", "list"]).await;
    let lines: Vec<_> = list.lines().map(|l| l.split_whitespace().collect::<Vec<_>>()).collect();
    assert_eq!(lines[0][..4], ["ID", "E-MAIL", "ROLE", "STATE"]);
    assert_eq!(lines[1][..4], [ada.id.as_str(), "ada@example.org", "admin", "active"]);
    assert_eq!(lines[2][..4], [bob.id.as_str(), "bob@example.org", "user", "active"]);

    let password = ["user", "password", "bob@example.org", "--password-stdin"];
    let (code, _, err) = operator.with(&format!("{ANOTHER}\n"), &password).await;
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(bob.get("/api/me").await.status, 401, "the session has ended");
    assert!(!may_log_in(&anonymous, "bob@example.org", PASSWORD).await);
    assert!(may_log_in(&anonymous, "bob@example.org", ANOTHER).await);
    operator.done(&password).await;
    operator.refused(&["user", "password", "eve@example.org"], "chatapp user list").await;

    let bob = anonymous.login("bob@example.org").await;
    let key = bob.with_key(&["read"]).await;
    operator.done(&["user", "disable", "bob@example.org"]).await;
    let bobs = operator.list(&["user", "list"]).await.remove(1);
    assert!(bobs["disabled_at"].is_string(), "{bobs}");
    operator.done(&["user", "disable", &bob.id]).await;
    let again = operator.list(&["user", "list"]).await.remove(1);
    assert_eq!(again["disabled_at"], bobs["disabled_at"], "the time of it stays");
    for refused in [bob.get("/api/me").await, key.get("/api/conversations").await] {
        assert!(matches!(refused.status, 401 | 403), "{}", refused.status);
    }
    assert!(!may_log_in(&anonymous, "bob@example.org", PASSWORD).await);
    operator.done(&["user", "enable", "bob@example.org"]).await;
    key.get("/api/conversations").await.expect(200);
    assert_eq!(bob.get("/api/me").await.status, 401, "sessions stay ended");
    let bob = anonymous.login("bob@example.org").await;

    operator.refused(&["user", "delete", &ada.id, "--yes"], "only administrator").await;

    let conversation = bob.create_conversation().await;
    bob.send_and_wait(&conversation, PROMPT).await;
    let conversation = bob.create_conversation().await;
    upstream.push(ticks(1_000_000, 50));
    let mut stream = bob.send_stream(&conversation, PROMPT).await;
    stream.read_text(1).await;
    let delete = ["user", "delete", "bob@example.org"];
    let (code, _, err) = operator.with("y\n", &delete).await;
    assert!(code == Some(2) && err.contains("nothing was changed"), "{err}");
    assert_eq!(operator.list(&["user", "list"]).await.len(), 2);
    operator.done(&["user", "delete", "bob@example.org", "--yes"]).await;
    // Either the answer's own end or the end of the session it was asked for with.
    stream.finish().await;
    assert_eq!(bob.get("/api/me").await.status, 401);
    assert_eq!(operator.list(&["user", "list"]).await.len(), 1);
    let mut sql = Sql::connect(world.database()).await;
    for table in ["conversations", "messages", "responses", "sessions", "api_keys"] {
        let count = sql.value(&format!("SELECT COUNT(*) FROM {table}")).await;
        let adas = if table == "sessions" { "1" } else { "0" };
        assert_eq!(count, adas, "{table}");
    }
    anonymous.signup("bob@example.org").await;
    server.terminate().await;
}

#[testkit::test]
async fn o1_an_operator_says_who_administers_and_the_last_one_stays(world: World) {
    let upstream = upstream().await;
    let place = WorkingDirectory::new();
    let operator = Operator { place: &place, settings: settings(&world, &upstream) };
    let server = place.program().settings(&operator.settings).serve().await;
    let code = server.setup_code().await;
    let ada = server.anonymous().signup("ada@example.org").await;
    let bob = server.anonymous().signup("bob@example.org").await;
    let role_of = async |user: &User| user.get("/api/me").await.expect(200)["role"].clone();
    operator.done(&["user", "role", "ada@example.org", "admin"]).await;
    assert_eq!((role_of(&ada).await, role_of(&bob).await), (json!("admin"), json!("user")));
    let eve = json!({"email": "eve@example.org", "password": PASSWORD, "setup_token": code});
    let late = server.anonymous().post("/api/auth/signup", eve).await;
    late.expect_error(403, "setup_token_invalid");

    // No way out for the last one.
    let why = "only administrator";
    operator.refused(&["user", "role", &ada.id, "user"], why).await;
    operator.refused(&["user", "disable", &ada.id], why).await;
    operator.refused(&["user", "delete", &ada.id, "--yes"], why).await;
    let leave = ada.request(reqwest::Method::DELETE, "/api/me");
    let leave = leave.json(&json!({"current_password": PASSWORD}));
    ada.send(leave).await.expect_error(409, "last_administrator");
    assert_eq!(role_of(&ada).await, "admin");

    // Who made a link for an ordinary account was not asked for a password.
    let link = format!("/api/admin/users/{}/reset-link", bob.id);
    let token = &ada.post(&link, json!({})).await.expect(201)["token"];
    operator.done(&["user", "role", &bob.id, "admin"]).await;
    let reset = json!({"token": token, "new_password": "another horse battery staple"});
    let late = server.anonymous().post("/api/auth/reset", reset).await;
    late.expect_error(403, "reset_token_invalid");
    operator.done(&["user", "disable", &bob.id]).await;
    operator.refused(&["user", "role", &ada.id, "user"], why).await;
    operator.done(&["user", "enable", &bob.id]).await;
    operator.done(&["user", "role", &ada.id, "user"]).await;
    assert_eq!(role_of(&ada).await, "user");
    operator.refused(&["user", "disable", &bob.id], why).await;
    operator.refused(&["user", "role", "nobody@example.org", "admin"], "chatapp user list").await;
    let (code, _, err) = operator.with("", &["user", "role", &ada.id, "root"]).await;
    assert!(code == Some(2) && err.contains("user, admin"), "{err}");
    server.terminate().await;
}

#[testkit::test]
async fn an_operator_gives_links_away() {
    let place = WorkingDirectory::new();
    let settings = Settings::quick()
        .set("CHATAPP_AUTH__SIGNUP", "invite")
        .set("CHATAPP_SERVER__PUBLIC_URL", "https://chat.example.org/");
    let operator = Operator { place: &place, settings };
    let server = place.program().settings(&operator.settings).serve().await;
    let anonymous = server.anonymous();
    server.setup_code().await;
    let log = server.stderr();
    assert!(log.contains("https://chat.example.org/signup#setup=setup_"), "{log}");
    let link = operator.done(&["user", "invite", "--email", "ada@example.org", "--admin"]).await;
    let token = link.trim().strip_prefix("https://chat.example.org/signup#invite=");
    let token = token.unwrap_or_else(|| panic!("{link}"));
    let body = json!({"email": "ada@example.org", "password": PASSWORD, "invitation": token});
    let made = anonymous.post("/api/auth/signup", body.clone()).await.expect(201);
    assert_eq!(made["user"]["role"], "admin");
    anonymous.post("/api/auth/signup", body).await.expect_error(403, "invitation_invalid");
    let (code, _, err) = operator
        .with("chat-example-1\n", &["user", "add", "eve@else.net", "--password-stdin"])
        .await;
    assert!(code == Some(1) && err.contains("the name of this server"), "{err}");
    let again = ["user", "invite", "--email", "ada@example.org"];
    operator.refused(&again, "chatapp user reset-link").await;

    let ada = anonymous.login("ada@example.org").await;
    let link = operator.done(&["user", "reset-link", "ada@example.org", "--hours", "1"]).await;
    let token = link.trim().strip_prefix("https://chat.example.org/reset#token=");
    let token = token.unwrap_or_else(|| panic!("{link}"));
    let body = json!({"token": token, "new_password": ANOTHER});
    anonymous.post("/api/auth/reset", body).await.expect(204);
    assert_eq!(ada.get("/api/me").await.status, 401);
    assert!(may_log_in(&anonymous, "ada@example.org", ANOTHER).await);
    operator.refused(&["user", "reset-link", "eve@example.org"], "chatapp user list").await;
    server.terminate().await;

    let settings = operator.settings.clone().set("CHATAPP_AUTH__SIGNUP", "closed");
    let operator = Operator { place: &place, settings };
    operator.refused(&["user", "invite"], "auth.signup is closed").await;
}

#[testkit::test]
async fn an_operator_manages_keys_while_the_server_runs(world: World) {
    let upstream = upstream().await;
    let place = WorkingDirectory::new();
    let settings = settings(&world, &upstream).set("CHATAPP_LIMITS__KEYS_PER_USER", "2");
    let operator = Operator { place: &place, settings };
    let server = place.program().settings(&operator.settings).serve().await;
    let ada = server.anonymous().signup("ada@example.org").await;
    let create = ["key", "create", "ada@example.org", "nightly", "--scopes", "read", "--days", "3"];
    let key = operator.done(&create).await;
    let with_key = server.anonymous().with_bearer(Some(key.trim()));
    with_key.get("/api/conversations").await.expect(200);
    with_key.post("/api/conversations", json!({})).await.expect_error(403, "insufficient_scope");

    let mine = ada.get("/api/keys").await.expect(200)["data"].clone();
    let listed = operator.list(&["key", "list", &ada.id]).await;
    assert_eq!(listed.len(), 1, "{listed:?}");
    for field in ["id", "name", "prefix", "scopes", "created_at", "expires_at"] {
        assert_eq!(listed[0][field], mine[0][field], "{field}");
    }
    assert!(listed[0]["expires_at"].is_string() && !key.contains(' '));
    let id = listed[0]["id"].as_str().expect("an id");
    let table = operator.done(&["key", "list", "ada@example.org"]).await;
    assert!(table.contains(id) && table.contains("nightly"), "{table}");

    operator.done(&["key", "create", "ada@example.org", "second"]).await;
    let third = ["key", "create", "ada@example.org", "third"];
    operator.refused(&third, "limits.keys_per_user").await;
    operator.refused(&["key", "create", "eve@example.org", "x"], "there is no account").await;
    let (code, _, err) = operator.with("", &[&third[..], &["--scopes", "root"]].concat()).await;
    assert!(code == Some(2) && err.contains("read, write, account, admin"), "{err}");

    operator.done(&["key", "revoke", "ada@example.org", id]).await;
    assert_eq!(with_key.get("/api/conversations").await.status, 401);
    operator.refused(&["key", "revoke", "ada@example.org", id], "chatapp key list").await;
    assert_eq!(operator.list(&["key", "list", "ada@example.org"]).await.len(), 1);
    server.terminate().await;
}

/// A terminal as a person has it: what the program prints is read at the other end, together with
/// what the terminal itself shows of the keys that are pressed.
struct Terminal {
    end: File,
    shown: String,
}

impl Terminal {
    /// Reads until the program asks `question`, and types `answer`.
    fn answer(mut self, question: &str, answer: &str) -> Self {
        let mut buffer = [0; 1024];
        while !self.shown.ends_with(question) {
            let count = self.end.read(&mut buffer).expect("the program asks");
            self.shown.push_str(std::str::from_utf8(&buffer[..count]).expect("UTF-8"));
        }
        self.end.write_all(format!("{answer}\n").as_bytes()).expect("it can be typed");
        self
    }

    /// What it shows once the program has ended.
    fn finish(mut self) -> String {
        let mut buffer = [0; 1024];
        // A terminal that no program has open any more is an error, not an end.
        while let Ok(count @ 1..) = self.end.read(&mut buffer) {
            self.shown.push_str(std::str::from_utf8(&buffer[..count]).expect("UTF-8"));
        }
        self.shown
    }
}

/// Runs the program at a terminal, types each answer once its question is there, and says how it
/// ended and what the terminal showed.
async fn at_terminal(
    operator: &Operator<'_>,
    words: &[&str],
    answers: Vec<(&'static str, String)>,
) -> (Option<i32>, String) {
    let end = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&end).and_then(|()| unlockpt(&end)).expect("its other end");
    let name = ptsname(&end, Vec::new()).expect("its name").into_string().expect("UTF-8");
    let open = || File::options().read(true).write(true).open(&name).expect("the other end");
    let mut command = tokio::process::Command::new(BINARY);
    command.args(words).current_dir(operator.place.path()).env_clear();
    command.envs(operator.settings.iter()).kill_on_drop(true);
    command.stdin(open()).stdout(Stdio::null()).stderr(open());
    let mut child = command.spawn().expect("the program can be run");
    // It holds the ends that were for the child.
    drop(command);
    let terminal = Terminal { end: File::from(end), shown: String::new() };
    let typing = tokio::task::spawn_blocking(move || {
        let typed = |terminal: Terminal, (question, answer): (&str, String)| {
            terminal.answer(question, &answer)
        };
        answers.into_iter().fold(terminal, typed).finish()
    });
    let shown = typing.await.expect("the terminal");
    (child.wait().await.expect("the program ends").code(), shown)
}

#[testkit::test]
async fn a_password_is_typed_without_being_shown() {
    let place = WorkingDirectory::new();
    let operator = Operator { place: &place, settings: Settings::quick() };
    operator.done(&["migrate"]).await;
    let add = ["user", "add", "ada@example.org"];
    let twice = |again: &str| {
        vec![("New password: ", PASSWORD.to_owned()), ("Once more: ", again.to_owned())]
    };
    let (code, shown) = at_terminal(&operator, &add, twice(ANOTHER)).await;
    assert!(code == Some(1) && shown.contains("differ"), "{shown}");
    assert!(operator.list(&["user", "list"]).await.is_empty());
    let (code, shown) = at_terminal(&operator, &add, twice(PASSWORD)).await;
    assert_eq!(code, Some(0), "{shown}");
    assert!(!shown.contains("horse"), "the password is not shown: {shown}");
    assert_eq!(operator.list(&["user", "list"]).await.len(), 1);

    let delete = ["user", "delete", "ada@example.org"];
    let question = "Delete ada@example.org with everything in it? [y/N] ";
    let once = |answer: &str| vec![(question, answer.to_owned())];
    let (code, shown) = at_terminal(&operator, &delete, once("no")).await;
    assert_eq!(code, Some(2), "{shown}");
    let (code, shown) = at_terminal(&operator, &delete, once("y")).await;
    assert_eq!(code, Some(0), "{shown}");
    assert!(operator.list(&["user", "list"]).await.is_empty());
    let server = place.program().settings(&operator.settings).serve().await;
    let code = server.setup_code().await;
    server.anonymous().signup_administrator("ada@example.org", &code).await;
    server.terminate().await;
}
