//! What is said: requests read, events and documents written.

use provider::TokenUsage;
use provider::script::{Ending, Manners, Script};
use serde_json::{Value, json};

/// No clock is asked: the time of every answer is the same.
const CREATED: u64 = 1_700_000_000;

/// A chat completions request, as far as it matters here.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ChatCall {
    pub model: String,
    pub messages: Vec<(String, String)>,
    /// The same messages, whole.
    pub whole: Vec<Value>,
    pub stream: bool,
    pub include_usage: bool,
    pub max_tokens: Option<u32>,
    /// The body without the messages.
    pub parameters: Value,
}

impl ChatCall {
    /// Reads a request; none when it is not JSON or names no model.
    pub(crate) fn parse(body: &[u8]) -> Option<Self> {
        let mut parameters: Value = serde_json::from_slice(body).ok()?;
        let Value::Array(whole) = parameters.as_object_mut()?.shift_remove("messages")? else {
            return None;
        };
        let messages = whole.iter().map(|message| {
            let role = message.get("role").and_then(Value::as_str).unwrap_or_default();
            (role.to_owned(), content(message.get("content")))
        });
        let flag = |pointer: &str| parameters.pointer(pointer).and_then(Value::as_bool);
        let max_tokens = ["max_completion_tokens", "max_tokens"]
            .into_iter()
            .find_map(|name| parameters.get(name)?.as_u64())
            .map(|n| u32::try_from(n).unwrap_or(u32::MAX));
        Some(Self {
            model: parameters.get("model")?.as_str()?.to_owned(),
            messages: messages.collect(),
            stream: flag("/stream").unwrap_or(false),
            include_usage: flag("/stream_options/include_usage").unwrap_or(false),
            max_tokens,
            whole,
            parameters,
        })
    }
}

/// A message's text, whether it is plain or in parts.
fn content(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => {
            parts.iter().filter_map(|part| part.get("text")?.as_str()).collect()
        }
        _ => String::new(),
    }
}

/// Writes the events of one answer.
#[derive(Debug)]
pub(crate) struct Events {
    id: u64,
    /// The model's name as a JSON string.
    model: String,
    begun: bool,
    /// How many calls there are.
    calls: u64,
    /// Every piece says how the answer ends.
    early: bool,
    /// By how many bytes the next event is larger.
    padding: usize,
}

impl Events {
    pub(crate) fn new(id: u64, model: &str) -> Self {
        let model = Value::from(model).to_string();
        Self { id, model, begun: false, calls: 0, early: false, padding: 0 }
    }

    /// With the manners of a service.
    pub(crate) fn mind(&mut self, manners: &Manners) {
        self.early = manners.early;
        self.padding = usize::try_from(manners.padding).unwrap_or(usize::MAX);
    }

    /// A token of the answer.
    pub(crate) fn text(&mut self, text: &str) -> String {
        self.token("content", text)
    }

    /// A token of reasoning.
    pub(crate) fn reasoning(&mut self, text: &str) -> String {
        self.token("reasoning_content", text)
    }

    /// A call of a tool, still without arguments.
    pub(crate) fn call(&mut self, id: &str, name: &str) -> String {
        let call = json!([{"index": self.calls, "id": id, "type": "function",
            "function": {"name": name, "arguments": ""}}]);
        self.calls += 1;
        self.piece("tool_calls", &call)
    }

    /// A token of the newest call's arguments.
    pub(crate) fn arguments(&mut self, text: &str) -> String {
        let index = self.calls.saturating_sub(1);
        self.piece("tool_calls", &json!([{"index": index, "function": {"arguments": text}}]))
    }

    fn token(&mut self, field: &str, text: &str) -> String {
        self.piece(field, &Value::from(text))
    }

