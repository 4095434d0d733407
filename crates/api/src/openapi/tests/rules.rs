//! What holds for the whole document (O16).

use std::collections::BTreeSet;

use serde_json::{Value, json};
use testkit::schema::resolved;

use crate::openapi::openapi;

/// Every value of the document with the path to it.
fn visit(value: &Value, place: &str, look: &mut impl FnMut(&str, &Value)) {
    look(place, value);
    match value {
        Value::Object(members) => {
            members
                .iter()
                .for_each(|(name, member)| visit(member, &format!("{place}/{name}"), look));
        }
        Value::Array(items) => items.iter().for_each(|item| visit(item, place, look)),
        _ => {}
    }
}

fn document() -> Value {
    serde_json::to_value(openapi()).unwrap()
}

/// Every operation with its id and the method.
fn operations(document: &Value) -> Vec<(String, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |item: &'_ Value| item.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    paths
        .iter()
        .flat_map(|(path, item)| {
            of_path(item).into_iter().map(move |method| (path.as_str(), method, item))
        })
        .map(|(path, method, item)| {
            let operation = &item[&method];
            (operation["operationId"].as_str().unwrap().to_owned(), path, operation)
        })
        .collect()
}

/// Each media type of what an operation takes and gives, with its schema.
fn contents(document: &Value, operation: &Value) -> Vec<(String, Value)> {
    let responses = operation["responses"].as_object().unwrap().values();
    let bodies = responses.map(|response| resolved(document, response));
    let all = bodies.chain(operation.get("requestBody"));
    all.filter_map(|body| body.get("content")?.as_object())
        .flatten()
        .map(|(media, content)| (media.clone(), content["schema"].clone()))
        .collect()
}

/// The codes that an operation names for its errors.
fn codes(document: &Value, operation: &Value) -> BTreeSet<String> {
    let responses = operation["responses"].as_object().unwrap();
    let errors = responses.iter().filter(|(status, _)| status.starts_with(['4', '5']));
    errors
        .flat_map(|(_, response)| {
            let text = resolved(document, response)["description"].as_str().unwrap().to_owned();
            text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()
        })
        .filter(|name| crate::error::status_at("", name).is_some())
        .collect()
}

#[test]
fn o16_what_is_not_json_is_described_as_what_it_is() {
    let document = document();
    let mut seen = BTreeSet::new();
    for (id, _, operation) in operations(&document) {
        for (media, schema) in contents(&document, operation) {
            match media.as_str() {
                "application/zip" => {
                    assert_eq!(schema["type"], "string", "{id}");
                    assert_eq!(schema["format"], "binary", "{id}");
                }
                "text/event-stream" => {
                    let link = schema["$ref"].as_str().unwrap_or_default();
                    assert!(link.starts_with("#/components/schemas/"), "{id}: {schema}");
                }
                "application/json" | "application/x-ndjson" => {}
                text => {
                    assert!(text.starts_with("text/"), "{id} has {text}");
                    assert_eq!(schema, json!({"type": "string"}), "{id}");
                }
            }
            seen.insert(media);
        }
    }
    assert!(seen.contains("application/zip") && seen.contains("text/event-stream"), "{seen:?}");
    visit(&document, "", &mut |place, value| {
        let is_bytes = value["type"] == "array" && value["items"]["format"] == "int32";
        assert!(!is_bytes || !place.contains("content"), "{place} is a list of numbers");
    });
}

#[test]
fn o16_every_stream_of_a_response_names_the_union_of_its_events() {
    let document = document();
    let streams: Vec<(String, Value)> = operations(&document)
        .into_iter()
        .flat_map(|(id, _, operation)| {
            let all = contents(&document, operation).into_iter();
            all.filter(|(media, _)| media == "text/event-stream").map(move |(_, s)| (id.clone(), s))
        })
        .collect();
    assert_eq!(streams.len(), 10, "{streams:?}");
    for (id, schema) in streams {
        let expected = match id.as_str() {
            "health_stream" => "StreamTick",
            "send_chat" | "resume_chat" => "UiChunk",
            _ => "ResponseEvent",
        };
        assert_eq!(schema["$ref"], format!("#/components/schemas/{expected}"), "{id}");
    }
}

