//! The servers that share a database.

use models::{Context, ServerId};
use testkit::World;

use super::AT;

/// Others find what a server left open by its row.
#[testkit::test]
async fn a_server_that_left_something_open_is_not_forgotten(world: World) {
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

#[testkit::test]
async fn a_server_that_left_before_its_last_turn_was_stored_is_replaced(world: World) {
    let db = super::open(&world).await;
    let [gone, observer]: [ServerId; 2] = [(); 2].map(|()| Context::system().new_id());
    crud::servers::register(&db, gone).await.unwrap();
    crud::servers::leave(&db, gone).await.unwrap();
    assert!(crud::servers::list_with_open_responses(&db, observer).await.unwrap().is_empty());
    leave_open(&world, gone).await;

    let mut found = crud::servers::list_with_open_responses(&db, observer).await.unwrap();
    let seen = found.pop().unwrap();
    assert_eq!((seen.id, seen.liveness, found.len()), (gone, crud::servers::STOPPED, 0));
    // Of all that have seen it, one takes it over.
    assert!(crud::servers::take_over(&db, seen.clone()).await.unwrap());
    assert!(!crud::servers::take_over(&db, seen).await.unwrap());
    let mut sql = world.sql().await;
    assert_eq!(sql.rows("SELECT epoch, beat FROM servers").await, [["1", "-1"]]);
    assert_eq!(sql.value("SELECT epoch FROM responses").await, "1");
    // Should whoever did that die: it can be taken over once more.
    let mut again = crud::servers::list_with_open_responses(&db, observer).await.unwrap();
    assert!(crud::servers::take_over(&db, again.pop().unwrap()).await.unwrap());
}

/// Stores a response that `server` generates.
async fn leave_open(world: &World, server: ServerId) {
    let id = "x'00112233445566778899aabbccddeeff'";
    let server = server.0.simple();
    super::store_conversation(world, id).await;
    let insert = format!(
        "INSERT INTO responses (id, user_id, conversation_id, user_message_id, message_id, \
         status, model, provider, parameters, input_from_seq, input_to_seq, usage_estimated, \
         owner, epoch, last_seq, created_at, updated_at) \
         VALUES ({id}, {id}, {id}, {id}, {id}, 'in_progress', 'm', 'p', '{{}}', 0, 0, 0, \
         x'{server}', 0, -1, {AT}, {AT})"
    );
    world.sql().await.execute(&insert).await;
}
