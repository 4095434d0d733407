//! Chains: conversations that are in no list, and that their owner still finds, exports and removes.

use serde_json::{Value, json};
use testkit::{TestApp, World};

use crate::sql_id;

fn ids(list: &Value) -> Vec<&str> {
    list["data"].as_array().into_iter().flatten().filter_map(|row| row["id"].as_str()).collect()
}

#[testkit::test]
async fn a_chain_is_in_no_list_and_its_owner_finds_it(world: World) {
    let app = TestApp::start(&world).await;
    let (ada, bob) = (app.user("ada").await, app.user("bob").await);
    let chat = ada.create_conversation().await;
    let chain = ada.create_conversation().await;
    let path = format!("/api/conversations/{chain}");
    let said = json!({"content": "Quicksilver is a metal.", "model": "mock:ticks=2"});
    let turn = ada.post(&format!("{path}/messages"), said).await.expect(201);
    let make = format!("UPDATE conversations SET kind = 'chain' WHERE id = {}", sql_id(&chain));
    assert_eq!(world.sql().await.execute(&make).await, 1);

    for list in ["", "?archived=true", "?pinned=false", "?deleted=true"] {
        let list = ada.get(&format!("/api/conversations{list}")).await.expect(200);
        assert!(!ids(&list).contains(&chain.as_str()), "{list}");
    }
    let list = ada.get("/api/conversations").await.expect(200);
    assert_eq!(ids(&list), [chat.as_str()]);
    let found = ada.get("/api/search?q=quicksilver").await.expect(200);
    assert_eq!(found["data"], json!([]), "{found}");

    // By its id it is like any other, for its owner alone.
    assert_eq!(ada.get(&path).await.expect(200)["id"], chain.as_str());
    assert_eq!(ada.list_messages(&chain).await.len(), 2);
    bob.get(&path).await.expect(404);
    let more = json!({"content": "And gold?", "model": "mock:ticks=1"});
    let more = ada.post(&format!("{path}/messages"), more).await.expect(201);
    assert_eq!(more["user_message"]["parent_id"], turn["message"]["id"]);
    for export in ["/api/export", "/api/export?format=markdown"] {
        let all = ada.get(export).await.text;
        assert!(all.contains("Quicksilver is a metal."), "{export}: {all}");
    }

    // It goes like any other, too, and is in no trash that is listed.
    ada.delete(&path).await.expect(200);
    ada.get(&path).await.expect(404);
    let trash = ada.get("/api/conversations?deleted=true").await.expect(200);
    assert_eq!(trash["data"], json!([]), "{trash}");
}
