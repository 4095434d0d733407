//! Whoever follows an answer can see that it waits, and why; and how the provider ended it.

use provider::script::{Ending, Script, Step};
use serde_json::{Value, json};
use testkit::client::EventStream;
use testkit::sse::{Frame, text_of};
use testkit::validator::{assert_valid, assert_valid_from_middle};
use testkit::{TestApp, World};

/// Reads until the response says that it waits.
async fn wait(stream: &mut EventStream) -> Frame {
    loop {
        let frame = stream.next().await.unwrap();
        if !frame.json()["response"]["waiting"].is_null() {
            return frame;
        }
    }
}

#[testkit::test]
async fn p2_a_model_that_falls_silent_is_told_once(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let mut stream = super::stream(&user, &conversation, "Go", "mock:ticks=9,fault=stall@3").await;
    let response = stream.response_id().await;
    let told = wait(&mut stream).await;
    assert_eq!(told.event, "response.in_progress");
    let waiting = json!({"reason": "silent", "until": null});
    assert_eq!(told.json()["response"]["waiting"], waiting);
    assert_eq!(user.response(&response).await["waiting"], waiting, "it shows while it lasts");
    // A reader who comes later, or back, sees the same events with the same numbers.
    let number = told.json()["sequence_number"].as_u64().unwrap();
    let mut again = user.follow(&response, Some(number - 1)).await;
    assert_eq!(again.next().await.unwrap(), told);
    user.cancel(&response).await;
    let frames = user.follow(&response, None).await.finish().await;
    assert_valid(&frames);
    assert_eq!(text_of(&frames), super::ticks(3));
    let waits = frames.iter().filter(|frame| frame.data.contains("\"reason\":\"silent\""));
    assert_eq!(waits.count(), 1, "one event a wait");
    assert_valid_from_middle(&again.finish().await);
    let ended = user.response(&response).await;
    assert_eq!((&ended["waiting"], &ended["status"]), (&Value::Null, &json!("cancelled")));
}

#[testkit::test]
async fn w5_a_pause_that_the_provider_asked_for_is_told(world: World) {
    let app = TestApp::builder(&world).set("CHATAPP_PROVIDER__MAX_RETRIES", "2").start().await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    let model = "mock:ticks=2,status=429,retry-after=1,times=1";
    let mut stream = super::stream(&user, &conversation, "Go", model).await;
    let told = wait(&mut stream).await.json()["response"].clone();
    assert_eq!(told["waiting"]["reason"], "asked_to_wait");
    let until = told["waiting"]["until"].as_i64().unwrap() - told["created_at"].as_i64().unwrap();
    assert!((1..=3).contains(&until), "{told}");
    let frames = user.follow(told["id"].as_str().unwrap(), None).await.finish().await;
    assert_valid(&frames);
    assert_eq!(text_of(&frames), super::ticks(2));
    assert_eq!(user.response(told["id"].as_str().unwrap()).await["waiting"], Value::Null);
}

#[testkit::test]
async fn p3_the_providers_own_word_for_the_end_is_kept(world: World) {
    let app = TestApp::start(&world).await;
    let user = app.user("ada").await;
    let conversation = user.create_conversation().await;
    for (ending, word) in [(Ending::Stop, "stop"), (Ending::Length, "length")] {
        let text = Step::Text("Done.".to_owned());
        app.upstream().push(Script::steps([text, Step::Finish(ending), Step::Done]));
        let turn = super::turn(&user, &conversation, "Go", "mock").await;
        let response = &turn["response"];
        assert_eq!(response["finish_reason"], word, "{response}");
        let id = response["id"].as_str().unwrap();
        let frames = user.follow(id, None).await.finish().await;
        assert_eq!(frames[frames.len() - 2].json()["response"]["finish_reason"], word);
        world.sql().await.execute("DELETE FROM response_events").await;
        let frames = user.follow(id, None).await.finish().await;
        assert_eq!(frames[frames.len() - 2].json()["response"]["finish_reason"], word);
        assert_eq!(user.response(id).await["finish_reason"], word);
    }
    // Where nobody said anything there is no word.
    let turn = super::turn(&user, &conversation, "Go", "mock:status=400").await;
    assert_eq!(turn["response"]["finish_reason"], Value::Null);
}
