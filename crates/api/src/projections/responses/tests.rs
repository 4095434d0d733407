use proptest::prelude::*;
use schemas::event::{Annotation, Failure, ToolCall, Wait, WaitReason};
use serde_json::{Value, json};

use super::*;
use crate::follow::scripted::base;

fn message(index: u32) -> Item {
    let id = "msg_00000000000000000000000000000004".parse().unwrap();
    Item { index, id, kind: ItemKind::Message }
}

fn reasoning() -> Item {
    let id = "msg_00000000000000000000000000000005".parse().unwrap();
    Item { index: 0, id, kind: ItemKind::Reasoning }
}

fn call() -> Item {
    let id = "msg_00000000000000000000000000000006".parse().unwrap();
    let call =
        ToolCall { call_id: "call_1".to_owned(), name: "f".to_owned(), offset: 3, extra: None };
    Item { index: 1, id, kind: ItemKind::FunctionCall(call) }
}

fn ending(mut fields: Value) -> Ending {
    fields["at"] = json!("2026-11-22T20:00:05Z");
    serde_json::from_value(fields).unwrap()
}

/// What a stream of these events says, one line each.
fn lines(events: &[StreamEvent]) -> Vec<Value> {
    let mut projector = Projector::new(base());
    (0..).zip(events).map(|(seq, event)| line(&mut projector, seq, event)).collect()
}

fn line(projector: &mut Projector, seq: u64, event: &StreamEvent) -> Value {
    let mut out = Vec::new();
    projector.write(seq, event, &mut out);
    assert!(!out.contains(&b'\n') && !out.contains(&b'\r'));
    let value: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(value["type"], event_type(event));
    assert_eq!(value["sequence_number"], seq);
    value
}

/// The events of one item from its beginning to its end.
fn item_events(item: &Item, deltas: &[&str], complete: bool) -> (Vec<StreamEvent>, DoneItem) {
    let text = deltas.concat();
    let done =
        DoneItem { item: item.clone(), text: text.clone(), annotations: Vec::new(), complete };
    let has_part = !matches!(item.kind, ItemKind::FunctionCall(_));
    let mut events = vec![StreamEvent::ItemAdded(item.clone())];
    events.extend(has_part.then(|| StreamEvent::PartAdded(item.clone())));
    events.extend(deltas.iter().map(|s| StreamEvent::Delta(item.clone(), (*s).to_owned())));
    events.push(StreamEvent::TextDone(item.clone(), text.clone()));
    events.extend(has_part.then(|| StreamEvent::PartDone(item.clone(), text, Vec::new())));
    events.push(StreamEvent::ItemDone(done.clone()));
    (events, done)
}

#[test]
fn plain_text() {
    let (items, done) = item_events(&message(0), &["Hel", "lo"], true);
    let usage = json!({"input": 3, "output": 2});
    let ending = ending(json!({"status": "completed", "usage": usage}));
    let mut events = vec![StreamEvent::Created, StreamEvent::InProgress];
    events.extend(items);
    events.push(StreamEvent::Ended(ending, vec![done]));
    insta::assert_json_snapshot!(lines(&events));
}

#[test]
fn reasoning_then_text() {
    let (thought, first) = item_events(&reasoning(), &["Hmm", "."], true);
    let (answer, second) = item_events(&message(1), &["Yes"], true);
    let mut events = vec![StreamEvent::Created, StreamEvent::InProgress];
    events.extend(thought);
    events.extend(answer);
    events.push(StreamEvent::Ended(ending(json!({"status": "completed"})), vec![first, second]));
    // The snapshots of the resource are those of `plain_text`.
    insta::assert_json_snapshot!(&lines(&events)[2..]);
}

#[test]
fn text_then_a_call() {
    let (answer, first) = item_events(&message(0), &["Yes"], true);
    let (called, second) = item_events(&call(), &["{\"x\"", ":1}"], true);
    let mut events = answer;
    let begin = events.len();
    events.extend(called);
    events.push(StreamEvent::Ended(ending(json!({"status": "completed"})), vec![first, second]));
    insta::assert_json_snapshot!(&lines(&events)[begin..]);
}

#[test]
fn failure_after_partial_text() {
    let (items, done) = item_events(&message(0), &["Hel"], false);
    let error = json!({"code": "upstream_timeout", "message": "The provider went silent."});
    let failure: Failure = serde_json::from_value(error.clone()).unwrap();
    let mut events = items;
    events.push(StreamEvent::Error(failure));
    events
        .push(StreamEvent::Ended(ending(json!({"status": "failed", "error": error})), vec![done]));
    insta::assert_json_snapshot!(&lines(&events)[5..]);
}

