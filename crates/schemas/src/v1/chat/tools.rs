//! Tools as this format writes them: a function within an object.

use models::parameters;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::super::tools::{AllowedTools, ChoiceObject, Tool, ToolChoice, ToolMode, read_choice};
use crate::validate::Invalid;

/// A tool as it is written.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct ChatTool {
    #[serde(rename = "type")]
    kind: Option<String>,
    function: Option<RawFunction>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct RawFunction {
    name: Option<String>,
    description: Option<String>,
    parameters: Option<Map<String, Value>>,
    strict: Option<bool>,
}

/// A choice as it is written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RawChoice(ToolChoice);

/// Tools and the choice among them, checked.
pub(super) fn told_apart(
    tools: Vec<ChatTool>,
    choice: Option<RawChoice>,
) -> Result<(Vec<parameters::Tool>, parameters::ToolChoice), Invalid> {
    let tools: Vec<Tool> = tools
        .into_iter()
        .map(|ChatTool { kind, function }| {
            let RawFunction { name, description, parameters, strict } =
                function.unwrap_or_default();
            let kind = kind.unwrap_or_else(|| "function".to_owned());
            Tool { kind, name, description, parameters, strict }
        })
        .collect();
    Tool::check(&tools).map_err(within_function)?;
    let choice = choice.map(|RawChoice(choice)| choice).unwrap_or_default();
    choice.check(&tools)?;
    Ok((tools.into_iter().map(Tool::into_offered).collect(), choice.into()))
}

/// `tools.0.name` stands at `tools.0.function.name` here.
fn within_function(mut invalid: Invalid) -> Invalid {
    if let Some((tool, name)) = invalid.field.rsplit_once('.')
        && name != "type"
    {
        invalid.field = format!("{tool}.function.{name}");
    }
    invalid
}

/// A choice that is an object.
#[derive(Debug, Deserialize)]
struct Object {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    function: Option<Named>,
    #[serde(default)]
    allowed_tools: Option<Allowed>,
}

#[derive(Debug, Deserialize)]
struct Allowed {
    #[serde(default)]
    mode: ToolMode,
    tools: Vec<AllowedTool>,
}

#[derive(Debug, Deserialize)]
struct AllowedTool {
    function: Named,
}

#[derive(Debug, Deserialize)]
struct Named {
    name: String,
}

impl ChoiceObject for Object {
    fn choice<E: serde::de::Error>(self) -> Result<ToolChoice, E> {
        match (self.kind.as_str(), self.function, self.allowed_tools) {
            ("function", Some(Named { name }), _) => Ok(ToolChoice::Function(name)),
            ("function", None, _) => Err(E::missing_field("function")),
            ("allowed_tools", _, Some(Allowed { mode, tools })) if !tools.is_empty() => {
                let names = tools.into_iter().map(|tool| tool.function.name).collect();
                Ok(ToolChoice::Allowed(AllowedTools { names, mode }))
            }
            ("allowed_tools", ..) => Err(E::custom("allowed_tools must name at least one tool")),
            _ => Err(E::custom("expected a type of function or allowed_tools")),
        }
    }
}

impl<'de> Deserialize<'de> for RawChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_choice::<D, Object>(deserializer).map(Self)
    }
}
