//! `POST /v1/responses`.

use std::collections::BTreeMap;
use std::fmt;

use models::Parameters;
use models::parameters::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::input::Input;
use super::tools::{Tool, ToolChoice};
use crate::validate::{self, Invalid, Rule};

/// The least that an answer may be limited to, in tokens.
const MIN_OUTPUT_TOKENS: u32 = 16;
/// The longest word with which a setting is named, in characters.
const MAX_WORD_CHARS: usize = 64;

/// Body of `POST /v1/responses`. Fields that are not here are left alone.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, ToSchema)]
#[serde(default)]
pub struct ResponseCreate {
    /// The model to ask; without one the conversation's, else the server's default.
    pub model: Option<String>,
    /// What is said: a text, or a list of items.
    #[schema(value_type = Option<Value>)]
    pub input: Option<Input>,
    /// System message of this response alone.
    pub instructions: Option<String>,
    /// The response to go on from; not beside `conversation`.
    pub previous_response_id: Option<String>,
    /// The conversation to go on with: its id, or an object with it.
    #[schema(value_type = Option<Value>)]
    pub conversation: Option<ConversationParam>,
    /// Functions that the model may ask the client to call.
    #[schema(value_type = Option<Vec<Object>>)]
    pub tools: Option<Vec<Tool>>,
    /// Which of them it may or must ask for: `auto`, `none`, `required`, or an object.
    #[schema(value_type = Option<Value>)]
    pub tool_choice: Option<ToolChoice>,
    /// Whether it may ask for several at once.
    pub parallel_tool_calls: Option<bool>,
    /// How many it may ask for.
    pub max_tool_calls: Option<u32>,
    /// The longest answer, in tokens.
    #[schema(minimum = 16)]
    pub max_output_tokens: Option<u32>,
    /// Sampling temperature, 0 to 2.
    pub temperature: Option<f64>,
    /// Nucleus sampling, 0 to 1.
    pub top_p: Option<f64>,
    /// Presence penalty, -2 to 2.
    pub presence_penalty: Option<f64>,
    /// Frequency penalty, -2 to 2.
    pub frequency_penalty: Option<f64>,
    /// The format of the answer's text.
    #[schema(value_type = Option<Object>)]
    pub text: Option<TextParam>,
    /// How much the model reasons.
    #[schema(value_type = Option<Object>)]
    pub reasoning: Option<ReasoningParam>,
    /// `auto`: messages that do not fit the window are left out; `disabled`: the response fails
    /// instead.
    #[schema(value_type = Option<String>)]
    pub truncation: Option<Truncation>,
    /// Whether the events are wanted.
    pub stream: Option<bool>,
    /// Whether to return at once.
    pub background: Option<bool>,
    /// Whether it is kept; `true` by default.
    pub store: Option<bool>,
    /// The client's own pairs.
    pub metadata: Option<BTreeMap<String, String>>,
    /// The client's own word for its user.
    pub safety_identifier: Option<String>,
    /// The client's own key for the provider's cache.
    pub prompt_cache_key: Option<String>,
}

/// A conversation by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationParam(
    /// The id as it is written.
    pub String,
);

/// The format of an answer's text.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TextParam {
    /// Text, or JSON that keeps to a schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<TextFormat>,
    /// `low`, `medium` or `high`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verbosity: Option<String>,
}

/// Text, any JSON, or JSON that keeps to a schema.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TextFormat {
    /// `text`, `json_object` or `json_schema`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The schema's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Map<String, Value>>,
    /// Whether the model must keep to it exactly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
}

/// How much a model reasons.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReasoningParam {
    /// `none`, `minimal`, `low`, `medium`, `high` or `xhigh`.
    pub effort: Option<String>,
    /// `concise`, `detailed` or `auto`.
    pub summary: Option<String>,
}

/// What happens to messages that do not fit the model's window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Truncation {
    /// The oldest are left out.
    Auto,
    /// The request is refused.
    Disabled,
}

