//! Rows that cannot be written, read or removed: none of them stops a loop over rows, and an end
//! that cannot be stored frees its conversation.

use serde_json::{Value, json};
use testkit::client::User;
use testkit::log::expect_error;
use testkit::sql::Sql;
use testkit::{Engine, TestApp, World, eventually};

use super::upstream::{self, MODEL, says};

/// Lets the database refuse what `event` (`UPDATE`, `DELETE`, `INSERT`) does to rows of `table` for
/// which `condition` holds; `ROW` in it is the row.
pub(super) async fn poison(world: &World, table: &str, event: &str, condition: &str) {
    let row = if event == "DELETE" { "OLD" } else { "NEW" };
    let condition = condition.replace("ROW", row);
    let sql = match world.engine() {
        Engine::Sqlite => format!(
            "CREATE TRIGGER poison_{table} BEFORE {event} ON {table} WHEN {condition} \
             BEGIN SELECT RAISE(ABORT, 'poisoned'); END"
        ),
        _ => format!(
            "CREATE TRIGGER poison_{table} BEFORE {event} ON {table} FOR EACH ROW BEGIN \
             IF {condition} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'poisoned'; END IF; END"
        ),
    };
    world.sql().await.execute(&sql).await;
}

/// An id as SQL has it.
fn sql_id(id: &str) -> String {
    format!("x'{}'", id.rsplit('_').next().unwrap())
}

async fn count(sql: &mut Sql, from: &str) -> u64 {
    sql.value(&format!("SELECT COUNT(*) FROM {from}")).await.parse().unwrap()
}

async fn echo(user: &User, conversation: &str, text: &str) -> Value {
    super::turn(user, conversation, text, "mock:echo").await
}

/// Its conversation takes a message and answers it.
async fn assert_free(user: &User, conversation: &str) {
    let turn = super::turn(user, conversation, "and now", "mock:ticks=1").await;
    assert_eq!(turn["response"]["status"], "completed", "{turn}");
}

/// Text of about this length, with quotes and line ends that make it longer as JSON.
fn text(length: usize) -> String {
    "A \"quoted\" line of an answer that is long.\n".repeat(length / 43)
}

#[testkit::test(servers)]
async fn f5_an_answer_above_max_allowed_packet_ends_and_frees_its_place(world: World) {
    expect_error("the end of a response cannot be stored as it is");
    let database = world.own_server().await;
    let world = database.world().clone();
    let mut sql = world.sql().await;
    world.database().administer("SET GLOBAL max_allowed_packet = 1048576").await;
    let whole = text(1_500_000);
    let said = whole.clone();
    let app = upstream::builder(&world, move |request| {
        let last = upstream::messages(request).pop().unwrap().1;
        match last.as_str() {
            "in pieces" => {
                let pieces = said.as_bytes().chunks(10_000);
                let pieces: Vec<_> = pieces.map(String::from_utf8_lossy).collect();
                says(&pieces)
            }
            "at once" => says(&[&said[..]]),
            "next" => says(&["fine"]),
            // It is to go on.
            _ => says(&[&said[..200_000]]),
        }
    });
    let window = "100000000";
    let app = app.await.set("CHATAPP_PROVIDERS__OWN__CONTEXT_TOKENS", window);
    let mut app = app.start().await;
    let user = app.user("ada").await;
    for question in ["in pieces", "at once"] {
        let conversation = user.create_conversation().await;
        let turn = super::turn(&user, &conversation, question, MODEL).await;
        assert_eq!(turn["response"]["status"], "failed", "{}", turn["response"]);
        assert_eq!(turn["response"]["error"]["code"], "answer_not_stored");
        let kept = turn["message"]["content"].as_str().unwrap();
        assert!(whole.starts_with(kept) && kept.len() > 900_000, "{} were kept", kept.len());
        // It may be continued. Nothing more fits, and nothing less is kept.
        let path = format!("/api/responses/{}/continue", turn["response"]["id"].as_str().unwrap());
        let more = user.post(&path, json!({})).await.expect(201);
        assert_eq!(more["response"]["error"]["code"], "answer_not_stored", "{}", more["response"]);
        assert!(more["message"]["content"] == kept, "the text is what it was");
        let next = super::turn(&user, &conversation, "next", MODEL).await;
        assert_eq!(next["response"]["status"], "completed");
        // The same from the database alone.
        let id = turn["response"]["id"].as_str().unwrap();
        assert_eq!(user.response(id).await["status"], "failed");
    }
    app.restart().await;
    let user = app.anonymous().login(&user.email).await;
    user.get("/api/me").await.expect(200);
    let open = "responses WHERE completed_at IS NULL";
    assert_eq!(count(&mut sql, open).await, 0);
}

