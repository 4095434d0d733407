#![expect(clippy::needless_pass_by_value, reason = "so that `json!` stands where it is used")]

use serde_json::json;

use super::*;

/// Events as frames, numbered where they have no number yet.
fn frames(events: &[Value]) -> Vec<Frame> {
    events
        .iter()
        .enumerate()
        .map(|(number, event)| {
            let mut event = event.clone();
            let event = event.as_object_mut().unwrap();
            event.entry("sequence_number").or_insert(json!(number));
            Frame {
                id: None,
                event: event["type"].as_str().unwrap().to_owned(),
                data: serde_json::to_string(event).unwrap(),
            }
        })
        .collect()
}

fn response(kind: &str, status: &str, output: Value) -> Value {
    let response = json!({"id": "resp_1", "status": status, "output": output});
    json!({"type": format!("response.{kind}"), "response": response})
}

fn begin() -> Vec<Value> {
    vec![
        response("created", "in_progress", json!([])),
        response("in_progress", "in_progress", json!([])),
    ]
}

fn part(text: &str) -> Value {
    json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []})
}

fn message(status: &str, content: Value) -> Value {
    json!({"type": "message", "id": "msg_1", "status": status, "role": "assistant",
           "content": content})
}

/// The events of one message at `index`; its deltas are `deltas`.
fn message_events(index: u64, deltas: &[&str], status: &str) -> Vec<Value> {
    let at = |mut event: Value| {
        event["item_id"] = json!("msg_1");
        event["output_index"] = json!(index);
        event["content_index"] = json!(0);
        event
    };
    let text = deltas.concat();
    let mut events = vec![
        json!({"type": "response.output_item.added", "output_index": index,
               "item": message("in_progress", json!([]))}),
        at(json!({"type": "response.content_part.added", "part": part("")})),
    ];
    events.extend(deltas.iter().map(|delta| {
        at(json!({"type": "response.output_text.delta", "delta": delta, "logprobs": []}))
    }));
    events.extend([
        at(json!({"type": "response.output_text.done", "text": text, "logprobs": []})),
        at(json!({"type": "response.content_part.done", "part": part(&text)})),
        json!({"type": "response.output_item.done", "output_index": index,
               "item": message(status, json!([part(&text)]))}),
    ]);
    events
}

fn plain() -> Vec<Value> {
    let item = message("completed", json!([part("Hello")]));
    [
        begin(),
        message_events(0, &["Hel", "lo"], "completed"),
        vec![response("completed", "completed", json!([item]))],
    ]
    .concat()
}

fn function_call() -> Vec<Value> {
    let item = |status: &str, arguments: &str| {
        json!({"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f",
               "arguments": arguments, "status": status})
    };
    let step = |kind: &str, field: &str, text: &str| {
        json!({"type": format!("response.function_call_arguments.{kind}"), "item_id": "fc_1",
               "output_index": 0, field: text})
    };
    let mut events = begin();
    events.extend([
        json!({"type": "response.output_item.added", "output_index": 0,
               "item": item("in_progress", "")}),
        step("delta", "delta", "{\"a\""),
        step("delta", "delta", ":1}"),
        step("done", "arguments", "{\"a\":1}"),
        json!({"type": "response.output_item.done", "output_index": 0,
               "item": item("completed", "{\"a\":1}")}),
        response("completed", "completed", json!([item("completed", "{\"a\":1}")])),
    ]);
    events
}

fn reasoning_then_text() -> Vec<Value> {
    let item = |status: &str, summary: Value| json!({"type": "reasoning", "id": "msg_0", "status": status, "summary": summary});
    let summary = json!({"type": "summary_text", "text": "Hm."});
    let at = |mut event: Value| {
        event["item_id"] = json!("msg_0");
        event["output_index"] = json!(0);
        event["summary_index"] = json!(0);
        event
    };
    let reasoning = item("completed", json!([summary]));
    let mut events = begin();
    events.extend([
        json!({"type": "response.output_item.added", "output_index": 0,
               "item": item("in_progress", json!([]))}),
        at(json!({"type": "response.reasoning_summary_part.added",
                  "part": {"type": "summary_text", "text": ""}})),
        at(json!({"type": "response.reasoning_summary_text.delta", "delta": "Hm."})),
        at(json!({"type": "response.reasoning_summary_text.done", "text": "Hm."})),
        at(json!({"type": "response.reasoning_summary_part.done", "part": summary})),
        json!({"type": "response.output_item.done", "output_index": 0, "item": reasoning}),
    ]);
    events.extend(message_events(1, &["Hello"], "completed"));
    let item = message("completed", json!([part("Hello")]));
    events.push(response("completed", "completed", json!([reasoning, item])));
    events
}

