//! What a chat screen asks for.
//!
//! The transport of the AI SDK sends the whole history every time. The conversation that is stored
//! here is the truth, so only its newest end is read: the newest message of the user, or what the
//! tools returned that the newest answer called.

use std::collections::BTreeMap;
use std::str::FromStr;

use models::Content;
use models::Parameters;
use models::content::Part;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use utoipa::ToSchema;

use super::message::UiPart;
use crate::v1::{Tool, ToolChoice};
use crate::validate::{self, Invalid};
use crate::{ConversationId, MessageId};

/// The longest id of a chat, a message or a call, in bytes.
const MAX_NAME_BYTES: usize = 255;
/// The longest address of a file, which may be the file itself as a data URL, in bytes.
const MAX_FILE_BYTES: usize = 32 * 1024 * 1024;

/// The id of a chat, as a client names it: that of a conversation (`conv_…`), or one that the
/// client made itself. The latter belongs to its user: another one's is another chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatName(String);

impl ChatName {
    /// The conversation that it names by our own id.
    pub fn conversation(&self) -> Option<ConversationId> {
        self.0.parse().ok()
    }

    /// As the client wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ChatName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.is_empty() || text.len() > MAX_NAME_BYTES || text.contains(char::is_control) {
            let message = "id must be 1 to 255 bytes long, without control characters";
            return Err(Invalid::new("id", message));
        }
        Ok(Self(text.to_owned()))
    }
}

impl<'de> Deserialize<'de> for ChatName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        validate::parsed(deserializer)
    }
}

/// Body of `POST /api/chat`: what `DefaultChatTransport` sends, and what its option `body` adds.
/// Fields that are not named here are left alone.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct ChatCreate {
    /// The chat: an id of the client's own, which the first message makes a conversation of, or
    /// the id of a conversation.
    #[schema(value_type = String, example = "kX9fPq2LmZ7wRt4B", min_length = 1, max_length = 255)]
    pub id: ChatName,
    /// The history, oldest first. Only the newest end of it is read.
    #[serde(default)]
    pub messages: Option<Vec<UiMessageIn>>,
    /// The newest message alone, instead of the history.
    #[serde(default)]
    pub message: Option<UiMessageIn>,
    /// What for; left out, as `submit-message`.
    #[serde(default)]
    #[schema(inline)]
    pub trigger: Option<ChatTrigger>,
    /// To regenerate: the answer, or the message to answer, where there is no history.
    #[serde(default, rename = "messageId")]
    pub message_id: Option<String>,
    /// The model to ask; without one the conversation's, else the server's default.
    #[serde(default)]
    pub model: Option<String>,
    /// The system message of this answer; without one the conversation's.
    #[serde(default)]
    pub instructions: Option<String>,
    /// Functions that the model may ask the client to call, as in `POST /v1/responses`.
    #[serde(default)]
    #[schema(value_type = Option<Vec<serde_json::Value>>)]
    pub tools: Option<Vec<Tool>>,
    /// Which of them it may or must ask for: `auto`, `none`, `required`, or an object as in
    /// `POST /v1/responses`.
    #[serde(default)]
    #[schema(value_type = Option<serde_json::Value>)]
    pub tool_choice: Option<ToolChoice>,
}

/// What a chat is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChatTrigger {
    /// An answer to what is new.
    SubmitMessage,
    /// Another answer to what was answered.
    RegenerateMessage,
}

/// A UI message as a client sends it.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct UiMessageIn {
    /// Its id. The same message sent again is stored once.
    #[serde(default)]
    pub id: Option<String>,
    /// `user`, `assistant` or `system`.
    #[schema(example = "user")]
    pub role: String,
    /// What it says.
    #[serde(default)]
    pub parts: Vec<UiPart>,
}

/// What is new in a request.
#[derive(Debug, Clone, PartialEq)]
pub enum ChatInput {
    /// A message of the user.
    Said {
        /// The client's id of it.
        id: Option<String>,
        /// What it says.
        content: Content,
    },
    /// What tools returned.
    Returned(Returned),
    /// Nothing: a stored message is to be answered again.
    Again(MessageId),
}

