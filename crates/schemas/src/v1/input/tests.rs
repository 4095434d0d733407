use serde_json::json;

use super::*;

fn items(input: Value) -> Result<Vec<InputItem>, Invalid> {
    serde_json::from_value::<Input>(input).unwrap().items("input")
}

fn said(spoken: Spoken, text: &str) -> InputItem {
    InputItem::Message { id: None, spoken, content: vec![InputPart::Text(text.to_owned())] }
}

#[test]
fn a_text_is_a_message_of_the_user() {
    assert_eq!(items(json!("Hi")), Ok(vec![said(Spoken::User, "Hi")]));
}

#[test]
fn messages_are_read_in_every_form_that_clients_write() {
    let written = json!([
        {"role": "developer", "content": "Be brief."},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
        {"role": "assistant", "content": [{"type": "output_text", "text": "Yes?", "annotations": []}],
         "phase": "final_answer", "status": "completed"},
        {"role": "user", "content": [{"text": "Why?"}]},
    ]);
    let expected = vec![
        said(Spoken::Developer, "Be brief."),
        said(Spoken::User, "Hi"),
        said(Spoken::Assistant, "Yes?"),
        said(Spoken::User, "Why?"),
    ];
    assert_eq!(items(written), Ok(expected));
}

#[test]
fn a_tool_loop_is_read() {
    let written = json!([
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm."}]},
        {"type": "function_call", "call_id": "c1", "name": "add", "arguments": "{}", "status": "completed"},
        {"type": "function_call_output", "call_id": "c1", "output": "3"},
        {"id": "msg_1"},
        {"type": "item_reference", "id": "msg_2"},
    ]);
    let expected = vec![
        InputItem::Reasoning { id: Some("rs_1".to_owned()), summary: "Hm.".to_owned() },
        InputItem::FunctionCall {
            id: None,
            call_id: "c1".to_owned(),
            name: "add".to_owned(),
            arguments: "{}".to_owned(),
        },
        InputItem::FunctionCallOutput {
            id: None,
            call_id: "c1".to_owned(),
            output: vec![InputPart::Text("3".to_owned())],
        },
        InputItem::Reference { id: "msg_1".to_owned() },
        InputItem::Reference { id: "msg_2".to_owned() },
    ];
    assert_eq!(items(written), Ok(expected));
}

#[test]
fn what_is_wrong_is_named() {
    let cases = [
        (json!([]), "input"),
        (json!(" "), "input"),
        (json!([{"content": "x"}]), "input.0.role"),
        (json!([{"role": "user"}]), "input.0.content"),
        (json!([{"role": "robot", "content": "x"}]), "input.0.role"),
        (json!([{"type": "web_search_call"}]), "input.0"),
        (json!([{"type": "function_call_output", "output": "x"}]), "input.0.call_id"),
        (
            json!([{"role": "user", "content": [{"text": "x"}, {"type": "input_image"}]}]),
            "input.0.content.1.image_url",
        ),
        (
            json!([{"role": "user", "content": [{"type": "input_image", "image_url": "file:///x"}]}]),
            "input.0.content.0.image_url",
        ),
        (
            json!([{"role": "user", "content": [{"type": "input_file", "filename": "a.pdf"}]}]),
            "input.0.content.0.file_data",
        ),
        (
            json!([{"type": "function_call", "call_id": "c", "name": " ", "arguments": "{}"}]),
            "input.0.name",
        ),
        (
            json!([{"role": "assistant", "content": [{"type": "refusal", "refusal": "a\u{0}b"}]}]),
            "input.0.content.0.refusal",
        ),
        (
            json!([{"role": "user", "content": [{"type": "input_image", "image_url": "https://x",
                "detail": "a".repeat(300)}]}]),
            "input.0.content.0.detail",
        ),
    ];
    for (written, field) in cases {
        let invalid = items(written.clone()).unwrap_err();
        assert_eq!(invalid.field, field, "{written}: {}", invalid.message);
    }
}

#[test]
fn a_file_in_the_place_of_its_address_is_the_file() {
    let url = "DATA:text/plain;base64,QQ==";
    let written = json!([{"role": "user", "content": [{"type": "input_file", "file_url": url}]}]);
    let [InputItem::Message { content, .. }] = &items(written).unwrap()[..] else { panic!() };
    let (filename, data) = (None, Some(url.to_owned()));
    assert_eq!(content[..], [InputPart::File { filename, data, url: None }]);
}
