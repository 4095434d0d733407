//! What a list of models says.

use serde_json::Value;

use crate::wire::repair;
use crate::wire::words::Words;

const MAX_NAME: usize = 255;
/// The smallest window that can be meant, in tokens.
const MIN_WINDOW: u32 = 512;

/// A model as the provider lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offered {
    /// Its name.
    pub(crate) id: String,
    /// Its window in tokens, if the provider says it.
    pub(crate) context_tokens: Option<u32>,
    /// Whether it holds conversations, as far as can be seen.
    pub(crate) chats: bool,
}

/// A page of a list.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) models: Vec<Offered>,
    /// The query of the next page; none behind the last one.
    pub(super) next: Option<Vec<(&'static str, String)>>,
}

/// Reads a list of models; none if it is something else.
pub(crate) fn read_json(body: &[u8]) -> Option<Vec<Offered>> {
    page(body).map(|page| page.models)
}

/// Reads a page of a list; none if it is something else.
pub(super) fn page(body: &[u8]) -> Option<Page> {
    let text = String::from_utf8_lossy(body);
    let (value, _) = repair::read(text.trim_start_matches('\u{feff}'))?;
    let models = read(&value)?;
    let next = next(&value, &models);
    Some(Page { models, next })
}

/// Where the list stands in an object.
const LISTS: [&str; 5] = ["data", "models", "result", "items", "list"];
/// Under which names a model's own name stands.
const NAMES: [&str; 6] = ["id", "name", "model", "model_name", "slug", "key"];

/// Reads `{"data": [{"id": …}]}`, the bare array that some servers send, or what holds either.
fn read(value: &Value) -> Option<Vec<Offered>> {
    let holders = || LISTS.into_iter().filter_map(|name| value.get(name));
    let inner = holders().flat_map(|holder| LISTS.into_iter().filter_map(|name| holder.get(name)));
    let list = holders().chain(inner).chain([value]).find_map(Value::as_array);
    let Some(items) = list else {
        // Models by their names.
        let mut fields = holders().filter_map(Value::as_object);
        let fields = fields.find(|fields| fields.values().all(Value::is_object))?;
        return Some(fields.iter().filter_map(|(id, item)| offered(id, item)).collect());
    };
    let models = items.iter().filter_map(|item| {
        let id = NAMES.into_iter().find_map(|name| item.get(name)?.as_str());
        offered(id.or_else(|| item.as_str())?, item)
    });
    Some(models.collect())
}

/// A model, unless nobody can ask for one of this name.
fn offered(id: &str, item: &Value) -> Option<Offered> {
    let id = id.trim();
    let unfit = |c: char| c.is_control() || c.is_whitespace();
    let fit = !id.is_empty() && id.len() <= MAX_NAME && !id.contains(unfit);
    fit.then(|| Offered { id: id.to_owned(), context_tokens: window(item), chats: chats(id, item) })
}

/// How the next page is asked for, as OpenAI and Anthropic or as Google does it.
fn next(value: &Value, models: &[Offered]) -> Option<Vec<(&'static str, String)>> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    for (name, parameter) in [
        ("next_page_token", "page_token"),
        ("nextPageToken", "pageToken"),
        ("next_cursor", "cursor"),
    ] {
        if let Some(token) = text(name) {
            return Some(vec![(parameter, token.to_owned())]);
        }
    }
    if value.get("has_more").and_then(Value::as_bool) != Some(true) {
        return None;
    }
    let last = text("last_id").or_else(|| models.last().map(|model| model.id.as_str()))?;
    Some(vec![("after", last.to_owned()), ("after_id", last.to_owned())])
}

/// Where services say a model's window.
const WINDOWS: [&str; 15] = [
    "/max_model_len",
    "/context_length",
    "/context_window",
    "/context_size",
    "/max_context_length",
    "/max_context_tokens",
    "/max_input_tokens",
    "/limits/max_input_tokens",
    "/limits/max_context_length",
    "/capabilities/limits/max_context_window_tokens",
    "/top_provider/context_length",
    "/meta/n_ctx",
    "/loaded_context_length",
    "/inputTokenLimit",
    "/model_info/max_input_tokens",
];

/// The window. Of several numbers the smallest counts: what a model could read is more than what a
/// server lets it.
fn window(item: &Value) -> Option<u32> {
    let tokens = WINDOWS.into_iter().filter_map(|path| number(item.pointer(path)?));
    tokens.filter(|tokens| *tokens >= MIN_WINDOW).min()
}

/// A number, also as text.
fn number(value: &Value) -> Option<u32> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().replace([',', '_'], "").parse::<f64>().ok()?,
        _ => return None,
    };
    let whole = (0.0..=f64::from(u32::MAX)).contains(&number).then_some(number)?;
    format!("{whole:.0}").parse().ok()
}

