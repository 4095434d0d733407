//! The promises of the FastAPI predecessor: its `.env`, its tables, deleting by hand.

use std::collections::BTreeSet;
use std::time::Duration;

use mock::CallOutcome;
use mock::script::FaultKind;
use testkit::process::AppProcess;
use testkit::{Engine, Settings, World, eventually, validator};

use super::tour::blocks;
use super::working_directory::WorkingDirectory;
use super::{PROMPT, settings, ticks, upstream};

/// How long a deletion by hand may go unnoticed: it is looked for every second, on a busy machine.
const NOTICED: Duration = Duration::from_secs(10);
const DELETE_USER: &str = "DELETE FROM users WHERE email = 'ada@example.org'";
const DATABASE: &str = include_str!("../../../../docs/DATABASE.md");

#[testkit::test(servers)]
async fn the_predecessors_env_file_is_enough(world: World) {
    let upstream = upstream().await;
    let database = world.database().server().expect("a server");
    assert_eq!(database.password, "p@ss:w/rd#%?");
    let key = Settings::quick();
    let (_, key) = key.iter().find(|(name, _)| *name == "SECRET_KEY").expect("a key");
    let place = WorkingDirectory::new();
    // Unquoted, as the predecessor's reader took it.
    place.write(
        ".env",
        &format!(
            "DB_USER={}\nDB_PASSWORD={}\nDB_HOST={}\nDB_PORT={}\nDB_NAME={}\nSECRET_KEY={key}\n\
             OPENAI_API_KEY=sk-0123456789abcdef\nOPENAI_BASE_URL={}\n",
            database.user,
            database.password,
            database.host,
            database.port,
            database.name,
            upstream.base_url(),
        ),
    );
    let server = place.program().serve().await;
    let user = server.anonymous().signup("ada@example.org").await;
    let conversation = user.create_conversation().await;
    // The test's database has a character set that is not even Unicode.
    let question = format!("{PROMPT} Żółw 🐢");
    let turn = user.send_and_wait(&conversation, &question).await;
    assert_eq!(turn["response"]["status"], "completed");
    let stored = user.get(&format!("/api/conversations/{conversation}/messages")).await.expect(200);
    let mut stored = stored["data"].as_array().expect("messages").iter();
    assert!(stored.any(|message| message["content"] == question.as_str()), "{stored:?}");

    let call = upstream.wait_for("the call", |calls| calls.first().cloned()).await;
    assert_eq!(call.authorization.as_deref(), Some("Bearer sk-0123456789abcdef"));
    assert_eq!(call.messages.last(), Some(&("user".to_owned(), question)));
    assert!(!place.path().join("data").exists(), "nothing is kept beside the database");
    assert_eq!(server.terminate().await.status.code(), Some(0));
}

#[testkit::test]
async fn the_documented_queries_show_what_is_kept(world: World) {
    let upstream = upstream().await;
    let place = WorkingDirectory::new();
    let server = place.program().settings(&settings(&world, &upstream)).serve().await;
    let user = server.anonymous().signup("ada@example.org").await;
    let conversation = user.create_conversation().await;
    upstream.push(ticks(3, 0));
    let turn = user.send_and_wait(&conversation, PROMPT).await;

    let queries = blocks(DATABASE, "<!-- query -->", "sql");
    let [users, conversations, messages, costs, purposes, counts] = queries.as_slice() else {
        panic!("{} queries; say here what the new ones show", queries.len());
    };
    let mut sql = world.sql().await;
    let rows = sql.rows(users).await;
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!(row.get(..2), Some([user.id.clone(), user.email.clone()].as_slice()));

    let rows = sql.rows(conversations).await;
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!(
        row.get(..3),
        Some(["ada@example.org", &conversation, PROMPT].map(str::to_owned).as_slice())
    );

    let answer = turn["message"]["content"].as_str().expect("text");
    assert_eq!(answer, super::ticked(3));
    let rows = sql.rows(messages).await;
    let said = [[PROMPT, "0", "1", "completed", PROMPT], [PROMPT, "1", "0", "completed", answer]];
    assert_eq!(rows, said);

    let rows = sql.rows(costs).await;
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    let usage = &turn["response"]["usage"];
    let [input, output] = ["input_tokens", "output_tokens"].map(|name| usage[name].to_string());
    assert_eq!(*row, ["test-model", "1", &input, &output]);
    assert_eq!(sql.rows(purposes).await, [["answer", "test-model", "1", &input, &output]]);

    assert_eq!(sql.rows(counts).await, [["ada@example.org", "1"]]);
}

