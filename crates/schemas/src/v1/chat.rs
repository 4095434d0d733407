//! `POST /v1/chat/completions`: what is asked, told apart and checked.

mod completion;
mod message;
mod tools;

use std::collections::BTreeMap;

use models::Parameters;
use models::parameters::{JsonSchema, TextFormat};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::input::{InputItem, MAX_ITEMS, TextOr, missing};
use super::request::within;
use crate::validate::{self, Invalid, Rule};

pub use completion::{
    ChatAnnotation, ChatCall, ChatCallFunction, ChatChoice, ChatCompletion, ChatMessage,
    ChatUrlCitation, ChatUsage, CompletionDetails, FinishReason, PromptDetails,
};
use message::RawMessage;
use tools::{ChatTool, RawChoice};

/// The most answers to one request.
const MAX_CHOICES: u32 = 8;
/// The most texts at which an answer ends.
const MAX_STOPS: usize = 16;
/// The longest of them, in bytes.
const MAX_STOP_BYTES: usize = 1024;
/// The longest word for how much a model reasons, in characters.
const MAX_EFFORT_CHARS: usize = 32;

/// What is told to a client that wants a completion kept.
pub const NOT_KEPT: &str = "a chat completion is kept in no conversation here; ask for a response \
                            with conversation at POST /v1/responses, or leave it out";

/// Body of `POST /v1/chat/completions`. Fields that are not here are left alone.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, ToSchema)]
pub struct ChatCompletionCreate {
    /// The model to ask; without one the server's default.
    model: Option<String>,
    /// The whole conversation: system, developer, user, assistant and tool messages.
    #[schema(value_type = Vec<Value>)]
    messages: Option<Vec<RawMessage>>,
    /// Whether the answer is wanted piece by piece.
    stream: Option<bool>,
    /// `include_usage`: such a stream ends with the token counts.
    #[schema(value_type = Option<Value>)]
    stream_options: Option<StreamOptions>,
    /// How many answers are wanted, 1 to 8.
    n: Option<u32>,
    /// The old name of `max_completion_tokens`.
    max_tokens: Option<u32>,
    /// The longest answer, in tokens.
    max_completion_tokens: Option<u32>,
    /// Sampling temperature, 0 to 2.
    temperature: Option<f64>,
    /// Nucleus sampling, 0 to 1.
    top_p: Option<f64>,
    /// Presence penalty, -2 to 2.
    presence_penalty: Option<f64>,
    /// Frequency penalty, -2 to 2.
    frequency_penalty: Option<f64>,
    /// A text, or up to 16 texts, at which the answer ends.
    #[schema(value_type = Option<Value>)]
    stop: Option<Stop>,
    /// The seed of sampling.
    seed: Option<i64>,
    /// Functions that the model may ask the client to call.
    #[schema(value_type = Option<Vec<Value>>)]
    tools: Option<Vec<ChatTool>>,
    /// Which of them it may or must ask for: `auto`, `none`, `required`, or an object.
    #[schema(value_type = Option<Value>)]
    tool_choice: Option<RawChoice>,
    /// Whether it may ask for several at once.
    parallel_tool_calls: Option<bool>,
    /// `text`, `json_object` or `json_schema`.
    #[schema(value_type = Option<Value>)]
    response_format: Option<RawFormat>,
    /// How much the model reasons, such as `low`.
    reasoning_effort: Option<String>,
    /// How long answers are: `low`, `medium` or `high`.
    verbosity: Option<String>,
    /// The client's own pairs.
    metadata: Option<BTreeMap<String, String>>,
    /// The old name of `safety_identifier`.
    user: Option<String>,
    /// The client's own word for its user.
    safety_identifier: Option<String>,
    /// The client's own key for the provider's cache.
    prompt_cache_key: Option<String>,
    /// Not supported: `true` is refused.
    logprobs: Option<bool>,
    /// Not supported: more than 0 is refused.
    top_logprobs: Option<u32>,
    /// Only `text`.
    modalities: Option<Vec<String>>,
    /// Not supported.
    #[schema(value_type = Option<Value>)]
    audio: Option<Value>,
    /// Not supported.
    #[schema(value_type = Option<Value>)]
    web_search_options: Option<Value>,
    /// Not supported: the old form of `tools`.
    #[schema(value_type = Option<Value>)]
    functions: Option<Value>,
    /// Not supported: the old form of `tool_choice`.
    #[schema(value_type = Option<Value>)]
    function_call: Option<Value>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct StreamOptions {
    include_usage: Option<bool>,
}

/// One text or several.
#[derive(Debug, Clone, PartialEq)]
struct Stop(Vec<String>);

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct RawFormat {
    #[serde(rename = "type")]
    kind: Option<String>,
    json_schema: Option<RawSchema>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct RawSchema {
    name: Option<String>,
    description: Option<String>,
    schema: Option<Map<String, Value>>,
    strict: Option<bool>,
}

/// What is asked for, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatRequest {
    /// The model to ask; without one the server's default.
    pub model: Option<String>,
    /// The messages with their calls and results, in their order.
    pub items: Vec<InputItem>,
    /// What is asked for beside them. Messages that do not fit are not left out.
    pub parameters: Parameters,
    /// How many answers are wanted, at least one.
    pub choices: u32,
    /// Whether they are wanted piece by piece.
    pub stream: bool,
    /// Whether such a stream ends with the token counts.
    pub include_usage: bool,
}

impl ChatCompletionCreate {
    /// The same, told apart. A value that breaks a rule, or asks for what is not here, is named.
    pub fn checked(mut self) -> Result<ChatRequest, Invalid> {
        self.refuse_what_is_not_here()?;
        if let Some(model) = &self.model {
            validate::model_name("model", model)?;
        }
        let choices = self.n.unwrap_or(1);
        if !(1..=MAX_CHOICES).contains(&choices) {
            return Err(Invalid::new("n", format!("n must be from 1 to {MAX_CHOICES}")));
        }
        let stream = self.stream.unwrap_or(false);
        let include_usage =
            self.stream_options.as_ref().and_then(|options| options.include_usage).unwrap_or(false);
        let raw = self.messages.take().ok_or_else(|| missing("messages"))?;
        if raw.len() > MAX_ITEMS {
            let message = format!("messages must be at most {MAX_ITEMS}");
            return Err(Invalid::new("messages", message));
        }
        let mut items = Vec::with_capacity(raw.len());
        for (at, message) in raw.into_iter().enumerate() {
            message.told_apart(&format!("messages.{at}"), &mut items)?;
        }
        if items.is_empty() {
            return Err(Invalid::new("messages", "messages must have at least one message"));
        }
        let model = self.model.take();
        Ok(ChatRequest {
            model,
            items,
            parameters: self.parameters()?,
            choices,
            stream,
            include_usage,
        })
    }

