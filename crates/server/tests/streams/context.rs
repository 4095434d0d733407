//! What the model is given.

use std::fmt::Write as _;

use serde_json::json;
use testkit::sql::Sql;
use testkit::{Engine, TestApp, World};

/// Puts `count` messages in one line below each other into a conversation, by SQL.
pub(super) async fn fill(sql: &mut Sql, engine: Engine, conversation: &str, count: usize) {
    let id = conversation.strip_prefix("conv_").unwrap();
    let now = match engine {
        Engine::Sqlite => "'2026-01-01T00:00:00+00:00'",
        _ => "'2026-01-01 00:00:00'",
    };
    let message = |n: usize| format!("x'{:032x}'", n + 1);
    for begin in (0..count).step_by(500) {
        let mut insert = "INSERT INTO messages VALUES ".to_owned();
        for n in begin..count.min(begin + 500) {
            let is_user = n % 2 == 0;
            let parent = if n == 0 { "NULL".to_owned() } else { message(n - 1) };
            let (comma, role) =
                (if n == begin { "" } else { ", " }, if is_user { "user" } else { "assistant" });
            write!(
                insert,
                "{comma}(x'{id}', {n}, {}, {parent}, {n}, NULL, 'message', '{role}', {}, \
                 'completed', 'message {n}', NULL, NULL, {now}, {now})",
                message(n),
                u8::from(is_user)
            )
            .unwrap();
        }
        sql.execute(&insert).await;
    }
    sql.execute(&format!(
        "UPDATE conversations SET next_seq = {count}, head_id = {} WHERE id = x'{id}'",
        message(count - 1)
    ))
    .await;
}

#[testkit::test]
async fn a_branch_of_three_thousand_messages_is_sent_whole(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let path = format!("/api/conversations/{conversation}");
    user.patch(&path, json!({"instructions": "Be brief."})).await.expect(200);
    fill(&mut world.sql().await, world.engine(), &conversation, 3000).await;
    let turn = super::turn(&user, &conversation, "the last one", "mock:ticks=1").await;
    let report = &turn["response"]["context"];
    assert_eq!(*report, json!({"messages_sent": 3001, "messages_omitted": 0}));
    let sent = app.upstream().calls().pop().unwrap().messages;
    assert_eq!(sent.len(), 3002);
    assert_eq!(sent[0], ("system".to_owned(), "Be brief.".to_owned()));
    for (n, (role, content)) in sent[1..3001].iter().enumerate() {
        assert_eq!(content, &format!("message {n}"));
        assert_eq!(role, if n % 2 == 0 { "user" } else { "assistant" });
    }
    assert_eq!(sent[3001], ("user".to_owned(), "the last one".to_owned()));

    // The same branch, page by page from its newest end.
    let mut contents = Vec::new();
    let mut before = String::new();
    loop {
        let page = format!("/api/conversations/{conversation}/messages?limit=100{before}");
        let page = user.get(&page).await.expect(200);
        let texts = page["data"].as_array().unwrap().iter().map(|m| m["content"].clone());
        contents.splice(0..0, texts);
        if page["has_more"] == false {
            break;
        }
        before = format!("&before={}", page["first_id"].as_str().unwrap());
    }
    assert_eq!(contents.len(), 3002);
    assert_eq!(contents[2999], "message 2999");
    assert_eq!(contents[0], "message 0");

    // From its first message the branch is found again, to its newest end.
    let aside = json!({"content": "aside", "model": "mock:echo", "parent_id": null});
    user.post(&format!("{path}/messages"), aside).await.expect(201);
    let first = format!("msg_{:032x}", 1);
    let selected = user.patch(&path, json!({"head_id": first})).await.expect(200);
    assert_eq!(selected["head_id"], turn["message"]["id"]);
}

#[testkit::test]
async fn what_does_not_fit_is_left_out_and_reported(world: World) {
    let app = TestApp::builder(&world)
        .set("CHATAPP_PROVIDER__CONTEXT_TOKENS", "1000")
        .set("CHATAPP_PROVIDER__OUTPUT_RESERVE_TOKENS", "500")
        .start()
        .await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    fill(&mut world.sql().await, world.engine(), &conversation, 300).await;
    let turn = super::turn(&user, &conversation, "the last one", "mock:ticks=1").await;
    let sent = app.upstream().calls().pop().unwrap().messages;
    let report = &turn["response"]["context"];
    assert_eq!(report["messages_sent"], sent.len());
    assert_eq!(report["messages_omitted"], 301 - sent.len());
    assert!(sent.len() > 20 && sent.len() < 100, "{}", sent.len());
    // The newest ones, whole.
    let first = 301 - sent.len();
    assert_eq!(sent[0].1, format!("message {first}"));
    assert_eq!(sent[sent.len() - 1].1, "the last one");
    let stored = user.response(turn["response"]["id"].as_str().unwrap()).await;
    assert_eq!(stored["context"], *report);
}

#[testkit::test]
async fn a_message_that_cannot_fit_is_refused(world: World) {
    let app = TestApp::builder(&world)
        .set("CHATAPP_PROVIDER__CONTEXT_TOKENS", "1000")
        .set("CHATAPP_PROVIDER__OUTPUT_RESERVE_TOKENS", "500")
        .start()
        .await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let path = format!("/api/conversations/{conversation}/messages");
    let body = json!({"content": "x".repeat(2100)});
    user.post(&path, body).await.expect_error(400, "context_length_exceeded");
    assert!(user.list_messages(&conversation).await.is_empty(), "nothing was stored");
    assert!(app.upstream().calls().is_empty());
}

#[testkit::test]
async fn only_the_branch_is_sent(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let first = super::turn(&user, &conversation, "one", "mock:echo").await;
    let answer = first["message"]["id"].as_str().unwrap();
    super::turn(&user, &conversation, "two, a side branch", "mock:echo").await;
    let path = format!("/api/conversations/{conversation}/messages");
    let body = json!({"content": "two, again", "model": "mock:echo", "parent_id": answer});
    let third = user.post(&path, body).await.expect(201);
    let sent = app.upstream().calls().pop().unwrap().messages;
    let contents: Vec<&str> = sent.iter().map(|(_, content)| content.as_str()).collect();
    assert_eq!(contents, ["one", "one", "two, again"]);
    assert_eq!(third["user_message"]["sibling_index"], 1);
    assert_eq!(third["user_message"]["sibling_count"], 2);
    let shown = user.list_messages(&conversation).await;
    let shown: Vec<&str> = shown.iter().map(|m| m["content"].as_str().unwrap()).collect();
    assert_eq!(shown, ["one", "one", "two, again", "two, again"]);
}
