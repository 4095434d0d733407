//! Turns whose commit nobody has heard of.

use crud::CrudError;
use models::{Context, ConversationId};
use testkit::World;

#[testkit::test(servers)]
async fn a_turn_that_is_still_open_is_known_of(world: World) {
    let db = super::open(&world).await;
    let id: ConversationId = Context::system().new_id();
    super::store_conversation(&world, &format!("x'{}'", id.0.simple())).await;
    let mut other = world.sql().await;
    crud::turns::check_none_open(&db, id).await.unwrap();
    for end in ["ROLLBACK", "COMMIT"] {
        other.execute("BEGIN").await;
        other.execute("UPDATE conversations SET next_seq = next_seq + 2").await;
        let refused = crud::turns::check_none_open(&db, id).await.unwrap_err();
        assert!(matches!(refused, CrudError::Serialization(_)), "{refused:?}");
        other.execute(end).await;
        crud::turns::check_none_open(&db, id).await.unwrap();
    }
}
