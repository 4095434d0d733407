//! Reading what a chat completions body asks for beside its messages.

use serde_json::{Map, Value};

use crate::{RequestOptions, ResponseFormat, Tool, ToolChoice};

/// The tools, which of them, and the format, as far as they can be read; all else is left out.
pub fn asked(body: &Value) -> RequestOptions {
    let tools = body.get("tools").and_then(Value::as_array).into_iter().flatten();
    RequestOptions {
        tools: tools.filter_map(|tool| read_tool(tool.get("function")?)).collect(),
        tool_choice: body.get("tool_choice").map(read_choice).unwrap_or_default(),
        parallel_tool_calls: body.get("parallel_tool_calls").and_then(Value::as_bool),
        format: body.get("response_format").and_then(read_format).unwrap_or_default(),
        ..RequestOptions::default()
    }
}

fn text(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).map(str::to_owned)
}

fn fields(value: Option<&Value>) -> Option<Map<String, Value>> {
    value.and_then(Value::as_object).cloned()
}

fn read_tool(function: &Value) -> Option<Tool> {
    Some(Tool {
        name: text(function.get("name"))?,
        description: text(function.get("description")),
        parameters: fields(function.get("parameters")),
        strict: function.get("strict").and_then(Value::as_bool),
    })
}

fn read_choice(choice: &Value) -> ToolChoice {
    match choice.as_str() {
        Some("none") => ToolChoice::None,
        Some("required" | "any") => ToolChoice::Required,
        Some(_) => ToolChoice::Auto,
        None => {
            text(choice.pointer("/function/name")).map_or(ToolChoice::Auto, ToolChoice::Function)
        }
    }
}

fn read_format(format: &Value) -> Option<ResponseFormat> {
    match format.get("type")?.as_str()? {
        "json_object" => Some(ResponseFormat::JsonObject),
        "json_schema" => {
            let schema = format.get("json_schema")?;
            Some(ResponseFormat::JsonSchema {
                name: text(schema.get("name")).unwrap_or_default(),
                description: text(schema.get("description")),
                schema: fields(schema.get("schema")).unwrap_or_default(),
                strict: schema.get("strict").and_then(Value::as_bool),
            })
        }
        _ => None,
    }
}
