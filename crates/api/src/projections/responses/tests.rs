use proptest::prelude::*;
use schemas::event::Call;
use schemas::response::NewResponse;
use serde_json::json;

use super::*;

fn base() -> ResponseResource {
    ResponseResource::begun(NewResponse {
        id: "resp_00000000000000000000000000000001".parse().unwrap(),
        conversation_id: "conv_00000000000000000000000000000002".parse().unwrap(),
        user_message_id: "msg_00000000000000000000000000000003".parse().unwrap(),
        message_id: "msg_00000000000000000000000000000004".parse().unwrap(),
        previous_response_id: None,
        model: "demo".to_owned(),
        provider: "openai".to_owned(),
        instructions: None,
        created_at: "2026-11-22T20:00:00Z".parse().unwrap(),
    })
}

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
    let call = Call { call_id: "call_1".to_owned(), name: "f".to_owned(), offset: 3 };
    Item { index: 1, id, kind: ItemKind::FunctionCall(call) }
}

fn ending(fields: Value) -> Ending {
    serde_json::from_value(join(json!({"at": "2026-11-22T20:00:05Z"}), fields)).unwrap()
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
    let failure = Failure { code: "c".to_owned(), message: "m".to_owned() };
    let line = line(&mut Projector::new(base()), 1, &StreamEvent::Error(failure));
    let nested = json!({"type": "server_error", "code": "c", "message": "m", "param": null});
    assert_eq!(line["error"], nested);
    assert_eq!((&line["code"], &line["message"]), (&json!("c"), &json!("m")));
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
        for item in [message(3), reasoning()] {
            let event = StreamEvent::Delta(item.clone(), text.clone());
            let mut projector = Projector::new(base());
            let fast = line(&mut projector, seq, &event);
            // The fast path and the tree say the same, now and when the item is remembered.
            prop_assert_eq!(&fast, &projector.render(seq, &event));
            prop_assert_eq!(&fast, &line(&mut projector, seq, &event));
            prop_assert_eq!(fast["delta"].as_str(), Some(text.as_str()));

            let done = StreamEvent::TextDone(item, text.clone());
            let whole = line(&mut projector, seq, &done);
            prop_assert_eq!(whole["text"].as_str(), Some(text.as_str()));
        }
    }
}
