//! Schemas on the reference page.

use serde_json::{Map, Value, json};

use super::html::{Html, text};

/// How deep an example is followed; no body of ours is nested deeper.
const MAX_EXAMPLE_DEPTH: usize = 6;

/// The object a `$ref` stands for, else the object itself.
pub(super) fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    value
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|link| document.pointer(link.trim_start_matches('#')))
        .unwrap_or(value)
}

/// The kind of a value in a few words, with a link to a schema that has a name.
pub(super) fn kind(page: &mut Html, schema: &Value) {
    if let Some(name) = text(schema, "$ref").rsplit('/').next().filter(|name| !name.is_empty()) {
        page.raw("<a href=\"#schema-").text(name).raw("\">").text(name).raw("</a>");
        return;
    }
    let choices = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array);
    if let Some(choices) = choices {
        for (position, choice) in choices.iter().enumerate() {
            page.raw(if position == 0 { "" } else { " or " });
            kind(page, choice);
        }
        return;
    }
    if let Some(items) = schema.get("items").filter(|items| items.is_object()) {
        page.raw("list of ");
        kind(page, items);
        return;
    }
    match schema.get("type") {
        Some(Value::String(name)) => page.text(name),
        Some(Value::Array(names)) => {
            let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
            page.text(&names.join(" or "))
        }
        _ => page.text("any"),
    };
    let format = text(schema, "format");
    if !format.is_empty() {
        page.raw(" <small>").text(format).raw("</small>");
    }
}

/// The bounds and the default of a value.
pub(super) fn bounds(page: &mut Html, schema: &Value) {
    for (name, words) in [("minimum", "at least"), ("maximum", "at most"), ("default", "default")] {
        if let Some(value) = schema.get(name) {
            page.raw("<br><small>").text(words).raw(" ").text(&value.to_string()).raw("</small>");
        }
    }
}

/// The fields of an object schema.
pub(super) fn fields(page: &mut Html, schema: &Value) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return;
    };
    let required = schema.get("required").and_then(Value::as_array);
    page.raw("<table><tbody>");
    for (name, property) in properties {
        let optional =
            !required.is_some_and(|names| names.iter().any(|other| other.as_str() == Some(name)));
        page.raw("<tr><th><code>").text(name).raw("</code>");
        page.raw(if optional { "<small>optional</small>" } else { "" }).raw("</th><td>");
        kind(page, property);
        page.raw("</td><td>").inline(text(property, "description")).raw("</td></tr>");
    }
    page.raw("</tbody></table>");
}

/// A value that fits the schema: the examples written beside the fields.
pub(super) fn example(document: &Value, schema: &Value) -> Value {
    example_at(document, schema, 0)
}

fn example_at(document: &Value, schema: &Value, depth: usize) -> Value {
    if let Some(example) = schema.get("example").or_else(|| schema.pointer("/examples/0")) {
        return example.clone();
    }
    if depth == MAX_EXAMPLE_DEPTH {
        return Value::Null;
    }
    let schema = resolve(document, schema);
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        let required = schema.get("required").and_then(Value::as_array);
        let shown = |name: &str, property: &Value| {
            property.get("example").is_some()
                || required
                    .is_some_and(|names| names.iter().any(|other| other.as_str() == Some(name)))
        };
        let members = properties
            .iter()
            .filter(|(name, property)| shown(name, property))
            .map(|(name, property)| (name.clone(), example_at(document, property, depth + 1)));
        return Value::Object(members.collect::<Map<_, _>>());
    }
    let kind = match schema.get("type") {
        Some(Value::Array(names)) => names.first().and_then(Value::as_str),
        Some(Value::String(name)) => Some(name.as_str()),
        _ => None,
    };
    match kind {
        Some("string") => json!("…"),
        Some("integer" | "number") => json!(0),
        Some("boolean") => json!(false),
        Some("array") => json!([]),
        Some("object") => json!({}),
        _ => Value::Null,
    }
}

/// Every schema that has a name.
pub(super) fn section(page: &mut Html, document: &Value) {
    page.raw("<section><h2 id=\"schemas\">Schemas</h2>");
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object);
    for (name, schema) in schemas.into_iter().flatten() {
        page.raw("<article id=\"schema-").text(name).raw("\"><h3>").text(name).raw("</h3>");
        page.prose(text(schema, "description"));
        if schema.get("oneOf").is_some_and(Value::is_array) {
            page.raw("<p>");
            kind(page, schema);
            page.raw("</p>");
        }
        fields(page, schema);
        page.raw("</article>");
    }
    page.raw("</section>");
}