/// Every event in every form that it has.
fn every_event() -> Vec<StreamEvent> {
    let source =
        Annotation { url: "https://a.example".to_owned(), title: "A".to_owned(), start: 0, end: 2 };
    let failure = Failure { code: "c".into(), message: "m".to_owned() };
    let wait = Wait { reason: WaitReason::AskedToWait, until: Some(5) };
    let mut events =
        vec![StreamEvent::Created, StreamEvent::InProgress, StreamEvent::Waiting(wait)];
    let mut output = Vec::new();
    for item in [reasoning(), call(), message(2)] {
        let (mut of_item, mut done) = item_events(&item, &["a", "b"], item.index > 0);
        if item.kind == ItemKind::Message {
            done.annotations.push(source.clone());
            of_item.push(StreamEvent::Cited(item.clone(), 0, source.clone()));
            of_item.push(StreamEvent::PartDone(item, "ab".to_owned(), vec![source.clone()]));
            of_item.push(StreamEvent::ItemDone(done.clone()));
        }
        events.extend(of_item);
        output.push(done);
    }
    events.push(StreamEvent::Error(failure.clone()));
    let usage = json!({"input": 3, "output": 2});
    for status in ["completed", "incomplete", "cancelled", "failed"] {
        let mut end = ending(json!({"status": status, "usage": usage}));
        end.error = (status == "failed").then(|| failure.clone());
        events.push(StreamEvent::Ended(end, output.clone()));
    }
    events
}

#[test]
fn o16_every_event_is_as_it_is_described() {
    let document = serde_json::to_value(crate::openapi::openapi()).unwrap();
    let schemas = &document["components"]["schemas"];
    let mapping = schemas["ResponseEvent"]["discriminator"]["mapping"].as_object().unwrap();
    let lines = lines(&every_event());
    for line in &lines {
        let kind = line["type"].as_str().unwrap();
        let link = json!({"$ref": mapping[kind]});
        assert_eq!(testkit::schema::breach(&document, &link, line), None, "{line}");
    }
    let sent: std::collections::BTreeSet<&str> =
        lines.iter().filter_map(|line| line["type"].as_str()).collect();
    let described: std::collections::BTreeSet<&str> = mapping.keys().map(String::as_str).collect();
    assert_eq!(
        sent, described,
        "no event is described that is never sent, nor the other way round"
    );
}

#[test]
fn each_ending_has_its_event_status_and_reason() {
    for (fields, kind, status, reason) in [
        (json!({"status": "completed"}), "response.completed", "completed", Value::Null),
        (
            json!({"status": "incomplete", "reason": "max_output_tokens"}),
            "response.incomplete",
            "incomplete",
            json!({"reason": "max_output_tokens"}),
        ),
        (
            json!({"status": "incomplete", "reason": "interrupted"}),
            "response.incomplete",
            "incomplete",
            json!({"reason": "interrupted"}),
        ),
        (
            json!({"status": "cancelled", "reason": "cancelled"}),
            "response.incomplete",
            "cancelled",
            json!({"reason": "cancelled"}),
        ),
        (
            json!({"status": "cancelled"}),
            "response.incomplete",
            "cancelled",
            json!({"reason": "cancelled"}),
        ),
        (
            json!({"status": "failed", "error": {"code": "c", "message": "m"}}),
            "response.failed",
            "failed",
            Value::Null,
        ),
    ] {
        let event = StreamEvent::Ended(ending(fields), Vec::new());
        let line = line(&mut Projector::new(base()), 9, &event);
        assert_eq!(line["type"], kind);
        assert_eq!(line["response"]["status"], status);
        assert_eq!(line["response"]["incomplete_details"], reason);
    }
}

#[test]
fn the_error_event_has_both_shapes() {
    let failure = Failure { code: "c".into(), message: "m".to_owned() };
    let line = line(&mut Projector::new(base()), 1, &StreamEvent::Error(failure));
    let nested = json!({"type": "server_error", "code": "c", "message": "m", "param": null});
    assert_eq!(line["error"], nested);
    assert_eq!((&line["code"], &line["message"]), (&json!("c"), &json!("m")));
}

