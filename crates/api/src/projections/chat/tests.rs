use proptest::prelude::*;
use schemas::event::{Failure, FailureCode, ToolCall};
use schemas::view::Parameters;
use serde_json::Value;

use super::*;

fn begun() -> NewResponse {
    NewResponse {
        id: "resp_00000000000000000000000000000001".parse().unwrap(),
        conversation_id: "conv_00000000000000000000000000000002".parse().unwrap(),
        user_message_id: "msg_00000000000000000000000000000003".parse().unwrap(),
        message_id: "msg_00000000000000000000000000000004".parse().unwrap(),
        previous_response_id: None,
        model: "a \"model\"".to_owned(),
        provider: "openai".to_owned(),
        parameters: Parameters::default(),
        created_at: "2026-11-22T20:00:00Z".parse().unwrap(),
    }
}

/// Writes down what it is given.
#[derive(Default)]
struct Written(Vec<String>);

impl Frames for Written {
    fn frame(&mut self, head: Head, data: impl FnOnce(&mut Vec<u8>)) {
        assert_eq!(head, Head::default(), "these clients know neither names nor numbers");
        let mut line = Vec::new();
        data(&mut line);
        self.0.push(String::from_utf8(line).unwrap());
    }

    fn heartbeat(&mut self) {
        self.0.push(": still there".to_owned());
    }

    fn come_back(&mut self) {
        panic!("nobody can come back");
    }
}

impl Written {
    fn json(&self) -> Vec<Value> {
        let read = |line: &String| match line.as_str() {
            "[DONE]" => Value::from("[DONE]"),
            line => serde_json::from_str(line).unwrap(),
        };
        self.0.iter().map(read).collect()
    }
}

fn projector(index: usize, together: &Together) -> Projector {
    Projector::new(&begun(), (begun().id, index), together.clone())
}

/// The frames of one answer.
fn frames(events: &[StreamEvent], include_usage: bool) -> Written {
    let together = Together::new(1, include_usage);
    let mut written = Written::default();
    play(&mut projector(0, &together), events, &mut written);
    written
}

fn play(projector: &mut Projector, events: &[StreamEvent], written: &mut Written) {
    projector.begin(written);
    for (seq, event) in (0..).zip(events) {
        projector.event(&Numbered { seq, event: event.clone() }, written);
        if event.is_terminal() {
            projector.end(written);
        }
    }
}

fn item(index: u32, kind: ItemKind) -> Item {
    Item { index, id: "msg_00000000000000000000000000000005".parse().unwrap(), kind }
}

fn call(index: u32, id: &str) -> Item {
    let call = ToolCall { call_id: id.to_owned(), name: "f".to_owned(), offset: 0, extra: None };
    item(index, ItemKind::FunctionCall(call))
}

fn says(item: &Item, text: &str) -> StreamEvent {
    StreamEvent::Delta(item.clone(), text.to_owned())
}

fn ended(fields: &Value) -> StreamEvent {
    let mut ending = json!({"status": "completed", "at": "2026-11-22T20:00:05Z"});
    ending["usage"] = json!({"input": 10, "output": 7, "cached": 4, "reasoning": 2});
    for (name, value) in fields.as_object().unwrap() {
        ending[name] = value.clone();
    }
    StreamEvent::Ended(serde_json::from_value(ending).unwrap(), Vec::new())
}

fn source(start: u32, end: u32) -> Annotation {
    let (url, title) = ("https://example.org/".to_owned(), "Example".to_owned());
    Annotation { url, title, start, end }
}

#[test]
fn reasoning_text_sources_and_usage() {
    let (thought, answer) = (item(0, ItemKind::Reasoning), item(1, ItemKind::Message));
    let events = [
        StreamEvent::Created,
        StreamEvent::InProgress,
        StreamEvent::ItemAdded(thought.clone()),
        StreamEvent::PartAdded(thought.clone()),
        says(&thought, "Hm.\n"),
        StreamEvent::ItemAdded(answer.clone()),
        says(&answer, "Líne \"one\"\n"),
        says(&answer, "two"),
        StreamEvent::Cited(answer.clone(), 0, source(1, 3)),
        ended(&json!({})),
    ];
    insta::assert_snapshot!(frames(&events, true).0.join("\n"));
}

