//! Whether a model answers, tried with a few words.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use provider::{ChatMessage, ChatRequest, ChatRole, Delta, OpenAiConfig, Provider, ProviderError};

use super::provider::{CHECK_ADDRESS, CHECK_KEY};
use super::report::Report;
use crate::config::Config;

/// What is asked.
const QUESTION: &str = "Say hello in one short sentence.";
/// The longest answer that is asked for, in tokens: a model that thinks first needs some.
const LONGEST: u32 = 256;
/// How much of the answer is shown, in characters.
const SHOWN: usize = 60;

/// What came of a question.
#[derive(Debug, Default)]
struct Answer {
    text: String,
    /// How many pieces it came in, reasoning included.
    pieces: u32,
    /// When the first of them came.
    first: Option<Duration>,
    output_tokens: Option<u64>,
}

/// Has `model` answer, or the provider's default one, or the first of those it lists.
pub(super) async fn check(
    report: &mut Report,
    config: &OpenAiConfig,
    keys: &Keys,
    model: Option<&str>,
    listed: &[String],
) {
    let known = config.default_model.as_ref().or(config.models.iter().flatten().next());
    let Some(model) = model.or(known.or(listed.first()).map(String::as_str)) else {
        return report.warn(
            "answer",
            format!("{} was asked nothing, since no model is known.", config.name),
            "Name one with --model, or set OPENAI_MODEL (default_model of the provider).",
        );
    };
    // What fails is to be seen, not to be overcome.
    let Ok(provider) = Provider::open_ai(OpenAiConfig { max_retries: 0, ..config.clone() }) else {
        // Said by the check of the provider before.
        return;
    };
    let began = Instant::now();
    match ask(&provider, model, began).await {
        Ok(answer) => told(report, config, model, &answer, began.elapsed()),
        Err(error) => failed(report, config, keys, model, &error),
    }
}

async fn ask(provider: &Provider, model: &str, began: Instant) -> Result<Answer, ProviderError> {
    let question = ChatMessage::text(ChatRole::User, QUESTION);
    let mut deltas = provider.stream(ChatRequest {
        model: model.to_owned(),
        messages: vec![question],
        max_output_tokens: Some(LONGEST),
        ..ChatRequest::default()
    });
    let mut answer = Answer::default();
    while let Some(delta) = deltas.next().await {
        let delta = delta?;
        if !matches!(
            delta,
            Delta::Usage(_) | Delta::Finish(_) | Delta::FinishReason(_) | Delta::Waiting(_)
        ) {
            answer.pieces += 1;
            answer.first.get_or_insert_with(|| began.elapsed());
        }
        match delta {
            Delta::Text(text) => answer.text.push_str(&text),
            Delta::Usage(usage) => answer.output_tokens = Some(usage.output),
            _ => {}
        }
    }
    Ok(answer)
}

fn told(report: &mut Report, config: &OpenAiConfig, model: &str, answer: &Answer, took: Duration) {
    let name = &config.name;
    let Some(first) = answer.first else {
        return report.warn(
            "answer",
            format!("{model} of {name} ended its answer without a word."),
            "Try another model with --model.",
        );
    };
    let tokens = match answer.output_tokens {
        Some(tokens) => format!("{tokens} tokens"),
        None => "no count of tokens".to_owned(),
    };
    let mut text: String = answer.text.chars().take(SHOWN).collect();
    if text.len() < answer.text.len() {
        text.push('…');
    }
    report.ok(
        "answer",
        format!(
            "{model} of {name} began after {} ms and was done after {} ms, {} pieces, {tokens}: \
             {text:?}",
            first.as_millis(),
            took.as_millis(),
            answer.pieces,
        ),
    );
}

fn failed(
    report: &mut Report,
    config: &OpenAiConfig,
    keys: &Keys,
    model: &str,
    error: &ProviderError,
) {
    let key = |name: &str| keys.key(name);
    let address = if keys.is_single { "OPENAI_BASE_URL".to_owned() } else { key("base_url") };
    let fix = match error {
        ProviderError::Auth if config.api_key.is_none() => {
            let name = if keys.is_single { "OPENAI_API_KEY".to_owned() } else { key("api_key") };
            format!("Set its api_key ({name}).")
        }
        ProviderError::Auth => format!(
            "{CHECK_KEY} If it belongs into a header of its own, set {}.",
            key("key_header")
        ),
        ProviderError::ModelNotFound => {
            "Try another one with --model; set it with OPENAI_MODEL (default_model of the provider)."
                .to_owned()
        }
        ProviderError::RateLimited { .. } | ProviderError::Overloaded { .. } => {
            "Wait a little and try again.".to_owned()
        }
        ProviderError::QuotaExhausted => {
            "Look at plan and billing of the account there.".to_owned()
        }
        ProviderError::Timeout(provider::Phase::Connect) | ProviderError::Unreachable => format!(
            "Check its base_url ({address}), and whether this machine reaches that address; a proxy \
             is taken from HTTPS_PROXY, further certificates from SSL_CERT_FILE."
        ),
        ProviderError::Timeout(_) => format!(
            "It may be loading the model: try again. A slow one needs larger timeouts: {}, {}.",
            key("first_token_timeout"),
            key("idle_timeout")
        ),
        ProviderError::WrongAddress => format!(
            "Check its base_url ({address}): it must be the address of the API, which often ends in \
             /v1, and not of a page."
        ),
        ProviderError::Truncated | ProviderError::Protocol => format!(
            "Check that its base_url ({address}) is the address of the API and not of a page. If it \
             cannot answer piece by piece, set {} to false (stream = false).",
            key("stream")
        ),
        ProviderError::BadRequest => format!(
            "The log line above has its words. Check the model, and that its base_url ({address}) is \
             the address of the API, which often ends in /v1. Some servers refuse a field: see {}, \
             {} and {}.",
            key("system_role"),
            key("token_limit_field"),
            key("include_usage")
        ),
        ProviderError::ContextTooLong
        | ProviderError::EmptyAnswer
        | ProviderError::TooLarge(_)
        | ProviderError::Failed => {
            "The log line above has its words. Try another model with --model.".to_owned()
        }
        ProviderError::Misconfigured(_) => CHECK_ADDRESS.to_owned(),
    };
    report.fail("answer", format!("{model} of {}: {error}.", config.name), fix);
}

/// What the keys of a provider are called in this set-up.
pub(super) struct Keys {
    /// Whether it is the one that needs no section of its own.
    is_single: bool,
    /// The name of its section.
    section: String,
}

impl Keys {
    /// Those of one of the providers of `config`.
    pub(super) fn of(config: &Config, one: &OpenAiConfig) -> Self {
        let is_single = config.providers.single.as_ref() == Some(&one.name);
        let section =
            if is_single { "provider".to_owned() } else { format!("providers.{}", one.name) };
        Self { is_single, section }
    }

    /// A key and its variable.
    fn key(&self, name: &str) -> String {
        let variable = self.section.replace('.', "__").replace('-', "_").to_uppercase();
        format!("{}.{name} (CHATAPP_{variable}__{})", self.section, name.to_uppercase())
    }
}