    /// What this server does not have, and whose lack the answer would not show.
    fn refuse_what_is_not_here(&self) -> Result<(), Invalid> {
        let is_there = |value: &Option<Value>| value.as_ref().is_some_and(|value| !value.is_null());
        let refuse = |field, message: &str| Err(unsupported(field, message));
        if self.metadata.as_ref().is_some_and(|pairs| pairs.contains_key("conversation_id")) {
            return refuse("metadata.conversation_id", NOT_KEPT);
        }
        if is_there(&self.functions) {
            return refuse("functions", "functions is gone from the API; use tools");
        }
        if is_there(&self.function_call) {
            return refuse("function_call", "function_call is gone from the API; use tool_choice");
        }
        if self.modalities.iter().flatten().any(|modality| modality != "text") {
            return refuse("modalities", "only the modality text is supported here");
        }
        if is_there(&self.audio) {
            return refuse("audio", "audio is not supported here");
        }
        if is_there(&self.web_search_options) {
            return refuse("web_search_options", "this server has no web search of its own");
        }
        if self.logprobs == Some(true) || self.top_logprobs.is_some_and(|count| count > 0) {
            return refuse("logprobs", "logprobs are not supported here");
        }
        Ok(())
    }

    fn parameters(self) -> Result<Parameters, Invalid> {
        let limit = ("max_completion_tokens", self.max_completion_tokens);
        let old = ("max_tokens", self.max_tokens);
        for (field, tokens) in [limit, old] {
            if tokens == Some(0) {
                return Err(Invalid::new(field, format!("{field} must be at least 1")));
            }
        }
        within("temperature", self.temperature, 0.0, 2.0)?;
        within("top_p", self.top_p, 0.0, 1.0)?;
        within("presence_penalty", self.presence_penalty, -2.0, 2.0)?;
        within("frequency_penalty", self.frequency_penalty, -2.0, 2.0)?;
        let metadata = self.metadata.unwrap_or_default();
        validate::metadata("metadata", &metadata)?;
        let safety_identifier = self.safety_identifier.or(self.user);
        let own = [
            ("safety_identifier", &safety_identifier),
            ("prompt_cache_key", &self.prompt_cache_key),
        ];
        for (field, text) in own {
            if let Some(text) = text {
                validate::chars_at_most(field, text, validate::MAX_METADATA_VALUE_CHARS)?;
            }
        }
        if let Some(effort) = &self.reasoning_effort {
            validate::chars_at_most("reasoning_effort", effort, MAX_EFFORT_CHARS)?;
        }
        if let Some(verbosity) = &self.verbosity
            && !["low", "medium", "high"].contains(&verbosity.as_str())
        {
            return Err(Invalid::new("verbosity", "expected one of low, medium, high"));
        }
        let (tools, tool_choice) =
            tools::told_apart(self.tools.unwrap_or_default(), self.tool_choice)?;
        Ok(Parameters {
            tools,
            tool_choice,
            parallel_tool_calls: self.parallel_tool_calls,
            max_output_tokens: limit.1.or(old.1),
            temperature: self.temperature,
            top_p: self.top_p,
            presence_penalty: self.presence_penalty,
            frequency_penalty: self.frequency_penalty,
            stop: self.stop.map(Stop::checked).transpose()?.unwrap_or_default(),
            seed: self.seed,
            format: self
                .response_format
                .map(RawFormat::told_apart)
                .transpose()?
                .unwrap_or_default(),
            verbosity: self.verbosity,
            reasoning_effort: self.reasoning_effort,
            truncate: Some(false),
            metadata,
            safety_identifier,
            prompt_cache_key: self.prompt_cache_key,
            ..Parameters::default()
        })
    }
}

impl Stop {
    fn checked(self) -> Result<Vec<String>, Invalid> {
        let Self(texts) = self;
        if texts.len() > MAX_STOPS {
            return Err(Invalid::new("stop", format!("stop must be at most {MAX_STOPS} texts")));
        }
        for text in &texts {
            validate::bytes_at_most("stop", text, MAX_STOP_BYTES)?;
            if text.is_empty() {
                return Err(Invalid::new("stop", "a text of stop must not be empty"));
            }
        }
        Ok(texts)
    }
}

impl RawFormat {
    fn told_apart(self) -> Result<TextFormat, Invalid> {
        match (self.kind.as_deref(), self.json_schema) {
            (Some("text"), _) => Ok(TextFormat::Text),
            (Some("json_object"), _) => Ok(TextFormat::JsonObject),
            (Some("json_schema"), Some(raw)) => {
                let field = |name: &str| format!("response_format.json_schema.{name}");
                let name = raw.name.filter(|name| !name.is_empty());
                let name = name.ok_or_else(|| missing(&field("name")))?;
                validate::chars_at_most(&field("name"), &name, validate::MAX_METADATA_KEY_CHARS)?;
                let schema = raw.schema.ok_or_else(|| missing(&field("schema")))?;
                let RawSchema { description, strict, .. } =
                    RawSchema { name: None, schema: None, ..raw };
                Ok(TextFormat::JsonSchema(JsonSchema { name, description, schema, strict }))
            }
            (Some("json_schema"), None) => Err(missing("response_format.json_schema")),
            (None, _) => Err(missing("response_format.type")),
            (Some(_), _) => {
                let message = "expected one of text, json_object, json_schema";
                Err(Invalid::new("response_format.type", message))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Stop {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        TextOr::deserialize(deserializer).map(|read| match read {
            TextOr::Text(text) => Self(vec![text]),
            TextOr::List(texts) => Self(texts),
        })
    }
}

/// What the standard has and this server does not.
fn unsupported(field: impl Into<String>, message: &str) -> Invalid {
    Invalid::new(field, message).of(Rule::Unsupported)
}

#[cfg(test)]
mod tests;