/// Words of names of models that hold no conversations.
const OTHERS: &[&str] = &[
    "embed",
    "embedding*",
    "embedder",
    "textembedding*",
    "bge",
    "rerank*",
    "reranker",
    "whisper*",
    "tts",
    "tts1",
    "transcribe*",
    "transcription",
    "speech",
    "asr",
    "dall e",
    "dalle",
    "gpt image",
    "imagen",
    "image",
    "images",
    "stable diffusion*",
    "sdxl",
    "flux",
    "sora",
    "veo",
    "moderation*",
    "prompt guard",
    "llama guard",
    "babbage",
    "davinci",
    "turbo instruct",
    "realtime",
    "colbert",
    "kokoro",
    "mistral ocr",
    "voyage",
    "gte",
    "e5",
    "minilm",
    "midjourney",
    "kling",
    "recraft",
    "lyria",
    "seedream",
    "seedance",
    "t2v",
    "i2v",
    "parakeet",
];

/// What services call models that hold conversations, or none, in fields of the list.
const CHAT_KINDS: &[&str] = &[
    "chat",
    "conversational",
    "language",
    "llm",
    "vlm",
    "text generation",
    "text to text",
    "any to any",
    "completion*",
];
const OTHER_KINDS: &[&str] = &[
    "embed*",
    "embedding*",
    "feature extraction",
    "rerank*",
    "text classification",
    "sentence similarity",
    "image",
    "images",
    "image generation",
    "text to image",
    "text to speech",
    "text to video",
    "video",
    "audio",
    "speech*",
    "tts",
    "asr",
    "transcri*",
    "automatic speech recognition",
    "moderation*",
];

