//! What was asked for beside the messages, as a response shows it.

use models::Parameters;
use models::parameters::{JsonSchema, TextFormat, Tool, ToolChoice};
use serde_json::{Value, json};

/// A tool; all five fields are always there.
pub(super) fn tool(tool: &Tool) -> Value {
    let Tool { name, description, parameters, strict } = tool;
    json!({
        "type": "function",
        "name": name,
        "description": description,
        "parameters": parameters,
        "strict": strict,
    })
}

/// Which tools may or must be called.
pub(super) fn tool_choice(choice: &ToolChoice) -> Value {
    match choice {
        ToolChoice::Auto => json!("auto"),
        ToolChoice::None => json!("none"),
        ToolChoice::Required => json!("required"),
        ToolChoice::Function(name) => json!({"type": "function", "name": name}),
        ToolChoice::Allowed { names, required } => {
            let tool = |name| json!({"type": "function", "name": name});
            let tools: Vec<Value> = names.iter().map(tool).collect();
            let mode = if *required { "required" } else { "auto" };
            json!({"type": "allowed_tools", "tools": tools, "mode": mode})
        }
    }
}

/// The format of the answer's text.
pub(super) fn text(parameters: &Parameters) -> Value {
    let format = match &parameters.format {
        TextFormat::Text => json!({"type": "text"}),
        TextFormat::JsonObject => json!({"type": "json_object"}),
        TextFormat::JsonSchema(JsonSchema { name, description, schema, strict }) => json!({
            "type": "json_schema",
            "name": name,
            "description": description,
            "schema": schema,
            "strict": strict.unwrap_or(false),
        }),
    };
    match &parameters.verbosity {
        Some(verbosity) => json!({"format": format, "verbosity": verbosity}),
        None => json!({"format": format}),
    }
}

/// How much the model reasons; both fields are there, or nothing is.
pub(super) fn reasoning(parameters: &Parameters) -> Option<Value> {
    let Parameters { reasoning_effort: effort, reasoning_summary: summary, .. } = parameters;
    (effort.is_some() || summary.is_some()).then(|| json!({"effort": effort, "summary": summary}))
}
