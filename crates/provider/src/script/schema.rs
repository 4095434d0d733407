//! An example of a value that a JSON schema takes: what is required, and no more.

use serde_json::{Map, Value, json};

/// How deep an example may be, and how large: schemas may refer to themselves.
const MAX_DEPTH: u32 = 16;
const MAX_BYTES: usize = 256 * 1024;
/// What a value counts beside its text.
const VALUE_BYTES: usize = 64;
/// The longest text and the longest list that a schema can ask for.
const MAX_LENGTH: u64 = 1_000;

/// An example in the making.
#[derive(Debug)]
pub(super) struct Example<'a> {
    root: &'a Map<String, Value>,
    /// How many bytes it may still have.
    left: usize,
}

impl<'a> Example<'a> {
    /// An example for a schema, always the same one. Patterns of texts are not looked at.
    pub(super) fn of(schema: &'a Map<String, Value>) -> Value {
        Self { root: schema, left: MAX_BYTES }.object(schema, "", MAX_DEPTH)
    }

    fn value(&mut self, schema: &'a Value, name: &str, depth: u32) -> Value {
        match (schema, depth) {
            (Value::Object(schema), 1..) => self.object(schema, name, depth - 1),
            // `true` takes anything.
            _ => Value::Null,
        }
    }

    fn object(&mut self, schema: &'a Map<String, Value>, name: &str, depth: u32) -> Value {
        if !self.takes(VALUE_BYTES) {
            return Value::Null;
        }
        let first = || schema.get("enum").and_then(Value::as_array).and_then(|all| all.first());
        if let Some(value) = schema.get("const").or_else(first) {
            let is_taken = self.takes(value.to_string().len());
            return if is_taken { value.clone() } else { Value::Null };
        }
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            return self.referred(target, name, depth);
        }
        for choice in ["anyOf", "oneOf", "allOf"] {
            let Some(choices) = schema.get(choice).and_then(Value::as_array) else { continue };
            let is_null = |choice: &&Value| choice.get("type").is_some_and(|kind| kind == "null");
            if let Some(first) = choices.iter().find(|choice| !is_null(choice)) {
                return self.value(first, name, depth);
            }
        }
        match kind(schema) {
            "object" => self.fields(schema, depth),
            "array" => self.list(schema, name, depth),
            "string" => {
                let text = text(schema, name);
                if self.takes(text.len()) { Value::from(text) } else { Value::Null }
            }
            "integer" | "number" => number(schema),
            "boolean" => Value::Bool(true),
            _ => Value::Null,
        }
    }

    /// Counts what a part of it takes; whether there is room for it.
    fn takes(&mut self, bytes: usize) -> bool {
        let left = self.left.checked_sub(bytes);
        self.left = left.unwrap_or(0);
        left.is_some()
    }

    /// What a reference within the schema points to, such as `#/$defs/City`.
    fn referred(&mut self, target: &str, name: &str, depth: u32) -> Value {
        let Some(pointer) = target.strip_prefix('#') else { return Value::Null };
        if pointer.is_empty() {
            return match depth {
                0 => Value::Null,
                depth => self.object(self.root, name, depth - 1),
            };
        }
        let mut parts = pointer.split('/').skip(1);
        let part = |part: &str| part.replace("~1", "/").replace("~0", "~");
        let first = parts.next().and_then(|first| self.root.get(&part(first)));
        let found =
            first.and_then(|first| parts.try_fold(first, |value, name| value.get(part(name))));
        found.map_or(Value::Null, |schema| self.value(schema, name, depth))
    }

    fn fields(&mut self, schema: &'a Map<String, Value>, depth: u32) -> Value {
        let properties = schema.get("properties").and_then(Value::as_object);
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        let mut fields = Map::new();
        for name in required.filter_map(Value::as_str) {
            if !self.takes(VALUE_BYTES + name.len()) {
                break;
            }
            let property = properties.and_then(|properties| properties.get(name));
            let value =
                property.map_or(json!("demo"), |property| self.value(property, name, depth));
            fields.insert(name.to_owned(), value);
        }
        Value::Object(fields)
    }

    fn list(&mut self, schema: &'a Map<String, Value>, name: &str, depth: u32) -> Value {
        let bound = |name: &str| schema.get(name).and_then(Value::as_u64);
        let count = bound("minItems").unwrap_or(1).max(u64::from(depth > 0));
        let count = count.min(bound("maxItems").unwrap_or(u64::MAX)).min(MAX_LENGTH);
        let Some(items) = schema.get("items") else { return json!([]) };
        (0..count).map(|_| self.value(items, name, depth)).collect()
    }
}

/// The type of a value, or the first of several that is not `null`.
fn kind(schema: &Map<String, Value>) -> &str {
    let kinds = match schema.get("type") {
        Some(Value::String(kind)) => return kind,
        Some(Value::Array(kinds)) => kinds.as_slice(),
        _ => &[],
    };
    let first = kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null");
    match first {
        Some(kind) => kind,
        None if schema.contains_key("properties") => "object",
        None if schema.contains_key("items") => "array",
        None => "string",
    }
}

