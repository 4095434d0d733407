//! The sources of an answer, as they are kept, shown, exported and imported.

use provider::script::{Ending, Script, Step};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::client::User;
use testkit::validator::assert_valid;
use testkit::{TestApp, World, eventually};

use super::go_on::{begin, go_on, id, stalled};

/// Two sources as they are stored and as clients see them.
const STORED: &str = r#"{"annotations":[{"url":"https://example.org/a","title":"A page","start":0,"end":4},{"url":"http://example.org/b?c=[d]","title":"B","start":0,"end":0}]}"#;

fn annotations() -> Value {
    json!([
        {"type": "url_citation", "url": "https://example.org/a", "title": "A page",
            "start_index": 0, "end_index": 4},
        {"type": "url_citation", "url": "http://example.org/b?c=[d]", "title": "B",
            "start_index": 0, "end_index": 0},
    ])
}

/// An answer with the text `tick 0` that names two sources, and its conversation.
async fn answer(world: &World, user: &User, model: &str) -> (String, Value) {
    let conversation = user.create_conversation().await;
    let turn = super::turn(user, &conversation, "Go", model).await;
    let mut sql = world.sql().await;
    sql.execute(&format!("UPDATE messages SET data = '{STORED}' WHERE seq = 1")).await;
    sql.execute("DELETE FROM response_events").await;
    (conversation, turn)
}

#[testkit::test]
async fn p9_sources_that_a_provider_names_are_told_live(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let chunk = |content: &str| {
        let delta = json!({"index": 0, "delta": {"content": content}, "finish_reason": null});
        let sources = ["https://example.org/a", "https://example.org/b", "https://example.org/c"];
        let chunk =
            json!({"object": "chat.completion.chunk", "choices": [delta], "citations": sources});
        Step::Raw(format!("data: {chunk}\n\n").into())
    };
    let end = [Step::Finish(Ending::Stop), Step::Done];
    app.upstream()
        .push(Script::steps([chunk("Blüe[1]"), chunk(" and red[3].")].into_iter().chain(end)));
    let frames = super::stream(&user, &conversation, "Go", "mock").await.finish().await;
    assert_valid(&frames);
    let expected = json!([
        {"type": "url_citation", "url": "https://example.org/a", "title": "https://example.org/a",
            "start_index": 4, "end_index": 7},
        {"type": "url_citation", "url": "https://example.org/b", "title": "https://example.org/b",
            "start_index": 0, "end_index": 0},
        {"type": "url_citation", "url": "https://example.org/c", "title": "https://example.org/c",
            "start_index": 15, "end_index": 18},
    ]);
    let answer = user.list_messages(&conversation).await[1].clone();
    assert_eq!(answer["content"], "Blüe[1] and red[3].");
    assert_eq!(answer["annotations"], expected);
    let end = frames[frames.len() - 2].json()["response"].clone();
    assert_eq!(end.pointer("/output/0/content/0/annotations"), Some(&expected));
    let stored = user.response(end["id"].as_str().unwrap()).await;
    assert_eq!(stored["output"], end["output"]);
}

#[testkit::test]
async fn p9_sources_are_shown_wherever_the_answer_is(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let (conversation, turn) = answer(&world, &user, "mock:ticks=1,finish=length").await;
    let old = turn["response"]["id"].as_str().unwrap();
    assert_eq!(user.list_messages(&conversation).await[1]["annotations"], annotations());
    let place = "/output/0/content/0/annotations";
    assert_eq!(user.response(old).await.pointer(place), Some(&annotations()));
    let frames = user.follow(old, None).await.finish().await;
    assert_valid(&frames);
    let told = |frames: &[testkit::sse::Frame]| {
        let added =
            |frame: &&testkit::sse::Frame| frame.event == "response.output_text.annotation.added";
        let told = frames.iter().filter(added).map(|frame| frame.json()["annotation"].clone());
        Value::Array(told.collect())
    };
    assert_eq!(told(&frames), annotations());

    // Whoever continues the answer keeps them, as it does the text.
    let path = format!("/api/responses/{old}/continue");
    let turn = user.post(&path, json!({"model": "mock:ticks=2"})).await.expect(201);
    assert_eq!(turn["message"]["annotations"], annotations());
    assert_eq!(turn["response"].pointer(place), Some(&annotations()));
    let frames = user.follow(turn["response"]["id"].as_str().unwrap(), None).await.finish().await;
    assert_valid(&frames);
    assert_eq!(told(&frames), annotations());
    assert_eq!(user.response(old).await.pointer(place), Some(&annotations()));
}

