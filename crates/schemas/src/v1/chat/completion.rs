//! A whole answer in the format of chat completions.

use serde::Serialize;
use utoipa::ToSchema;

use crate::ResponseId;
use crate::event::{Annotation, EndReason, Ending, ItemKind, OrUnknown, Tokens};
use crate::stream::DoneItem;

/// `POST /v1/chat/completions` without `stream`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ChatCompletion {
    /// `chatcmpl-` and 32 hexadecimal digits.
    pub id: String,
    /// Always `chat.completion`.
    #[schema(example = "chat.completion")]
    pub object: &'static str,
    /// Unix seconds.
    pub created: i64,
    /// The model asked, as `GET /v1/models` names it.
    pub model: String,
    /// The answers.
    pub choices: Vec<ChatChoice>,
    /// What all of them cost.
    pub usage: ChatUsage,
    /// The stored response; only of an answer that is kept in a conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub response_id: Option<ResponseId>,
}

/// One of the answers to a request.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ChatChoice {
    /// From 0.
    pub index: u32,
    /// What the model says.
    pub message: ChatMessage,
    /// Always `null`.
    #[schema(value_type = Option<Object>)]
    pub logprobs: Option<()>,
    /// Why it ended.
    #[schema(value_type = String, example = "stop")]
    pub finish_reason: FinishReason,
}

/// What a model says.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ChatMessage {
    /// Always `assistant`.
    #[schema(example = "assistant")]
    pub role: &'static str,
    /// Its text; `null` where it only calls tools.
    pub content: Option<String>,
    /// Always `null`.
    pub refusal: Option<String>,
    /// Its sources.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<ChatAnnotation>,
    /// Its calls of tools.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ChatCall>,
    /// What it has shown of its reasoning, as many clients of other models call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_content: Option<String>,
    /// The same, as others do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<String>,
}

/// A source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChatAnnotation {
    /// Always `url_citation`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The source.
    pub url_citation: ChatUrlCitation,
}

/// A source with its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChatUrlCitation {
    /// Where the part of the text begins that it supports, in characters.
    pub start_index: u32,
    /// Where that ends. Both are 0 when nobody knows.
    pub end_index: u32,
    /// Its title.
    pub title: String,
    /// Its address.
    pub url: String,
}

/// A call of a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChatCall {
    /// By it the result names the call.
    pub id: String,
    /// Always `function`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Which function, and with what.
    pub function: ChatCallFunction,
}

/// A function that is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChatCallFunction {
    /// Its name.
    pub name: String,
    /// Its arguments, which should be JSON.
    pub arguments: String,
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// The model was done, or somebody stopped it.
    Stop,
    /// It is as long as it may be.
    Length,
    /// The client is to call tools.
    ToolCalls,
    /// The provider withheld the rest.
    ContentFilter,
}

/// Tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChatUsage {
    /// Those read.
    pub prompt_tokens: u64,
    /// Those written.
    pub completion_tokens: u64,
    /// Both.
    pub total_tokens: u64,
    /// Of those read.
    pub prompt_tokens_details: PromptDetails,
    /// Of those written.
    pub completion_tokens_details: CompletionDetails,
}

/// Of the tokens read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct PromptDetails {
    /// Those served from a cache.
    pub cached_tokens: u64,
    /// Always 0.
    pub audio_tokens: u64,
}

/// Of the tokens written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct CompletionDetails {
    /// Those spent on reasoning.
    pub reasoning_tokens: u64,
    /// Always 0.
    pub audio_tokens: u64,
    /// Always 0.
    pub accepted_prediction_tokens: u64,
    /// Always 0.
    pub rejected_prediction_tokens: u64,
}

impl ChatCompletion {
    /// The id of a completion that the response `id` makes.
    pub fn id_of(id: ResponseId) -> String {
        format!("chatcmpl-{}", id.0.simple())
    }
}

impl ChatUsage {
    /// Adds what another answer cost.
    pub fn add(&mut self, tokens: Tokens) {
        let Tokens { input, output, cached, reasoning, estimated: _ } = tokens;
        for (sum, more) in [
            (&mut self.prompt_tokens, input),
            (&mut self.completion_tokens, output),
            (&mut self.total_tokens, input.saturating_add(output)),
            (&mut self.prompt_tokens_details.cached_tokens, cached),
            (&mut self.completion_tokens_details.reasoning_tokens, reasoning),
        ] {
            *sum = sum.saturating_add(more);
        }
    }
}

impl FinishReason {
    /// Of an answer that ended so, after `calls` calls of tools; none if it did not come to an end
    /// of which this format knows, but was interrupted or failed.
    pub fn of(ending: &Ending, calls: usize) -> Option<Self> {
        if ending.error.is_some() {
            return None;
        }
        match &ending.reason {
            None if calls > 0 => Some(Self::ToolCalls),
            None | Some(OrUnknown::Known(EndReason::Cancelled)) => Some(Self::Stop),
            Some(OrUnknown::Known(EndReason::MaxOutputTokens)) => Some(Self::Length),
            Some(OrUnknown::Known(EndReason::ContentFilter)) => Some(Self::ContentFilter),
            Some(OrUnknown::Known(EndReason::Interrupted) | OrUnknown::Unknown(_)) => None,
        }
    }
}

impl ChatChoice {
    /// The answer of this output, which ended so; none if it did not come to an end.
    pub fn of(index: u32, ending: &Ending, output: Vec<DoneItem>) -> Option<Self> {
        let (mut content, mut reasoning) = (None::<String>, None::<String>);
        let (mut annotations, mut tool_calls) = (Vec::new(), Vec::new());
        for done in output {
            match done.item.kind {
                ItemKind::Message => {
                    let text = content.get_or_insert_default();
                    let before = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
                    text.push_str(&done.text);
                    let cited = done.annotations.into_iter();
                    annotations.extend(cited.map(|source| ChatAnnotation::of(source, before)));
                }
                ItemKind::Reasoning => reasoning.get_or_insert_default().push_str(&done.text),
                ItemKind::FunctionCall(call) => tool_calls.push(ChatCall {
                    id: call.call_id,
                    kind: "function",
                    function: ChatCallFunction { name: call.name, arguments: done.text },
                }),
            }
        }
        let finish_reason = FinishReason::of(ending, tool_calls.len())?;
        // A whole answer has a text, be it empty.
        content = content.filter(|text| tool_calls.is_empty() || !text.is_empty());
        let message = ChatMessage {
            role: "assistant",
            content,
            refusal: None,
            annotations,
            tool_calls,
            reasoning_content: reasoning.clone(),
            reasoning,
        };
        Some(Self { index, message, logprobs: None, finish_reason })
    }
}

impl ChatAnnotation {
    /// A source of a text that `before` characters of the answer precede.
    pub fn of(source: Annotation, before: u32) -> Self {
        let Annotation { url, title, start, end } = source;
        let before = if (start, end) == (0, 0) { 0 } else { before };
        let (start_index, end_index) = (start.saturating_add(before), end.saturating_add(before));
        let url_citation = ChatUrlCitation { start_index, end_index, title, url };
        Self { kind: "url_citation", url_citation }
    }
}
