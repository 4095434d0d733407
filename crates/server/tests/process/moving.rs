//! The owner of the FastAPI service moves in (O3): users with their passwords, conversations and
//! messages, from plain tables as such a service makes them.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;
use testkit::client::PASSWORD;
use testkit::process::AppProcess;
use testkit::sql::Sql;
use testkit::{Database, Engine, Settings, World};

use super::predecessor::{ADA, BCRYPT, Ids, Old, SAID};
use super::working_directory::{WorkingDirectory, run};

/// An installation and where it keeps everything.
struct New {
    place: WorkingDirectory,
    settings: Settings,
    /// The test's database, if it keeps everything there.
    database: Option<Database>,
}

impl New {
    /// In a file of its own.
    async fn in_file() -> Self {
        Self::migrated(Settings::quick(), None).await
    }

    /// In the test's database.
    async fn on(world: &World) -> Self {
        let database = world.database();
        Self::migrated(Settings::quick().on(database), Some(database.clone())).await
    }

    async fn migrated(settings: Settings, database: Option<Database>) -> Self {
        let new = Self { place: WorkingDirectory::new(), settings, database };
        let (code, _, err) = new.run(&["migrate"]).await;
        assert_eq!(code, Some(0), "{err}");
        new
    }

    async fn run(&self, words: &[&str]) -> (Option<i32>, String, String) {
        run(self.place.program().settings(&self.settings).args(words)).await
    }

    /// What `import --from-database` prints, with its code.
    async fn import(&self, old: &Old, more: &[&str]) -> (Option<i32>, String) {
        let words = [&["import", "--from-database", &old.url], more].concat();
        let (code, out, err) = self.run(&words).await;
        assert!(code == Some(0) || !out.is_empty(), "{err}");
        (code, out)
    }

    async fn users(&self) -> Vec<Value> {
        let (code, out, err) = self.run(&["user", "list", "--json"]).await;
        assert_eq!(code, Some(0), "{err}");
        let list: Value = out.parse().expect("JSON");
        list.as_array().expect("a list").clone()
    }

    async fn serve(&self) -> AppProcess {
        self.place.program().settings(&self.settings).serve().await
    }
}

/// Every pair of databases that a test's engine makes: the old one and the new one.
async fn pairs(world: &World, folder: &Path) -> Vec<(Old, New)> {
    let mut pairs = Vec::new();
    if world.engine() == Engine::Sqlite {
        for ids in [Ids::Numbers, Ids::Texts, Ids::Digits, Ids::Bytes] {
            let folder = folder.join(format!("{ids:?}"));
            std::fs::create_dir(&folder).expect("a folder");
            let new = if ids == Ids::Numbers { New::on(world).await } else { New::in_file().await };
            pairs.push((Old::in_file(&folder, ids).await, new));
        }
        return pairs;
    }
    pairs.push((Old::on_server(world, "a", Ids::Numbers).await, New::on(world).await));
    pairs.push((Old::on_server(world, "b", Ids::Bytes).await, New::in_file().await));
    pairs.push((Old::on_server(world, "c", Ids::Large).await, New::in_file().await));
    pairs
}

/// The messages of the one conversation with messages that `user` sees.
async fn seen(user: &testkit::client::User) -> (Value, Vec<Value>) {
    let list = user.list_conversations().await;
    let [one] = list.as_slice() else { panic!("{list:?}") };
    let messages = user.list_messages(one["id"].as_str().expect("an id")).await;
    (one.clone(), messages)
}