#[testkit::test]
async fn f5_an_answer_sent_in_one_piece_is_stored_whole(world: World) {
    let whole = text(700_000);
    let said = whole.clone();
    let app = upstream::app(&world, move |_| says(&[&said[..]])).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let frames = super::stream(&user, &conversation, "Go", MODEL).await.finish().await;
    testkit::validator::assert_valid(&frames);
    assert_eq!(testkit::sse::text_of(&frames), whole);
    assert_eq!(user.list_messages(&conversation).await[1]["content"], whole);
    let longest = "SELECT MAX(LENGTH(payload)) FROM response_events";
    let longest: usize = world.sql().await.value(longest).await.parse().unwrap();
    assert!(longest < 512 * 1024, "{longest}");
}

#[testkit::test]
async fn f5_an_end_that_the_database_refuses_ends_as_failed(world: World) {
    expect_error("the end of a response cannot be stored as it is");
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    poison(&world, "messages", "UPDATE", "ROW.content LIKE '%poison%'").await;
    let turn = echo(&user, &conversation, "poison").await;
    assert_eq!(turn["response"]["status"], "failed", "{turn}");
    assert_eq!(turn["response"]["error"]["code"], "answer_not_stored");
    assert_free(&user, &conversation).await;
    let stored = user.response(turn["response"]["id"].as_str().unwrap()).await;
    assert_eq!(stored["status"], "failed");
    assert_eq!(user.list_messages(&conversation).await[1]["status"], "incomplete");
}

/// An answer that stands still after a thought and three words, which are stored.
async fn open_answer(world: &World, user: &User) -> (String, String) {
    let conversation = user.create_conversation().await;
    let model = "mock:reasoning=1,ticks=9,fault=stall@3";
    let mut stream = super::stream(user, &conversation, "Go", model).await;
    let id = stream.response_id().await;
    stream.read_text(3).await;
    let query = format!(
        "SELECT COALESCE(MAX(last_seq), 0) FROM response_events WHERE response_id = {}",
        sql_id(&id)
    );
    eventually("a checkpoint", async || {
        world.sql().await.value(&query).await.parse().is_ok_and(|seq: i64| seq >= 12)
    })
    .await;
    (conversation, id)
}

#[testkit::test]
async fn f5_a_poisoned_open_answer_stops_no_recovery(world: World) {
    expect_error("the end of a response cannot be stored as it is");
    expect_error("a stored event cannot be read");
    expect_error("an event belongs to no item");
    expect_error("an open response cannot be written");
    expect_error("a row was skipped");
    let mut app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let mut open = Vec::new();
    for _ in 0..5 {
        open.push(open_answer(&world, &user).await);
    }
    let message = user.list_messages(&open[0].0).await[1]["id"].as_str().unwrap().to_owned();
    let mut sql = world.sql().await;
    // The first one's message refuses any end, the second one's row does, the third one's events
    // are no JSON.
    poison(&world, "messages", "UPDATE", &format!("ROW.id = {}", sql_id(&message))).await;
    poison(&world, "responses", "UPDATE", &format!("ROW.id = {}", sql_id(&open[1].1))).await;
    sql.execute(&format!(
        "UPDATE response_events SET payload = 'no JSON' WHERE response_id = {}",
        sql_id(&open[2].1)
    ))
    .await;
    app.crash().await;
    let user = app.anonymous().login(&user.email).await;
    for (conversation, id) in &open[3..] {
        eventually("the others are closed", async || {
            user.response(id).await["status"] == "incomplete"
        })
        .await;
        assert_eq!(user.list_messages(conversation).await[1]["content"], super::ticks(3));
        assert_free(&user, conversation).await;
    }
    eventually("the first is given up", async || {
        user.response(&open[0].1).await["error"]["code"] == "answer_not_stored"
    })
    .await;
    eventually("the third is closed", async || {
        user.response(&open[2].1).await["status"] == "incomplete"
    })
    .await;
    eventually("the conversation of the second is free", async || {
        user.conversation(&open[1].0).await["active_response_id"] == Value::Null
    })
    .await;
    for (conversation, _) in &open[..3] {
        assert_free(&user, conversation).await;
    }
    // Once its row can be written again the second one ends as it should have, behind what was
    // said meanwhile.
    sql.execute("DROP TRIGGER poison_responses").await;
    app.crash().await;
    let user = app.anonymous().login(&user.email).await;
    let (conversation, id) = &open[1];
    eventually("the second is closed", async || user.response(id).await["status"] != "in_progress")
        .await;
    let healed = user.response(id).await;
    assert_eq!(healed["incomplete_details"]["reason"], "interrupted", "{healed}");
    let messages = user.list_messages(conversation).await;
    assert_eq!(messages[1]["content"], super::ticks(3));
    assert!(messages[1]["reasoning"].is_string(), "{}", messages[1]);
    assert_eq!(messages.len(), 4, "and what was said meanwhile");
    assert_free(&user, conversation).await;
}

