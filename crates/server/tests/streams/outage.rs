//! A database that goes away: killed and started again, cut off in the middle of a commit, hanging.
//!
//! Some need MariaDB: its tests speak in the clear over TCP, where a network that breaks can read along.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use testkit::client::{Anonymous, PASSWORD, Reply, User};
use testkit::log::expect_error;
use testkit::proxy::Fault;
use testkit::sse::text_of;
use testkit::validator::assert_valid;
use testkit::{FaultProxy, TestApp, World, eventually};

/// The question that a server asks to find out who else runs something.
const LOOK: &[u8] = b"SELECT DISTINCT `responses`.`owner`";

/// What the log says about a request that the database did not answer.
const UNAVAILABLE: &str = "the database is not available";

/// The packets of these statements: their length, their number, "query", the text.
const BEGIN: &[u8] = b"\x06\0\0\0\x03BEGIN";
const COMMIT: &[u8] = b"\x07\0\0\0\x03COMMIT";

/// A server that reaches its database through a network that breaks.
async fn behind(world: &World) -> (TestApp, FaultProxy) {
    let port = world.database().server().unwrap().port;
    let proxy = FaultProxy::start(&format!("127.0.0.1:{port}")).await;
    let app = TestApp::builder(world)
        .set("DB_HOST", "127.0.0.1")
        .set("DB_PORT", proxy.port().to_string())
        .set("CHATAPP_STORAGE__ACQUIRE_TIMEOUT", "1s")
        .set("CHATAPP_STORAGE__STATEMENT_TIMEOUT", "1s")
        .start()
        .await;
    (app, proxy)
}

/// Sends a message and waits for its answer, whatever comes.
async fn try_send(user: &User, conversation: &str, key: &str, content: &str) -> Reply {
    let path = format!("/api/conversations/{conversation}/messages");
    let request = user.request(Method::POST, &path).header("idempotency-key", key);
    user.send(request.json(&json!({"content": content, "model": "mock:ticks=5"}))).await
}

/// Opens a conversation with its first message and waits for the answer, whatever comes.
async fn try_open(user: &User, key: &str, content: &str) -> Reply {
    let request = user.request(Method::POST, "/api/messages").header("idempotency-key", key);
    user.send(request.json(&json!({"content": content, "model": "mock:ticks=5"}))).await
}

/// The turn of `key`, repeated until it is accepted; nothing but "unavailable" may come before.
async fn send(user: &User, conversation: &str, key: &str, content: &str) -> Value {
    let mut turn = Value::Null;
    eventually("the message is accepted", async || {
        let reply = try_send(user, conversation, key, content).await;
        if reply.status == 503 {
            reply.expect_error(503, "unavailable");
            return false;
        }
        turn = reply.expect(201);
        true
    })
    .await;
    turn
}

/// Question and whole answer are there once, and the model was asked once.
async fn assert_once(user: &User, app: &TestApp, conversation: &str, question: &str, ticks: usize) {
    let messages = user.list_messages(conversation).await;
    let contents: Vec<&str> = messages.iter().filter_map(|row| row["content"].as_str()).collect();
    assert_eq!(contents, [question, super::ticks(ticks).as_str()]);
    assert_eq!(messages[1]["status"], "completed");
    let calls = app.upstream().calls();
    let asked =
        |call: &&mock::ReceivedCall| call.messages.last().is_some_and(|last| last.1 == question);
    assert_eq!(calls.iter().filter(asked).count(), 1);
}

/// No response is open, and none has a gap in its numbers.
async fn assert_whole(world: &World) {
    let mut sql = world.sql().await;
    let query = "SELECT COUNT(*) FROM responses WHERE completed_at IS NULL";
    assert_eq!(sql.value(query).await, "0");
    let query = "SELECT HEX(response_id), first_seq, last_seq FROM response_events \
                 ORDER BY response_id, first_seq";
    let mut next = (String::new(), 0);
    for run in sql.rows(query).await {
        let [first, last] = [&run[1], &run[2]].map(|seq| seq.parse::<u64>().unwrap());
        assert_eq!(first, if next.0 == run[0] { next.1 } else { 0 });
        next = (run[0].clone(), last + 1);
    }
}