#[testkit::test]
async fn o3_users_and_conversations_move_in_with_their_passwords(world: World) {
    let folder = tempfile::tempdir().expect("a folder");
    for (mut old, new) in pairs(&world, folder.path()).await {
        old.fill().await;
        let before = old.bytes();
        let (code, out) = new.import(&old, &["--dry-run"]).await;
        assert_eq!(code, Some(0), "{out}");
        assert!(out.contains("2 would be moved, 0 already there, 0 left out; 1 must"), "{out}");
        assert_eq!(new.users().await, Vec::<Value>::new(), "a dry run stores nothing");

        let (code, out) = new.import(&old, &[]).await;
        assert_eq!(code, Some(0), "{:?}: {out}", old.ids);
        for line in [
            "users          2 moved, 0 already there, 0 left out; 1 must reset the password",
            "conversations  2 moved, 0 extended, 0 already there, 1 empty, 0 left out",
            "messages       5 moved, 0 left out",
            "bob@example.org: the old password does not work here",
        ] {
            assert!(out.contains(line), "{:?}: {line}: {out}", old.ids);
        }
        assert_eq!(old.bytes(), before, "the old database is only read");
        let users = new.users().await;
        let by = |email: &str| users.iter().find(|user| user["email"] == email).expect("a user");
        let (ada, bob) = (by(ADA), by("bob@example.org"));
        assert_eq!((&ada["name"], &ada["role"]), (&"Ada L.".into(), &"admin".into()));
        assert_eq!(ada["created_at"], "2023-12-24T08:00:00.500Z");
        assert_eq!((&bob["name"], &bob["role"]), (&"bob".into(), &"user".into()));
        assert!(ada["disabled_at"].is_null() && bob["disabled_at"].is_string(), "{users:?}");
        lives(&new, &old).await;

        let (code, out) = new.import(&old, &[]).await;
        assert_eq!(code, Some(0), "{out}");
        for line in [
            "users          0 moved, 2 already there, 0 left out; 0 must reset the password",
            "conversations  0 moved, 0 extended, 2 already there, 1 empty, 0 left out",
            "messages       0 moved, 0 left out",
        ] {
            assert!(out.contains(line), "{:?}: {line}: {out}", old.ids);
        }
        assert_eq!(new.users().await.len(), 2, "nothing is doubled");
    }
}

/// The old password logs in, the conversation is there, and the hash is replaced.
async fn lives(new: &New, old: &Old) {
    let server = new.serve().await;
    let anonymous = server.anonymous();
    let wrong = serde_json::json!({"email": ADA, "password": "not this one"});
    anonymous.post("/api/auth/login", wrong).await.expect_error(401, "invalid_credentials");
    let hash = hash_of(new, ADA).await;
    assert_eq!(hash, BCRYPT, "a wrong password replaces nothing");
    let user = anonymous.login(ADA).await;
    let hash = hash_of(new, ADA).await;
    assert!(hash.starts_with("$argon2id$"), "{hash}");
    let user = {
        drop(user);
        anonymous.login(ADA).await
    };

    let (conversation, messages) = seen(&user).await;
    assert_eq!(conversation["title"], "The tall marmalade house");
    assert_eq!(conversation["created_at"], "2024-03-01T10:00:00.000001Z");
    assert_eq!(conversation["updated_at"], "2024-03-01T10:00:09.250Z", "its newest message");
    let said: Vec<_> = messages
        .iter()
        .map(|message| {
            (
                message["is_user"].as_bool().expect("a truth value"),
                message["content"].as_str().expect("a text"),
                message["created_at"].as_str().expect("a time"),
            )
        })
        .collect();
    assert_eq!(said, SAID, "{:?}", old.ids);
    assert_eq!(messages[1]["parent_id"], messages[0]["id"]);
    let found = user.get("/api/search?q=keeper").await.expect(200);
    assert_eq!(found["data"][0]["conversation_id"], conversation["id"], "{found}");

    // Bob was disabled, and his hash is not one that works here.
    let bob = serde_json::json!({"email": "bob@example.org", "password": PASSWORD});
    anonymous.post("/api/auth/login", bob).await.expect_error(401, "invalid_credentials");
    server.terminate().await;
}

/// The stored hash of an account.
async fn hash_of(new: &New, email: &str) -> String {
    let query = format!("SELECT password_hash FROM users WHERE email = '{email}'");
    let mut sql = match &new.database {
        Some(database) => Sql::connect(database).await,
        None => Sql::open(&new.place.path().join("data/chatapp.db")).await,
    };
    sql.value(&query).await
}

