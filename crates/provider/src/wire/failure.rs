//! What providers say when something went wrong.

use std::time::Duration;

use serde_json::Value;

use super::meaning::{Meaning, WEB_PAGE, meaning};
use super::words::Words;
use super::{repair, wait};
use crate::redact::shape;
use crate::{Finish, ProviderError};

/// The longest explanation that is kept, in characters.
const MAX_MESSAGE: usize = 4_000;

/// A provider's report of a failure, as far as it could be understood.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    /// An HTTP status that the report names (OpenRouter, Gemini).
    pub status: Option<u16>,
    /// Words that classify it, such as `code` and `type`, separated by spaces.
    pub labels: String,
    /// The provider's explanation. For the log only.
    pub message: String,
    /// How long it asks to wait.
    pub wait: Option<Duration>,
}

/// A failed attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What it means for the caller.
    pub error: ProviderError,
    /// Whether asking again may help, as long as nothing of an answer was passed on.
    pub retry: bool,
    /// How long the provider asked to wait before that.
    pub asked_wait: Option<Duration>,
}

impl Failure {
    /// A failure that asking again would not change.
    pub(crate) fn last(error: ProviderError) -> Self {
        Self { error, retry: false, asked_wait: None }
    }

    /// The same failure as a whole answer, which may have been paid for: only a provider that is
    /// busy is asked again.
    pub(crate) fn in_answer(self) -> Self {
        use ProviderError::{Overloaded, RateLimited};
        let is_busy = matches!(self.error, RateLimited { .. } | Overloaded { .. });
        Self { retry: self.retry && is_busy, ..self }
    }

    /// A failure that may pass.
    pub(crate) fn passing(error: ProviderError) -> Self {
        Self { error, retry: true, asked_wait: None }
    }
}

/// The names under which the explanation stands.
const MESSAGES: [&str; 17] = [
    "message",
    "detail",
    "msg",
    "status_msg",
    "error_msg",
    "error_message",
    "errorMessage",
    "err_msg",
    "errmsg",
    "error_description",
    "Message",
    "faultstring",
    "title",
    "reason",
    "description",
    "error",
    "raw",
];
/// The names under which the words stand that classify a failure.
const LABELS: [&str; 14] = [
    "code",
    "type",
    "status",
    "error_type",
    "error_code",
    "errorCode",
    "errorcode",
    "status_code",
    "statusCode",
    "Code",
    "__type",
    "reason",
    "err_code",
    "errcode",
];

impl Report {
    /// Finds a failure in what should have been an answer.
    ///
    /// A piece of an answer is none, whatever stands beside it: only a word in `error` makes one
    /// of it. Without a piece of an answer the shapes count that services wrap their failures in.
    pub(crate) fn find(value: &Value) -> Option<Self> {
        // Gemini wraps its errors in an array.
        let value = match value {
            Value::Array(items) => items.first()?,
            value => value,
        };
        let choices = value.get("choices").and_then(Value::as_array);
        let is_piece = choices.is_some_and(|choices| !choices.is_empty());
        if let Some(error) = value.get("error").filter(|error| says_something(error)) {
            // Whatever the words beside a code for success are, a piece of an answer is one.
            let succeeded = error.get("code").is_some_and(is_succeeding_code);
            return (!is_piece || !succeeded).then(|| Self::of(error, value));
        }
        if value.get("object").and_then(Value::as_str) == Some("error") {
            return Some(Self::of(value, value));
        }
        // What a choice ended with (OpenRouter), or the stream (Groq).
        let inner = ["/choices/0/error", "/x_groq/error"].into_iter();
        let mut inner = inner.filter_map(|path| value.pointer(path));
        if let Some(error) = inner.find(|error| says_something(error)) {
            return Some(Self::from_error(error));
        }
        if is_piece { None } else { Self::unwrap(value) }
    }

