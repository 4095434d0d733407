//! What the tables themselves guarantee, whoever writes to them.

use testkit::{Engine, World};

/// A user with a conversation of two messages, a response and its events, all by SQL.
async fn fill(world: &World) -> testkit::sql::Sql {
    super::open(world).await.close().await;
    let mut sql = world.sql().await;
    let (id, now) = (|n: u8| format!("x'{n:032x}'"), "'2026-01-02 03:04:05.678901'");
    let (user, session, conv) = (id(1), id(2), id(3));
    let (question, answer, response, server) = (id(4), id(5), id(6), id(7));
    for statement in [
        format!(
            "INSERT INTO users VALUES ({user}, 'a@b.c', 'hash', 'Ada', 'user', NULL, 0, {now}, {now}, NULL)"
        ),
        format!(
            "INSERT INTO sessions VALUES ({session}, {user}, '', '', {now}, {now}, {now}, NULL)"
        ),
        format!(
            "INSERT INTO refresh_tokens VALUES (x'{:064x}', {session}, NULL, NULL, {now}, {now})",
            9
        ),
        format!(
            "INSERT INTO conversations (id, user_id, kind, title, title_source, pinned, next_seq, \
             version, created_at, updated_at) VALUES ({conv}, {user}, 'chat', 'T', 'user', 0, 2, 1, \
             {now}, {now})"
        ),
        format!(
            "INSERT INTO messages VALUES ({conv}, 0, {question}, NULL, 0, NULL, 'message', 'user', \
             1, 'completed', 'Why?', NULL, NULL, {now}, {now})"
        ),
        format!(
            "INSERT INTO messages VALUES ({conv}, 1, {answer}, {question}, 1, {response}, \
             'message', 'assistant', 0, 'completed', 'Because.', NULL, 'm', {now}, {now})"
        ),
        format!(
            "INSERT INTO responses (id, user_id, conversation_id, user_message_id, message_id, \
             status, model, provider, parameters, input_from_seq, input_to_seq, usage_estimated, \
             owner, epoch, last_seq, created_at, updated_at) VALUES ({response}, {user}, {conv}, \
             {question}, {answer}, 'completed', 'm', 'p', '{{}}', 0, 0, 0, {server}, 0, 1, {now}, \
             {now})"
        ),
        format!(
            "INSERT INTO response_events (response_id, first_seq, last_seq, payload) VALUES \
             ({response}, 0, 1, '')"
        ),
    ] {
        sql.execute(&statement).await;
    }
    sql
}

#[testkit::test]
async fn deleting_a_user_removes_everything_of_theirs(world: World) {
    let mut sql = fill(&world).await;
    sql.execute("DELETE FROM users").await;
    for table in
        ["sessions", "refresh_tokens", "conversations", "messages", "responses", "response_events"]
    {
        let left = sql.value(&format!("SELECT COUNT(*) FROM {table}")).await;
        assert_eq!(left, "0", "{table}");
    }
}

/// A response as the release before writes it, which may still run beside this one.
fn response_without_purpose(id: u8, parameters: &str) -> String {
    let (id, now) = (format!("x'{id:032x}'"), "'2026-01-02 03:04:05.678901'");
    let other = |n: u8| format!("x'{n:032x}'");
    format!(
        "INSERT INTO responses (id, user_id, conversation_id, user_message_id, message_id, \
         status, model, provider, parameters, input_from_seq, input_to_seq, usage_estimated, \
         owner, epoch, last_seq, created_at, updated_at) VALUES ({id}, {}, {}, {}, {id}, \
         'completed', 'm', 'p', '{parameters}', 0, 0, 0, {}, 0, -1, {now}, {now})",
        other(1),
        other(3),
        other(4),
        other(7)
    )
}

#[testkit::test]
async fn rows_of_an_older_release_say_what_they_were_made_for(world: World) {
    let mut sql = fill(&world).await;
    sql.execute("ALTER TABLE responses DROP COLUMN purpose").await;
    sql.execute("DELETE FROM seaql_migrations WHERE version = 'm20261130_000024_purpose'").await;
    sql.execute(&response_without_purpose(20, r#"{"purpose":"title"}"#)).await;
    sql.execute(&response_without_purpose(21, r#"{"instructions":"purpose: title"}"#)).await;
    super::open(&world).await.close().await;
    sql.execute(&response_without_purpose(22, r#"{"instructions":null}"#)).await;
    let found = sql.rows("SELECT LOWER(HEX(id)), purpose FROM responses ORDER BY id").await;
    let expected = [(6, "answer"), (20, "title"), (21, "answer"), (22, "answer")]
        .map(|(id, purpose): (u8, _)| vec![format!("{id:032x}"), purpose.to_owned()]);
    assert_eq!(found, expected);
}

/// A removal may begin although nobody knows whether the delete before it took place.
#[testkit::test]
async fn what_is_not_hidden_is_not_removed(world: World) {
    let mut sql = fill(&world).await;
    let db = super::open(&world).await;
    let user = format!("user_{:032x}", 1).parse().unwrap();
    let conversation = format!("conv_{:032x}", 3).parse().unwrap();
    let now = models::Context::system().now();
    crud::users::removal::remove(&db, user, now).await.unwrap();
    crud::conversations::trash::remove(&db, conversation).await.unwrap();
    let kept = "SELECT COUNT(*) FROM conversations WHERE removed_at IS NULL";
    assert_eq!(sql.value(kept).await, "1");
    for (table, rows) in [("users", "1"), ("sessions", "1"), ("messages", "2"), ("responses", "1")]
    {
        let found = sql.value(&format!("SELECT COUNT(*) FROM {table}")).await;
        assert_eq!(found, rows, "{table}");
    }
    db.close().await;
}

#[testkit::test]
async fn is_user_cannot_lie(world: World) {
    let mut sql = fill(&world).await;
    for lie in [
        "UPDATE messages SET is_user = 1 WHERE role = 'assistant'",
        "UPDATE messages SET is_user = 0 WHERE role = 'user'",
        "UPDATE messages SET is_user = 1, role = NULL WHERE role = 'assistant'",
    ] {
        assert!(sql.try_execute(lie).await.is_err(), "{lie}");
    }
}

#[testkit::test]
async fn a_number_is_given_once_per_conversation(world: World) {
    let mut sql = fill(&world).await;
    assert!(sql.try_execute("UPDATE messages SET seq = 0 WHERE seq = 1").await.is_err());
}

#[testkit::test]
async fn views_show_readable_ids(world: World) {
    let mut sql = fill(&world).await;
    let rows = sql
        .rows("SELECT id, conversation_id, parent_id, is_user, content FROM messages_view ORDER BY seq")
        .await;
    let zeros = "0".repeat(31);
    assert_eq!(
        rows,
        [
            [
                format!("msg_{zeros}4"),
                format!("conv_{zeros}3"),
                "NULL".into(),
                "1".into(),
                "Why?".into()
            ],
            [
                format!("msg_{zeros}5"),
                format!("conv_{zeros}3"),
                format!("msg_{zeros}4"),
                "0".into(),
                "Because.".into()
            ],
        ]
    );
    let users = sql.rows("SELECT id, email FROM users_view").await;
    assert_eq!(users, [[format!("user_{zeros}1"), "a@b.c".to_owned()]]);
    let titles = sql.rows("SELECT user_id, title FROM conversations_view").await;
    assert_eq!(titles, [[format!("user_{zeros}1"), "T".to_owned()]]);
    if world.engine() == Engine::Sqlite {
        assert_eq!(sql.value("SELECT COUNT(*) FROM pragma_foreign_key_check").await, "0");
    }
}