/// What the tools returned that an answer called.
#[derive(Debug, Clone, PartialEq)]
pub struct Returned {
    /// The UI message with the calls.
    pub message: String,
    /// In which of its steps they were, from 1; the last one.
    pub step: usize,
    /// By the id of the call.
    pub outputs: BTreeMap<String, String>,
}

impl ChatCreate {
    /// Checks every bound, and tells what is new.
    pub fn input(&self) -> Result<ChatInput, Invalid> {
        if let Some(model) = &self.model {
            validate::model_name("model", model)?;
        }
        if let Some(text) = &self.instructions {
            validate::bytes_at_most("instructions", text, validate::MAX_INSTRUCTIONS_BYTES)?;
        }
        let tools = self.tools.as_deref().unwrap_or_default();
        Tool::check(tools)?;
        self.tool_choice.as_ref().map_or(Ok(()), |choice| choice.check(tools))?;
        if let Some(id) = &self.message_id {
            validate::bytes_at_most("messageId", id, MAX_NAME_BYTES)?;
        }
        if self.is_again() { self.again() } else { self.new_end() }
    }

    /// Whether another answer is asked for.
    pub fn is_again(&self) -> bool {
        self.trigger == Some(ChatTrigger::RegenerateMessage)
    }

    /// What is asked for beside the messages.
    pub fn parameters(&self) -> Parameters {
        Parameters {
            instructions: self.instructions.clone(),
            tools: self.tools.iter().flatten().cloned().map(Tool::into_offered).collect(),
            tool_choice: self.tool_choice.clone().unwrap_or_default().into(),
            ..Parameters::default()
        }
    }

    /// The newest message and the name of its field.
    fn newest(&self) -> Option<(String, &UiMessageIn)> {
        let messages = self.messages.as_deref().unwrap_or_default();
        let alone = self.message.as_ref().map(|message| ("message".to_owned(), message));
        let last = messages.len().checked_sub(1);
        alone.or_else(|| last.and_then(|at| Some((format!("messages.{at}"), messages.get(at)?))))
    }

    fn new_end(&self) -> Result<ChatInput, Invalid> {
        let Some((field, message)) = self.newest() else {
            return Err(Invalid::new("messages", "messages must not be empty"));
        };
        match message.role.as_str() {
            "user" => message.said(&field),
            "assistant" => message.returned(&field),
            _ => Err(Invalid::new(
                format!("{field}.role"),
                "the newest message must be one of the user, or an answer with the results of its \
                 tools",
            )),
        }
    }

    /// The message to be answered again: the newest one of the user, since a client cuts the answer
    /// off its history; without a history the one that is named.
    fn again(&self) -> Result<ChatInput, Invalid> {
        let messages = self.messages.as_deref().unwrap_or_default();
        let mut said = messages.iter().enumerate().filter(|(_, message)| message.role == "user");
        let named = self.message_id.as_deref();
        match (said.next_back(), &self.message, named.map(str::parse)) {
            (Some((at, message)), None, _) => message.said(&format!("messages.{at}")),
            (_, Some(message), _) if message.role == "user" => message.said("message"),
            (_, _, Some(Ok(id))) => Ok(ChatInput::Again(id)),
            _ => {
                let message = "messages must have the message that is to be answered again, or \
                               messageId must name it or its answer";
                Err(Invalid::new("messages", message))
            }
        }
    }
}

impl UiMessageIn {
    fn said(&self, field: &str) -> Result<ChatInput, Invalid> {
        if let Some(id) = &self.id {
            validate::bytes_at_most(&format!("{field}.id"), id, MAX_NAME_BYTES)?;
        }
        let mut parts = Vec::with_capacity(self.parts.len());
        for (at, part) in self.parts.iter().enumerate() {
            parts.extend(part.said(&format!("{field}.parts.{at}"))?);
        }
        let content: Content = parts.into_iter().collect();
        let text = content.text();
        validate::bytes_at_most(&format!("{field}.parts"), &text, validate::MAX_CONTENT_BYTES)?;
        let is_text = content.parts().iter().all(|part| matches!(part, Part::Text(_)));
        if is_text && validate::says_nothing(&text) {
            let message = "the message says nothing: it needs a text or a file";
            return Err(Invalid::new(format!("{field}.parts"), message));
        }
        drop(text);
        Ok(ChatInput::Said { id: self.id.clone(), content })
    }

