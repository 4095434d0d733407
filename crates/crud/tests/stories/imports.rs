//! Conversations from elsewhere: invisible until they are whole, kept once.

use crud::conversations::Changed;
use crud::conversations::trash::{self, Fate};
use crud::imports::{self, Rows};
use crud::{Db, conversations};
use models::conversation::{self, TitleSource};
use models::message::{self, MessageStatus, MessageType, Role};
use models::{Context, ConversationId, Time, UserId, import};
use testkit::{World, rows};

use super::open;

fn now() -> Time {
    chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

async fn owner(world: &World) -> UserId {
    let id: UserId = Context::system().new_id();
    let at = "'2026-01-02 03:04:05.678901'";
    let insert = format!(
        "INSERT INTO users (id, email, password_hash, name, role, token_version, created_at, \
         updated_at) VALUES (x'{}', 'a@b.c', 'hash', '', 'user', 0, {at}, {at})",
        id.0.simple()
    );
    world.sql().await.execute(&insert).await;
    id
}

/// Stores everything of a conversation but its last step.
async fn begin(db: &Db, owner: UserId) -> ConversationId {
    let id = Context::system().new_id();
    let row = conversation::Model {
        title: "From elsewhere".to_owned(),
        title_source: TitleSource::Model,
        ..rows::conversation(id, owner, now())
    };
    imports::open(db, row, now()).await.unwrap();
    let message = message::Model {
        conversation_id: id,
        seq: 0,
        id: Context::system().new_id(),
        parent_id: None,
        depth: 0,
        response_id: None,
        kind: MessageType::Message,
        role: Some(Role::User),
        is_user: true,
        status: MessageStatus::Completed,
        content: "Hello".to_owned(),
        data: None,
        model: None,
        created_at: now(),
        updated_at: now(),
    };
    imports::add(db, owner, id, Rows { messages: vec![message], responses: vec![] }).await.unwrap();
    id
}

fn import(owner: UserId, conversation_id: ConversationId) -> import::Model {
    import::Model {
        user_id: owner,
        source: "chatgpt".to_owned(),
        source_id: "c1".to_owned(),
        conversation_id,
        created_at: now(),
    }
}

#[testkit::test]
async fn an_import_is_seen_only_when_it_is_whole(world: World) {
    let db = open(&world).await;
    let owner = owner(&world).await;
    let id = begin(&db, owner).await;
    assert!(conversations::find(&db, owner, id).await.unwrap().is_none());
    assert_eq!(imports::find(&db, owner, "chatgpt", "c1").await.unwrap(), None);
    // A stop of the server now leaves it to be removed.
    assert_eq!(trash::list_removing(&db).await.unwrap(), [id]);

    assert!(imports::publish(&db, import(owner, id)).await.unwrap());
    let row = conversations::find(&db, owner, id).await.unwrap().unwrap();
    assert_eq!((row.next_seq, row.deleted_at, row.removed_at), (1, None, None));
    assert_eq!(imports::find(&db, owner, "chatgpt", "c1").await.unwrap(), Some(id));
    assert!(trash::list_removing(&db).await.unwrap().is_empty());
}

#[testkit::test]
async fn of_two_imports_of_the_same_one_is_kept(world: World) {
    let db = open(&world).await;
    let owner = owner(&world).await;
    let (first, second) = (begin(&db, owner).await, begin(&db, owner).await);
    assert!(imports::publish(&db, import(owner, first)).await.unwrap());
    assert!(!imports::publish(&db, import(owner, second)).await.unwrap());
    assert_eq!(imports::find(&db, owner, "chatgpt", "c1").await.unwrap(), Some(first));
    assert!(conversations::find(&db, owner, second).await.unwrap().is_none());

    // One that is being deleted does not stand in the way of another.
    let deleted = trash::delete(&db, owner, first, None, Fate::Removal, now()).await.unwrap();
    assert!(matches!(deleted, Changed::Done(_)));
    assert_eq!(imports::find(&db, owner, "chatgpt", "c1").await.unwrap(), None);
    assert!(imports::publish(&db, import(owner, second)).await.unwrap());
    trash::remove(&db, first).await.unwrap();
    assert_eq!(imports::find(&db, owner, "chatgpt", "c1").await.unwrap(), Some(second));
}

#[testkit::test]
async fn an_import_and_its_removal_exclude_each_other(world: World) {
    let db = open(&world).await;
    let owner = owner(&world).await;
    // Another server that starts now sees a removal that was left over.
    let shown = begin(&db, owner).await;
    assert_eq!(conversations::trash::list_removing(&db).await.unwrap(), [shown]);
    assert!(imports::publish(&db, import(owner, shown)).await.unwrap());
    conversations::trash::remove(&db, shown).await.unwrap();
    assert!(conversations::find(&db, owner, shown).await.unwrap().is_some());
    let count = "SELECT COUNT(*) FROM messages";
    assert_eq!(world.sql().await.value(count).await, "1");

    // Its removal has begun, and is not through.
    let removed = begin(&db, owner).await;
    world
        .sql()
        .await
        .execute(&format!(
            "UPDATE conversations SET version = version + 1 WHERE id = x'{}'",
            removed.0.simple()
        ))
        .await;
    let other = import::Model { source_id: "c2".to_owned(), ..import(owner, removed) };
    imports::publish(&db, other).await.unwrap_err();
    assert!(conversations::find(&db, owner, removed).await.unwrap().is_none());
    conversations::trash::remove(&db, removed).await.unwrap();
    assert_eq!(world.sql().await.value(count).await, "1");
}
