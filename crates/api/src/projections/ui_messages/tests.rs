use futures_util::StreamExt;
use proptest::prelude::*;
use schemas::event::{Annotation, Failure, Wait, WaitReason};
use serde_json::json;
use testkit::sse::SseParser;
use testkit::ui_stream::{UiStream, valid};

use super::*;
use crate::follow::scripted::{new_response, numbered, scripted};
use crate::sse::frames;

const MESSAGE: &str = "msg_00000000000000000000000000000004";

fn message() -> Item {
    Item { index: 1, id: MESSAGE.parse().unwrap(), kind: ItemKind::Message }
}

fn reasoning() -> Item {
    let id = "msg_00000000000000000000000000000005".parse().unwrap();
    Item { index: 0, id, kind: ItemKind::Reasoning }
}

fn call(number: u32) -> Item {
    let id = format!("msg_000000000000000000000000000001{number:02}").parse().unwrap();
    let call = ToolCall {
        call_id: format!("call_\"{number}\""),
        name: "f".to_owned(),
        offset: number,
        extra: None,
    };
    Item { index: 2 + number, id, kind: ItemKind::FunctionCall(call) }
}

fn ending(mut fields: Value) -> Ending {
    fields["at"] = json!("2026-11-22T20:00:05Z");
    serde_json::from_value(fields).unwrap()
}

/// The events of one item from its beginning to its end.
fn item_events(item: &Item, deltas: &[&str], complete: bool) -> (Vec<StreamEvent>, DoneItem) {
    let text = deltas.concat();
    let annotations = Vec::new();
    let done = DoneItem { item: item.clone(), text: text.clone(), annotations, complete };
    let mut events = vec![StreamEvent::ItemAdded(item.clone())];
    events.extend((!item.is_call()).then(|| StreamEvent::PartAdded(item.clone())));
    events.extend(deltas.iter().map(|s| StreamEvent::Delta(item.clone(), (*s).to_owned())));
    events.push(StreamEvent::TextDone(item.clone(), text.clone()));
    let part = StreamEvent::PartDone(item.clone(), text, Vec::new());
    events.extend((!item.is_call()).then_some(part));
    events.push(StreamEvent::ItemDone(done.clone()));
    (events, done)
}

/// The bytes of a stream of these events, and what a reader makes of them.
async fn stream(earlier: Vec<UiPart>, events: Vec<StreamEvent>) -> (String, UiStream) {
    let (script, steps) = scripted(std::future::pending());
    let mut all = vec![StreamEvent::Created, StreamEvent::InProgress];
    all.extend(events);
    script.batches.send(numbered(0, all)).unwrap();
    drop(script);
    let projection = UiMessages::new(MESSAGE.parse().unwrap(), &new_response(), earlier);
    let written: Vec<_> = frames(steps, projection).map(|Ok(bytes)| bytes).collect().await;
    let written = String::from_utf8(written.concat()).unwrap();
    let read = valid(&SseParser::new().push(written.as_bytes()));
    (written, read)
}

#[tokio::test]
async fn reasoning_text_and_sources() {
    let (mut events, thought) = item_events(&reasoning(), &["Hm", "m."], true);
    let (mut answer, mut said) = item_events(&message(), &["Hel", "lo\n\"you\""], true);
    let source =
        Annotation { url: "https://a.example".to_owned(), title: "A".to_owned(), start: 0, end: 2 };
    said.annotations.push(source.clone());
    answer.insert(4, StreamEvent::Cited(message(), 0, source));
    answer.insert(0, StreamEvent::Waiting(Wait { reason: WaitReason::Thinking, until: Some(5) }));
    events.extend(answer);
    let usage = json!({"input": 3, "output": 2, "cached": 1, "reasoning": 1});
    let ending = ending(json!({"status": "completed", "usage": usage}));
    events.push(StreamEvent::Ended(ending, vec![thought, said]));
    let (written, read) = stream(Vec::new(), events).await;
    assert_eq!((read.text.as_str(), read.reasoning.as_str()), ("Hello\n\"you\"", "Hmm."));
    assert_eq!(read.message_id, MESSAGE);
    insta::assert_snapshot!(written);
}