/// Tables of the migrations, which have columns of their own kinds.
const NOT_OURS: [&str; 2] = ["migration_lock", "seaql_migrations"];

#[testkit::test]
async fn the_documented_tables_are_those_that_are_there(world: World) {
    let upstream = upstream().await;
    let place = WorkingDirectory::new();
    let server = place.program().settings(&settings(&world, &upstream)).serve().await;
    let mut sql = world.sql().await;
    let (columns, engine) = match world.engine() {
        Engine::Sqlite => (
            "SELECT t.name, c.type FROM pragma_table_list t, pragma_table_info(t.name) c \
             WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite!_%' ESCAPE '!'",
            1,
        ),
        Engine::MariaDb | Engine::MySql => (
            "SELECT t.table_name, c.column_type FROM information_schema.tables t \
             JOIN information_schema.columns c \
             ON c.table_schema = t.table_schema AND c.table_name = t.table_name \
             WHERE t.table_schema = DATABASE() AND t.table_type = 'BASE TABLE'",
            2,
        ),
    };
    let columns = sql.rows(columns).await;
    let tables: BTreeSet<&str> = columns.iter().map(|row| row[0].as_str()).collect();
    let described = rows_of("## Tables");
    assert_eq!(tables, described.iter().map(|row| row[0]).collect(), "docs/DATABASE.md");

    let ours = columns.iter().filter(|row| !NOT_OURS.contains(&row[0].as_str()));
    let types: BTreeSet<String> = ours.map(|row| plain(&row[1])).collect();
    let described = rows_of("How values are stored");
    let described = described.iter().flat_map(|row| row[engine].split("`, `"));
    assert_eq!(types, described.map(str::to_owned).collect(), "docs/DATABASE.md");
    if world.engine() != Engine::Sqlite {
        let unnamed = "SELECT table_name FROM information_schema.tables WHERE \
             table_schema = DATABASE() AND table_type = 'BASE TABLE' AND table_comment = ''";
        assert_eq!(sql.rows(unnamed).await, Vec::<Vec<String>>::new(), "tables without a comment");
    }
    drop(server);
}

/// The rows of the first table below `place`: what stands in backticks or as it is.
fn rows_of(place: &'static str) -> Vec<Vec<&'static str>> {
    let (_, text) = DATABASE.split_once(place).expect("the place");
    let lines = text.lines().skip_while(|line| !line.starts_with('|')).skip(2);
    let cells = |line: &'static str| {
        line.split('|').skip(1).map(|cell| cell.trim().trim_matches('`')).collect()
    };
    lines.take_while(|line| line.starts_with('|')).map(cells).collect()
}

/// A type without what only the width of a display or the length of a text says.
fn plain(kind: &str) -> String {
    let kind = kind.to_uppercase();
    match kind.split_once('(') {
        Some((name @ ("INT" | "BIGINT"), _)) => name.to_owned(),
        Some(("VARCHAR", _)) => "VARCHAR(n)".to_owned(),
        _ => kind,
    }
}

/// Every table whose rows belong to somebody.
const OWNED: [&str; 7] = [
    "users",
    "sessions",
    "refresh_tokens",
    "conversations",
    "messages",
    "responses",
    "response_events",
];

async fn counts(world: &World) -> Vec<u64> {
    let mut sql = world.sql().await;
    let mut counts = Vec::new();
    for table in OWNED {
        let count = sql.value(&format!("SELECT COUNT(*) FROM {table}")).await;
        counts.push(count.parse().expect("a number"));
    }
    counts
}