    fn piece(&mut self, field: &str, value: &Value) -> String {
        // The first piece also says who speaks, as OpenAI's first chunk does.
        let role = if self.begun { "" } else { r#""role":"assistant","# };
        self.begun = true;
        let reason = if self.early { r#""stop""# } else { "null" };
        let choice = format!(
            r#"{{"index":0,"delta":{{{role}"{field}":{value}}},"finish_reason":{reason}}}"#
        );
        let padding = std::mem::take(&mut self.padding);
        let more = match padding {
            0 => String::new(),
            n => format!(r#","padding":"{}""#, "x".repeat(n)),
        };
        self.event(&choice, &more)
    }

    /// How the answer ended.
    pub(crate) fn finish(&self, ending: Ending) -> String {
        let reason = ending.as_str();
        self.event(&format!(r#"{{"index":0,"delta":{{}},"finish_reason":"{reason}"}}"#), "")
    }

    /// The token counts, in a chunk without choices.
    pub(crate) fn usage(&self, counts: TokenUsage) -> String {
        self.event("", &format!(r#","usage":{}"#, usage(counts)))
    }

    fn event(&self, choice: &str, more: &str) -> String {
        let Self { id, model, .. } = self;
        format!(
            "data: {{\"id\":\"chatcmpl-mock-{id}\",\"object\":\"chat.completion.chunk\",\
             \"created\":{CREATED},\"model\":{model},\"choices\":[{choice}]{more}}}\n\n"
        )
    }
}

/// A whole message, with id, name and arguments of each call.
pub(crate) fn message(reasoning: &str, calls: &[(String, String, String)], text: &str) -> Value {
    let mut message = json!({"role": "assistant", "content": text});
    let Some(fields) = message.as_object_mut() else { return message };
    if !reasoning.is_empty() {
        fields.insert("reasoning_content".to_owned(), Value::from(reasoning));
    }
    if !calls.is_empty() {
        let call = |(id, name, arguments): &(String, String, String)| {
            json!({"id": id, "type": "function",
                "function": {"name": name, "arguments": arguments}})
        };
        fields.insert("tool_calls".to_owned(), calls.iter().map(call).collect());
        if text.is_empty() {
            fields.insert("content".to_owned(), Value::Null);
        }
    }
    message
}

/// A whole answer that is not streamed.
pub(crate) fn completion(
    id: u64,
    model: &str,
    message: &Value,
    ending: Ending,
    counts: Option<TokenUsage>,
) -> Value {
    let mut completion = json!({
        "id": format!("chatcmpl-mock-{id}"),
        "object": "chat.completion",
        "created": CREATED,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": ending.as_str()}],
    });
    if let (Some(counts), Some(completion)) = (counts, completion.as_object_mut()) {
        completion.insert("usage".to_owned(), usage(counts));
    }
    completion
}

fn usage(counts: TokenUsage) -> Value {
    let TokenUsage { input, output, cached, reasoning } = counts;
    json!({
        "prompt_tokens": input,
        "completion_tokens": output,
        "total_tokens": input.saturating_add(output),
        "prompt_tokens_details": {"cached_tokens": cached},
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    })
}

/// A failure as OpenAI words it.
pub(crate) fn failure(status: u16, code: &str, message: &str) -> Value {
    let kind = match status {
        400 | 404 | 411 | 413 | 422 | 431 => "invalid_request_error",
        401 | 403 => "authentication_error",
        429 => "rate_limit_error",
        _ => "server_error",
    };
    json!({"error": {"message": message, "type": kind, "param": null, "code": code}})
}

/// The names in the list of models: enough to choose from, any other script works, too.
pub(crate) fn models(models: &[(String, Option<u32>)]) -> Vec<u8> {
    let data: Vec<_> = models
        .iter()
        .map(|(id, window)| {
            let mut model =
                json!({"id": id, "object": "model", "created": CREATED, "owned_by": "mock"});
            if let (Some(window), Some(fields)) = (window, model.as_object_mut()) {
                fields.insert("max_model_len".to_owned(), json!(window));
            }
            model
        })
        .collect();
    json!({"object": "list", "data": data}).to_string().into_bytes()
}

/// The models listed unless something else is said.
pub(crate) fn usual_models() -> Vec<(String, Option<u32>)> {
    ["mock", "mock:echo", "mock:ticks=200,rate=100", "mock:words=500", "demo"]
        .map(|id| (id.to_owned(), None))
        .to_vec()
}

/// The script in a model's name, or why there is no such model. Names of other families get an
/// answer like `mock`, so that any client's default model works.
pub(crate) fn script(model: &str) -> Result<Script, String> {
    use provider::script::ScriptError::OtherModel;
    match Script::parse(model) {
        Err(OtherModel) => Script::parse("mock").map_err(|error| error.to_string()),
        script => script.map_err(|error| error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests() {
        let body = br#"{"model":"m","stream":true,"stream_options":{"include_usage":true},
            "max_tokens":5,"messages":[{"role":"system","content":"s"},
            {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]}"#;
        let pair = |role: &str, content: &str| (role.to_owned(), content.to_owned());
        let expected = ChatCall {
            model: "m".to_owned(),
            messages: vec![pair("system", "s"), pair("user", "ab")],
            whole: vec![
                json!({"role": "system", "content": "s"}),
                json!({"role": "user", "content": [{"type": "text", "text": "a"},
                    {"type": "text", "text": "b"}]}),
            ],
            stream: true,
            include_usage: true,
            max_tokens: Some(5),
            parameters: json!({"model": "m", "stream": true,
                "stream_options": {"include_usage": true}, "max_tokens": 5}),
        };
        assert_eq!(ChatCall::parse(body), Some(expected));
        assert_eq!(ChatCall::parse(br#"{"messages":[]}"#), None);
        assert_eq!(ChatCall::parse(b"x"), None);
    }

    #[test]
    fn events_are_json_on_one_line() {
        let mut events = Events::new(1, "a\"b");
        for event in [
            events.text("x\n\ndata: [DONE]\n\n"),
            events.reasoning("y"),
            events.call("a\n", "b\n"),
            events.arguments("{\n"),
            events.finish(Ending::Length),
            events.usage(TokenUsage::default()),
        ] {
            let data = event.strip_prefix("data: ").unwrap().strip_suffix("\n\n").unwrap();
            assert!(!data.contains('\n'), "{data}");
            let value: Value = serde_json::from_str(data).unwrap();
            assert_eq!(value["model"], "a\"b");
        }
    }
}