/// A message cut short, ended by the event `kind` with `status`.
fn cut_short(kind: &str, status: &str) -> Vec<Value> {
    let item = message("incomplete", json!([part("Hel")]));
    let mut events = begin();
    events.extend(message_events(0, &["Hel"], "incomplete"));
    if kind == "failed" {
        events.push(json!({"type": "error", "error": {"code": "x"}, "code": "x"}));
    }
    events.push(response(kind, status, json!([item])));
    events
}

#[test]
fn the_reference_sequences_pass() {
    let mut queued = plain();
    queued[0]["response"]["status"] = json!("queued");
    queued.insert(1, response("queued", "queued", json!([])));
    for events in [
        plain(),
        function_call(),
        reasoning_then_text(),
        cut_short("incomplete", "incomplete"),
        cut_short("incomplete", "cancelled"),
        cut_short("failed", "failed"),
        vec![response("failed", "failed", json!([]))],
        queued,
    ] {
        let mut frames = frames(&events);
        assert_valid(&frames);
        let event = "message".to_owned();
        frames.push(Frame { id: None, event, data: "[DONE]".to_owned() });
        assert_valid(&frames);
    }
}

#[test]
fn every_resumed_end_of_a_sequence_passes() {
    for events in [plain(), function_call(), reasoning_then_text(), cut_short("failed", "failed")] {
        let frames = frames(&events);
        for from in 0..frames.len() {
            assert_valid_from_middle(&frames[from..]);
            if from > 0 {
                assert_ne!(check(&frames[from..]), [], "from {from}");
            }
        }
    }
}

#[test]
fn only_a_gap_up_to_a_multiple_of_a_million_passes() {
    for (number, passes) in [(1_000_000, true), (3_000_000, true), (9, false), (1_000_001, false)] {
        let mut events = plain();
        for (step, event) in events.iter_mut().skip(4).enumerate() {
            event["sequence_number"] = json!(number + step);
        }
        assert_eq!(check(&frames(&events)).is_empty(), passes, "{number}");
    }
    let mut back = plain();
    back[5]["sequence_number"] = json!(0);
    assert_rules(&frames(&back), &[Rule::NonMonotonicSequence, Rule::NonMonotonicSequence]);
}

#[track_caller]
fn assert_rules(frames: &[Frame], rules: &[Rule]) {
    let found = check(frames);
    assert_eq!(
        found.iter().map(|violation| violation.rule).collect::<Vec<_>>(),
        rules,
        "{found:?}"
    );
}