#[test]
fn o16_unions_are_told_apart_by_the_type_of_their_members() {
    let document = document();
    let unions =
        [("ResponseEvent", 19), ("OutputItem", 3), ("Item", 4), ("ItemPart", 4), ("UiChunk", 18)];
    for (union, members) in unions {
        let schema = &document["components"]["schemas"][union];
        assert_eq!(schema["discriminator"]["propertyName"], "type", "{union}");
        let mapping = schema["discriminator"]["mapping"].as_object().unwrap();
        let links: BTreeSet<&str> =
            schema["oneOf"].as_array().unwrap().iter().filter_map(|m| m["$ref"].as_str()).collect();
        let mapped: BTreeSet<&str> = mapping.values().filter_map(Value::as_str).collect();
        assert_eq!((mapping.len(), &mapped), (members, &links), "{union}");
        for (word, link) in mapping {
            let member = document.pointer(link.as_str().unwrap().trim_start_matches('#')).unwrap();
            assert_eq!(member["properties"]["type"]["enum"], json!([word]), "{link}");
            let required = member["required"].as_array().unwrap();
            assert!(required.contains(&json!("type")), "{link}");
        }
    }
    let output = &document["components"]["schemas"]["ResponseResource"]["properties"]["output"];
    assert_eq!(output["items"]["$ref"], "#/components/schemas/OutputItem");
}

#[test]
fn o16_no_list_describes_its_items_itself() {
    visit(&document(), "", &mut |place, value| {
        let inlined =
            value["items"].get("properties").is_some() || value["items"]["oneOf"].is_array();
        assert!(!inlined, "the items of {place} need a component of their own");
    });
}

#[test]
fn o16_no_name_of_the_program_is_told() {
    let document = document();
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric())
            && name.starts_with(|c: char| c.is_ascii_uppercase());
        assert!(is_plain, "{name}");
        let foreign = ["BTreeMap", "HashMap", "Vec", "Option", "Value", "String", "Patch", "List"];
        assert!(!foreign.contains(&name.as_str()), "{name}");
    }
    let told =
        ["::", "[`", "Self", "Option<", "Vec<", "Some(", "None", "&str", "i64", "u64", "u32"];
    visit(&document, "", &mut |place, value| {
        for name in ["description", "summary"] {
            let text = value.get(name).and_then(Value::as_str).unwrap_or_default();
            let leak = told.iter().find(|word| text.contains(**word));
            assert_eq!(leak, None, "{place} says {text:?}");
        }
    });
}

#[test]
fn o16_an_operation_names_only_errors_that_it_can_have() {
    let document = document();
    let named = |wanted: &str| -> BTreeSet<String> {
        let all = operations(&document).into_iter();
        all.filter(|(_, _, operation)| codes(&document, operation).contains(wanted))
            .map(|(id, ..)| id)
            .collect()
    };
    let these = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>();
    let answered = these(&[
        "create_message",
        "create_first_message",
        "regenerate_message",
        "continue_response",
        "send_chat",
        "v1_create_response",
        "v1_create_chat_completion",
    ]);
    let mut with_model = answered.clone();
    with_model.extend(these(&["create_conversation", "update_conversation"]));
    with_model.extend(these(&["v1_create_conversation", "v1_update_conversation"]));
    assert_eq!(named("context_length_exceeded"), answered);
    let mut storing = with_model.clone();
    storing.extend(these(&["v1_create_items"]));
    assert_eq!(named("storage_quota_exceeded"), storing);
    with_model.extend(these(&["v1_get_model", "v1_count_input_tokens"]));
    assert_eq!(named("model_not_found"), with_model);

    for (id, path, operation) in operations(&document) {
        let codes = codes(&document, operation);
        let holds = |code: &str, expected: bool| {
            assert_eq!(codes.contains(code), expected, "{code} of {id}: {codes:?}");
        };
        let has_body = operation.get("requestBody").is_some();
        for of_bodies in ["request_timeout", "request_too_large", "unsupported_media_type"] {
            holds(of_bodies, has_body);
        }
        holds("invalid_json", has_body && id != "import_conversations");
        let is_secured = operation.get("security").is_some();
        for of_callers in ["missing_token", "invalid_api_key", "insufficient_scope"] {
            holds(of_callers, is_secured);
        }
        holds("administrator_required", path.starts_with("/api/admin/"));
        holds("unknown_parameter", path.starts_with("/api/"));
        holds("overloaded", !path.starts_with("/health/"));
        let is_static = !is_secured && !path.starts_with("/api/auth/");
        holds("unavailable", !is_static);
        holds("internal_error", !is_static);
    }
}
