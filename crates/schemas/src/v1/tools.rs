//! Tools that a client offers to the model.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::validate::{self, Invalid, Rule};

/// The most tools of one request.
const MAX_TOOLS: usize = 128;
/// The longest name of a tool, in characters.
const MAX_TOOL_NAME_CHARS: usize = 64;
/// The longest description of a tool and the longest schema of its arguments, in bytes.
const MAX_TOOL_BYTES: usize = 64 * 1024;

/// A tool: a function that the client calls itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tool {
    /// Always `function`; other tools are refused.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name.
    #[serde(default)]
    pub name: Option<String>,
    /// What it does, in words for the model.
    #[serde(default)]
    pub description: Option<String>,
    /// JSON schema of its arguments.
    #[serde(default)]
    pub parameters: Option<Map<String, Value>>,
    /// Whether the model must keep to the schema exactly.
    #[serde(default)]
    pub strict: Option<bool>,
}

/// Which tools the model may or must call.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum ToolChoice {
    /// It decides.
    #[default]
    Auto,
    /// None.
    None,
    /// At least one.
    Required,
    /// This one.
    Function(String),
    /// Of these.
    Allowed(AllowedTools),
}

/// Some of the tools that a request offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedTools {
    /// Their names.
    pub names: Vec<String>,
    /// Whether one of them must be called.
    pub mode: ToolMode,
}

/// How freely a model chooses among tools.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolMode {
    /// It decides.
    #[default]
    Auto,
    /// It calls none.
    None,
    /// It calls at least one.
    Required,
}

impl Tool {
    /// Checks a list of tools: their kind, names and sizes.
    pub fn check(tools: &[Self]) -> Result<(), Invalid> {
        if tools.len() > MAX_TOOLS {
            return Err(Invalid::new("tools", format!("tools must be at most {MAX_TOOLS}")));
        }
        for (at, tool) in tools.iter().enumerate() {
            let field = |name: &str| format!("tools.{at}.{name}");
            if tool.kind != "function" {
                let message = "this server has no tools of its own; only function is supported";
                return Err(Invalid::new(field("type"), message).of(Rule::Unsupported));
            }
            let name = tool.name.as_deref().unwrap_or_default();
            let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            if name.is_empty() || name.len() > MAX_TOOL_NAME_CHARS || !name.chars().all(letters) {
                let message = "the name of a tool is 1 to 64 letters, digits, _ and -";
                return Err(Invalid::new(field("name"), message));
            }
            if let Some(description) = &tool.description {
                validate::bytes_at_most(&field("description"), description, MAX_TOOL_BYTES)?;
            }
            let schema = serde_json::to_string(&tool.parameters).unwrap_or_default();
            validate::bytes_at_most(&field("parameters"), &schema, MAX_TOOL_BYTES)?;
        }
        Ok(())
    }
}

impl Tool {
    /// The tool as it is stored.
    pub(crate) fn into_offered(self) -> models::parameters::Tool {
        let Self { name, description, parameters, strict, .. } = self;
        models::parameters::Tool { name: name.unwrap_or_default(), description, parameters, strict }
    }
}

impl From<ToolChoice> for models::parameters::ToolChoice {
    fn from(choice: ToolChoice) -> Self {
        match choice {
            ToolChoice::Auto => Self::Auto,
            ToolChoice::None | ToolChoice::Allowed(AllowedTools { mode: ToolMode::None, .. }) => {
                Self::None
            }
            ToolChoice::Required => Self::Required,
            ToolChoice::Function(name) => Self::Function(name),
            ToolChoice::Allowed(AllowedTools { names, mode }) => {
                Self::Allowed { names, required: mode == ToolMode::Required }
            }
        }
    }
}

impl ToolChoice {
    /// Checks that what it names is among `tools`.
    pub fn check(&self, tools: &[Tool]) -> Result<(), Invalid> {
        let names = match self {
            Self::Auto | Self::None => return Ok(()),
            _ if tools.is_empty() => {
                let message = "tool_choice asks for tools, and tools has none";
                return Err(Invalid::new("tool_choice", message));
            }
            Self::Required => &[][..],
            Self::Function(name) => std::slice::from_ref(name),
            Self::Allowed(allowed) => &allowed.names,
        };
        let offered = |name: &String| tools.iter().any(|tool| tool.name.as_ref() == Some(name));
        if !names.iter().all(offered) {
            let message = "tool_choice names a tool that is not among tools";
            return Err(Invalid::new("tool_choice", message));
        }
        Ok(())
    }
}

/// A choice as it is written as an object.
#[derive(Debug, Deserialize)]
struct RawChoice {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    tools: Vec<Named>,
    #[serde(default)]
    mode: ToolMode,
}

#[derive(Debug, Deserialize)]
struct Named {
    name: String,
}

impl ChoiceObject for RawChoice {
    fn choice<E: serde::de::Error>(self) -> Result<ToolChoice, E> {
        match (self.kind.as_str(), self.name) {
            ("function", Some(name)) => Ok(ToolChoice::Function(name)),
            ("function", None) => Err(E::missing_field("name")),
            ("allowed_tools", _) if self.tools.is_empty() => {
                Err(E::custom("tools must name at least one tool"))
            }
            ("allowed_tools", _) => {
                let names = self.tools.into_iter().map(|tool| tool.name).collect();
                Ok(ToolChoice::Allowed(AllowedTools { names, mode: self.mode }))
            }
            _ => Err(E::custom("expected a type of function or allowed_tools")),
        }
    }
}

impl<'de> Deserialize<'de> for ToolChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_choice::<D, RawChoice>(deserializer)
    }
}

/// A choice that is an object, as one of the formats writes it.
pub(super) trait ChoiceObject {
    /// What is chosen.
    fn choice<E: serde::de::Error>(self) -> Result<ToolChoice, E>;
}

/// Reads a choice: a word, or an object.
pub(super) fn read_choice<'de, D, O>(deserializer: D) -> Result<ToolChoice, D::Error>
where
    D: Deserializer<'de>,
    O: Deserialize<'de> + ChoiceObject,
{
    struct Either<O>(PhantomData<O>);

    impl<'de, O: Deserialize<'de> + ChoiceObject> Visitor<'de> for Either<O> {
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
            O::deserialize(MapAccessDeserializer::new(map))?.choice()
        }
    }

    deserializer.deserialize_any(Either::<O>(PhantomData))
}