#[testkit::test(servers)]
async fn a_killed_database_costs_nothing(world: World) {
    expect_error(UNAVAILABLE);
    let database = world.own_server().await;
    let world = database.world().clone();
    let app = TestApp::builder(&world).start().await;
    let user = app.user("ada").await;
    let [running, other] = [user.create_conversation().await, user.create_conversation().await];
    let mut stream = super::stream(&user, &running, "Go", "mock:ticks=200,rate=40").await;
    stream.read_text(10).await;

    database.kill().await;
    // Whoever follows an answer does not notice.
    stream.read_text(40).await;
    try_send(&user, &other, "k1", "Hello").await.expect_error(503, "unavailable");
    user.get("/api/conversations").await.expect_error(503, "unavailable");
    let health = user.with_bearer(None).get("/health/ready").await;
    assert_eq!(health.status, 503, "{}", health.text);
    stream.read_text(10).await;

    database.start_again().await;
    send(&user, &other, "k1", "Hello").await;
    assert_once(&user, &app, &other, "Hello", 5).await;
    let frames = stream.finish().await;
    assert_valid(&frames);
    assert_eq!(text_of(&frames), super::ticks(200));
    assert_once(&user, &app, &running, "Go", 200).await;
    assert_whole(&world).await;
    user.with_bearer(None).get("/health/ready").await.expect(200);
}

#[testkit::test(mariadb)]
async fn a_database_may_be_away_longer_than_a_server_counts_as_dead(world: World) {
    let (one, way) = behind(&world).await;
    let (_two, other_way) = behind(&world).await;
    let user = one.user("ada").await;
    let conversation = user.create_conversation().await;
    let mut stream = super::stream(&user, &conversation, "Go", "mock:ticks=600,rate=25").await;
    // The other server has seen this one run something.
    stream.read_text(100).await;
    way.cut_off();
    other_way.cut_off();
    // Fourteen seconds of an answer that nobody can store.
    stream.read_text(350).await;
    // The other server is back first, and looks before this one has shown that it lives.
    other_way.fail_at(LOOK, [None]);
    other_way.restore();
    eventually("the other server looks", async || other_way.faults_left() == 0).await;
    way.restore();
    let frames = stream.finish().await;
    assert_valid(&frames);
    assert_once(&user, &one, &conversation, "Go", 600).await;
    assert_whole(&world).await;
}

#[testkit::test(servers)]
async fn a_server_stops_although_its_database_is_away(world: World) {
    let database = world.own_server().await;
    let world = database.world().clone();
    let app = TestApp::builder(&world).set("CHATAPP_SERVER__SHUTDOWN_GRACE", "0s").start().await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let mut stream = super::stream(&user, &conversation, "Go", "mock:ticks=9,fault=stall@3").await;
    stream.read_text(3).await;
    eventually("a checkpoint", async || {
        let sql = "SELECT COALESCE(MAX(last_seq), 0) FROM response_events";
        world.sql().await.value(sql).await.parse().is_ok_and(|seq: i64| seq >= 6)
    })
    .await;
    database.kill().await;
    expect_error("the end of a response could not be stored");
    let (frames, ()) = tokio::join!(stream.finish(), app.finish());
    assert!(frames.iter().all(|frame| frame.event != "response.incomplete"), "it is not stored");

    database.start_again().await;
    let app = TestApp::start(&world).await;
    let user = app.anonymous().login(&user.email).await;
    eventually("the answer is closed by the next server", async || {
        let messages = user.list_messages(&conversation).await;
        messages[1]["status"] == "incomplete" && messages[1]["content"] == super::ticks(3)
    })
    .await;
}