#[tokio::test]
async fn calls_around_a_text() {
    let (first, one) = item_events(&call(0), &["{\"city\":", "\"Faro\"}"], true);
    let (second, two) = item_events(&call(1), &[], true);
    let (third, three) = item_events(&call(2), &["{\"city\":"], true);
    let (answer, said) = item_events(&message(), &["Wait. ", "Done."], true);
    let mut events = first;
    events.extend(answer[..3].iter().cloned());
    events.extend(second);
    events.extend(third);
    events.extend(answer[3..].iter().cloned());
    let ending = ending(json!({"status": "completed"}));
    events.push(StreamEvent::Ended(ending, vec![one, said, two, three]));
    let (written, read) = stream(Vec::new(), events).await;
    assert_eq!(read.finish_reason, "tool-calls");
    assert_eq!(read.calls["call_\"0\""], Some(json!({"city": "Faro"})));
    assert_eq!(read.calls["call_\"1\""], Some(json!({})), "no arguments are none");
    assert_eq!(read.calls["call_\"2\""], None, "what is no JSON is an error");
    insta::assert_snapshot!(written);
}

#[tokio::test]
async fn a_failure_after_some_text() {
    let (mut events, done) = item_events(&message(), &["Hel"], false);
    let failure = Failure { code: "upstream_timeout".into(), message: "It is silent.".to_owned() };
    events.push(StreamEvent::Error(failure.clone()));
    let mut end = ending(json!({"status": "failed"}));
    end.error = Some(failure);
    events.push(StreamEvent::Ended(end, vec![done]));
    let (written, read) = stream(Vec::new(), events).await;
    assert_eq!(read.error.as_deref(), Some("It is silent."));
    insta::assert_snapshot!(written);
}

#[tokio::test]
async fn stopped_amid_a_call() {
    let (mut events, done) = item_events(&call(0), &["{\"city\":"], false);
    let end = ending(json!({"status": "cancelled", "reason": "cancelled"}));
    events.push(StreamEvent::Ended(end, vec![done]));
    let (written, read) = stream(Vec::new(), events).await;
    assert!(read.is_aborted && read.calls["call_\"0\""].is_none());
    insta::assert_snapshot!(written);
}

#[tokio::test]
async fn behind_the_result_of_a_tool() {
    let earlier = json!([
        {"type": "step-start"},
        {"type": "reasoning", "text": "Hm."},
        {"type": "text", "text": "Let me see."},
        {"type": "source-url", "sourceId": "s", "url": "https://a.example", "title": "A"},
        {"type": "tool-f", "toolCallId": "call_0", "state": "output-available",
         "input": {"city": "Faro"}, "output": {"degrees": 22}},
        {"type": "tool-f", "toolCallId": "call_1", "state": "output-available",
         "input": "no JSON", "output": "sunny"},
        {"type": "step-start"},
        {"type": "tool-f", "toolCallId": "call_2", "state": "output-error",
         "rawInput": "no JSON", "errorText": "It is no JSON."},
    ]);
    let earlier: Vec<UiPart> = serde_json::from_value(earlier).unwrap();
    let (mut events, done) = item_events(&message(), &["Warm."], true);
    events.push(StreamEvent::Ended(ending(json!({"status": "completed"})), vec![done]));
    let (written, read) = stream(earlier, events).await;
    assert_eq!((read.steps, read.text.as_str()), (3, "Let me see.Warm."));
    assert_eq!(read.outputs["call_0"], json!({"degrees": 22}));
    assert_eq!(read.outputs["call_1"], "sunny");
    insta::assert_snapshot!(written);
}

#[tokio::test]
async fn each_ending_has_its_reason() {
    for (fields, expected) in [
        (json!({"status": "completed"}), "stop"),
        (json!({"status": "incomplete", "reason": "max_output_tokens"}), "length"),
        (json!({"status": "incomplete", "reason": "content_filter"}), "content-filter"),
        (json!({"status": "incomplete", "reason": "interrupted"}), "other"),
        (json!({"status": "incomplete", "reason": "of a newer version"}), "other"),
        (json!({"status": "cancelled", "reason": "cancelled"}), "other"),
    ] {
        let end = StreamEvent::Ended(ending(fields.clone()), Vec::new());
        let (_, read) = stream(Vec::new(), vec![end]).await;
        assert_eq!(read.finish_reason, expected, "{fields}");
        assert_eq!(read.is_aborted, fields["status"] == "cancelled");
        assert_eq!(read.metadata[1]["status"], fields["status"]);
        assert_eq!(read.metadata[1].get("incomplete_reason"), fields.get("reason"));
    }
}

