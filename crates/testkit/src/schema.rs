//! Whether a value is what an `OpenAPI` document says.

use serde_json::Value;

/// What the document has at the `$ref` of `value`, or `value` itself.
pub fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let link = value.get("$ref").and_then(Value::as_str);
    link.map_or(value, |link| {
        let found = document.pointer(link.trim_start_matches('#'));
        found.unwrap_or_else(|| panic!("{link} leads nowhere"))
    })
}

/// Where `value` breaks what `schema` says: types, fields, fixed words and references. Bounds and
/// patterns are not looked at.
pub fn breach(document: &Value, schema: &Value, value: &Value) -> Option<String> {
    let schema = resolved(document, schema);
    if let Some(choices) = schema["oneOf"].as_array() {
        let fits = |choice: &Value| breach(document, choice, value).is_none();
        return (!choices.iter().any(fits)).then(|| format!("{value} is none of {choices:?}"));
    }
    if let Some(words) = schema["enum"].as_array()
        && !words.contains(value)
    {
        return Some(format!("{value} is none of {words:?}"));
    }
    if !is_kind(&schema["type"], value) {
        return Some(format!("{value} is no {}", schema["type"]));
    }
    if let Some(items) = value.as_array() {
        return items.iter().find_map(|item| breach(document, &schema["items"], item));
    }
    let (members, known) = (value.as_object()?, schema["properties"].as_object()?);
    let mut required =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    if let Some(name) = required.find(|name| !members.contains_key(*name)) {
        return Some(format!("{name} is missing in {value}"));
    }
    members.iter().find_map(|(name, member)| match known.get(name) {
        Some(schema) => breach(document, schema, member),
        None => Some(format!("{name} is not described")),
    })
}

/// Whether a value is of a `type`, or of one of several.
fn is_kind(allowed: &Value, value: &Value) -> bool {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let is_one = |allowed: &Value| allowed == kind || (allowed == "number" && kind == "integer");
    match allowed {
        Value::Null => true,
        Value::Array(several) => several.iter().any(is_one),
        one => is_one(one),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_held_against_their_schema() {
        let document = json!({"s": {"A": {
            "type": "object",
            "required": ["a"],
            "properties": {
                "a": {"type": ["integer", "null"]},
                "b": {"type": "array", "items": {"enum": ["x"]}},
                "c": {"oneOf": [{"type": "null"}, {"$ref": "#/s/A"}]},
            },
        }}});
        let schema = json!({"$ref": "#/s/A"});
        for fits in [json!({"a": 1}), json!({"a": null, "b": ["x", "x"], "c": {"a": 2}})] {
            assert_eq!(breach(&document, &schema, &fits), None, "{fits}");
        }
        for breaks in [
            json!([]),
            json!({}),
            json!({"a": "1"}),
            json!({"a": 1.5}),
            json!({"a": 1, "b": ["y"]}),
            json!({"a": 1, "c": {}}),
            json!({"a": 1, "d": 1}),
        ] {
            assert!(breach(&document, &schema, &breaks).is_some(), "{breaks}");
        }
    }
}