/// Keeps what it is given: number in `id`, name, data.
#[derive(Default)]
struct Kept(Vec<(Option<u64>, Option<&'static str>, Value)>);

impl Frames for Kept {
    fn frame(&mut self, head: Head, data: impl FnOnce(&mut Vec<u8>)) {
        let mut line = Vec::new();
        data(&mut line);
        self.0.push((head.id, head.name, serde_json::from_slice(&line).unwrap()));
    }

    fn heartbeat(&mut self) {}

    fn come_back(&mut self) {}
}

/// What the clients of the `OpenAI` API are sent: names and numbers.
fn sent(base: ResponseResource, first: u64, events: &[StreamEvent]) -> Vec<(String, u64)> {
    let mut projector = Projector::openai(base);
    let mut kept = Kept::default();
    for (seq, event) in (first..).zip(events.iter().cloned()) {
        projector.event(&Numbered { seq, event }, &mut kept);
    }
    let named = kept.0.into_iter().map(|(id, name, data)| {
        assert_eq!((id, name.unwrap()), (None, data["type"].as_str().unwrap()));
        (name.unwrap().to_owned(), data["sequence_number"].as_u64().unwrap())
    });
    named.collect()
}

#[test]
fn openai_clients_are_told_of_no_wait_and_once_that_it_is_in_progress() {
    let wait = Wait { reason: WaitReason::Retrying, until: None };
    let (items, done) = item_events(&message(0), &["Hel", "lo"], true);
    let mut events = vec![
        StreamEvent::Created,
        StreamEvent::InProgress,
        StreamEvent::Waiting(wait),
        StreamEvent::InProgress,
    ];
    events.extend(items);
    events.insert(7, StreamEvent::Waiting(wait));
    events.push(StreamEvent::Ended(ending(json!({"status": "completed"})), vec![done]));
    let all = sent(base(), 0, &events);
    let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names[..3],
        ["response.created", "response.in_progress", "response.output_item.added"]
    );
    assert_eq!(names.iter().filter(|name| **name == "response.in_progress").count(), 1);
    let numbers: Vec<u64> = all.iter().map(|(_, number)| *number).collect();
    assert_eq!(numbers, [0, 1, 4, 5, 6, 8, 9, 10, 11, 12], "places in the log, with gaps");
    // Behind any event the same follows.
    for (at, (_, number)) in all.iter().enumerate() {
        let next = number + 1;
        let rest = sent(base(), next, &events[usize::try_from(next).unwrap()..]);
        assert_eq!(rest, all[at + 1..], "behind {number}");
    }
    // After a crash everything is told from the beginning, under other numbers.
    let from_the_start = sent(base(), 1_000_000, &events);
    assert_eq!(from_the_start.len(), all.len());
}

#[test]
fn a_response_in_the_background_begins_as_queued() {
    let base = ResponseResource { background: true, ..base() };
    let mut projector = Projector::openai(base);
    let status = |value: &Value| value["response"]["status"].as_str().unwrap().to_owned();
    assert_eq!(status(&line(&mut projector, 0, &StreamEvent::Created)), "queued");
    assert_eq!(status(&line(&mut projector, 1, &StreamEvent::InProgress)), "in_progress");
}

#[test]
fn deltas_of_alternating_items_keep_their_names() {
    let mut projector = Projector::new(base());
    for (item, index) in [(reasoning(), 0), (message(1), 1), (reasoning(), 0), (message(1), 1)] {
        let line = line(&mut projector, 5, &StreamEvent::Delta(item.clone(), "x".to_owned()));
        assert_eq!(line["output_index"], index);
        assert_eq!(line["item_id"], item.id.to_string());
    }
}

proptest! {
    #[test]
    fn any_text_is_one_line_and_reads_back(text in ".*", seq: u64) {
        for item in [message(3), reasoning(), call()] {
            let event = StreamEvent::Delta(item.clone(), text.clone());
            let mut projector = Projector::new(base());
            let fast = line(&mut projector, seq, &event);
            // The fast path and the tree say the same, now and when the item is remembered.
            prop_assert_eq!(&fast, &json!(projector.render(seq, &event)));
            prop_assert_eq!(&fast, &line(&mut projector, seq, &event));
            prop_assert_eq!(fast["delta"].as_str(), Some(text.as_str()));

            let done = StreamEvent::TextDone(item, text.clone());
            let whole = line(&mut projector, seq, &done);
            let name = if whole.get("text").is_some() { "text" } else { "arguments" };
            prop_assert_eq!(whole[name].as_str(), Some(text.as_str()));
        }
    }
}