#[testkit::test]
async fn deleting_by_hand_takes_the_children_along(world: World) {
    let upstream = upstream().await;
    let place = WorkingDirectory::new();
    let server = place.program().settings(&settings(&world, &upstream)).serve().await;
    let [ada, bob] = [
        server.anonymous().signup("ada@example.org").await,
        server.anonymous().signup("bob@example.org").await,
    ];
    for user in [&ada, &bob] {
        let conversation = user.create_conversation().await;
        upstream.push(ticks(3, 0));
        user.send_and_wait(&conversation, PROMPT).await;
    }
    let second = bob.create_conversation().await;
    bob.send_and_wait(&second, &format!("{PROMPT} Again.")).await;
    let before = counts(&world).await;
    assert!(before.iter().all(|count| *count > 0), "{OWNED:?}: {before:?}");

    let mut sql = world.sql().await;
    let delete = format!("DELETE FROM conversations WHERE title = '{PROMPT} Again.'");
    assert_eq!(sql.execute(&delete).await, 1);
    bob.get(&format!("/api/conversations/{second}")).await.expect_error(404, "not_found");
    assert_eq!(bob.list_conversations().await.len(), 1);

    assert_eq!(sql.execute("DELETE FROM users WHERE email = 'bob@example.org'").await, 1);
    bob.get("/api/me").await.expect_error(401, "invalid_token");
    let after = counts(&world).await;
    assert_eq!(after.get(..6), Some([1, 1, 1, 1, 2, 1].as_slice()), "{OWNED:?}");
    // What is left of the events belongs to the response that is left.
    let orphans = "SELECT COUNT(*) FROM response_events \
                   WHERE response_id NOT IN (SELECT id FROM responses)";
    assert_eq!(sql.value(orphans).await, "0");
    assert_eq!(ada.list_conversations().await.len(), 1);
}

#[testkit::test]
async fn deleting_by_hand_ends_a_running_answer(world: World) {
    let upstream = upstream().await;
    let place = WorkingDirectory::new();
    let server = place.program().settings(&settings(&world, &upstream)).serve().await;
    // One that writes meets the deletion at its next checkpoint; one that waits for its provider
    // has to look for it.
    for script in [ticks(1_000_000, 50), ticks(9, 0).failing(FaultKind::Stall, 3)] {
        upstream.push(script);
        deleted(&world, &server, &upstream, DELETE_USER).await;
    }
    upstream.push(ticks(1_000_000, 50));
    deleted(&world, &server, &upstream, "DELETE FROM conversations").await;
    for table in ["responses", "response_events", "messages"] {
        let mut sql = world.sql().await;
        let rows = sql.value(&format!("SELECT COUNT(*) FROM {table}")).await;
        assert_eq!(rows, "0", "nothing was written after the deletion: {table}");
    }
    assert_eq!(server.terminate().await.status.code(), Some(0));
}

/// `delete` ends the answer that runs meanwhile.
async fn deleted(world: &World, server: &AppProcess, upstream: &mock::MockServer, delete: &str) {
    let user = server.anonymous().signup("ada@example.org").await;
    let conversation = user.create_conversation().await;
    let mut stream = user.send_stream(&conversation, PROMPT).await;
    stream.read_text(3).await;
    let call = upstream.calls().last().map(|call| call.id);
    let mut sql = world.sql().await;
    let read = stream.last_seq().expect("numbers");
    eventually("what was read is stored", async || {
        let stored = sql.value("SELECT COALESCE(MAX(last_seq), 0) FROM response_events").await;
        stored.parse::<u64>().expect("a number") >= read
    })
    .await;

    assert_eq!(sql.execute(delete).await, 1);

    // Long before the provider's silence would end it.
    let frames = tokio::time::timeout(NOTICED, stream.finish()).await;
    let frames = frames.expect("the deletion is noticed");
    // With its user the session is gone as well. Whoever notices first ends the stream: the
    // generator with a last event, or the watch over sessions without one.
    if frames.last().is_some_and(testkit::sse::Frame::is_done_marker) {
        validator::assert_valid(&frames);
        let last = frames[frames.len() - 2].json();
        assert_eq!(last["response"]["error"]["code"], "conversation_deleted", "{last}");
    } else {
        assert_eq!(delete, DELETE_USER, "a clean end");
    }
    let outcome = upstream
        .wait_for("the end of the call", |calls| {
            let call = calls.iter().find(|seen| Some(seen.id) == call)?;
            (call.outcome != CallOutcome::Running).then_some(call.outcome)
        })
        .await;
    assert_eq!(outcome, CallOutcome::ClientClosed);
}
