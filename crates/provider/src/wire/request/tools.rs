//! The tools on offer, and the format of the answer.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Dialect;
use super::calls::fit_name;
use crate::{ChatMessage, RequestOptions, ResponseFormat, Tool, ToolChoice};

#[derive(Debug, Serialize)]
pub(super) struct ToolBody<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    function: FunctionBody<'a>,
}

#[derive(Debug, Serialize)]
struct FunctionBody<'a> {
    name: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    parameters: Cow<'a, Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

/// A word, or the one function that must be called.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum ToolChoiceBody<'a> {
    Word(&'static str),
    Function {
        #[serde(rename = "type")]
        kind: &'static str,
        function: NameBody<'a>,
    },
}

#[derive(Debug, Serialize)]
pub(super) struct NameBody<'a> {
    name: &'a str,
}

/// The tools that are offered, and which of them may or must be called.
///
/// Of a subset that is allowed no other tool is offered: then no provider can call one.
pub(super) fn offer<'a>(
    options: &'a RequestOptions,
    messages: &'a [ChatMessage],
    dialect: Dialect<'_>,
) -> (Vec<ToolBody<'a>>, Option<ToolChoiceBody<'a>>) {
    let is_allowed = |tool: &&Tool| match &options.tool_choice {
        ToolChoice::Allowed { names, .. } => names.contains(&tool.name),
        _ => true,
    };
    let tools: Vec<_> = options.tools.iter().filter(is_allowed).map(ToolBody::new).collect();
    if tools.is_empty() {
        let declared = if dialect.declared_calls { declare(messages) } else { Vec::new() };
        let none = (!declared.is_empty()).then_some(ToolChoiceBody::Word("none"));
        return (declared, none);
    }
    let word = ToolChoiceBody::Word;
    let choice = match &options.tool_choice {
        ToolChoice::Auto | ToolChoice::Allowed { required: false, .. } => None,
        ToolChoice::None => Some(word("none")),
        ToolChoice::Required | ToolChoice::Allowed { required: true, .. } => Some(word("required")),
        ToolChoice::Function(name) => {
            Some(ToolChoiceBody::Function { kind: "function", function: NameBody { name } })
        }
    };
    (tools, choice)
}

impl<'a> ToolBody<'a> {
    fn new(tool: &'a Tool) -> Self {
        let parameters = tool.parameters.as_ref().filter(|schema| !schema.is_empty());
        Self {
            kind: "function",
            function: FunctionBody {
                name: Cow::Borrowed(&tool.name),
                description: tool.description.as_deref(),
                // Some providers insist on a schema, and on one of an object.
                parameters: parameters.map_or_else(no_parameters, Cow::Borrowed),
                strict: tool.strict,
            },
        }
    }
}

fn no_parameters<'a>() -> Cow<'a, Map<String, Value>> {
    let fields = [("type", json!("object")), ("properties", json!({}))];
    Cow::Owned(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// The tools that were called, without what is known of them no more.
fn declare(messages: &[ChatMessage]) -> Vec<ToolBody<'_>> {
    let calls = messages.iter().flat_map(|message| match message {
        ChatMessage::Called { calls, .. } => calls.as_slice(),
        _ => &[],
    });
    let names: BTreeSet<Cow<'_, str>> = calls.map(|call| fit_name(&call.name)).collect();
    let tool = |name| ToolBody {
        kind: "function",
        function: FunctionBody {
            name,
            description: None,
            parameters: no_parameters(),
            strict: None,
        },
    };
    names.into_iter().map(tool).collect()
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum FormatBody<'a> {
    JsonObject,
    JsonSchema { json_schema: SchemaBody<'a> },
}

#[derive(Debug, Serialize)]
pub(super) struct SchemaBody<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    schema: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

/// The format of the answer; none for text, which it is by itself.
pub(super) fn format(format: &ResponseFormat) -> Option<FormatBody<'_>> {
    match format {
        ResponseFormat::Text => None,
        ResponseFormat::JsonObject => Some(FormatBody::JsonObject),
        ResponseFormat::JsonSchema { name, description, schema, strict } => {
            let description = description.as_deref();
            let json_schema = SchemaBody { name, description, schema, strict: *strict };
            Some(FormatBody::JsonSchema { json_schema })
        }
    }
}