    fn returned(&self, field: &str) -> Result<ChatInput, Invalid> {
        let starts = self.parts.iter().filter(|part| part.kind == "step-start").count();
        let last = self.parts.iter().rposition(|part| part.kind == "step-start");
        let mut outputs = BTreeMap::new();
        for (at, part) in self.parts.iter().enumerate().skip(last.unwrap_or(0)) {
            if let Some((call, output)) = part.returned(&format!("{field}.parts.{at}"))? {
                outputs.insert(call, output);
            }
        }
        if outputs.is_empty() {
            let message = "the newest message is an answer without new results of tools: there is \
                           nothing to be answered";
            return Err(Invalid::new(field, message));
        }
        let message = self.id.clone().unwrap_or_default();
        validate::bytes_at_most(&format!("{field}.id"), &message, MAX_NAME_BYTES)?;
        Ok(ChatInput::Returned(Returned { message, step: starts, outputs }))
    }
}

impl UiPart {
    /// What a part of a user's message says; nothing for those that are for screens only.
    fn said(&self, field: &str) -> Result<Option<Part>, Invalid> {
        match self.kind.as_str() {
            "text" => Ok(self.text.clone().map(Part::Text)),
            "file" => self.file(field).map(Some),
            _ => Ok(None),
        }
    }

    fn file(&self, field: &str) -> Result<Part, Invalid> {
        let at = |name: &str| format!("{field}.{name}");
        let Some(url) = &self.url else {
            return Err(Invalid::new(at("url"), "a file needs its address or a data URL"));
        };
        validate::bytes_at_most(&at("url"), url, MAX_FILE_BYTES)?;
        let is_data = url.starts_with("data:");
        if !is_data && !url.starts_with("https://") && !url.starts_with("http://") {
            let message = "the url of a file must be a data URL, or begin with https:// or http://";
            return Err(Invalid::new(at("url"), message));
        }
        if let Some(name) = &self.filename {
            validate::bytes_at_most(&at("filename"), name, MAX_NAME_BYTES)?;
        }
        let media_type = self.media_type.as_deref().unwrap_or_default();
        if media_type.starts_with("image/") || url.starts_with("data:image/") {
            return Ok(Part::Image { url: url.clone(), detail: None });
        }
        let (data, url) =
            if is_data { (Some(url.clone()), None) } else { (None, Some(url.clone())) };
        Ok(Part::File { filename: self.filename.clone(), data, url })
    }