impl ResponseCreate {
    /// Checks every bound, except those of `input`, whose items are checked as they are read.
    pub fn validate(&self) -> Result<(), Invalid> {
        if let Some(model) = &self.model {
            validate::model_name("model", model)?;
        }
        if let Some(text) = &self.instructions {
            validate::bytes_at_most("instructions", text, validate::MAX_INSTRUCTIONS_BYTES)?;
        }
        let tools = self.tools.as_deref().unwrap_or_default();
        Tool::check(tools)?;
        if let Some(choice) = &self.tool_choice {
            choice.check(tools)?;
        }
        if self.max_output_tokens.is_some_and(|tokens| tokens < MIN_OUTPUT_TOKENS) {
            let message = format!("max_output_tokens must be at least {MIN_OUTPUT_TOKENS}");
            return Err(Invalid::new("max_output_tokens", message));
        }
        within("temperature", self.temperature, 0.0, 2.0)?;
        within("top_p", self.top_p, 0.0, 1.0)?;
        within("presence_penalty", self.presence_penalty, -2.0, 2.0)?;
        within("frequency_penalty", self.frequency_penalty, -2.0, 2.0)?;
        if let Some(pairs) = &self.metadata {
            validate::metadata("metadata", pairs)?;
        }
        let own = [
            ("safety_identifier", &self.safety_identifier),
            ("prompt_cache_key", &self.prompt_cache_key),
        ];
        for (field, text) in own {
            if let Some(text) = text {
                validate::chars_at_most(field, text, validate::MAX_METADATA_KEY_CHARS)?;
            }
        }
        if self.max_tool_calls == Some(0) {
            let message = "max_tool_calls must be at least 1";
            return Err(Invalid::new("max_tool_calls", message));
        }
        if let Some(ReasoningParam { effort, summary }) = &self.reasoning {
            let words = [("reasoning.effort", effort), ("reasoning.summary", summary)];
            for (field, word) in words {
                if let Some(word) = word {
                    validate::chars_at_most(field, word, MAX_WORD_CHARS)?;
                }
            }
        }
        self.text.as_ref().map_or(Ok(()), TextParam::validate)
    }

    /// What is asked for beside the messages. The response to go on from is not read.
    pub fn into_parameters(self) -> Parameters {
        let TextParam { format, verbosity } = self.text.unwrap_or_default();
        let ReasoningParam { effort, summary } = self.reasoning.unwrap_or_default();
        Parameters {
            instructions: self.instructions,
            tools: self.tools.unwrap_or_default().into_iter().map(Tool::into_offered).collect(),
            tool_choice: self.tool_choice.unwrap_or_default().into(),
            parallel_tool_calls: self.parallel_tool_calls,
            max_tool_calls: self.max_tool_calls,
            max_output_tokens: self.max_output_tokens,
            temperature: self.temperature,
            top_p: self.top_p,
            presence_penalty: self.presence_penalty,
            frequency_penalty: self.frequency_penalty,
            format: format.map(TextFormat::into_wanted).unwrap_or_default(),
            verbosity,
            reasoning_effort: effort,
            reasoning_summary: summary,
            truncate: self.truncation.map(|truncation| truncation == Truncation::Auto),
            background: self.background == Some(true),
            metadata: self.metadata.unwrap_or_default(),
            safety_identifier: self.safety_identifier,
            prompt_cache_key: self.prompt_cache_key,
            unstored: self.store == Some(false),
            ..Parameters::default()
        }
    }
}

impl TextFormat {
    /// The format as it is stored.
    fn into_wanted(self) -> models::parameters::TextFormat {
        let Self { kind, name, description, schema, strict } = self;
        match kind.as_str() {
            "json_object" => models::parameters::TextFormat::JsonObject,
            "json_schema" => models::parameters::TextFormat::JsonSchema(JsonSchema {
                name: name.unwrap_or_default(),
                description,
                schema: schema.unwrap_or_default(),
                strict,
            }),
            _ => models::parameters::TextFormat::Text,
        }
    }
}

impl TextParam {
    fn validate(&self) -> Result<(), Invalid> {
        if let Some(word) = &self.verbosity {
            validate::chars_at_most("text.verbosity", word, MAX_WORD_CHARS)?;
        }
        let Some(format) = &self.format else { return Ok(()) };
        match format.kind.as_str() {
            "json_schema" if format.schema.is_none() => {
                let message = "text.format.schema is needed";
                Err(Invalid::new("text.format.schema", message).of(Rule::Required))
            }
            "json_schema" if format.name.as_deref().unwrap_or_default().is_empty() => {
                let message = "text.format.name is needed";
                Err(Invalid::new("text.format.name", message).of(Rule::Required))
            }
            "text" | "json_object" | "json_schema" => Ok(()),
            _ => {
                let message = "expected one of text, json_object, json_schema";
                Err(Invalid::new("text.format.type", message))
            }
        }
    }
}

pub(super) fn within(
    field: &str,
    value: Option<f64>,
    least: f64,
    most: f64,
) -> Result<(), Invalid> {
    if value.is_some_and(|value| !(least..=most).contains(&value)) {
        return Err(Invalid::new(field, format!("{field} must be from {least} to {most}")));
    }
    Ok(())
}

impl<'de> Deserialize<'de> for ConversationParam {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Object {
            id: String,
        }

        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = ConversationParam;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id or an object with one")
            }

            fn visit_str<E>(self, id: &str) -> Result<Self::Value, E> {
                Ok(ConversationParam(id.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                let Object { id } = Object::deserialize(MapAccessDeserializer::new(map))?;
                Ok(ConversationParam(id))
            }
        }

        deserializer.deserialize_any(Either)
    }
}
