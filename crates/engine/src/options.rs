//! What a response asks for beside its messages, as a provider is asked for it.

use models::Parameters;
use models::parameters::{self, TextFormat};
use provider::{RequestOptions, ResponseFormat, Tool, ToolChoice};

/// The options of a request.
pub(crate) fn of(parameters: Parameters) -> RequestOptions {
    let Parameters { tools, tool_choice, format, .. } = parameters;
    let Parameters { temperature, top_p, presence_penalty, frequency_penalty, .. } = parameters;
    let Parameters { stop, seed, verbosity, reasoning_effort, .. } = parameters;
    RequestOptions {
        tools: tools.into_iter().map(tool).collect(),
        tool_choice: match tool_choice {
            parameters::ToolChoice::Auto => ToolChoice::Auto,
            parameters::ToolChoice::None => ToolChoice::None,
            parameters::ToolChoice::Required => ToolChoice::Required,
            parameters::ToolChoice::Function(name) => ToolChoice::Function(name),
            parameters::ToolChoice::Allowed { names, required } => {
                ToolChoice::Allowed { names, required }
            }
        },
        parallel_tool_calls: parameters.parallel_tool_calls,
        temperature,
        top_p,
        presence_penalty,
        frequency_penalty,
        stop,
        seed,
        format: match format {
            TextFormat::Text => ResponseFormat::Text,
            TextFormat::JsonObject => ResponseFormat::JsonObject,
            TextFormat::JsonSchema(parameters::JsonSchema {
                name,
                description,
                schema,
                strict,
            }) => ResponseFormat::JsonSchema { name, description, schema, strict },
        },
        verbosity,
        reasoning_effort,
    }
}

fn tool(tool: parameters::Tool) -> Tool {
    let parameters::Tool { name, description, parameters, strict } = tool;
    Tool { name, description, parameters, strict }
}