fn text(schema: &Map<String, Value>, name: &str) -> String {
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
    let name = name.to_ascii_lowercase();
    let text = match format {
        "date-time" => "2026-01-01T12:00:00Z",
        "date" => "2026-01-01",
        "time" => "12:00:00Z",
        "duration" => "P1D",
        "email" => "demo@example.com",
        "hostname" => "example.com",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        "uri" | "url" => "https://example.com/",
        "uuid" => "00000000-0000-4000-8000-000000000000",
        _ if ["location", "city", "place"].iter().any(|word| name.contains(word)) => "Lisbon",
        _ => "demo",
    };
    let bound = |name: &str| {
        let bound = schema.get(name).and_then(Value::as_u64)?;
        usize::try_from(bound.min(MAX_LENGTH)).ok()
    };
    let least = bound("minLength").unwrap_or(0).max(text.chars().count());
    let most = bound("maxLength").unwrap_or(usize::MAX);
    text.chars().chain(std::iter::repeat('x')).take(least.min(most)).collect()
}

/// The first whole number from 1 on that fits, or the nearest below; a bound itself where none does.
fn number(schema: &Map<String, Value>) -> Value {
    let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
    let step = bound("multipleOf").filter(|step| *step > 0.0);
    let least = bound("minimum").into_iter().chain(bound("exclusiveMinimum").map(|n| n + 1.0));
    let most = bound("maximum").into_iter().chain(bound("exclusiveMaximum").map(|n| n - 1.0));
    let mut number = least.fold(1.0, f64::max);
    number = most.fold(number, f64::min);
    if let Some(step) = step {
        number = (number / step).ceil() * step;
    }
    let is_whole = kind(schema) == "integer" || number.fract() == 0.0;
    if is_whole && number.abs() < 9e15 {
        #[expect(clippy::cast_possible_truncation, reason = "it is within the range")]
        return Value::from(number.ceil() as i64);
    }
    Value::from(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(schema: &Value) -> Value {
        Example::of(schema.as_object().unwrap())
    }

    #[test]
    fn what_is_required_is_there_and_fits() {
        let schema = json!({
            "type": "object",
            "required": ["location", "unit", "days", "when", "tags", "owner", "kind", "note", "ok"],
            "additionalProperties": false,
            "properties": {
                "location": {"type": "string"},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
                "days": {"type": "integer", "minimum": 3, "maximum": 9},
                "when": {"type": ["null", "string"], "format": "date"},
                "tags": {"type": "array", "minItems": 2, "items": {"type": "string", "minLength": 6}},
                "owner": {"$ref": "#/$defs/person"},
                "kind": {"const": 7},
                "note": {"anyOf": [{"type": "null"}, {"type": "string", "maxLength": 2}]},
                "ok": {"type": "boolean"},
                "left_out": {"type": "string"},
            },
            "$defs": {"person": {"type": "object", "required": ["age"],
                "properties": {"age": {"type": "number", "exclusiveMaximum": 1}}}},
        });
        assert_eq!(
            example(&schema),
            json!({"location": "Lisbon", "unit": "celsius", "days": 3, "when": "2026-01-01",
                "tags": ["demoxx", "demoxx"], "owner": {"age": 0}, "kind": 7, "note": "de",
                "ok": true})
        );
        assert_eq!(example(&json!({})), json!("demo"));
        assert_eq!(example(&json!({"type": "object"})), json!({}));
        assert_eq!(example(&json!({"type": "number", "multipleOf": 5, "minimum": 7})), json!(10));
    }

    #[test]
    fn schemas_that_refer_to_themselves_come_to_an_end() {
        let tree = json!({"type": "object", "required": ["left", "right"],
            "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}});
        assert!(example(&tree).to_string().len() < 100_000);
        let circle = json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}});
        assert_eq!(example(&circle), Value::Null);
        let many = json!({"type": "array", "minItems": u64::MAX,
            "items": {"type": "array", "minItems": u64::MAX, "items": {"type": "string",
                "minLength": u64::MAX}}});
        assert!(example(&many).to_string().len() < 2_000_000);
        let long = "x".repeat(200_000);
        for part in [json!({"const": long}), json!({"enum": [long]})] {
            let list = json!({"type": "array", "minItems": 1_000, "items": part});
            assert!(example(&list).to_string().len() < 1_000_000);
        }
        let names: Vec<String> = (0..1_000).map(|n| format!("a name of a field {n}")).collect();
        let object = json!({"type": "object", "required": names});
        let list = json!({"type": "array", "minItems": 1_000, "items": object});
        assert!(example(&list).to_string().len() < 1_000_000);
    }
}