#[testkit::test]
async fn o3_what_is_new_there_follows_and_nothing_is_doubled(world: World) {
    let folder = tempfile::tempdir().expect("a folder");
    let new = New::on(&world).await;
    let mut old = Old::in_file(folder.path(), Ids::Numbers).await;
    old.fill().await;
    let (code, out) = new.import(&old, &[]).await;
    assert_eq!(code, Some(0), "{out}");

    // The old service goes on until the day of the move.
    old.message(15, 1, "1", "'2024-04-01 10:00:00'", "Is it still lit?").await;
    old.message(16, 1, "0", "'2024-04-01 10:00:01'", "Every night.").await;
    old.conversation(4, 2, "'Another one'").await;
    old.message(41, 4, "1", "'2024-04-02 10:00:00'", "Good morning").await;
    let (_, out) = new.import(&old, &["--dry-run"]).await;
    assert!(out.contains("1 would be moved, 1 would be extended, 1 already there"), "{out}");
    let (code, out) = new.import(&old, &[]).await;
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("conversations  1 moved, 1 extended, 1 already there, 1 empty"), "{out}");
    assert!(out.contains("messages       3 moved, 0 left out"), "{out}");

    let server = new.serve().await;
    let user = server.anonymous().login(ADA).await;
    let (conversation, messages) = seen(&user).await;
    let contents: Vec<_> = messages.iter().map(|message| &message["content"]).collect();
    assert_eq!(contents.len(), 6, "{contents:?}");
    assert_eq!(contents[4..], ["Is it still lit?", "Every night."]);
    assert_eq!(messages[4]["parent_id"], messages[3]["id"]);
    assert_eq!(conversation["updated_at"], "2024-04-01T10:00:01Z");
    let found = user.get("/api/search?q=night").await.expect(200);
    assert_eq!(found["data"].as_array().map(Vec::len), Some(1), "{found}");

    // It goes on here, and there: neither is lost, and it is told.
    let id = conversation["id"].as_str().expect("an id");
    user.send_and_wait(id, "And now?").await;
    old.message(17, 1, "1", "'2024-05-01 10:00:00'", "Too late").await;
    let (code, out) = new.import(&old, &[]).await;
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains("1 messages there were left out"), "{out}");
    assert_eq!(user.list_messages(id).await.len(), 8);

    // What was thrown away stays away.
    user.delete_conversation(id).await;
    let (code, out) = new.import(&old, &[]).await;
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("conversations  0 moved, 0 extended, 3 already there, 1 empty"), "{out}");
    assert_eq!(user.list_conversations().await.len(), 0);
    server.terminate().await;
}