/// Each plants one fault into the plain sequence, whose events are 0 created, 1 in progress,
/// 2 item added, 3 part added, 4 and 5 deltas, 6 text done, 7 part done, 8 item done, 9 completed.
#[test]
fn a_planted_fault_breaks_its_rule() {
    type Plant = fn(&mut Vec<Value>);
    let plants: &[(Rule, Plant)] = &[
        (Rule::InvalidResponseTransition, |e| drop(e.remove(0))),
        (Rule::InvalidResponseTransition, |e| drop(e.remove(1))),
        (Rule::InvalidResponseTransition, |e| e.insert(2, begin()[1].clone())),
        (Rule::InvalidResponseTransition, |e| e[9]["response"]["status"] = json!("failed")),
        (Rule::InvalidResponseTransition, |e| {
            e.insert(9, json!({"type": "error", "code": "x"}));
        }),
        (Rule::ResponseNotTerminated, |e| drop(e.pop())),
        (Rule::ResponseNotTerminated, |e| e.push(e[9].clone())),
        (Rule::DuplicateItem, |e| e.insert(3, e[2].clone())),
        (Rule::UnknownItem, |e| drop(e.remove(2))),
        (Rule::InvalidItemTransition, |e| e.insert(9, e[8].clone())),
        (Rule::InvalidItemTransition, |e| e.insert(9, e[5].clone())),
        (Rule::InvalidItemTransition, |e| e[2]["item"]["status"] = json!("completed")),
        (Rule::InvalidItemTransition, |e| {
            e[8]["item"]["status"] = json!("incomplete");
            e[9]["response"]["output"][0]["status"] = json!("incomplete");
        }),
        (Rule::ItemNotTerminated, |e| drop(e.remove(8))),
        (Rule::DuplicateContentPart, |e| e.insert(4, e[3].clone())),
        (Rule::UnknownContentPart, |e| drop(e.remove(3))),
        (Rule::InvalidContentPartTransition, |e| e.swap(5, 6)),
        (Rule::InvalidContentPartTransition, |e| drop(e.remove(6))),
        (Rule::ContentPartNotTerminated, |e| drop(e.remove(7))),
        (Rule::TextMismatch, |e| drop(e.remove(4))),
        (Rule::TextMismatch, |e| e[6]["text"] = json!("Hullo")),
        (Rule::TextMismatch, |e| e[7]["part"]["text"] = json!("Hullo")),
        (Rule::TextMismatch, |e| e[8]["item"]["content"][0]["text"] = json!("Hullo")),
        (Rule::TextMismatch, |e| e[9]["response"]["output"][0]["role"] = json!("user")),
        (Rule::TextMismatch, |e| e[9]["response"]["output"] = json!([])),
        (Rule::IdentityChanged, |e| e[9]["response"]["id"] = json!("resp_2")),
        (Rule::IdentityChanged, |e| e[4]["item_id"] = json!("msg_2")),
        (Rule::IdentityChanged, |e| e[4]["item_id"] = json!("")),
        (Rule::IdentityChanged, |e| e[8]["item"]["type"] = json!("reasoning")),
        (Rule::IdentityChanged, |e| e[7]["part"]["type"] = json!("refusal")),
        (Rule::OutputIndex, |e| e[2]["output_index"] = json!(1)),
        (Rule::OutputIndex, |e| e[2]["item"]["id"] = json!("")),
        (Rule::OutputIndex, |e| e[4]["output_index"] = json!("0")),
        (Rule::NotEmptyAtStart, |e| e[2]["item"]["content"] = json!([part("Hello")])),
        (Rule::NotEmptyAtStart, |e| e[3]["part"]["text"] = json!("Hel")),
    ];
    for (place, (rule, plant)) in plants.iter().enumerate() {
        let mut events = plain();
        plant(&mut events);
        let found = check(&frames(&events));
        assert!(found.iter().any(|found| found.rule == *rule), "{place} {rule:?}: {found:?}");
    }
}

/// Each plants one fault into the call, whose events are 0 created, 1 in progress, 2 item added,
/// 3 and 4 deltas, 5 arguments done, 6 item done, 7 completed.
#[test]
fn a_fault_planted_into_a_call_breaks_its_rule() {
    type Plant = fn(&mut Vec<Value>);
    let plants: &[(Rule, Plant)] = &[
        (Rule::IdentityChanged, |e| {
            e[6]["item"]["call_id"] = json!("call_2");
            e[7]["response"]["output"][0]["call_id"] = json!("call_2");
        }),
        (Rule::IdentityChanged, |e| {
            e[6]["item"]["name"] = json!("g");
            e[7]["response"]["output"][0]["name"] = json!("g");
        }),
        (Rule::TextMismatch, |e| e[5]["arguments"] = json!("{}")),
        (Rule::TextMismatch, |e| {
            e[6]["item"]["arguments"] = json!("{}");
            e[7]["response"]["output"][0]["arguments"] = json!("{}");
        }),
        (Rule::TextMismatch, |e| e[7]["response"]["output"][0]["arguments"] = json!("{}")),
        (Rule::TextMismatch, |e| drop(e.remove(3))),
        (Rule::NotEmptyAtStart, |e| e[2]["item"]["arguments"] = json!("{")),
        (Rule::ContentPartNotTerminated, |e| drop(e.remove(5))),
        (Rule::InvalidContentPartTransition, |e| e.swap(4, 5)),
        (Rule::InvalidContentPartTransition, |e| e.insert(6, e[5].clone())),
        (Rule::InvalidItemTransition, |e| e.swap(5, 6)),
        (Rule::UnknownItem, |e| drop(e.remove(2))),
        (Rule::ItemNotTerminated, |e| drop(e.remove(6))),
        (Rule::CallFields, |e| e[2]["item"]["name"] = json!("")),
        (Rule::CallFields, |e| drop(e[2]["item"].as_object_mut().unwrap().remove("call_id"))),
        (Rule::CallFields, |e| {
            e.insert(
                3,
                json!({"type": "response.content_part.added", "item_id": "fc_1",
                "output_index": 0, "content_index": 0, "part": part("")}),
            );
        }),
    ];
    for (place, (rule, plant)) in plants.iter().enumerate() {
        let mut events = function_call();
        plant(&mut events);
        for event in &mut events {
            event.as_object_mut().unwrap().remove("sequence_number");
        }
        let found = check(&frames(&events));
        assert!(found.iter().any(|found| found.rule == *rule), "{place} {rule:?}: {found:?}");
    }
    let mut events = plain();
    events.insert(
        4,
        json!({"type": "response.function_call_arguments.delta", "item_id": "msg_1",
        "output_index": 0, "delta": "{"}),
    );
    assert_rules(&frames(&events), &[Rule::CallFields]);
}