/// Whether a model holds conversations: what the provider declares counts before its name.
fn chats(id: &str, item: &Value) -> bool {
    for path in ["/capabilities/completion_chat", "/supports_chat", "/capabilities/chat"] {
        if let Some(chats) = item.pointer(path).and_then(Value::as_bool) {
            return chats;
        }
    }
    let outputs = item.pointer("/architecture/output_modalities").and_then(Value::as_array);
    if outputs.is_some_and(|outputs| !outputs.is_empty() && !outputs.contains(&"text".into())) {
        return false;
    }
    let kinds = ["/type", "/task", "/task/name", "/pipeline_tag", "/mode", "/model_info/mode"];
    let kinds = kinds.into_iter().filter_map(|path| item.pointer(path)?.as_str());
    let capabilities = item.get("capabilities").and_then(Value::as_array).into_iter().flatten();
    let declared: Vec<&str> = kinds.chain(capabilities.filter_map(Value::as_str)).collect();
    let declared = Words::of(&declared.join(" . "));
    if declared.say_any(CHAT_KINDS) {
        return true;
    }
    !declared.say_any(OTHER_KINDS) && !Words::of(id).say_any(OTHERS)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_in_every_shape() {
        for list in [
            json!({"object": "list", "data": [{"id": "a"}, {"id": "b"}, {"id": ""}, 5]}),
            json!([{"id": "a"}, {"id": "b"}]),
            json!({"models": [{"name": "a"}, "b"]}),
            json!({"data": {"models": [{"id": "a"}, {"id": "b"}]}}),
            json!({"result": {"list": [{"id": "a"}, {"id": "b"}]}}),
            json!({"items": [{"id": null, "name": "a"}, {"model": "b"}]}),
            json!({"data": {"a": {}, "b": {}}}),
            json!([{"slug": "a"}, {"key": "b"}, {"id": "no one can ask for it"}]),
        ] {
            let models = read(&list).unwrap();
            let ids: Vec<&str> = models.iter().map(|model| model.id.as_str()).collect();
            assert_eq!(ids, ["a", "b"], "{list}");
        }
        assert_eq!(read(&json!({"error": "x"})), None);
        assert_eq!(read(&json!({"code": 401, "data": {"reason": "x", "page": 1}})), None);
        let odd = "\u{feff}{\"data\":[{\"id\":\"a\",\"created\":NaN,}]}";
        assert_eq!(read_json(odd.as_bytes()).unwrap()[0].id, "a");
    }

    #[test]
    fn p10_windows_under_every_name() {
        for (model, expected) in [
            (json!({"id": "a", "max_model_len": 8192}), Some(8_192)),
            (json!({"id": "a", "context_length": 131_072}), Some(131_072)),
            (json!({"id": "a", "context_window": 0}), None),
            (json!({"id": "a", "context_length": null, "context_window": 4096}), Some(4_096)),
            (json!({"id": "a", "max_input_tokens": "200000"}), Some(200_000)),
            (json!({"id": "a", "limits": {"max_input_tokens": 64_000}}), Some(64_000)),
            (json!({"id": "a", "top_provider": {"context_length": 1_000_000}}), Some(1_000_000)),
            (json!({"id": "a", "meta": {"n_ctx": 4096, "n_ctx_train": 131_072}}), Some(4_096)),
            (json!({"id": "a", "context_length": "32,768"}), Some(32_768)),
            (
                json!({"id": "a", "context_length": 200_000,
                       "top_provider": {"context_length": 64_000}}),
                Some(64_000),
            ),
            (json!({"id": "a", "context_length": 1e12}), None),
            (json!({"id": "a", "context_length": "many"}), None),
        ] {
            assert_eq!(read(&json!([model])).unwrap()[0].context_tokens, expected, "{model}");
        }
    }

    #[test]
    fn p14_models_that_hold_no_conversations_are_told_apart() {
        for id in [
            "text-embedding-3-small",
            "nomic-embed-text:latest",
            "BAAI/bge-m3",
            "whisper-1",
            "whisper-large-v3-turbo",
            "tts-1-hd",
            "gpt-4o-mini-tts",
            "gpt-4o-transcribe",
            "dall-e-3",
            "gpt-image-1",
            "omni-moderation-latest",
            "rerank-v3.5",
            "jina-reranker-v2",
            "black-forest-labs/FLUX.1-schnell",
            "models/imagen-4.0",
            "gemini-embedding-001",
            "playai-tts",
            "stable-diffusion-xl",
            "davinci-002",
            "gpt-3.5-turbo-instruct",
            "mistral-embed",
            "meta-llama/llama-guard-4-12b",
            "voyage-3-large",
            "intfloat/e5-mistral-7b-instruct",
            "all-minilm:latest",
            "kling-v2",
            "wan-2.2-t2v",
        ] {
            assert!(!chats(id, &json!({"id": id})), "{id}");
        }
        for id in [
            "gpt-4o",
            "o3-mini",
            "llama3.1:8b",
            "claude-sonnet-4",
            "mistral-large-latest",
            "gemini-2.5-pro",
            "deepseek-chat",
            "grok-4",
            "qwen3-vl:8b",
            "gpt-oss-20b",
            "command-r-plus",
            "codestral-latest",
            "kimi-k2-instruct",
            "glm-4.6",
        ] {
            assert!(chats(id, &json!({"id": id})), "{id}");
        }
        for (model, expected) in [
            (json!({"type": "embedding"}), false),
            (json!({"type": "embeddings"}), false),
            (json!({"type": "image"}), false),
            (json!({"type": "chat"}), true),
            (json!({"type": "vlm"}), true),
            (json!({"object": "model", "type": "model"}), true),
            (json!({"capabilities": {"completion_chat": false}}), false),
            (json!({"capabilities": {"completion_chat": true, "vision": false}}), true),
            (json!({"capabilities": ["embedding"]}), false),
            (json!({"capabilities": ["completion", "vision"]}), true),
            (json!({"architecture": {"output_modalities": ["image"]}}), false),
            (json!({"architecture": {"output_modalities": ["image", "text"]}}), true),
            (json!({"task": {"name": "Text-to-Image"}}), false),
            (json!({"task": {"name": "Text Generation"}}), true),
            (json!({"pipeline_tag": "feature-extraction"}), false),
            (json!({"pipeline_tag": "image-text-to-text"}), true),
            (json!({"pipeline_tag": "video-text-to-text"}), true),
            (json!({"pipeline_tag": "audio-text-to-text"}), true),
            (json!({"pipeline_tag": "any-to-any"}), true),
            (json!({"task": "Image-Text-to-Text"}), true),
            (json!({"pipeline_tag": "text-to-image"}), false),
            (json!({"pipeline_tag": "image-to-image"}), false),
        ] {
            assert_eq!(chats("some-model", &model), expected, "{model}");
        }
        // What is declared counts before the name.
        assert!(chats("image-describer", &json!({"type": "chat"})));
    }

    #[test]
    fn p14_pages_lead_to_the_next_one() {
        let next = |list: &Value| page(list.to_string().as_bytes()).unwrap().next;
        let data = json!([{"id": "a"}, {"id": "b"}]);
        let after = |id: &str| Some(vec![("after", id.to_owned()), ("after_id", id.to_owned())]);
        assert_eq!(next(&json!({"data": data, "has_more": true})), after("b"));
        assert_eq!(next(&json!({"data": data, "has_more": true, "last_id": "x"})), after("x"));
        assert_eq!(next(&json!({"data": data, "has_more": false, "last_id": "x"})), None);
        assert_eq!(next(&json!({"data": [], "has_more": true})), None);
        let token = |name, text: &str| Some(vec![(name, text.to_owned())]);
        assert_eq!(next(&json!({"data": data, "next_page_token": "t"})), token("page_token", "t"));
        assert_eq!(next(&json!({"models": data, "nextPageToken": "t"})), token("pageToken", "t"));
        assert_eq!(next(&json!({"data": data, "next_page_token": ""})), None);
    }
}
