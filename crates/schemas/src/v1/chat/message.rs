//! Messages as this format writes them: an assistant's message holds its calls, and a tool's result
//! is a message, too.

use serde::Deserialize;
use serde_json::Value;

use super::super::input::{
    InputItem, InputPart, MAX_FILE_BYTES, MAX_IMAGE_BYTES, MAX_NAME_CHARS, Spoken, TextOr,
    is_address, missing, needed, text_at_most,
};
use super::unsupported;
use crate::validate::{self, Invalid};

/// The longest id of a call, in characters: it is the provider's own.
const MAX_CALL_ID_CHARS: usize = 255;

/// A message as it is written: the fields of every role.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct RawMessage {
    role: Option<String>,
    content: Option<TextOr<RawPart>>,
    refusal: Option<String>,
    tool_calls: Option<Vec<RawCall>>,
    tool_call_id: Option<String>,
    function_call: Option<Value>,
    reasoning_content: Option<String>,
    reasoning: Option<Value>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct RawCall {
    id: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    function: Option<RawFunction>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct RawFunction {
    name: Option<String>,
    arguments: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct RawPart {
    #[serde(rename = "type")]
    kind: Option<String>,
    text: Option<String>,
    refusal: Option<String>,
    image_url: Option<ImageUrl>,
    file: Option<RawFile>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct ImageUrl {
    url: Option<String>,
    detail: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct RawFile {
    file_id: Option<Value>,
    file_data: Option<String>,
    filename: Option<String>,
}

impl RawMessage {
    /// Appends the items of the message, which stands at `path`.
    pub(super) fn told_apart(self, path: &str, items: &mut Vec<InputItem>) -> Result<(), Invalid> {
        let spoken = match self.role.as_deref() {
            Some("user") => Spoken::User,
            Some("system" | "developer") => Spoken::Developer,
            Some("assistant") => return self.assistant(path, items),
            Some("tool") => return self.result(path, items),
            Some("function") => {
                let message = "the role function is gone from the API; use tool";
                return Err(unsupported(format!("{path}.role"), message));
            }
            Some(_) => {
                let message = "expected one of system, developer, user, assistant, tool";
                return Err(Invalid::new(format!("{path}.role"), message));
            }
            None => return Err(missing(&format!("{path}.role"))),
        };
        let content = needed(path, "content", self.content)?.parts(&format!("{path}.content"))?;
        items.push(InputItem::Message { id: None, spoken, content });
        Ok(())
    }

    fn assistant(self, path: &str, items: &mut Vec<InputItem>) -> Result<(), Invalid> {
        if self.function_call.as_ref().is_some_and(|call| !call.is_null()) {
            let message = "function_call is gone from the API; use tool_calls";
            return Err(unsupported(format!("{path}.function_call"), message));
        }
        let shown = self.reasoning.as_ref().and_then(Value::as_str).map(str::to_owned);
        let reasoning = self.reasoning_content.or(shown).filter(|text| !text.is_empty());
        if let Some(summary) = reasoning {
            text_at_most(&format!("{path}.reasoning_content"), &summary)?;
            items.push(InputItem::Reasoning { id: None, summary });
        }
        let calls = self.tool_calls.unwrap_or_default();
        let mut content = match self.content {
            Some(content) => content.parts(&format!("{path}.content"))?,
            None if calls.is_empty() && self.refusal.is_none() => {
                return Err(missing(&format!("{path}.content")));
            }
            None => Vec::new(),
        };
        if let Some(words) = self.refusal {
            text_at_most(&format!("{path}.refusal"), &words)?;
            content.push(InputPart::Refusal(words));
        }
        if calls.is_empty() || content.iter().any(|part| *part != InputPart::Text(String::new())) {
            items.push(InputItem::Message { id: None, spoken: Spoken::Assistant, content });
        }
        for (at, call) in calls.into_iter().enumerate() {
            items.push(call.told_apart(&format!("{path}.tool_calls.{at}"))?);
        }
        Ok(())
    }

    fn result(self, path: &str, items: &mut Vec<InputItem>) -> Result<(), Invalid> {
        let call_id = call_id(path, "tool_call_id", self.tool_call_id)?;
        let output = needed(path, "content", self.content)?.parts(&format!("{path}.content"))?;
        items.push(InputItem::FunctionCallOutput { id: None, call_id, output });
        Ok(())
    }
}

impl RawCall {
    fn told_apart(self, path: &str) -> Result<InputItem, Invalid> {
        if self.kind.is_some_and(|kind| kind != "function") {
            let message = "only calls of the type function are supported here";
            return Err(unsupported(format!("{path}.type"), message));
        }
        let call_id = call_id(path, "id", self.id)?;
        let path = format!("{path}.function");
        let RawFunction { name, arguments } = self.function.ok_or_else(|| missing(&path))?;
        let name = needed(&path, "name", name)?;
        validate::not_blank(&format!("{path}.name"), &name)?;
        validate::chars_at_most(&format!("{path}.name"), &name, MAX_NAME_CHARS)?;
        let arguments = needed(&path, "arguments", arguments)?;
        text_at_most(&format!("{path}.arguments"), &arguments)?;
        Ok(InputItem::FunctionCall { id: None, call_id, name, arguments })
    }
}

fn call_id(path: &str, name: &str, id: Option<String>) -> Result<String, Invalid> {
    let id = needed(path, name, id)?;
    let field = format!("{path}.{name}");
    validate::not_blank(&field, &id)?;
    validate::chars_at_most(&field, &id, MAX_CALL_ID_CHARS)?;
    Ok(id)
}

impl TextOr<RawPart> {
    fn parts(self, path: &str) -> Result<Vec<InputPart>, Invalid> {
        match self {
            Self::Text(text) => {
                text_at_most(path, &text)?;
                Ok(vec![InputPart::Text(text)])
            }
            Self::List(parts) => {
                let parts = parts.into_iter().enumerate();
                parts.map(|(at, part)| part.told_apart(&format!("{path}.{at}"))).collect()
            }
        }
    }
}

impl RawPart {
    fn told_apart(self, path: &str) -> Result<InputPart, Invalid> {
        match self.kind.as_deref().unwrap_or("text") {
            "text" => {
                let text = needed(path, "text", self.text)?;
                text_at_most(&format!("{path}.text"), &text)?;
                Ok(InputPart::Text(text))
            }
            "refusal" => {
                let words = needed(path, "refusal", self.refusal)?;
                text_at_most(&format!("{path}.refusal"), &words)?;
                Ok(InputPart::Refusal(words))
            }
            "image_url" => {
                let path = format!("{path}.image_url");
                let image = self.image_url.ok_or_else(|| missing(&path))?;
                let url = needed(&path, "url", image.url)?;
                let field = format!("{path}.url");
                validate::bytes_at_most(&field, &url, MAX_IMAGE_BYTES)?;
                is_address(&field, &url)?;
                Ok(InputPart::Image { url, detail: image.detail })
            }
            "file" => {
                let path = format!("{path}.file");
                let RawFile { file_id, file_data, filename } =
                    self.file.ok_or_else(|| missing(&path))?;
                if file_id.is_some_and(|id| !id.is_null()) {
                    let message = "this server keeps no files; send file_data";
                    return Err(unsupported(format!("{path}.file_id"), message));
                }
                let data = needed(&path, "file_data", file_data)?;
                validate::bytes_at_most(&format!("{path}.file_data"), &data, MAX_FILE_BYTES)?;
                Ok(InputPart::File { filename, data: Some(data), url: None })
            }
            _ => {
                let message = "only parts of the types text, image_url, file and refusal are \
                               supported here";
                Err(unsupported(format!("{path}.type"), message))
            }
        }
    }
}