#[test]
fn the_frame_says_what_its_data_says() {
    let mut wrong = frames(&plain());
    wrong[4].event = "message".to_owned();
    wrong[5].id = Some("6".to_owned());
    wrong[6].id = Some("6".to_owned());
    assert_rules(&wrong, &[Rule::FrameFields, Rule::FrameFields]);
}

#[test]
fn nothing_follows_the_done_marker() {
    let mut wrong = frames(&plain());
    let done = Frame { id: None, event: "message".to_owned(), data: "[DONE]".to_owned() };
    wrong.insert(4, done);
    assert!(check(&wrong).iter().all(|found| found.rule == Rule::ResponseNotTerminated));
    assert!(!check(&wrong).is_empty());
}

#[test]
fn a_wait_is_another_in_progress_and_so_may_be_its_end() {
    let begun = || response("in_progress", "in_progress", json!([]));
    let mut wait = begun();
    wait["response"]["waiting"] = json!({"reason": "silent", "until": null});
    let mut events = plain();
    // Before the answer, with an end of its own, and amid the text.
    events.splice(2..2, [wait.clone(), begun(), wait.clone(), wait.clone()]);
    events.insert(9, wait.clone());
    let whole = frames(&events);
    assert_valid(&whole);
    for from in 1..whole.len() {
        assert_valid_from_middle(&whole[from..]);
    }
    let mut twice = plain();
    twice.insert(2, begun());
    assert_ne!(check(&frames(&twice)), [], "nothing waited");
    let mut late = plain();
    late.splice(5..5, [wait]);
    late.splice(7..7, [begun()]);
    assert_ne!(check(&frames(&late)), [], "the wait was over");
}

#[test]
fn annotations_are_told_before_the_part_is_done_and_lie_within_its_text() {
    let annotated = |annotation: &Value, told: bool| {
        let mut events = plain();
        for event in &mut events {
            for place in ["/part/annotations", "/item/content/0/annotations"] {
                let is_done = event["type"].as_str().unwrap().ends_with("done");
                if let Some(list) = event.pointer_mut(place).filter(|_| is_done) {
                    *list = json!([annotation]);
                }
            }
            if let Some(list) = event.pointer_mut("/response/output/0/content/0/annotations") {
                *list = json!([annotation]);
            }
        }
        let event = json!({"type": "response.output_text.annotation.added", "item_id": "msg_1",
            "output_index": 0, "content_index": 0, "annotation_index": 0, "annotation": annotation});
        events.splice(5..5, told.then_some(event));
        check(&frames(&events))
    };
    let annotation = |start: u32, end: u32| {
        json!({"type": "url_citation", "url": "https://example.org", "title": "A page",
            "start_index": start, "end_index": end})
    };
    assert_eq!(annotated(&annotation(1, 5), true), []);
    assert_ne!(annotated(&annotation(1, 5), false), [], "it was not told");
    assert_ne!(annotated(&annotation(1, 6), true), [], "the text has five characters");
    assert_ne!(annotated(&annotation(3, 2), true), []);
}
