//! Tools as this format writes them: a function within an object.

use std::fmt;

use models::parameters;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::super::tools::{AllowedTools, Tool, ToolChoice, ToolMode};
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
    let tools = tools.into_iter().map(|Tool { name, description, parameters, strict, .. }| {
        parameters::Tool { name: name.unwrap_or_default(), description, parameters, strict }
    });
    let choice = match choice {
        ToolChoice::Auto => parameters::ToolChoice::Auto,
        ToolChoice::None => parameters::ToolChoice::None,
        ToolChoice::Required => parameters::ToolChoice::Required,
        ToolChoice::Function(name) => parameters::ToolChoice::Function(name),
        ToolChoice::Allowed(AllowedTools { names, mode }) => {
            parameters::ToolChoice::Allowed { names, required: mode == ToolMode::Required }
        }
    };
    Ok((tools.collect(), choice))
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

impl<'de> Deserialize<'de> for RawChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = ToolChoice;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("auto, none, required or an object")
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<ToolChoice, E> {
                match word {
                    "auto" => Ok(ToolChoice::Auto),
                    "none" => Ok(ToolChoice::None),
                    "required" => Ok(ToolChoice::Required),
                    _ => Err(E::custom("expected one of auto, none, required")),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ToolChoice, A::Error> {
                let Object { kind, function, allowed_tools } =
                    Object::deserialize(MapAccessDeserializer::new(map))?;
                match (kind.as_str(), function, allowed_tools) {
                    ("function", Some(Named { name }), _) => Ok(ToolChoice::Function(name)),
                    ("function", None, _) => Err(A::Error::missing_field("function")),
                    ("allowed_tools", _, Some(Allowed { mode, tools })) if !tools.is_empty() => {
                        let names = tools.into_iter().map(|tool| tool.function.name).collect();
                        Ok(ToolChoice::Allowed(AllowedTools { names, mode }))
                    }
                    ("allowed_tools", ..) => {
                        Err(A::Error::custom("allowed_tools must name at least one tool"))
                    }
                    _ => Err(A::Error::custom("expected a type of function or allowed_tools")),
                }
            }
        }

        deserializer.deserialize_any(Either).map(Self)
    }
}