#[testkit::test]
async fn p9_sources_survive_an_export_and_an_import(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let (conversation, _) = answer(&world, &user, "mock:ticks=1").await;
    let path = format!("/api/conversations/{conversation}/export");
    let exported = user.get(&path).await.text;
    let markdown = user.get(&format!("{path}?format=markdown")).await.text;
    let list = "\nSources:\n\n1. [A page](<https://example.org/a>)\n\
                2. [B](<http://example.org/b?c=[d]>)\n";
    assert!(markdown.contains(list), "{markdown}");

    let import = async |name: &str, file: String| {
        let user = app.user(name).await;
        let request = user.request(Method::POST, "/api/import");
        let request = request.header("content-type", "application/octet-stream").body(file);
        let reply = user.send(request).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let taken =
            user.list_conversations().await.pop().unwrap_or_else(|| panic!("{}", reply.text));
        user.list_messages(taken["id"].as_str().unwrap()).await[1]["annotations"].clone()
    };
    assert_eq!(import("bob", exported.clone()).await, annotations());
    // A file may say anything; what is shown is an address of the web.
    let bad = exported
        .replace("http://example.org/b?c=[d]", "javascript:alert(1)")
        .replace("\"end_index\":4", "\"end_index\":4000");
    let known = import("eve", bad).await;
    assert_eq!(known.as_array().map(Vec::len), Some(1), "{known}");
    assert_eq!((&known[0]["start_index"], &known[0]["end_index"]), (&json!(0), &json!(0)));
}

/// Text with lists of sources beside it.
fn citing(text: &str, beside: &Value) -> Step {
    let mut delta = json!({"content": text});
    delta.as_object_mut().unwrap().extend(beside.as_object().unwrap().clone());
    let choice = json!({"index": 0, "delta": delta, "finish_reason": null});
    let chunk = json!({"object": "chat.completion.chunk", "choices": [choice]});
    Step::Raw(format!("data: {chunk}\n\n").into())
}

fn page(name: &str) -> String {
    format!("https://example.org/{name}")
}

/// Where the sources of an answer are: the last letter of each, and from where to where.
fn places(annotations: &Value) -> Vec<(char, u64, u64)> {
    let place = |of: &Value| {
        let name = of["url"].as_str().unwrap().chars().last().unwrap();
        (name, of["start_index"].as_u64().unwrap(), of["end_index"].as_u64().unwrap())
    };
    annotations.as_array().unwrap().iter().map(place).collect()
}

/// Begins an answer that names the sources `a` and `b`, and stops it.
async fn cited(app: &TestApp, user: &User, before: Option<Step>) -> (String, Value) {
    let conversation = user.create_conversation().await;
    let sources = json!({"citations": [page("a"), page("b")]});
    let steps = [citing("Blüe[1] and ", &sources), Step::Stall];
    app.upstream().push(Script::steps(before.into_iter().chain(steps)));
    let mut stream = super::stream(user, &conversation, "Go", "mock").await;
    let response = stream.response_id().await;
    stream.read_text(1).await;
    (conversation, user.cancel(&response).await)
}

#[testkit::test]
async fn p9_sources_of_a_continued_answer_are_found_behind_the_kept_text(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let (conversation, old) = cited(&app, &user, None).await;
    let annotations = async || user.list_messages(&conversation).await[1]["annotations"].take();
    let kept = [('a', 4, 7), ('b', 0, 0)];
    assert_eq!(places(&annotations().await), kept);
    // The provider knows only what it says now: its places and its numbers are ones in that.
    let beside = json!({
        "citations": [page("a"), page("c"), page("b")],
        "annotations": [{"type": "url_citation",
            "url_citation": {"url": page("d"), "start_index": 0, "end_index": 3}}],
    });
    let end = [Step::Finish(Ending::Stop), Step::Done];
    app.upstream().push(Script::steps([citing("red[2], [1].", &beside)].into_iter().chain(end)));
    let turn = go_on(&user, &id(&old)).await.expect(201);
    assert_eq!(turn["message"]["content"], "Blüe[1] and red[2], [1].");
    let mut found = places(&annotations().await);
    let new = found.split_off(2);
    assert_eq!(found, kept, "those there were, once each");
    let mut new = new;
    new.sort_unstable();
    assert_eq!(new, [('a', 20, 23), ('c', 15, 18), ('d', 12, 15)]);
    let frames = user.follow(&id(&turn["response"]), None).await.finish().await;
    assert_valid(&frames);
    let output = &turn["response"]["output"][0]["content"][0]["annotations"];
    assert_eq!(*output, annotations().await);
    assert_eq!(user.response(&id(&old)).await, old);
}

#[testkit::test]
async fn w7_thoughts_and_sources_survive_the_trash(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let thought = Step::Reasoning("Hm. ".to_owned());
    let (conversation, old) = cited(&app, &user, Some(thought)).await;
    let before = user.list_messages(&conversation).await[1].clone();
    assert_eq!(before["reasoning"], "Hm. ");
    let expected = "Blüe[1] and more ";
    let new = begin(&app, &user, &old, stalled(&["more "]), expected).await;
    user.delete_conversation(&conversation).await;
    let restore = format!("/api/conversations/{conversation}/restore");
    user.post(&restore, json!({})).await.expect(200);
    eventually("the end of the response", async || {
        user.response(&id(&new)).await["status"] != "in_progress"
    })
    .await;
    let new = user.response(&id(&new)).await;
    assert_eq!(new["error"]["code"], "conversation_deleted", "{new}");
    let answer = user.list_messages(&conversation).await[1].clone();
    assert_eq!(answer["content"], expected);
    for kept in ["reasoning", "annotations"] {
        assert_eq!(answer[kept], before[kept], "{kept}");
    }
    assert_eq!(user.response(&id(&old)).await, old, "what ended stays as it was");
}