#[testkit::test]
async fn o3_rows_that_are_wrong_are_told_and_stop_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let new = New::in_file().await;
    let mut old = Old::in_file(folder.path(), Ids::Numbers).await;
    old.fill().await;
    let argon2 = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$6VgYU0CAdYxlT8XeLCl9jQ";
    old.user(3, "'ADA@example.org'", BCRYPT, "'twin', NULL, 1, 0, NULL").await;
    old.user(4, "NULL", argon2, "'carol', NULL, NULL, NULL, 'yesterday'").await;
    old.user(5, "'no address'", BCRYPT, "NULL, NULL, 1, 0, NULL").await;
    let costly = BCRYPT.replacen("$04$", "$31$", 1);
    old.user(6, "'eve@example.org'", &costly, "NULL, NULL, 1, 0, NULL").await;
    old.conversation(5, 99, "'of nobody'").await;
    old.conversation(6, 3, "'of the twin'").await;
    old.conversation(7, 6, "'odd'").await;
    old.conversation(8, 6, "'large'").await;
    old.message(51, 5, "1", "NULL", "lost").await;
    old.message(61, 6, "1", "NULL", "lost, too").await;
    old.message(71, 7, "1", "NULL", "first").await;
    old.message(72, 7, "NULL", "NULL", "by whom?").await;
    old.message(73, 7, "0", "'0000-00-00 00:00:00'", "  \n").await;
    old.message(74, 7, "'false'", "1709287200", "numbered time").await;
    old.message(81, 8, "1", "NULL", &"x".repeat(600_000)).await;
    old.message(91, 99, "1", "NULL", "a stray").await;
    let update = "UPDATE messages SET content = 'nul ' || char(0) || ' and' WHERE id = 71";
    old.sql.execute(update).await;
    old.sql.execute("UPDATE conversations SET title = x'ff41' WHERE id = 7").await;
    old.sql
        .execute("INSERT INTO messages (id, content, is_user) VALUES (92, 'no one''s', 1)")
        .await;

    let (code, out) = new.import(&old, &[]).await;
    assert_eq!(code, Some(1), "{out}");
    for line in [
        "left out       user 3 ada@example.org: another user before has the same address",
        "left out       user 4: it has no address; --email-domain makes one of the user name",
        "left out       user 5: its address cannot be used",
        "must reset     user 6 eve@example.org: the old password does not work here: its cost",
        "left out       conversation 5: its user 99 is not there (1 messages left out)",
        "left out       conversation 6: its user 3 was left out: another user before",
        "moved          conversation 7 of eve@example.org",
        "left out       conversation 8 of eve@example.org: a message of it is longer than 524288",
        "left out       1 messages of the conversation 99, which is not there",
        "left out       1 messages of no conversation",
        "users          3 moved, 0 already there, 3 left out; 2 must reset the password",
        "conversations  3 moved, 0 extended, 0 already there, 1 empty, 3 left out",
        "messages       7 moved, 7 left out",
    ] {
        assert!(out.contains(line), "{line}: {out}");
    }
    for note in ["nothing says who", "messages without text", "NUL characters", "readable time"] {
        assert!(out.contains(note), "{note}: {out}");
    }
    let (code, out) = new.import(&old, &["--email-domain", "example.org", "--json"]).await;
    assert_eq!(code, Some(1), "{out}");
    let lines: Vec<Value> = out.lines().map(|line| line.parse().expect("JSON")).collect();
    let carol = lines.iter().find(|line| line["source_id"] == "4").expect("carol");
    assert_eq!(
        (&carol["outcome"], &carol["email"]),
        (&"moved".into(), &"carol@example.org".into())
    );
    assert!(carol.get("must_reset").is_none(), "Argon2 is checked here: {carol}");
    let summary = lines.last().expect("a summary");
    assert_eq!((&summary["type"], &summary["users_moved"]), (&"summary".into(), &1.into()));

    let (code, out, err) = new.run(&["export", "eve@example.org"]).await;
    assert_eq!(code, Some(0), "{err}");
    let odd: Value = out.lines().nth(1).expect("a conversation").parse().expect("JSON");
    assert_eq!(odd["title"], "\u{fffd}A");
    let said = odd["messages"].as_array().expect("messages").iter().map(|one| {
        (one["role"].as_str().expect("a role"), one["content"].as_str().expect("a text"))
    });
    let said = said.collect::<Vec<_>>();
    assert_eq!(said, [("user", "nul \u{fffd} and"), ("assistant", "numbered time")]);
}

/// Tables that were made by releases of a database with other defaults.
#[testkit::test(servers)]
async fn o3_tables_that_compare_texts_by_other_rules_move_in(world: World) {
    let mut old = Old::on_server(&world, "d", Ids::Texts).await;
    old.fill().await;
    for (table, rule) in [("conversations", "utf8mb4_bin"), ("messages", "utf8mb4_unicode_ci")] {
        let statement = format!(
            "ALTER TABLE {}{table} CONVERT TO CHARACTER SET utf8mb4 COLLATE {rule}",
            old.prefix
        );
        old.sql.execute(&statement).await;
    }
    let new = New::in_file().await;
    let (code, out) = new.import(&old, &[]).await;
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("messages       5 moved, 0 left out"), "{out}");
}

