use serde_json::{Value, json};

use super::*;

fn id() -> MessageId {
    "msg_01890a5d7f1e7c3b8a1e2f3a4b5c6d7e".parse().unwrap()
}

/// How an item is written, without the id.
fn shown(body: ItemBody) -> Value {
    let item = view::Item { id: id(), status: MessageStatus::Completed, body };
    let mut value = serde_json::to_value(Item::from(item)).unwrap();
    assert_eq!(value["id"], id().to_string());
    assert_eq!(value["status"], "completed");
    for known in ["id", "status"] {
        value.as_object_mut().unwrap().remove(known);
    }
    value
}

fn message(role: Role, parts: impl IntoIterator<Item = Part>) -> ItemBody {
    ItemBody::Message { role, content: parts.into_iter().collect(), annotations: Vec::new() }
}

#[test]
fn a_message_is_parts_by_who_speaks() {
    let text = || [Part::Text("Hello".to_owned())];
    let given = json!([{"type": "input_text", "text": "Hello"}]);
    assert_eq!(
        shown(message(Role::User, text())),
        json!({"type": "message", "role": "user", "content": given})
    );
    assert_eq!(shown(message(Role::System, text()))["content"], given);
    let said = json!([{"type": "output_text", "text": "Hello", "annotations": [], "logprobs": []}]);
    assert_eq!(shown(message(Role::Assistant, text()))["content"], said);
    assert_eq!(shown(message(Role::Assistant, []))["content"], json!([]));
}

#[test]
fn images_and_files_are_parts_in_their_order() {
    let image = Part::Image { url: "https://example.org/a.png".to_owned(), detail: None };
    let file = Part::File {
        filename: Some("a.pdf".to_owned()),
        data: Some("data:application/pdf;base64,JVBERi0=".to_owned()),
        url: None,
    };
    let parts = [image, Part::Text("What is it?".to_owned()), file];
    let expected = json!([
        {"type": "input_image", "image_url": "https://example.org/a.png", "detail": "auto"},
        {"type": "input_text", "text": "What is it?"},
        {"type": "input_file", "filename": "a.pdf",
         "file_data": "data:application/pdf;base64,JVBERi0=", "file_url": null},
    ]);
    assert_eq!(shown(message(Role::User, parts.clone()))["content"], expected);
    let output: Content = parts.into_iter().collect();
    let result = ItemBody::FunctionCallOutput { call_id: "call_1".to_owned(), output };
    assert_eq!(shown(result)["output"], expected);
}

#[test]
fn calls_results_and_reasoning_have_their_types() {
    let call = ItemBody::FunctionCall {
        call_id: "call_1".to_owned(),
        name: "get_weather".to_owned(),
        arguments: "{}".to_owned(),
    };
    assert_eq!(
        shown(call),
        json!({"type": "function_call", "call_id": "call_1", "name": "get_weather",
               "arguments": "{}"})
    );
    let output = Content::from("22".to_owned());
    let result = ItemBody::FunctionCallOutput { call_id: "call_1".to_owned(), output };
    assert_eq!(
        shown(result),
        json!({"type": "function_call_output", "call_id": "call_1", "output": "22"})
    );
    let reasoning = |text: &str| shown(ItemBody::Reasoning { text: text.to_owned() });
    assert_eq!(
        reasoning("Hm"),
        json!({"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm"}]})
    );
    assert_eq!(reasoning(""), json!({"type": "reasoning", "summary": []}));
}