/// Each look of a server comes by what others left open, so what has ended says that one took place.
#[testkit::test(servers)]
async fn f5_a_poisoned_open_answer_is_not_taken_over_for_ever(world: World) {
    expect_error("the end of a response cannot be stored as it is");
    expect_error("an open response cannot be written");
    expect_error("a row was skipped");
    let mut app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(open_answer(&world, &user).await.1);
    }
    let mut sql = world.sql().await;
    poison(&world, "responses", "UPDATE", &format!("ROW.id = {}", sql_id(&open[0]))).await;
    let dead = sql.value("SELECT HEX(id) FROM servers").await;
    app.crash().await;
    let user = app.anonymous().login(&user.email).await;
    // The two others belong to the new server, which does not run them, until they are left by
    // servers that nobody knows.
    let here = format!("(SELECT id FROM servers WHERE HEX(id) <> '{dead}')");
    for id in &open[1..] {
        let sql_id = sql_id(id);
        sql.execute(&format!("UPDATE responses SET owner = {here} WHERE id = {sql_id}")).await;
    }
    sql.execute(&format!("UPDATE servers SET beat = -1 WHERE HEX(id) = '{dead}'")).await;
    let epoch = format!("SELECT epoch FROM servers WHERE HEX(id) = '{dead}'");
    eventually("it is taken over", async || sql.value(&epoch).await == "1").await;
    for (id, owner) in open[1..].iter().zip(["01", "02"]) {
        let owner = format!("x'{}{owner}'", "0".repeat(30));
        let sql_id = sql_id(id);
        sql.execute(&format!("UPDATE responses SET owner = {owner} WHERE id = {sql_id}")).await;
        eventually("one more look", async || user.response(id).await["status"] != "in_progress")
            .await;
    }
    assert_eq!(sql.value(&epoch).await, "1", "it was taken over once");
}

#[testkit::test]
async fn f5_a_poisoned_row_stops_no_purge_of_events(world: World) {
    expect_error("a row was skipped");
    let mut app =
        TestApp::builder(&world).set("CHATAPP_LIMITS__EVENT_RETENTION", "1d").start().await;
    let user = app.user("ada").await;
    let mut ended = Vec::new();
    for _ in 0..3 {
        let conversation = user.create_conversation().await;
        let turn = echo(&user, &conversation, "one").await;
        ended.push(turn["response"]["id"].as_str().unwrap().to_owned());
    }
    let mut sql = world.sql().await;
    // The oldest one cannot be removed.
    let poisoned = format!("ROW.response_id = {}", sql_id(&ended[0]));
    poison(&world, "response_events", "DELETE", &poisoned).await;
    sql.execute(&format!(
        "UPDATE responses SET completed_at = {}",
        match world.engine() {
            Engine::Sqlite => "'2020-01-01T00:00:00+00:00'",
            _ => "'2020-01-01 00:00:00'",
        }
    ))
    .await;
    app.restart().await;
    let rest = format!("response_events WHERE response_id <> {}", sql_id(&ended[0]));
    eventually("the others are purged", async || count(&mut sql, &rest).await == 0).await;
    let left = format!("response_events WHERE response_id = {}", sql_id(&ended[0]));
    assert!(count(&mut sql, &left).await > 0);
}