#[testkit::test]
async fn o3_unusual_names_and_clocks_are_options() {
    let folder = tempfile::tempdir().expect("a folder");
    let new = New::in_file().await;
    let mut old = Old::in_file(folder.path(), Ids::Numbers).await;
    for statement in [
        "CREATE TABLE people (nr INTEGER PRIMARY KEY, mail TEXT, pw TEXT)",
        "CREATE TABLE chats (id INTEGER PRIMARY KEY, person INTEGER, name TEXT)",
        "CREATE TABLE lines (id INTEGER PRIMARY KEY, chat INTEGER, said TEXT, sender TEXT, \
         written DATETIME)",
        "INSERT INTO chats VALUES (1, 7, 'named otherwise')",
        "INSERT INTO lines VALUES (1, 1, 'Be kind.', 'system', '2024-07-01 12:00:00'), \
         (2, 1, 'Hi', 'human', '2024-07-01 12:00:00'), \
         (3, 1, 'Hello', 'BOT', '2024-07-01 12:00:00+00:00')",
    ] {
        old.sql.execute(statement).await;
    }
    let person = format!("INSERT INTO people VALUES (7, '{ADA}', '{BCRYPT}')");
    old.sql.execute(&person).await;
    let named = [
        "--table=users=people",
        "--table=messages=lines",
        "--column=users.id=nr",
        "--column=users.email=MAIL",
        "--column=users.password=pw",
        "--column=conversations.user=person",
        "--column=messages.conversation=chat",
        "--column=messages.content=said",
        "--column=messages.created_at=written",
        "--utc-offset=+02:00",
    ];
    // The URL need not stand among the words of the command.
    let words = [&["import", "--from-database", "env:OLD"], named.as_slice()].concat();
    let program = new.place.program().settings(&new.settings).env("OLD", &old.url);
    let (code, out, err) = run(program.args(&words)).await;
    assert_eq!(code, Some(0), "{out} {err}");
    let (_, out, _) = new.run(&["export", ADA]).await;
    let one: Value = out.lines().nth(1).expect("a conversation").parse().expect("JSON");
    assert_eq!(one["title"], "named otherwise");
    assert_eq!(one["instructions"], "Be kind.");
    let said = one["messages"].as_array().expect("messages").iter().map(|one| {
        (one["content"].as_str().expect("a text"), one["created_at"].as_str().expect("a time"))
    });
    let said = said.collect::<Vec<_>>();
    assert_eq!(said, [("Hi", "2024-07-01T10:00:00Z"), ("Hello", "2024-07-01T12:00:00Z")]);
    let server = new.serve().await;
    server.anonymous().login(ADA).await;
    server.terminate().await;
}

#[testkit::test]
async fn o3_what_cannot_be_moved_in_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let new = New::in_file().await;
    let mut old = Old::in_file(folder.path(), Ids::Numbers).await;
    old.tables().await;
    let mut tables = String::new();
    for name in ["users", "conversations"] {
        let _ = write!(
            tables,
            "CREATE TABLE {name} (id INTEGER PRIMARY KEY, user_id INTEGER, email TEXT);"
        );
    }
    new.place
        .write("text", "Dear diary, this is no database at all, and it is long enough to be one.");
    Sql::open(&new.place.path().join("empty.db")).await.execute("CREATE TABLE t (x INTEGER)").await;
    Sql::open(&new.place.path().join("two.db")).await.execute(&tables).await;
    let url = old.url.as_str();
    for (words, code, why) in [
        (vec!["sqlite:nowhere.db"], 1, "there is no file nowhere.db"),
        (vec!["sqlite:text"], 1, "text cannot be moved in"),
        (
            vec!["sqlite:empty.db"],
            1,
            "there is no table of users (users, user, accounts, account); the database has t. Name it with --table users=TABLE",
        ),
        (vec!["sqlite:two.db"], 1, "there is no table of messages"),
        (vec!["sqlite:data/chatapp.db"], 1, "this is a database of chatapp itself"),
        (vec!["app.db"], 1, "expects a URL"),
        (vec!["postgresql://u:p@h/d"], 1, "PostgreSQL cannot be read"),
        (vec!["env:NOT_THERE"], 1, "there is no variable NOT_THERE"),
        (vec![url, "--table", "users=people"], 1, "there is no such table; the database has"),
        (
            vec![url, "--column", "users.email=mail"],
            1,
            "--column users.email=mail: the table users has no such column; it has id, email",
        ),
        (vec![url, "--column", "users.phone=mail"], 1, "there is nothing of this name"),
        (vec![url, "--table", "people=users"], 2, "users=NAME"),
        (vec![url, "--utc-offset", "Berlin"], 2, "+02:00"),
        (vec![url, "ada@example.org", "file"], 2, "cannot be used with"),
    ] {
        let all = [&["import", "--from-database"], words.as_slice()].concat();
        let (found, out, err) = new.run(&all).await;
        assert_eq!(found, Some(code), "{words:?}: {out} {err}");
        assert!(err.contains(why), "{words:?}: {err}");
    }
    let (code, _, err) = new.run(&["import", "ada@example.org", "file", "--table=users=x"]).await;
    assert_eq!(code, Some(2), "{err}");
    let (code, _, err) = new.run(&["import"]).await;
    assert_eq!(code, Some(2), "{err}");
    // Nobody at this port, and the password is not told.
    let (code, _, err) =
        new.run(&["import", "--from-database", "mysql://u:canary@127.0.0.1:1/d"]).await;
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("cannot be opened"), "{err}");
}