#[testkit::test(mariadb)]
async fn a_commit_whose_answer_is_lost_took_place_once(world: World) {
    expect_error(UNAVAILABLE);
    let (app, proxy) = behind(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    proxy.fail_at(COMMIT, [Some(Fault::ReplyLost)]);
    // Without a key: the server knows its own ids.
    let turn = super::turn(&user, &conversation, "Hello", "mock:ticks=5").await;
    assert_eq!(proxy.faults_left(), 0);
    assert_eq!(turn["response"]["status"], "completed");
    assert_once(&user, &app, &conversation, "Hello", 5).await;

    let begin = |user: &User| {
        let request = user.request(Method::POST, "/api/conversations");
        request.header("idempotency-key", "c1").json(&json!({"title": "Once"}))
    };
    proxy.fail_at(COMMIT, [Some(Fault::ReplyLost)]);
    let first = user.send(begin(&user)).await;
    assert_eq!(proxy.faults_left(), 0);
    if first.status != 201 {
        first.expect_error(503, "unavailable");
        user.send(begin(&user)).await.expect(201);
    }
    assert_eq!(user.list_conversations().await.len(), 2);

    proxy.fail_at(COMMIT, [Some(Fault::ReplyLost)]);
    let turn = try_open(&user, "m1", "First").await.expect(201);
    assert_eq!(proxy.faults_left(), 0);
    assert_eq!(try_open(&user, "m1", "First").await.expect(201), turn);
    assert_eq!(user.list_conversations().await.len(), 3);
    let opened = turn["user_message"]["conversation_id"].as_str().unwrap();
    assert_once(&user, &app, opened, "First", 5).await;

    let cut = super::turn(&user, &conversation, "More", "mock:ticks=3,finish=length").await;
    let path = format!("/api/responses/{}/continue", cut["response"]["id"].as_str().unwrap());
    proxy.fail_at(COMMIT, [Some(Fault::ReplyLost)]);
    let turn = user.post(&path, json!({"model": "mock:ticks=2"})).await.expect(201);
    assert_eq!(proxy.faults_left(), 0);
    let whole = super::ticks(3) + &super::ticks(2);
    assert_eq!(turn["message"]["content"], whole.as_str());
    assert_whole(&world).await;
}

#[testkit::test(mariadb)]
async fn a_commit_that_is_lost_can_be_repeated(world: World) {
    expect_error(UNAVAILABLE);
    let (app, proxy) = behind(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    proxy.fail_at(COMMIT, [Some(Fault::Lost)]);
    try_send(&user, &conversation, "k1", "Hello").await.expect_error(503, "unavailable");
    assert_eq!(proxy.faults_left(), 0);
    send(&user, &conversation, "k1", "Hello").await;
    assert_once(&user, &app, &conversation, "Hello", 5).await;

    proxy.fail_at(COMMIT, [Some(Fault::Lost)]);
    try_open(&user, "m1", "First").await.expect_error(503, "unavailable");
    assert_eq!(user.list_conversations().await.len(), 1, "nothing of it is left");
    let mut opened = String::new();
    eventually("the first message is accepted", async || {
        let reply = try_open(&user, "m1", "First").await;
        if reply.status == 201 {
            reply.json["user_message"]["conversation_id"].as_str().unwrap().clone_into(&mut opened);
        }
        reply.status == 201
    })
    .await;
    assert_eq!(user.list_conversations().await.len(), 2);
    assert_once(&user, &app, &opened, "First", 5).await;
    assert_whole(&world).await;
}

/// A client that deletes is told that the server does not know. What the commit has hidden goes.
#[testkit::test(mariadb)]
async fn what_a_lost_reply_has_hidden_is_removed_all_the_same(world: World) {
    expect_error(UNAVAILABLE);
    let (app, proxy) = behind(&world).await;
    let user = app.user("ada").await;
    let gone = async |table: &str| {
        let query = format!("SELECT COUNT(*) FROM {table}");
        eventually("the rows are removed", async || world.sql().await.value(&query).await == "0")
            .await;
    };

    let conversation = user.create_conversation().await;
    proxy.fail_at(COMMIT, [Some(Fault::ReplyLost)]);
    let path = format!("/api/conversations/{conversation}?permanent=true");
    user.delete(&path).await.expect_error(503, "unavailable");
    assert_eq!(proxy.faults_left(), 0);
    gone("conversations").await;

    let conversation = user.create_conversation().await;
    proxy.fail_at(COMMIT, [Some(Fault::ReplyLost)]);
    let body = json!({"ids": [conversation], "permanent": true});
    user.post("/api/conversations/delete", body).await.expect_error(503, "unavailable");
    assert_eq!(proxy.faults_left(), 0);
    gone("conversations").await;

    user.create_conversation().await;
    proxy.fail_at(COMMIT, [Some(Fault::ReplyLost)]);
    let body = json!({"all": true, "permanent": true});
    user.post("/api/conversations/delete", body).await.expect_error(503, "unavailable");
    assert_eq!(proxy.faults_left(), 0);
    gone("conversations").await;

    user.create_conversation().await;
    proxy.fail_at(COMMIT, [Some(Fault::ReplyLost)]);
    user.send(delete_me(&user)).await.expect_error(503, "unavailable");
    assert_eq!(proxy.faults_left(), 0);
    gone("users").await;
}

fn delete_me(user: &User) -> RequestBuilder {
    user.request(Method::DELETE, "/api/me").json(&json!({"current_password": PASSWORD}))
}

#[testkit::test(mariadb)]
async fn an_account_whose_delete_is_committed_late_is_removed(world: World) {
    expect_error(UNAVAILABLE);
    let (app, proxy) = behind(&world).await;
    let user = app.user("ada").await;
    user.create_conversation().await;
    proxy.fail_at(COMMIT, [Some(Fault::Late)]);
    user.send(delete_me(&user)).await.expect_error(503, "unavailable");
    assert_eq!(world.sql().await.value("SELECT COUNT(*) FROM users").await, "1");
    proxy.release();
    eventually("the account is removed", async || {
        world.sql().await.value("SELECT COUNT(*) FROM users").await == "0"
    })
    .await;
}

/// A client that goes away while its delete is being stored.
#[testkit::test(mariadb)]
async fn what_a_client_that_left_has_hidden_is_removed_all_the_same(world: World) {
    expect_error(UNAVAILABLE);
    let (app, proxy) = behind(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    proxy.fail_at(COMMIT, [Some(Fault::Late)]);
    let path = format!("/api/conversations/{conversation}?permanent=true");
    tokio::select! {
        reply = user.delete(&path) => panic!("it was told {}", reply.status),
        () = eventually("its delete is being stored", async || proxy.faults_left() == 0) => {}
    }
    proxy.release();
    eventually("the rows are removed", async || {
        world.sql().await.value("SELECT COUNT(*) FROM conversations").await == "0"
    })
    .await;
}

#[testkit::test(mariadb)]
async fn a_commit_that_comes_late_is_answered_still(world: World) {
    expect_error(UNAVAILABLE);
    let (app, proxy) = behind(&world).await;
    let user = app.user("ada").await;
    for key in ["k1", "k2"] {
        let conversation = user.create_conversation().await;
        proxy.fail_at(COMMIT, [Some(Fault::Late)]);
        // The server gave up waiting, and does not find the message.
        try_send(&user, &conversation, key, key).await.expect_error(503, "unavailable");
        assert!(user.list_messages(&conversation).await.is_empty());
        proxy.release();
        if key == "k2" {
            send(&user, &conversation, key, key).await;
        }
        eventually("the message that was stored after all is answered", async || {
            let messages = user.list_messages(&conversation).await;
            messages.last().is_some_and(|answer| answer["status"] == "completed")
        })
        .await;
        assert_once(&user, &app, &conversation, key, 5).await;
    }
    // A conversation that is made by the same commit appears and is answered, too.
    proxy.fail_at(COMMIT, [Some(Fault::Late)]);
    try_open(&user, "m1", "First").await.expect_error(503, "unavailable");
    assert_eq!(user.list_conversations().await.len(), 2);
    proxy.release();
    let mut opened = String::new();
    eventually("the conversation that was stored after all is answered", async || {
        let list = user.list_conversations().await;
        list[0]["id"].as_str().unwrap().clone_into(&mut opened);
        let messages = user.list_messages(&opened).await;
        list.len() == 3 && messages.last().is_some_and(|answer| answer["status"] == "completed")
    })
    .await;
    assert_once(&user, &app, &opened, "First", 5).await;
    assert_whole(&world).await;
}

#[testkit::test(mariadb)]
async fn a_commit_that_comes_after_its_server_has_gone_is_closed(world: World) {
    expect_error(UNAVAILABLE);
    let (app, proxy) = behind(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    proxy.fail_at(COMMIT, [Some(Fault::Late)]);
    try_send(&user, &conversation, "k1", "Hello").await.expect_error(503, "unavailable");
    app.finish().await;
    let mut sql = world.sql().await;
    assert_eq!(sql.value("SELECT COUNT(*) FROM servers").await, "0", "it has left nothing open");
    proxy.release();
    let open = "SELECT COUNT(*) FROM responses WHERE status IN ('queued', 'in_progress')";
    eventually("the turn is stored after all", async || sql.value(open).await == "1").await;

    let app = TestApp::start(&world).await;
    let user = app.anonymous().login(&user.email).await;
    eventually("the next server closes it", async || sql.value(open).await == "0").await;
    let messages = user.list_messages(&conversation).await;
    assert_eq!(messages[0]["content"], "Hello");
    assert_eq!(messages[1]["status"], "incomplete");
    // The same key leads to it, and the conversation goes on.
    let turn = send(&user, &conversation, "k1", "Hello").await;
    assert_eq!(turn["response"]["incomplete_details"]["reason"], "interrupted");
    let id = turn["response"]["id"].as_str().unwrap();
    assert_valid(&user.follow(id, None).await.finish().await);
    let turn = send(&user, &conversation, "k2", "Hello again").await;
    assert_eq!(turn["response"]["status"], "completed");
    assert_eq!(sql.value(open).await, "0");
}

#[testkit::test(mariadb)]
async fn an_answer_survives_lost_commits(world: World) {
    let (app, proxy) = behind(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let mut stream = super::stream(&user, &conversation, "Go", "mock:ticks=100,rate=40").await;
    stream.read_text(1).await;
    let faults = [Some(Fault::ReplyLost), Some(Fault::Lost), None];
    proxy.fail_at(COMMIT, faults.into_iter().cycle().take(12));
    let frames = stream.finish().await;
    assert!(proxy.faults_left() < 4, "commits failed");
    proxy.fail_at(COMMIT, []);
    assert_valid(&frames);
    assert_once(&user, &app, &conversation, "Go", 100).await;

    // Now the end itself: an answer so short that nothing else is committed after its beginning.
    for fault in [Fault::ReplyLost, Fault::Lost] {
        let conversation = user.create_conversation().await;
        let question = format!("{fault:?}");
        proxy.fail_at(COMMIT, [None, Some(fault), Some(fault), Some(fault)]);
        let stream = super::stream(&user, &conversation, &question, "mock:ticks=3").await;
        let frames = stream.finish().await;
        proxy.fail_at(COMMIT, []);
        assert_valid(&frames);
        assert_once(&user, &app, &conversation, &question, 3).await;
    }
    assert_whole(&world).await;
}

/// Whether more requests at a time than there are connections are answered well.
async fn works(client: &Anonymous) -> bool {
    let ask = || async {
        let reply = client.get("/api/conversations").await;
        if reply.status != 200 {
            reply.clone().expect_error(503, "unavailable");
        }
        reply.status == 200
    };
    let replies = [(); 12].map(|()| ask());
    futures_util::future::join_all(replies).await.into_iter().all(|good| good)
}

#[testkit::test(mariadb)]
async fn cut_connections_are_replaced(world: World) {
    expect_error(UNAVAILABLE);
    // A connection may be cut while it is being opened.
    expect_error("error returned from after_connect");
    let (app, proxy) = behind(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    assert!(works(&user).await);
    // Connections are taken as they are as long as nothing has failed.
    proxy.cut_all();
    assert!(works(&user).await);
    proxy.fail_at(BEGIN, [Some(Fault::Lost); 2]);
    user.create_conversation().await;
    assert_eq!(proxy.faults_left(), 0);
    let mut stream = super::stream(&user, &conversation, "Go", "mock:ticks=120,rate=40").await;
    for _ in 0..3 {
        stream.read_text(20).await;
        proxy.cut_all();
        // Nobody is told of a dead connection before anything was written.
        assert!(works(&user).await);
        proxy.cut_all();
        let fresh = user.create_conversation().await;
        proxy.cut_all();
        user.delete_conversation(&fresh).await;
    }
    let frames = stream.finish().await;
    assert_valid(&frames);
    assert_once(&user, &app, &conversation, "Go", 120).await;
    assert_whole(&world).await;
}

#[testkit::test(mariadb)]
async fn connections_that_hang_are_replaced(world: World) {
    expect_error(UNAVAILABLE);
    let (app, proxy) = behind(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    assert!(works(&user).await);
    let mut stream = super::stream(&user, &conversation, "Go", "mock:ticks=200,rate=40").await;
    stream.read_text(20).await;
    proxy.strand_all();
    eventually("new connections take their place", async || works(&user).await).await;
    let frames = stream.finish().await;
    assert_valid(&frames);
    assert_once(&user, &app, &conversation, "Go", 200).await;
    assert_whole(&world).await;
}

/// The database has a write of which it never hears the end, and keeps the rows locked for it.
#[testkit::test(mariadb)]
async fn a_write_that_hangs_gives_its_rows_back(world: World) {
    expect_error(UNAVAILABLE);
    let (app, proxy) = behind(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let mut stream = super::stream(&user, &conversation, "Go", "mock:ticks=200,rate=40").await;
    stream.read_text(20).await;
    // Of a checkpoint; it is never released.
    proxy.fail_at(COMMIT, [Some(Fault::Late)]);
    let frames = stream.finish().await;
    assert_eq!(proxy.faults_left(), 0);
    assert_valid(&frames);
    assert_once(&user, &app, &conversation, "Go", 200).await;
    assert_whole(&world).await;
}