#[testkit::test]
async fn f5_a_poisoned_row_stops_no_removal(world: World) {
    expect_error("a row was skipped");
    let mut app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let mut conversations = Vec::new();
    for _ in 0..4 {
        let conversation = user.create_conversation().await;
        echo(&user, &conversation, "one").await;
        conversations.push(conversation);
    }
    let poisoned = sql_id(&conversations[0]);
    poison(&world, "conversations", "DELETE", &format!("ROW.id = {poisoned}")).await;
    let mut sql = world.sql().await;
    let body = json!({"ids": &conversations[..2], "permanent": true});
    user.post("/api/conversations/delete", body).await.expect(200);
    let rest = format!("conversations WHERE id = {}", sql_id(&conversations[1]));
    eventually("the other one is removed", async || count(&mut sql, &rest).await == 0).await;

    // What is left over at a start, and what is due in the trash.
    user.delete_conversation(&conversations[2]).await;
    let long_ago = match world.engine() {
        Engine::Sqlite => "'2020-01-01T00:00:00+00:00'",
        _ => "'2020-01-01 00:00:00'",
    };
    sql.execute(&format!(
        "UPDATE conversations SET deleted_at = {long_ago} WHERE deleted_at IS NOT NULL"
    ))
    .await;
    app.restart().await;
    let rest = format!("conversations WHERE id <> {poisoned} AND deleted_at IS NOT NULL");
    eventually("the trash is emptied", async || count(&mut sql, &rest).await == 0).await;
    assert_eq!(count(&mut sql, &format!("conversations WHERE id = {poisoned}")).await, 1);
}

#[testkit::test(servers)]
async fn f5_what_an_outage_leaves_of_the_trash_is_removed_after_it(world: World) {
    let mut app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let mut conversations = Vec::new();
    for _ in 0..3 {
        let conversation = user.create_conversation().await;
        user.delete_conversation(&conversation).await;
        conversations.push(conversation);
    }
    let mut sql = world.sql().await;
    sql.execute("UPDATE conversations SET deleted_at = '2020-01-01 00:00:00'").await;
    // The disk of the database is full.
    sql.execute(
        "CREATE TRIGGER full BEFORE DELETE ON conversations FOR EACH ROW \
         SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 1021, MESSAGE_TEXT = 'disk full'",
    )
    .await;
    app.restart().await;
    let begun = "conversations WHERE removed_at IS NOT NULL";
    eventually("the removal has begun", async || count(&mut sql, begun).await == 3).await;
    sql.execute("DROP TRIGGER full").await;
    eventually("they are removed", async || count(&mut sql, "conversations").await == 0).await;
}

#[testkit::test]
async fn f5_a_poisoned_account_stops_no_other_removal(world: World) {
    expect_error("a row was skipped");
    let app = TestApp::start(&world).await;
    let _first = app.user("root").await;
    let (ada, bob) = (app.user("ada").await, app.user("bob").await);
    let mut conversations = Vec::new();
    for _ in 0..3 {
        conversations.push(ada.create_conversation().await);
    }
    let poisoned = sql_id(&conversations[0]);
    poison(&world, "conversations", "DELETE", &format!("ROW.id = {poisoned}")).await;
    for user in [&ada, &bob] {
        let body = json!({"current_password": testkit::client::PASSWORD});
        let request = user.request(reqwest::Method::DELETE, "/api/me").json(&body);
        assert_eq!(user.send(request).await.status, 204);
    }
    let mut sql = world.sql().await;
    let other = format!("users WHERE id = {}", sql_id(&bob.id));
    eventually("the other account is removed", async || count(&mut sql, &other).await == 0).await;
    let rest = format!("conversations WHERE user_id = {} AND id <> {poisoned}", sql_id(&ada.id));
    eventually("her other conversations are removed", async || count(&mut sql, &rest).await == 0)
        .await;
}

#[testkit::test]
async fn f5_a_poisoned_text_stops_no_search_backlog(world: World) {
    expect_error("a text cannot be made searchable");
    let mut app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let mut conversations = Vec::new();
    for n in 0..3 {
        let conversation = user.create_conversation().await;
        echo(&user, &conversation, &format!("haystack {n}")).await;
        conversations.push(conversation);
    }
    let mut sql = world.sql().await;
    sql.execute("DELETE FROM search_docs").await;
    sql.execute("DELETE FROM meta WHERE name = 'search_backlog'").await;
    let poisoned = sql_id(&conversations[1]);
    let condition = format!("ROW.conversation_id = {poisoned} AND ROW.seq = 0");
    poison(&world, "search_docs", "INSERT", &condition).await;
    app.restart().await;
    let all = format!("search_docs WHERE seq IS NOT NULL AND conversation_id <> {poisoned}");
    eventually("the other texts are found", async || count(&mut sql, &all).await == 4).await;
    eventually("it comes to its end", async || {
        sql.value("SELECT value FROM meta WHERE name = 'search_backlog'").await == "end"
    })
    .await;
}