#[tokio::test]
async fn an_answer_without_text_shows_none() {
    let (mut events, called) = item_events(&call(0), &["{}"], true);
    let (answer, said) = item_events(&message(), &[], true);
    events.extend(answer);
    events.push(StreamEvent::Ended(ending(json!({"status": "completed"})), vec![called, said]));
    let (written, read) = stream(Vec::new(), events).await;
    assert!(!written.contains("text-start"), "{written}");
    assert_eq!(read.finish_reason, "tool-calls");
}

/// The log closes its items; should it ever not, no client waits for what was cut off.
#[tokio::test]
async fn nothing_stays_open() {
    let events = vec![
        StreamEvent::ItemAdded(reasoning()),
        StreamEvent::ItemAdded(message()),
        StreamEvent::Delta(message(), "Hel".to_owned()),
        StreamEvent::ItemAdded(call(0)),
        StreamEvent::Ended(ending(json!({"status": "incomplete"})), Vec::new()),
    ];
    let (_, read) = stream(Vec::new(), events).await;
    assert_eq!((read.text.as_str(), read.calls.len()), ("Hel", 1));
}

#[tokio::test]
async fn a_reader_whose_server_goes_is_told_that_the_answer_does_not_end() {
    let (script, steps) = scripted(std::future::pending());
    script.batches.send(numbered(0, vec![StreamEvent::Created])).unwrap();
    drop(script);
    let projection = UiMessages::new(MESSAGE.parse().unwrap(), &new_response(), Vec::new());
    let written: Vec<_> = frames(steps, projection).map(|Ok(bytes)| bytes).collect().await;
    let frames = SseParser::new().push(&written.concat());
    assert_eq!(frames.last().unwrap().json()["type"], "error");
    assert!(!frames.iter().any(|frame| frame.is_done_marker() || frame.data.contains("finish")));
}

#[test]
fn every_chunk_is_as_it_is_described() {
    let document = serde_json::to_value(crate::openapi::openapi()).unwrap();
    let schemas = &document["components"]["schemas"];
    let mapping = schemas["UiChunk"]["discriminator"]["mapping"].as_object().unwrap();
    let failure = Failure { code: "c".into(), message: "m".to_owned() };
    let chunks: Vec<UiChunk> = vec![
        UiStart::of(MESSAGE.parse().unwrap(), &new_response()).into(),
        UiStartStep::new().into(),
        begun(&message()),
        begun(&reasoning()),
        begun(&call(0)),
        UiTextDelta::new("1".to_owned(), "a".to_owned()).into(),
        UiReasoningDelta::new("1".to_owned(), "a".to_owned()).into(),
        ended(&message(), "", true),
        ended(&reasoning(), "", true),
        ended(&call(0), "{}", true),
        ended(&call(0), "{", true),
        UiToolOutputAvailable::new("c".to_owned(), json!(1)).into(),
        UiSourceUrl::new("s".to_owned(), "https://a.example".to_owned(), "A".to_owned()).into(),
        UiError::of(&failure).into(),
        UiAbort::new("stopped".to_owned()).into(),
        UiFinishStep::new().into(),
        UiFinish::of(&ending(json!({"status": "completed"})), &[]).into(),
    ];
    let mut sent: std::collections::BTreeSet<String> =
        std::iter::once("tool-input-delta".to_owned()).collect();
    for chunk in chunks {
        let chunk = serde_json::to_value(chunk).unwrap();
        let kind = chunk["type"].as_str().unwrap().to_owned();
        let link = json!({"$ref": mapping[&kind]});
        assert_eq!(testkit::schema::breach(&document, &link, &chunk), None, "{chunk}");
        sent.insert(kind);
    }
    assert_eq!(sent, mapping.keys().cloned().collect(), "all that is described is sent");
}

proptest! {
    #[test]
    fn any_text_is_one_line_and_reads_back(text in ".*") {
        for item in [message(), reasoning(), call(1)] {
            let before = before_text(&item);
            let mut out = before.clone();
            json(&mut out, &text);
            out.push(b'}');
            prop_assert!(!out.contains(&b'\n') && !out.contains(&b'\r'));
            let fast: Value = serde_json::from_slice(&out).unwrap();
            // The fast path and the type that is described say the same.
            let id = item.id.to_string();
            let slow: UiChunk = match &item.kind {
                ItemKind::Message => UiTextDelta::new(id, text.clone()).into(),
                ItemKind::Reasoning => UiReasoningDelta::new(id, text.clone()).into(),
                ItemKind::FunctionCall(call) => {
                    schemas::chat::UiToolInputDelta::new(call.call_id.clone(), text.clone()).into()
                }
            };
            prop_assert_eq!(fast, json!(slow));
        }
    }
}