    /// The id of a call and what the tool returned, if it did. Errors are told the model as text.
    fn returned(&self, field: &str) -> Result<Option<(String, String)>, Invalid> {
        let output = match (self.state.as_deref(), &self.output, &self.error_text) {
            (Some("output-available"), Some(Value::String(text)), _)
            | (Some("output-error"), _, Some(text)) => text.clone(),
            (Some("output-available"), Some(value), _) => value.to_string(),
            // A tool that returns nothing: JSON has no field for `undefined`.
            (Some("output-available"), None, _) => "null".to_owned(),
            (Some("output-error"), _, None) => "error".to_owned(),
            _ => return Ok(None),
        };
        if self.tool().is_none() {
            return Ok(None);
        }
        let Some(call) = self.tool_call_id.clone() else {
            let message = "a result needs the id of its call";
            return Err(Invalid::new(format!("{field}.toolCallId"), message));
        };
        validate::bytes_at_most(&format!("{field}.toolCallId"), &call, MAX_NAME_BYTES)?;
        validate::bytes_at_most(&format!("{field}.output"), &output, validate::MAX_CONTENT_BYTES)?;
        Ok(Some((call, output)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn input(body: Value) -> Result<ChatInput, Invalid> {
        serde_json::from_value::<ChatCreate>(body).unwrap().input()
    }

    fn refused(body: Value) -> String {
        input(body).expect_err("it breaks a rule").field
    }

    #[test]
    fn only_the_newest_message_is_read() {
        let said = json!({"id": "b", "role": "user", "parts": [
            {"type": "text", "text": "Look"}, {"type": "data-weather", "data": 5},
            {"type": "file", "mediaType": "image/png", "url": "data:image/png;base64,AA=="},
            {"type": "file", "mediaType": "application/pdf", "url": "https://a.example/a.pdf",
             "filename": "a.pdf"},
            {"type": "text", "text": "here"}]});
        let old = json!({"id": "a", "role": "user", "parts": [{"type": "file"}]});
        let expected = ChatInput::Said {
            id: Some("b".to_owned()),
            content: [
                Part::Text("Look".to_owned()),
                Part::Image { url: "data:image/png;base64,AA==".to_owned(), detail: None },
                Part::File {
                    filename: Some("a.pdf".to_owned()),
                    data: None,
                    url: Some("https://a.example/a.pdf".to_owned()),
                },
                Part::Text("here".to_owned()),
            ]
            .into_iter()
            .collect(),
        };
        let body = json!({"id": "c", "messages": [old, said], "theirs": {"a": 1}});
        assert_eq!(input(body).unwrap(), expected);
        assert_eq!(input(json!({"id": "c", "message": said})).unwrap(), expected);
        let asked = json!({"id": "c", "messages": [old, said], "trigger": "regenerate-message",
            "messageId": "x"});
        assert_eq!(input(asked).unwrap(), expected);
    }

    #[test]
    fn results_are_those_of_the_last_step() {
        let answer = json!({"id": "m", "role": "assistant", "parts": [
            {"type": "step-start"},
            {"type": "tool-a", "toolCallId": "1", "state": "output-available", "output": 1},
            {"type": "step-start"},
            {"type": "text", "text": "Hm", "state": "done"},
            {"type": "tool-a", "toolCallId": "2", "state": "output-available", "output": {"b": 2}},
            {"type": "dynamic-tool", "toolName": "b", "toolCallId": "3", "state": "output-error",
             "errorText": "no"},
            {"type": "tool-a", "toolCallId": "4", "state": "output-available", "output": "text"},
            {"type": "tool-a", "toolCallId": "5", "state": "input-available", "input": {}}]});
        let outputs = [("2", r#"{"b":2}"#), ("3", "no"), ("4", "text")];
        let outputs = outputs.map(|(call, output)| (call.to_owned(), output.to_owned()));
        let returned = Returned { message: "m".to_owned(), step: 2, outputs: outputs.into() };
        let body = json!({"id": "c", "messages": [answer]});
        assert_eq!(input(body).unwrap(), ChatInput::Returned(returned));
    }

    #[test]
    fn what_breaks_a_rule_is_named_as_the_client_wrote_it() {
        let message = |parts: Value| json!({"id": "m", "role": "user", "parts": parts});
        let body = |parts: Value| json!({"id": "c", "messages": [message(parts)]});
        assert_eq!(refused(json!({"id": "c"})), "messages");
        assert_eq!(refused(json!({"id": "c", "messages": []})), "messages");
        assert_eq!(refused(body(json!([]))), "messages.0.parts");
        assert_eq!(refused(body(json!([{"type": "text", "text": " \n"}]))), "messages.0.parts");
        assert_eq!(refused(body(json!([{"type": "file"}]))), "messages.0.parts.0.url");
        let file = json!([{"type": "file", "url": "file:///etc/passwd"}]);
        assert_eq!(refused(body(file)), "messages.0.parts.0.url");
        let zero = json!([{"type": "text", "text": "a\0"}]);
        assert_eq!(refused(body(zero)), "messages.0.parts");
        let system = json!({"id": "c", "message": {"role": "system"}});
        assert_eq!(refused(system), "message.role");
        let answer = json!({"id": "c", "messages": [{"role": "assistant"}]});
        assert_eq!(refused(answer), "messages.0");
        let again = json!({"id": "c", "trigger": "regenerate-message", "messageId": "theirs"});
        assert_eq!(refused(again), "messages");
        for id in ["", "a\nb", &"x".repeat(256)] {
            assert!(id.parse::<ChatName>().is_err());
        }
        assert!("a b/ü..".parse::<ChatName>().is_ok());
    }
}