    /// Finds a failure in a document without any piece of an answer.
    fn unwrap(value: &Value) -> Option<Self> {
        for (name, mark) in [("base_resp", "#base"), ("header", "#")] {
            let Some(inner) = value.get(name) else { continue };
            let code = inner.get("status_code").or_else(|| inner.get("code"));
            if code.is_some_and(is_failing_code) {
                return Some(Self::marked(inner, value, mark));
            }
        }
        let nested = ["/response/error", "/data/error", "/Response/Error", "/fault"]
            .into_iter()
            .find_map(|path| value.pointer(path).filter(|error| says_something(error)));
        if let Some(inner) = nested {
            return Some(Self::of(inner, value));
        }
        if let Some(errors) = value.get("errors").filter(|errors| says_something(errors)) {
            let first = errors.as_array().and_then(|errors| errors.first());
            return Some(Self::of(first.unwrap_or(errors), value));
        }
        let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
        let explains = MESSAGES.iter().any(|name| !text(name).is_empty());
        let codes: Vec<&Value> =
            ["code", "Code", "error_code", "errorCode", "status_code", "statusCode", "__type"]
                .into_iter()
                .filter_map(|name| value.get(name))
                .collect();
        let has_succeeded = !codes.is_empty() && codes.iter().all(|code| is_succeeding_code(code));
        let has_failed = text("type") == "error"
            || matches!(text("status"), "error" | "failed" | "fail" | "failure")
            || ["success", "ok"].iter().any(|name| value.get(name) == Some(&Value::Bool(false)))
            || value.get("error") == Some(&Value::Bool(true))
            || !has_succeeded
                && ["detail", "error_msg", "error_message", "errorMessage"]
                    .iter()
                    .any(|name| value.get(name).is_some_and(says_something))
            || explains && value.get("status").is_some_and(|status| as_status(status).is_some())
            || ["error_code", "errorCode", "errcode", "err_code"]
                .iter()
                .any(|name| value.get(name).is_some_and(is_failing_code))
            || explains && codes.iter().any(|code| is_failing_code(code));
        has_failed.then(|| Self::of(value, value))
    }

    /// Reads the body of an HTTP answer that is known to be a failure, or its beginning.
    pub(crate) fn from_body(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let json = text.trim_start_matches('\u{feff}').trim();
        let value = if json.starts_with(['{', '[']) {
            // What was asked may be repeated in it, so that it was cut off.
            let complete = || repair::read(&repair::complete(json)?);
            repair::read(json).or_else(complete).map(|(value, _)| value)
        } else {
            serde_json::from_str(json).ok()
        };
        match value {
            Some(value) => Self::find(&value).unwrap_or_else(|| Self::from_error(&value)),
            None => Self::from_text(&text),
        }
    }

    /// Reads an error object or an error text.
    pub(crate) fn from_error(error: &Value) -> Self {
        Self::of(error, error)
    }

    /// What stands in place of an answer and is no JSON.
    pub(crate) fn from_text(text: &str) -> Self {
        let text = text.trim_start_matches('\u{feff}').trim();
        let head: String = text.chars().take(MAX_MESSAGE).collect();
        let labels = if is_web_page(&head) { WEB_PAGE.to_owned() } else { String::new() };
        Self { labels, wait: wait::in_words(&head), message: head, status: None }
    }

    /// Reads `error` and what stands beside it in `whole`.
    fn of(error: &Value, whole: &Value) -> Self {
        Self::marked(error, whole, "#")
    }

    /// The same, with a mark of its own before numbers that classify it.
    fn marked(error: &Value, whole: &Value, mark: &str) -> Self {
        if let Value::String(text) = whole {
            return Self::from_text(text);
        }
        let mut labels = Vec::new();
        let mut status = None;
        for place in [Some(error), error.get("innererror"), Some(whole)].into_iter().flatten() {
            for value in LABELS.iter().filter_map(|name| place.get(name)) {
                status = status.or_else(|| as_status(value));
                labels.extend(as_label(value, mark));
            }
        }
        let details = error.get("details").and_then(Value::as_array).into_iter().flatten();
        labels.extend(
            details
                .filter_map(|detail| detail.get("reason"))
                .filter_map(|reason| as_label(reason, mark)),
        );
        // What was objected to in the question (OpenRouter). The question itself is not read.
        if error.pointer("/metadata/reasons").is_some_and(says_something) {
            labels.push("content_filter".to_owned());
        }
        labels.dedup();
        let mut message =
            explanation(error).or_else(|| explanation(whole)).unwrap_or_else(|| error.to_string());
        // What the provider behind a router said.
        if let Some(raw) = error.pointer("/metadata/raw") {
            let raw = match raw {
                Value::String(text) => Self::from_body(text.as_bytes()),
                raw => Self::find(raw).unwrap_or_else(|| Self::from_error(raw)),
            };
            message.extend([": ", &raw.labels, ". ", &raw.for_log()]);
        }
        let message: String = message.chars().take(MAX_MESSAGE).collect();
        let wait = wait::in_fields(whole).or_else(|| wait::in_words(&message));
        Self { status, labels: labels.join(" "), message, wait }
    }

    /// The explanation for the log. A document without any may repeat what was asked.
    pub(crate) fn for_log(&self) -> String {
        let message = &self.message;
        if message.starts_with(['{', '[']) { shape(message) } else { message.clone() }
    }

    /// Whether it says that the field which limits an answer is not taken, rather than its value.
    pub(crate) fn refuses_limit(&self) -> bool {
        let said = Words::of(&format!("{}. {}", self.labels, self.message));
        said.say_any(&["max tokens", "max completion tokens"])
            && said.say_any(&[
                "unsupported*",
                "not supported",
                "not … supported",
                "not support*",
                "unrecognized",
                "unknown",
                "unexpected",
                "not permitted",
                "not allowed",
                "extra inputs",
                "extra fields",
                "extra forbidden",
                "extraneous",
                "additional properties",
                "use max tokens",
                "use max completion tokens",
            ])
    }

