//! The servers that share a database.

use models::{Context, ServerId};
use testkit::{Harness, World};

pub(crate) fn stories(harness: Harness) -> Harness {
    harness.story("a_server_that_left_something_open_is_not_forgotten", not_forgotten)
}

/// Others find what a server left open by its row.
async fn not_forgotten(world: World) {
    let db = super::open(&world).await;
    let [stopped, cut_off]: [ServerId; 2] = [(); 2].map(|()| Context::system().new_id());
    for server in [stopped, cut_off] {
        crud::servers::register(&db, server).await.unwrap();
    }
    leave_open(&world, cut_off).await;

    for server in [stopped, cut_off] {
        crud::servers::leave(&db, server).await.unwrap();
    }
    let id = |server: ServerId| server.0.simple().to_string();
    let mut sql = world.sql().await;
    let left = sql.rows("SELECT LOWER(HEX(id)), beat FROM servers").await;
    assert_eq!(left, [[id(cut_off), crud::servers::STOPPED.to_string()]]);
    sql.execute("UPDATE responses SET status = 'completed'").await;
    crud::servers::leave(&db, cut_off).await.unwrap();
    assert_eq!(sql.value("SELECT COUNT(*) FROM servers").await, "0");
}

/// Stores a response that `server` generates.
async fn leave_open(world: &World, server: ServerId) {
    let (at, id) = ("'2026-01-02 03:04:05.678901'", "x'00112233445566778899aabbccddeeff'");
    let server = server.0.simple();
    let mut sql = world.sql().await;
    for insert in [
        format!(
            "INSERT INTO users (id, email, password_hash, name, role, token_version, created_at, \
             updated_at) VALUES ({id}, 'a@b.c', 'hash', '', 'user', 0, {at}, {at})"
        ),
        format!(
            "INSERT INTO conversations (id, user_id, kind, title, title_source, pinned, next_seq, \
             version, created_at, updated_at) \
             VALUES ({id}, {id}, 'chat', '', 'none', 0, 0, 1, {at}, {at})"
        ),
        format!(
            "INSERT INTO responses (id, user_id, conversation_id, user_message_id, message_id, \
             status, model, provider, parameters, input_from_seq, input_to_seq, usage_estimated, \
             owner, epoch, last_seq, created_at, updated_at) \
             VALUES ({id}, {id}, {id}, {id}, {id}, 'in_progress', 'm', 'p', '{{}}', 0, 0, 0, \
             x'{server}', 0, -1, {at}, {at})"
        ),
    ] {
        sql.execute(&insert).await;
    }
}
