//! What a made-up model does with the tools that a request offers.

use serde_json::{Map, Value, json};

use super::schema::Example;
use super::{Prompt, Step, tokens};
use crate::{ResponseFormat, Tool, ToolChoice};

/// The most calls at once.
const MAX_CALLS: u32 = 32;
/// How much of a result is quoted, in characters.
const LONGEST_QUOTE: usize = 200;

/// How many calls of offered tools there are, if `asked` for so many: none where nothing is offered,
/// and none once there are results.
pub(super) fn wanted(asked: u32, prompt: &Prompt) -> u32 {
    if !prompt.results.is_empty() || offered(prompt).is_empty() {
        return 0;
    }
    match prompt.options.parallel_tool_calls {
        Some(false) => 1,
        _ => asked.clamp(1, MAX_CALLS),
    }
}

/// The tools that may be called: the one that must be, those that are allowed, or all.
fn offered(prompt: &Prompt) -> Vec<&Tool> {
    let options = &prompt.options;
    let may = |tool: &&Tool| match &options.tool_choice {
        ToolChoice::None => false,
        ToolChoice::Auto | ToolChoice::Required => true,
        ToolChoice::Function(name) => tool.name == *name,
        ToolChoice::Allowed { names, .. } => names.contains(&tool.name),
    };
    options.tools.iter().filter(may).collect()
}

/// So many calls, of the tools in turns, each with arguments that its schema takes.
pub(super) fn calls(count: u32, prompt: &Prompt) -> Vec<Step> {
    let offered = offered(prompt);
    let mut steps = Vec::new();
    for (number, tool) in (0..count).zip(offered.into_iter().cycle()) {
        let arguments = tool.parameters.as_ref().map_or_else(|| json!({}), Example::of);
        let arguments = if arguments.is_object() { arguments } else { json!({}) };
        // As a context grows, its calls get other ids.
        let id = format!("call_demo_{}_{number}", prompt.input_tokens);
        steps.push(Step::Call { id, name: tool.name.clone() });
        let text = arguments.to_string();
        steps.extend(tokens(&text).map(|token| Step::Arguments(token.to_owned())));
    }
    steps
}

/// What is said about results, or in the format that is asked for; none where neither is.
pub(super) fn answer(prompt: &Prompt) -> Option<String> {
    match &prompt.options.format {
        ResponseFormat::JsonSchema { schema, .. } => Some(Example::of(schema).to_string()),
        ResponseFormat::JsonObject => Some(object(prompt).to_string()),
        ResponseFormat::Text if prompt.results.is_empty() => None,
        ResponseFormat::Text => {
            let quotes: Vec<String> =
                prompt.results.iter().map(|result| format!("> {}", quote(result))).collect();
            Some(format!(
                "Here is what the tools returned:\n\n{}\n\nI am the built-in demo model, so I can \
                 only quote it.\n",
                quotes.join("\n>\n")
            ))
        }
    }
}

fn object(prompt: &Prompt) -> Value {
    let mut fields = Map::new();
    fields.insert("answer".to_owned(), json!("I am the built-in demo model."));
    if !prompt.results.is_empty() {
        fields.insert("results".to_owned(), json!(prompt.results));
    }
    Value::Object(fields)
}

/// The beginning of a result on one line.
fn quote(result: &str) -> String {
    let line = result.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST_QUOTE) {
        Some((at, _)) => line.get(..at).unwrap_or_default().to_owned() + "…",
        None => line,
    }
}