    /// What the report means: the end of an answer that is withheld, or a failure. `status` is the
    /// HTTP status, unless the answer began well; `retry_after` is what the answer's header fields
    /// asked for, which comes before what its body says.
    pub(crate) fn classify(
        &self,
        status: Option<u16>,
        retry_after: Option<Duration>,
    ) -> Result<Finish, Failure> {
        use ProviderError as E;
        let retry_after = retry_after.or(self.wait);
        // What stands on a web page is not about this request.
        let said = match self.labels.as_str() {
            WEB_PAGE => Words::of(WEB_PAGE),
            labels => Words::of(&format!("{labels}. {}", self.message)),
        };
        let failure = match meaning(status.or(self.status), &said) {
            Meaning::Withheld => return Ok(Finish::ContentFilter),
            Meaning::Auth => Failure::last(E::Auth),
            Meaning::OutOfCredit => Failure::last(E::QuotaExhausted),
            Meaning::RateLimited => Failure::passing(E::RateLimited { retry_after }),
            Meaning::Overloaded => Failure::passing(E::Overloaded { retry_after }),
            Meaning::ContextTooLong => Failure::last(E::ContextTooLong),
            Meaning::ModelNotFound => Failure::last(E::ModelNotFound),
            Meaning::WrongAddress => Failure::last(E::WrongAddress),
            Meaning::BadRequest => Failure::last(E::BadRequest),
            Meaning::Failed => Failure::passing(E::Failed),
            Meaning::Nonsense => Failure::last(E::Protocol),
        };
        Err(Failure { asked_wait: retry_after, ..failure })
    }
}

/// Whether a text is the beginning of a web page.
fn is_web_page(text: &str) -> bool {
    let head: String = text.trim_start().chars().take(64).collect::<String>().to_ascii_lowercase();
    ["<!doctype html", "<html", "<head", "<body", "<h1", "<title", "<?xml"]
        .iter()
        .any(|beginning| head.starts_with(beginning))
}

/// Whether what stands under `error` says that something failed: services write `""`, `null`, `{}`
/// and `{"code":0,"message":"success"}` there when nothing did.
fn says_something(error: &Value) -> bool {
    match error {
        Value::String(text) => {
            let text = text.trim();
            !(text.is_empty() || is_word_of_success(text))
        }
        Value::Object(fields) => fields.values().any(|value| match value {
            Value::Number(_) => is_failing_code(value),
            value => says_something(value),
        }),
        Value::Array(items) => items.iter().any(says_something),
        _ => false,
    }
}

fn as_status(value: &Value) -> Option<u16> {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
    u16::try_from(number).ok().filter(|number| (400..600).contains(number))
}

/// A label as a word; a number gets a `mark`, so that it is not taken for one in a sentence.
fn as_label(value: &Value, mark: &str) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    Some(if is_number { format!("{mark}{text}") } else { text }).filter(|text| !text.is_empty())
}

/// Whether a code says that something failed.
fn is_failing_code(code: &Value) -> bool {
    match code {
        Value::Number(_) => !is_succeeding_code(code),
        Value::String(text) => !text.trim().is_empty() && !is_succeeding_code(code),
        _ => false,
    }
}

/// Whether a code says that nothing failed.
fn is_succeeding_code(code: &Value) -> bool {
    match code {
        Value::Number(number) => is_word_of_success(&number.to_string()),
        Value::String(text) => is_word_of_success(text.trim()),
        _ => false,
    }
}

fn is_word_of_success(word: &str) -> bool {
    ["0", "1", "200", "20000", "ok", "success", "succeeded", "successful", "none", "null"]
        .iter()
        .any(|success| word.eq_ignore_ascii_case(success))
}

/// The words of an error: a text, or what stands under a usual name.
fn explanation(error: &Value) -> Option<String> {
    if let Value::String(text) = error {
        return Some(text.clone());
    }
    MESSAGES.iter().filter_map(|name| error.get(name)).find_map(|value| match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        // What FastAPI says of each field that it does not take, and the field's name.
        Value::Array(items) if !items.is_empty() => {
            let words: Vec<String> = items
                .iter()
                .filter_map(|item| {
                    let words = explanation(item)?;
                    let place = item.get("loc").and_then(Value::as_array);
                    let field = place.and_then(|place| place.last()).and_then(Value::as_str);
                    Some(field.map_or(words.clone(), |field| format!("{field}: {words}")))
                })
                .collect();
            (!words.is_empty()).then(|| words.join("; "))
        }
        Value::Object(_) => explanation(value),
        _ => None,
    })
}