#[test]
fn calls_come_piece_by_piece() {
    let (one, two) = (call(0, "call_a"), call(1, "call_b"));
    let answer = item(2, ItemKind::Message);
    let events = [
        StreamEvent::ItemAdded(one.clone()),
        says(&one, "{\"x\":"),
        says(&one, "1}"),
        StreamEvent::ItemAdded(two.clone()),
        says(&two, "{}"),
        StreamEvent::ItemAdded(answer),
        ended(&json!({})),
    ];
    insta::assert_snapshot!(frames(&events, false).0.join("\n"));
}

#[test]
fn a_failure_is_one_object_and_the_last() {
    let answer = item(0, ItemKind::Message);
    let failure = Failure::new(FailureCode::UpstreamTruncated, "It broke off.");
    let events = [
        StreamEvent::ItemAdded(answer.clone()),
        says(&answer, "Half"),
        StreamEvent::Error(failure.clone()),
        ended(&json!({"status": "failed", "error": failure})),
    ];
    insta::assert_snapshot!(frames(&events, true).0.join("\n"));
    // A server that stops gives nothing up to others.
    let interrupted = frames(&[ended(&json!({"reason": "interrupted"}))], true).json();
    assert_eq!(interrupted.last().unwrap()["error"]["code"], "shutting_down");
    let mut written = Written::default();
    projector(0, &Together::new(1, true)).away(&mut written);
    assert_eq!(written.json()[0]["error"]["code"], "shutting_down");
}

#[test]
fn places_of_sources_are_ones_in_the_whole_answer() {
    let (before, behind) = (item(0, ItemKind::Message), item(2, ItemKind::Message));
    let events = [
        StreamEvent::ItemAdded(before.clone()),
        says(&before, "éé"),
        StreamEvent::ItemAdded(call(1, "call_a")),
        StreamEvent::ItemAdded(behind.clone()),
        says(&behind, "abc"),
        StreamEvent::Cited(behind.clone(), 0, source(1, 3)),
        StreamEvent::Cited(behind, 1, source(0, 0)),
    ];
    let places: Vec<_> = frames(&events, false)
        .json()
        .iter()
        .filter_map(|chunk| {
            let source = &chunk["choices"][0]["delta"]["annotations"][0]["url_citation"];
            Some((source["start_index"].as_u64()?, source["end_index"].as_u64()?))
        })
        .collect();
    assert_eq!(places, [(3, 5), (0, 0)]);
}

#[test]
fn several_answers_end_once_and_cost_what_all_of_them_cost() {
    let together = Together::new(2, true);
    let mut written = Written::default();
    let answer = item(0, ItemKind::Message);
    let events = [StreamEvent::ItemAdded(answer.clone()), says(&answer, "x"), ended(&json!({}))];
    play(&mut projector(1, &together), &events, &mut written);
    let first = written.0.len();
    assert!(!written.0.contains(&"[DONE]".to_owned()));
    let mut other = projector(0, &together);
    play(&mut other, &events, &mut written);
    let json = written.json();
    let indices: Vec<_> = json.iter().filter_map(|c| c["choices"][0]["index"].as_u64()).collect();
    assert_eq!(indices, [vec![1; first], vec![0; first]].concat());
    assert_eq!(json[json.len() - 1], "[DONE]");
    assert_eq!(json[json.len() - 2]["usage"]["prompt_tokens"], 20);
    assert_eq!(json[json.len() - 2]["usage"]["total_tokens"], 34);
    // Of one that has ended nothing more is to be seen.
    let lines = written.0.len();
    other.silence(&mut written);
    assert_eq!(written.0.len(), lines);
}

proptest! {
    #[test]
    fn any_text_is_one_line_of_json_and_reads_back(text in ".*") {
        let answer = item(0, ItemKind::Message);
        let written = frames(&[says(&answer, &text), says(&item(1, ItemKind::Reasoning), &text)], true);
        prop_assert!(written.0.iter().all(|line| !line.contains(['\n', '\r'])));
        let json = written.json();
        prop_assert_eq!(&json[1]["choices"][0]["delta"]["content"], &text);
        prop_assert_eq!(&json[2]["choices"][0]["delta"]["reasoning_content"], &text);
        prop_assert_eq!(&json[2]["choices"][0]["delta"]["reasoning"], &text);
        for chunk in json {
            prop_assert_eq!(&chunk["id"], "chatcmpl-00000000000000000000000000000001");
            prop_assert_eq!(&chunk["object"], "chat.completion.chunk");
            prop_assert_eq!(&chunk["model"], "a \"model\"");
            prop_assert!(chunk["usage"].is_null() && chunk.get("usage").is_some());
        }
    }
}
